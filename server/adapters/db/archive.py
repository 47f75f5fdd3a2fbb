"""A backup's side of the database: read every table in one snapshot, fill an empty database with them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import closing
from types import TracebackType
from typing import Any

from sqlalchemy import BigInteger, Connection, LargeBinary, MetaData, Table, func, select, text
from sqlalchemy.engine import URL
from sqlalchemy.exc import SQLAlchemyError

from server.adapters.db import migrate
from server.adapters.db.counters import QUIET_UNTIL, put
from server.adapters.db.engine import WRITES, Database, database_file, make_engine, parse_url
from server.adapters.db.tables import leases, metadata
from server.errors import ConflictError, StartError
from server.service.backup import Columns, Rows

_LEFT_OUT = {leases.name}  # who holds one is not alive where it is restored


class DbSnapshot:
    """The tables as they were when it was opened, whoever writes meanwhile."""

    def __init__(self, url: str) -> None:
        self._database = Database(url)
        self._reading = self._database.read()

    def __enter__(self) -> DbSnapshot:
        self._connection = self._reading.__enter__()
        self.revision = str(self._connection.scalar(text("SELECT version_num FROM alembic_version")))
        return self

    def __exit__(
        self, kind: type[BaseException] | None, why: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._reading.__exit__(kind, why, trace)
        self._database.dispose()

    def list_tables(self) -> Sequence[Columns]:
        """List them, those that others name first."""
        return [
            Columns(
                str(table.name),
                tuple(str(column.name) for column in table.columns),
                tuple(str(column.name) for column in table.columns if isinstance(column.type, LargeBinary)),
            )
            for table in metadata.sorted_tables
            if table.name not in _LEFT_OUT
        ]

    def read(self, table: Columns, at_once: int) -> Rows:
        """Give the rows by their key, so that the same content gives the same archive."""
        source = metadata.tables[table.name]
        streaming = self._connection.execution_options(yield_per=at_once)
        with closing(streaming.execute(select(source).order_by(*source.primary_key))) as rows:
            for portion in rows.partitions(at_once):
                yield [tuple(row) for row in portion]


class DbLoading:
    """A database that is made, or found empty, and filled in one transaction."""

    def __init__(self, url: str) -> None:
        self._url = url

    def load(self, revision: str, tables: Iterable[tuple[Columns, Rows]], quiet_until_ms: int) -> None:
        """Fill it and bring it to this program's version; raise ConflictError when it isn't empty, StartError for a newer one."""
        parsed = parse_url(self._url)
        self._refuse_what_is_there(parsed)
        if not migrate.knows(revision):
            raise StartError(
                f"the backup is of version {revision}, which this program doesn't know: a newer one made it; restore with that one"
            )
        migrate.upgrade(self._url, revision)
        # Rows of one table may name later ones of it: SQLite looks at the end, PostgreSQL gets them in order.
        engine = make_engine(parsed, foreign_keys=False, pooled=False)
        try:
            with engine.execution_options(**{WRITES: True}).connect() as connection, connection.begin():
                for table, portions in tables:
                    _fill(connection, table, portions)
                _look_at_references(connection)
                put(connection, QUIET_UNTIL, quiet_until_ms)
        except SQLAlchemyError as why:
            raise StartError(
                f"the backup could not be loaded ({getattr(why, 'orig', None) or why}); the database is empty still: "
                "see that it has room and that nobody else writes it, and restore again"
            ) from why
        finally:
            engine.dispose()
        migrate.upgrade(self._url)

    def _refuse_what_is_there(self, url: URL) -> None:
        file = database_file(url)
        if file is not None and not file.exists():
            return
        engine = make_engine(url, pooled=False)
        try:
            with engine.connect() as connection:
                found = MetaData()
                found.reflect(connection)
                for table in found.sorted_tables:
                    if table.name in {"alembic_version", *_LEFT_OUT}:
                        continue
                    if connection.scalar(select(func.count()).select_from(table)):
                        raise ConflictError(
                            f"the database {url.render_as_string()} is not empty (its table {table.name} has rows); restore into "
                            "an empty one: name another with --database-url, or another folder with --data"
                        )
        except SQLAlchemyError as why:
            raise StartError(
                f"the database {url.render_as_string()} can't be read ({getattr(why, 'orig', None) or why}); "
                "check its address, that it runs and that this user may write it"
            ) from why
        finally:
            engine.dispose()


def _fill(connection: Connection, table: Columns, portions: Rows) -> None:
    # As it was at the archive's version, which may be older than the program's.
    target = Table(table.name, MetaData(), autoload_with=connection, resolve_fks=False)
    parent = next(
        (key.parent.name for key in target.foreign_keys if key.target_fullname == f"{table.name}.id"), None
    )
    for portion in [_parents_first(table, portions, parent)] if parent else portions:
        if portion:
            connection.execute(
                target.insert(), [dict(zip(table.columns, row, strict=True)) for row in portion]
            )
    _go_on_counting(connection, table.name)


def _parents_first(table: Columns, portions: Rows, parent: str) -> list[tuple[Any, ...]]:
    key, above = table.columns.index("id"), table.columns.index(parent)
    waiting = [row for portion in portions for row in portion]
    ordered: list[tuple[Any, ...]] = []
    known: set[Any] = {None}
    while waiting:
        now = [row for row in waiting if row[above] in known]
        ordered += now or waiting
        known |= {row[key] for row in now or waiting}
        waiting = [row for row in waiting if row[key] not in known]
    return ordered


def _go_on_counting(connection: Connection, name: str) -> None:
    """Let PostgreSQL number the next row of a log after the last one; SQLite does so by itself."""
    table = metadata.tables.get(name)
    if table is None or connection.dialect.name != "postgresql":
        return
    for column in table.primary_key:
        if isinstance(column.type, BigInteger):
            sequence = connection.scalar(select(func.pg_get_serial_sequence(name, column.name)))
            last = connection.scalar(select(func.max(column)))
            if sequence and last is not None:
                connection.execute(select(func.setval(sequence, last)))


def _look_at_references(connection: Connection) -> None:
    if connection.dialect.name == "sqlite" and (
        loose := connection.execute(text("PRAGMA foreign_key_check")).first()
    ):
        raise StartError(
            f"the backup's table {loose[0]} names a row of {loose[2]} that it doesn't have; nothing was changed: take an older backup"
        )
