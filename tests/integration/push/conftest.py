"""A push service that listens, and a post office that may call it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from server.adapters.db.engine import Database
from tests.builders.post import Post, post_office
from tests.fakes.push_service import FakePushService, push_service


@pytest.fixture
def service() -> Iterator[FakePushService]:
    """Give a push service that takes everything."""
    with push_service() as found:
        yield found


@pytest.fixture
def post(db: Database, tmp_path: Path, service: FakePushService) -> Iterator[Post]:
    """Give a post office that may call that service."""
    with post_office(db, tmp_path / "dist", [service.address], timeout_s=1.0) as found:
        yield found
