"""Ingest over a real database, fed by hand."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import msgspec
import pytest

from server.adapters.db.catalogue import DatabaseCatalogue
from server.adapters.db.engine import Database
from server.adapters.db.ingest_store import DatabaseLog
from server.adapters.db.migrate import upgrade
from server.domain.vehicle_day import Entry
from server.service.ingest import Ingest
from tests.builders.road import START_MS
from tests.builders.town import a_town
from tests.fakes.clock import FakeClock
from tests.fakes.line import FakeLine, FakeSpeaker, FedMessage

KINDS = {"Position": "pos", "RideRecord": "ride", "Duty": "duty", "Event": "event", "Gap": "gap"}


class House:
    """One ingest, its database, and the hands that feed it."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.clock = FakeClock(START_MS)
        self.real = FakeClock(START_MS)
        self.line = FakeLine()
        self.speaker = FakeSpeaker()
        self.start()

    def start(self) -> None:
        """Begin with nothing in memory, as after a crash."""
        self.ingest = Ingest(
            line=self.line,
            log_=DatabaseLog(self.database),
            catalogue=DatabaseCatalogue(self.database, self.clock),
            speaker=self.speaker,
            clock=self.clock,
            real=self.real,
        )
        self.ingest.recover()

    def message(self, entry: Entry) -> FedMessage:
        """Make the message that a device would send for an entry."""
        kind = KINDS[type(entry.record).__name__]
        return self.raw(entry.key.device, kind, msgspec.json.encode(entry.record))

    def raw(self, device: str, kind: str, payload: bytes) -> FedMessage:
        """Make a message of any payload."""
        return FedMessage(f"bus/{device}/{kind}", payload, self.clock.now_ms())

    def batch(self, entries: Iterable[Entry]) -> FedMessage:
        """Make a batch message of entries, as a backlog is sent."""
        entries = list(entries)
        records = [
            {"k": KINDS[type(entry.record).__name__], **msgspec.to_builtins(entry.record)}
            for entry in entries
        ]
        return self.raw(entries[0].key.device, "batch", msgspec.json.encode({"v": 1, "records": records}))

    def feed(self, messages: Iterable[FedMessage], *, at_once: int = 20) -> None:
        """Have messages handled in batches, at the instant of the newest record so far."""
        messages = list(messages)
        for first in range(0, len(messages), at_once):
            self.ingest.handle(messages[first : first + at_once])

    def settle(self) -> None:
        """Let the real seconds pass after which nothing is held, late or due any more."""
        for _ in range(8):
            self.clock.advance(1.1)
            self.ingest.tick()


@pytest.fixture
def make_house(tmp_path: Path) -> Iterator[Callable[..., House]]:
    """Make houses on fresh SQLite files."""
    made: list[Database] = []

    def make(**town: int) -> House:
        url = f"sqlite:///{tmp_path}/{len(made)}.db"
        upgrade(url)
        database = Database(url)
        made.append(database)
        a_town(database, **town)
        return House(database)

    yield make
    for database in made:
        database.dispose()
