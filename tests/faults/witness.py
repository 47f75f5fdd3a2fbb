"""Hold what the recorders wrote against what the server has, and the server's rows against a fold of its log from nothing."""

from __future__ import annotations

import json
import sqlite3
from collections import Counter
from collections.abc import Iterable, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

from device_sim.logbook import Entry
from server.adapters.db.catalogue import DatabaseCatalogue
from server.adapters.db.engine import Database
from server.adapters.db.ingest_store import DatabaseLog
from server.service.ingest import Ingest
from tests.builders.town import outcome
from tests.fakes.clock import FakeClock
from tests.fakes.line import FakeLine, FakeSpeaker, FedMessage
from tests.faults.system import System
from tests.waiting import PATIENCE_S

SAME_READING_MS = 60_000  # PROTOCOL, ride
BATCH = 400
RIDE_NOTICES = (
    "boarded", "alighted", "arrived", "no_show", "wrong_stop", "wrong_bus", "left_aboard", "handed_over",
)  # fmt: skip

Outcome = dict[str, list[tuple[Any, ...]]]

_FROM_NOTHING = (
    "DELETE FROM records", "DELETE FROM rejected", "DELETE FROM device_epochs", "DELETE FROM checkpoints",
    "DELETE FROM vehicle_heads", "DELETE FROM device_status", "DELETE FROM visits", "DELETE FROM rides",
    "DELETE FROM notice_deliveries", "DELETE FROM notices", "DELETE FROM finding_steps", "DELETE FROM findings",
    "DELETE FROM trip_riders WHERE stranger",
    "UPDATE trip_riders SET state = 'expected', since_ms = NULL",
    "UPDATE trips SET state = 'scheduled', run_vehicle_id = NULL, run_device_id = NULL, assigned_at_ms = NULL,"
    " started_at_ms = NULL, arrived_at_ms = NULL, ended_at_ms = NULL, rear_checked_at_ms = NULL, next_seq = 0,"
    " metre = NULL, metre_at_ms = NULL, delay_s = NULL, crew = NULL, turns = NULL, sign_off = NULL, verdicts = NULL",
)  # fmt: skip


def check_records(system: System, written: Sequence[Entry], before_ms: int) -> None:
    """I1 and I2: every record of a recorder is stored once as it was written, and no other is stored.

    Those written after `before_ms` may be on their way still.
    """
    log = {(one.device, one.epoch, one.seq): one for one in written}
    with system.database() as connection:
        rows = connection.execute("SELECT device_id, epoch, seq, kind, t_ms, body FROM records").fetchall()
        rejected = connection.execute("SELECT device_id, epoch, seq, kind, reason FROM rejected").fetchall()
    assert rejected == []
    times = Counter((device, epoch, seq) for device, epoch, seq, *_ in rows)
    assert [name for name, count in times.items() if count > 1] == [], "stored twice"
    lost = [name for name, one in log.items() if one.t < before_ms and name not in times]
    assert lost == [], f"{len(lost)} of {len(log)} records are not in the database"
    assert [name for name in times if name not in log] == [], "stored, and never written"
    for device, epoch, seq, kind, t_ms, body in rows:
        one = log[device, epoch, seq]
        assert (kind, t_ms) == (one.kind, one.t)
        assert _content(body) == _content(bytes(one.body)), (device, epoch, seq)


def _content(body: bytes) -> dict[str, Any]:
    """Give a record without the marks of the way that it came."""
    fields: dict[str, Any] = json.loads(body)
    return {name: value for name, value in fields.items() if name not in ("k", "late", "epoch")}


def check_rides(system: System, written: Iterable[Entry]) -> int:
    """Rides are the cards that were read, each once (the same card within a minute is one reading); give their number."""
    expected: set[tuple[str, str, int]] = set()
    last: dict[tuple[str, str], int] = {}
    with system.database() as connection:
        here = set(connection.execute("SELECT device_id, epoch, seq FROM records WHERE kind = 'ride'"))
        rides = connection.execute("SELECT source, card, at_ms, trip_id FROM rides").fetchall()
    for one in sorted(written, key=lambda entry: (entry.device, entry.t, entry.epoch, entry.seq)):
        if one.kind != "ride" or (one.device, one.epoch, one.seq) not in here:
            continue
        card = json.loads(bytes(one.body))["card"]
        if one.t - last.get((one.device, card), -SAME_READING_MS) >= SAME_READING_MS:
            expected.add((f"{one.device}:{one.epoch}:{one.seq}", card, one.t))
        last[one.device, card] = one.t
    assert {(source, card, at_ms) for source, card, at_ms, _ in rides} == expected
    assert len(rides) == len(expected)
    assert [source for source, _, _, trip_id in rides if trip_id is None] == [], "rides outside of every trip"
    return len(rides)


def waiting_notices(system: System) -> int:
    """Count the notices that were neither told, nor expired, nor taken back."""
    query = "SELECT count(*) FROM notices WHERE sent_at_ms IS NULL AND expired_at_ms IS NULL AND withdrawn_at_ms IS NULL"
    return int(system.value(query))


def check_notices_once(system: System) -> int:
    """I2: one row for (guardian, child, trip, kind, occurrence), or for (staff, finding, kind, occurrence); give how many."""
    with system.database() as connection:
        keys = connection.execute(
            "SELECT user_id, rider_id, trip_id, finding_id, kind, occurrence FROM notices"
        ).fetchall()
    assert [key for key, count in Counter(keys).items() if count > 1] == []
    return len(keys)


def outcome_of(file: Path) -> Outcome:
    """Give the rows that a database's records led to, but for notices.

    A trip that no bus took is missed by the server's clock alone, which no record carries: it counts as scheduled here. That data is
    late is so only until it has come.
    """
    database = Database(f"sqlite:///{file}")
    try:
        found = outcome(database)
    finally:
        database.dispose()
    del found["notices"]
    found["findings"] = [one for one in found["findings"] if one[3] != "data_late"]
    found["trips"] = [(one[0], one[1].replace("missed", "scheduled"), *one[2:]) for one in found["trips"]]
    return found


def notice_faults(file: Path, fresh: Path) -> list[str]:
    """Say where the notices of a database differ from those of a fold from nothing in a way that they may not.

    What was told stays as it was told, though records that came later moved it; a ride that was told and then found not to
    be so stays too, and has a correction beside it. Nothing is left out, and nothing else is there.
    """
    told, wanted = _notices(file), _notices(fresh)
    faults = [f"not there: {key}" for key in wanted.keys() - told.keys()]
    faults += [
        f"{key} is {told[key]}, not {one}" for key, one in wanted.items() if _moved_untold(told.get(key), one)
    ]
    surplus = [key for key in told.keys() - wanted.keys() if key[3] != "correction"]
    faults += [f"surplus and never told: {key}" for key in surplus if told[key][2] is None]
    wrong = Counter(key[:3] for key in surplus if key[3] in RIDE_NOTICES)
    corrected = Counter(key[:3] for key in told if key[3] == "correction")
    return faults + [
        f"told wrongly {count} times, corrected {corrected[key]} times: {key}"
        for key, count in wrong.items()
        if corrected[key] < count
    ]


def _moved_untold(told: tuple[Any, ...] | None, wanted: tuple[Any, ...]) -> bool:
    return told is not None and told[2] is None and told[:2] != wanted[:2]


def _notices(file: Path) -> dict[tuple[str, str, str, str, int], tuple[Any, ...]]:
    query = (  # calls to staff are made by the worker's clock, not by the fold
        "SELECT user_id, rider_id, trip_id, kind, occurrence, stop_id, at_ms, sent_at_ms FROM notices"
        " WHERE withdrawn_at_ms IS NULL AND rider_id IS NOT NULL"
    )
    with closing(sqlite3.connect(file, timeout=PATIENCE_S)) as connection:
        return {row[:5]: row[5:] for row in connection.execute(query)}


def fold_from_nothing(system: System, copy: Path, now_ms: int) -> None:
    """Copy the database, take out all that came from buses, and have a new ingest take the same records in order."""
    with system.database() as source, closing(sqlite3.connect(copy)) as target:
        source.backup(target)
        rows = target.execute(
            "SELECT device_id, kind, body FROM records ORDER BY t_ms, device_id, epoch, seq"
        ).fetchall()
        for statement in _FROM_NOTHING:
            target.execute(statement)
        target.commit()
    database, clock = Database(f"sqlite:///{copy}"), FakeClock(now_ms)
    ingest = Ingest(
        line=FakeLine(),
        log_=DatabaseLog(database),
        catalogue=DatabaseCatalogue(database, clock),
        speaker=FakeSpeaker(),
        clock=clock,
        real=FakeClock(now_ms),
    )
    messages = [FedMessage(f"bus/{device}/{kind}", body, now_ms) for device, kind, body in rows]
    try:
        for first in range(0, len(messages), BATCH):
            ingest.handle(messages[first : first + BATCH])
        for _ in range(8):
            clock.advance(1.1)
            ingest.tick()
        assert not ingest.rule_errors
    finally:
        database.dispose()


def differences(system: System, fresh: Path) -> list[str]:
    """Say in which rows the system's database differs from one that was folded from nothing (I5)."""
    found, expected = outcome_of(system.database_file), outcome_of(fresh)
    said = notice_faults(system.database_file, fresh)
    for name, rows in expected.items():
        missing, surplus = Counter(rows) - Counter(found[name]), Counter(found[name]) - Counter(rows)
        said += [f"{name}: missing {row}" for row in missing] + [f"{name}: surplus {row}" for row in surplus]
    return said
