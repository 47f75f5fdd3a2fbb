"""The emulated fleet drives the demo's trips through ingest: a clean drive opens no finding, and who doesn't come is found, each once."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest
from sqlalchemy import select

from device_sim.fleet import Fleet, choose_devices
from device_sim.packreader import read_pack
from device_sim.wire import KINDS, encode_record
from server.adapters.db import tables as t
from server.adapters.db.catalogue import DatabaseCatalogue
from server.adapters.db.engine import Database
from server.adapters.db.ingest_store import DatabaseLog
from server.config import load_settings
from server.demo import ensure_pack
from server.service.ingest import Ingest
from tests.fakes.clock import FakeClock
from tests.fakes.line import FakeLine, FakeSpeaker, FedMessage

BUSES = 2
STEP_MS = 20_000


def drive(tmp_path: Path, absent_share: float, minutes: int) -> Database:
    """Let buses drive so long from the demo's first hour on; ingest hears each record when it is written."""
    settings = load_settings(
        environ={"SIXFIXED_DATA": str(tmp_path), "SIXFIXED_DEMO": "1", "SIXFIXED_DEMO_BUSES": str(BUSES)}
    )
    clock = FakeClock()
    pack = read_pack(ensure_pack(settings, clock))
    database = Database(settings.database_url)
    ingest = Ingest(
        line=FakeLine(), log_=DatabaseLog(database), catalogue=DatabaseCatalogue(database, clock),
        speaker=FakeSpeaker(), clock=clock, real=FakeClock(),
    )  # fmt: skip
    ingest.recover()
    begin_ms = clock.now_ms()
    fleet = Fleet(pack, choose_devices(pack, [], BUSES), 1, begin_ms, absent_share=absent_share)
    seqs: Counter[str] = Counter()
    for at_ms in range(begin_ms, begin_ms + minutes * 60_000, STEP_MS):
        clock.set_ms(at_ms)
        messages = []
        for written in fleet.advance(at_ms):
            for record in written.records:
                seqs[written.device] += 1
                body = encode_record(record, 0, seqs[written.device])
                messages.append(FedMessage(f"bus/{written.device}/{KINDS[type(record)]}", body, at_ms))
        ingest.handle(messages)
        clock.advance(2.1)
        ingest.tick()
    assert not ingest.rule_errors
    return database


def ridden(database: Database) -> tuple[set[tuple[str, str]], set[tuple[str, str]]]:
    """Give (trip, rider) of who should have boarded on trips that have arrived, and of who did."""
    with database.read() as connection:
        planned = connection.execute(
            select(t.trip_riders.c.trip_id, t.trip_riders.c.rider_id)
            .join(t.trips, t.trips.c.id == t.trip_riders.c.trip_id)
            .where(t.trips.c.state.in_(("arrived", "closed")))
        )
        boarded = connection.execute(
            select(t.rides.c.trip_id, t.rides.c.rider_id).where(t.rides.c.dir == "on")
        )
        return {(row[0], row[1]) for row in planned}, {(row[0], row[1]) for row in boarded}


def findings(database: Database) -> list[tuple[str, str | None, str | None]]:
    with database.read() as connection:
        rows = connection.execute(
            select(t.findings.c.kind, t.findings.c.trip_id, t.findings.c.rider_id).where(
                t.findings.c.withdrawn_at_ms.is_(None)
            )
        )
        return [(row[0], row[1], row[2]) for row in rows]


@pytest.mark.parametrize("share", [0.0, 0.3])
def test_a_clean_drive_finds_nothing_but_who_does_not_come(tmp_path: Path, share: float) -> None:
    database = drive(tmp_path, share, minutes=75)
    try:
        planned, boarded = ridden(database)
        missing = planned - boarded
        assert len(planned) > 20 and bool(missing) is bool(share)
        found = findings(database)
        running = {(trip, rider) for kind, trip, rider in found if (trip, rider) not in planned}
        assert {kind for kind, _, _ in found} <= {"no_show"}
        assert {(trip, rider) for _, trip, rider in found} - running == missing
        assert len(found) == len(set(found))
        if not share:
            assert found == []
    finally:
        database.dispose()
