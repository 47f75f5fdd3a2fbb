"""Open the database, SQLite or PostgreSQL, and give connections inside transactions: `read()` and `write()`.

Every writing transaction of SQLite begins IMMEDIATE: a read that turns into a write fails at once when
another process writes, whatever the time-out, whereas an immediate one waits its turn.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, Insert, Table, create_engine, event, make_url
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import URL
from sqlalchemy.exc import ArgumentError
from sqlalchemy.pool import NullPool, QueuePool

from server.adapters.db.many import execute_many, execute_rows
from server.errors import SettingError

BUSY_S = 5.0  # how long a SQLite writer waits for another before "database is locked"
POOL_SIZE = 12  # gevent's native threadpool has 10 threads; none of them should wait for a connection
LOOK_S = 0.002  # how often a SQLite writer looks whether it is its turn
SQLITE_COPIES_PAGES = 1_000  # SQLite's own default: the write-ahead log that a commit copies
# Own choice, 64 MB: where copying beside the writer can't keep up, a commit copies what is left, and the log begins anew.
COMMIT_COPIES_PAGES = 16_000
WRITES = "sixfixed_writes"  # the execution option of a connection that is going to write


def parse_url(url: str) -> URL:
    """Read a database URL (`sqlite:///PATH`, `postgresql://…`); raise SettingError for anything else.

    >>> parse_url("postgresql://me@localhost/bus").drivername
    'postgresql+psycopg'
    """
    try:
        parsed = make_url(url)
    except ArgumentError:
        raise SettingError(
            "database-url: this is not a database URL; write sqlite:////PATH or postgresql://USER@HOST/NAME"
        ) from None
    match parsed.drivername:
        case "sqlite" if parsed.database not in (None, "", ":memory:"):
            return parsed
        case "postgresql" | "postgres" | "postgresql+psycopg":
            return parsed.set(drivername="postgresql+psycopg")
    raise SettingError(
        f"database-url: {parsed.drivername} with database {parsed.database!r} is not served; "
        "write sqlite:////PATH (a file, since several processes share it) or postgresql://USER@HOST/NAME"
    )


def database_file(url: URL) -> Path | None:
    """Give the file of a SQLite URL, None for a server."""
    return Path(url.database or "") if url.get_backend_name() == "sqlite" else None


def make_engine(
    url: URL, *, foreign_keys: bool = True, pooled: bool = True, copied_beside: bool = False
) -> Engine:
    """Make the engine; `foreign_keys=False` is for migrations, which rebuild SQLite's tables.

    `copied_beside`: a thread copies SQLite's write-ahead log (`wal`), so that commits need not, but for one that has grown too far.
    """
    pool: dict[str, Any] = {"poolclass": NullPool}
    if pooled:
        pool = {"poolclass": QueuePool, "pool_size": POOL_SIZE}
    if url.get_backend_name() != "sqlite":
        return create_engine(url, pool_pre_ping=True, **pool)
    engine = create_engine(url, connect_args={"timeout": BUSY_S}, **pool)

    @event.listens_for(engine, "connect")
    def _on_connect(connection: sqlite3.Connection, _record: object) -> None:
        # The driver must not begin transactions by itself: _on_begin says which kind.
        connection.isolation_level = None
        for pragma in (
            "journal_mode=WAL",
            "synchronous=FULL",
            f"foreign_keys={'ON' if foreign_keys else 'OFF'}",
            "temp_store=MEMORY",
            f"wal_autocheckpoint={COMMIT_COPIES_PAGES if copied_beside else SQLITE_COPIES_PAGES}",
        ):
            connection.execute(f"PRAGMA {pragma}").close()

    @event.listens_for(engine, "begin")
    def _on_begin(connection: Connection) -> None:
        if connection.get_execution_options().get(WRITES, False):
            _wait_for_turn(connection)
        else:
            connection.exec_driver_sql("BEGIN")

    return engine


def _wait_for_turn(connection: Connection) -> None:
    """Begin to write as soon as nobody else does.

    SQLite's own waiting looks every 100 ms; ingest at work on a backlog lets go for some ten between two transactions, so that others
    waited for seconds (docs/benchmarks.md).
    """
    driver: Any = connection.connection.dbapi_connection
    deadline = time.monotonic() + BUSY_S
    driver.execute("PRAGMA busy_timeout=0").close()
    try:
        while time.monotonic() < deadline:
            try:
                driver.execute("BEGIN IMMEDIATE").close()
                return
            except sqlite3.OperationalError as error:
                if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY:
                    break
                time.sleep(LOOK_S)
        connection.exec_driver_sql("BEGIN IMMEDIATE")  # once more, so that its error is told as any other's
    finally:
        driver.execute(f"PRAGMA busy_timeout={round(1000 * BUSY_S)}").close()


class Database:
    """The one database of a process; safe to share between threads, also those of gevent's native pool."""

    def __init__(self, url: str, *, copied_beside: bool = False) -> None:
        """Prepare to open the database at `url`; nothing is opened before the first transaction. `copied_beside` as in `make_engine`."""
        self.url = url
        parsed = parse_url(url)
        self.is_sqlite = parsed.get_backend_name() == "sqlite"
        self._engine = make_engine(parsed, copied_beside=copied_beside)
        # A snapshot for the whole unit of work, as SQLite gives by itself.
        self._reader = (
            self._engine
            if self.is_sqlite
            else self._engine.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
        )
        self._writer = self._engine.execution_options(**{WRITES: True})

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """Give a connection that sees one snapshot; what it would have written is rolled back."""
        with self._reader.connect() as connection:
            yield connection

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """Give a connection inside a writing transaction: committed at the end, rolled back on an error."""
        with self._writer.connect() as connection, connection.begin():
            yield connection

    def dispose(self) -> None:
        """Close every pooled connection; the next transaction opens new ones."""
        self._engine.dispose()


def upsert(
    connection: Connection,
    table: Table,
    rows: Iterable[Mapping[str, Any]],
    index_elements: Sequence[str],
    update_columns: Sequence[str] = (),
) -> None:
    """Insert rows; where one with the same `index_elements` is there, set its `update_columns`.

    No `update_columns`: such a row is left as it is. All rows must have the same keys. No rows is nothing to do.
    """
    values = list(rows)
    if values:
        statement = _upsert(connection.dialect.name, table, tuple(index_elements), tuple(update_columns))
        execute_many(connection, statement, values)


def upsert_rows(
    connection: Connection,
    table: Table,
    names: tuple[str, ...],
    rows: Sequence[tuple[Any, ...]],
    index_elements: Sequence[str],
    update_columns: Sequence[str] = (),
) -> None:
    """Insert rows as `upsert` does, each a tuple of the columns `names`: for what is written with every position."""
    if rows:
        statement = _upsert(connection.dialect.name, table, tuple(index_elements), tuple(update_columns))
        execute_rows(connection, statement, names, rows)


@cache
def _upsert(
    dialect: str, table: Table, index_elements: tuple[str, ...], update_columns: tuple[str, ...]
) -> Insert:
    """Build the statement; once for each of the program's few, since building it costs more than running it."""
    statement = (postgresql.insert if dialect == "postgresql" else sqlite.insert)(table)
    if not update_columns:
        return statement.on_conflict_do_nothing(index_elements=list(index_elements))
    changes = {name: statement.excluded[name] for name in update_columns}
    return statement.on_conflict_do_update(index_elements=list(index_elements), set_=changes)
