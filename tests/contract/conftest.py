"""One world for every question about rights: they are asked without changing it (much)."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from server.adapters.db.engine import Database
from tests.builders.findings import put_finding
from tests.builders.schema import new_sqlite
from tests.builders.web import Web
from tests.builders.world import ALPHA, BRAVO, build_world


@pytest.fixture(scope="module")
def web(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Web]:
    """Give a web role on SQLite with the world of two sides."""
    folder: Path = tmp_path_factory.mktemp("rights")
    database = Database(new_sqlite(folder / "test.db"))
    build_world(database)
    for side in (ALPHA, BRAVO):
        put_finding(database, side, "off_route", id=side.id("finding"), rider_id=side.id("child"))
    yield Web(database, folder / "dist")
    database.dispose()
