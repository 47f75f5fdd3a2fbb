"""Says whether a database is at this program's version, by its one number: cheap enough to ask while serving.

Whether its tables are what that version means is `sixfixed db check`'s to say: that loads the whole machinery of migrations.
"""

from __future__ import annotations

from sqlalchemy import String, column, select, table
from sqlalchemy.exc import SQLAlchemyError

from server.adapters.db.engine import Database
from server.adapters.db.newest_version import newest_version


def version_problem(database: Database) -> str | None:
    """Give a sentence when the database is not at this program's version; it may be away, which raises as any query does."""
    query = select(column("version_num", String)).select_from(table("alembic_version"))
    with database.read() as connection:
        try:
            found = connection.scalar(query)
        except SQLAlchemyError as why:
            if "alembic_version" not in str(why):
                raise
            found = None
    if found == newest_version():
        return None
    return (
        f"the database is at version {found or 'none'} and this program at {newest_version()}; run `sixfixed db upgrade`, "
        "or start the program that made it"
    )
