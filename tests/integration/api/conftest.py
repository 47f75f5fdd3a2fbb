"""The web role on both databases, with the world of two sides in it."""

from pathlib import Path

import pytest

from server.adapters.db.engine import Database
from tests.builders.web import Web
from tests.builders.world import build_world


@pytest.fixture
def web(db: Database, tmp_path: Path) -> Web:
    """Give a web role whose pages aren't built."""
    build_world(db)
    return Web(db, tmp_path / "dist")
