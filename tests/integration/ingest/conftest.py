"""Ingest over a real database, fed by hand."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from sqlalchemy import select

from server.adapters.db.catalogue import DatabaseCatalogue
from server.adapters.db.engine import Database
from server.adapters.db.ingest_store import DatabaseLog
from server.adapters.db.replay import ReplayRows
from server.adapters.db.tables import trips
from server.domain.vehicle_day import Entry
from server.service.ingest import Ingest
from server.service.ingest_ports import Log
from server.service.replay import Report, replay_chosen
from tests.builders.road import START_MS
from tests.builders.schema import new_sqlite
from tests.builders.town import a_town, outcome
from tests.fakes.clock import FakeClock
from tests.fakes.line import FakeLine, FakeSpeaker, FedMessage

Make = Callable[..., "House"]
KINDS = {"Position": "pos", "RideRecord": "ride", "Duty": "duty", "Event": "event", "Gap": "gap"}


class House:
    """One ingest, its database, and the hands that feed it."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.clock = FakeClock(START_MS)
        self.real = FakeClock(START_MS)
        self.line = FakeLine()
        self.speaker = FakeSpeaker()
        self.tampered = False  # rows were changed by hand, so that they are not what the log gives
        self.start()

    def start(self, log: Log | None = None) -> None:
        """Begin with nothing in memory, as after a crash; `log` stands before the database."""
        self.ingest = Ingest(
            line=self.line,
            log_=log or DatabaseLog(self.database),
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

    def work_off(self, messages: Iterable[FedMessage]) -> None:
        """Have the loop itself take messages from the line, until none is left there."""
        self.line.waiting += messages
        self.line.on_empty = self.ingest.stop
        self.ingest.run()
        self.line.on_empty = None

    def outcome(self) -> dict[str, list[tuple[Any, ...]]]:
        """Let things settle and give everything that they led to."""
        self.settle()
        return outcome(self.database)

    def replay(self, what: str, **more: str) -> Report:
        """Fold the stored log again beside this house, as of its clock."""
        with self.database.read() as connection:
            catalogue = DatabaseCatalogue(self.database, self.clock)
            return replay_chosen(ReplayRows(connection), catalogue, what, self.clock.now_ms(), **more)

    def check_against_the_log(self) -> None:
        """Require that every row is what its log gives (I5), whatever a test has done."""
        if self.tampered:
            return
        self.settle()
        with self.database.read() as connection:
            days = list(connection.scalars(select(trips.c.service_on).distinct()))
        for day in days:
            report = self.replay(day)
            differing = [one for each in (*report.trips, *report.buses) for one in each.differences]
            assert differing == [], f"replay of {day} differs from the rows"

    def settle(self) -> None:
        """Let the real seconds pass after which nothing is held, late or due any more."""
        for _ in range(8):
            self.clock.advance(1.1)
            self.ingest.tick()


@pytest.fixture
def make_house(tmp_path: Path) -> Iterator[Make]:
    """Make houses on fresh SQLite files."""
    made: list[House] = []

    def make(**town: int) -> House:
        database = Database(new_sqlite(tmp_path / f"{len(made)}.db"))
        a_town(database, **town)
        made.append(House(database))
        return made[-1]

    yield make
    _close(made)


@pytest.fixture
def make_any_house(database_kind: str, make_house: Make, make_postgres: Callable[..., str]) -> Iterator[Make]:
    """Make houses once on SQLite and once on PostgreSQL."""
    if database_kind == "sqlite":
        yield make_house
        return
    made: list[House] = []

    def make(**town: int) -> House:
        database = Database(make_postgres())
        a_town(database, **town)
        made.append(House(database))
        return made[-1]

    yield make
    _close(made)


def _close(made: Iterable[House]) -> None:
    """Hold every house that a test has used against its log."""
    for house in made:
        house.check_against_the_log()
        house.database.dispose()
