"""One world for every question about rights: they are asked without changing it (much)."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from server.adapters.db import migrate
from server.adapters.db.engine import Database
from tests.builders.web import Web
from tests.builders.world import build_world


@pytest.fixture(scope="module")
def web(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Web]:
    """Give a web role on SQLite with the world of two sides."""
    folder: Path = tmp_path_factory.mktemp("rights")
    url = f"sqlite:///{folder / 'test.db'}"
    migrate.upgrade(url)
    database = Database(url)
    build_world(database)
    yield Web(database, folder / "dist")
    database.dispose()
