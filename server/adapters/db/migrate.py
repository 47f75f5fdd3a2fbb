"""Bring a database's schema to this program's version, and refuse one that is newer than the program."""

from __future__ import annotations

import io
import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.util.exc import CommandError
from sqlalchemy import Connection, text
from sqlalchemy.engine import URL
from sqlalchemy.exc import OperationalError

from server.adapters.db.engine import WRITES, database_file, make_engine, parse_url
from server.errors import StartError
from server.ids import new_id

_FOLDER = Path(__file__).resolve().parents[3] / "migrations"
_LOCK = 6_012_026  # PostgreSQL's advisory lock of migrations: two that start at once take turns


def upgrade(url: str, revision: str = "head") -> None:
    """Bring the schema up, making a SQLite file (mode 0600) that isn't there; raise StartError."""
    parsed = parse_url(url)
    _make_file(parsed)
    with _connected(parsed) as (connection, config):
        _refuse_newer(connection, config)
        command.upgrade(config, revision)


def downgrade(url: str, revision: str) -> None:
    """Take the schema down to `revision` (`base`: nothing is left); raise StartError when it is newer."""
    with _connected(parse_url(url)) as (connection, config):
        _refuse_newer(connection, config)
        command.downgrade(config, revision)


def knows(revision: str) -> bool:
    """Say whether this program has the migration of a version."""
    return revision in {script.revision for script in ScriptDirectory(str(_FOLDER)).walk_revisions()}


def is_current(url: str) -> bool:
    """Say whether the schema is this program's; raise StartError when it is newer."""
    parsed = parse_url(url)
    file = database_file(parsed)
    if file is not None and not file.exists():
        return False
    with _connected(parsed) as (connection, config):
        _refuse_newer(connection, config)
        heads = MigrationContext.configure(connection).get_current_heads()
        return set(heads) == set(ScriptDirectory.from_config(config).get_heads())


def check(url: str) -> None:
    """Raise StartError when the schema is not this program's: older, newer, or changed by another hand."""
    with _connected(parse_url(url)) as (connection, config):
        _refuse_newer(connection, config)
        try:
            command.check(config)
        except CommandError as why:
            raise StartError(
                f"the database's schema is not this program's ({why}); run `sixfixed db upgrade`, "
                "or restore a backup if its tables were changed by hand"
            ) from why


def _config(connection: Connection) -> Config:
    if not (_FOLDER / "env.py").exists():
        raise StartError(f"the migrations are not at {_FOLDER}; run the program from its own source folder")
    # It prints what it found even where nobody asked; whoever calls says it in our words.
    config = Config(stdout=io.StringIO())
    config.set_main_option("script_location", str(_FOLDER).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    return config


@contextmanager
def _connected(url: URL) -> Iterator[tuple[Connection, Config]]:
    """Hold one writing transaction, so that whoever comes second finds the work done."""
    file = database_file(url)
    if file is not None and not file.exists():
        raise StartError(f"there is no database at {file}; `sixfixed db upgrade` makes it, or name another")
    engine = make_engine(url, foreign_keys=False, pooled=False)
    try:
        with engine.execution_options(**{WRITES: True}).connect() as connection, connection.begin():
            if connection.dialect.name == "postgresql":
                connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK})
            yield connection, _config(connection)
    except OperationalError as why:
        raise StartError(
            f"the database {url.render_as_string()} can't be opened ({why.orig}); "
            "check its address, that it runs and that this user may write it"
        ) from why
    finally:
        engine.dispose()


def _refuse_newer(connection: Connection, config: Config) -> None:
    known = {script.revision for script in ScriptDirectory.from_config(config).walk_revisions()}
    for revision in MigrationContext.configure(connection).get_current_heads():
        if revision not in known:
            raise StartError(
                f"the database is at version {revision}, which this program doesn't know: it was written "
                "by a newer one; start that one, or restore a backup that this program made"
            )


def _make_file(url: URL) -> None:
    """Make a SQLite file in WAL mode under another name, then give it its own: so two that start get one.

    (The change to WAL fails at once, whatever the time-out, when another connection is there.)
    """
    file = database_file(url)
    if file is None or file.exists():
        return
    fresh = file.with_name(f".{file.name}.{new_id()}")
    try:
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        os.close(os.open(fresh, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))
        with closing(sqlite3.connect(fresh)) as connection:
            connection.execute("PRAGMA journal_mode=WAL")
        with suppress(FileExistsError):
            os.link(fresh, file)
        fresh.unlink()
    except OSError as why:
        raise StartError(
            f"the database file {file} can't be made ({why.strerror}); "
            "give this user the folder or name another"
        ) from why
