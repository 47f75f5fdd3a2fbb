"""Alarms about people on their whole way: from records, pages and the clock to the rows of findings and notices."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from msgspec.json import decode
from msgspec.structs import replace
from sqlalchemy import insert, select

from server.adapters.db import tables as t
from server.adapters.db.counters import bump
from server.adapters.db.ingest_store import DatabaseLog
from server.adapters.db.web_store import DbWebStore
from server.domain.record import Event, Gap
from server.domain.trip import TripState
from server.domain.vehicle_day import Entry, Key
from server.domain.verdict import Verdict, Verdicts
from server.service.crew import Said
from server.service.policy import Caller
from tests.builders.road import LEG_M, LEGS, START_MS, Recorder
from tests.builders.town import ON
from tests.integration.ingest.conftest import House, Make

ATTENDANT = Caller("user-a", "attendant", "attendant", "attendant", "A", None)
DESK = Caller("user-d", "desk", "operator", "operator", "D", None)


class Drive:
    """A bus that drives while its house's clock goes with it."""

    def __init__(self, house: House) -> None:
        self.house = house
        self.bus = Recorder(at_ms=START_MS - 60_000)
        house.clock.set_ms(self.bus.t)
        self._fed = 0

    def now(self, *, leave_out: Callable[[Entry], bool] = lambda entry: False) -> list[Entry]:
        """Feed what was written, set the clock to the bus's and let ingest keep house; give what was left out."""
        entries = self.bus.entries[self._fed :]
        self._fed = len(self.bus.entries)
        out = [entry for entry in entries if leave_out(entry)]
        self.house.clock.set_ms(max(self.bus.t, self.house.clock.now_ms()))
        self.house.feed([self.house.message(entry) for entry in entries if entry not in out])
        self.look()
        return out

    def look(self, seconds: float = 2.1) -> None:
        """Let time pass for the server alone."""
        self.house.clock.advance(seconds)
        self.house.ingest.tick()
        self.bus.t = max(self.bus.t, self.house.clock.now_ms())


def findings(house: House, kind: str, *, withdrawn: bool = False) -> list[Any]:
    with house.database.read() as connection:
        query = select(t.findings).where(t.findings.c.kind == kind).order_by(t.findings.c.began_ms)
        if not withdrawn:
            query = query.where(t.findings.c.withdrawn_at_ms.is_(None))
        return list(connection.execute(query))


def told(house: House, kind: str) -> list[str]:
    with house.database.read() as connection:
        query = select(t.notices.c.rider_id).where(
            t.notices.c.kind == kind, t.notices.c.withdrawn_at_ms.is_(None)
        )
        return sorted(connection.execute(query).scalars())


def rider_state(house: House, rider: str) -> str:
    with house.database.read() as connection:
        query = select(t.trip_riders.c.state).where(
            t.trip_riders.c.trip_id == "trip1", t.trip_riders.c.rider_id == rider
        )
        return str(connection.scalar(query))


def say(house: House, caller: Caller, what: Callable[[Said], object]) -> None:
    with DbWebStore(house.database).write() as work:
        what(Said(work, caller, "trip1", house.clock.now_ms()))


def instant(ms: int) -> datetime:
    return datetime.fromtimestamp(ms / 1000, UTC)


def test_a_child_left_aboard_calls_at_once_tells_the_guardian_and_ends_when_it_has_left(
    make_any_house: Make,
) -> None:
    house = make_any_house()
    drive = Drive(house)
    bus = drive.bus
    bus.duty()
    bus.stop_at(0, ("CARD1", "CARD2"))
    for leg in range(LEGS):
        bus.drive(LEG_M * leg, LEG_M * (leg + 1))
        bus.stop_at(LEG_M * (leg + 1), ("CARD1",) if leg == LEGS - 1 else ())
    drive.now()
    assert findings(house, "left_aboard") == []
    closed_ms = bus.entries[-1].key.t
    bus.t = closed_ms + 121_000
    bus.pos(LEG_M * LEGS, 0)
    drive.now()
    (row,) = findings(house, "left_aboard")
    assert (row.began_ms, row.ended_ms, row.rider_id, row.state) == (
        closed_ms + 120_000,
        None,
        "rider2",
        "open",
    )
    assert (row.severity, row.fixed, row.origin, row.vehicle_id) == ("act", None, "fold", "bus1")
    assert row.call_next_ms is not None and row.made_at_ms - row.call_next_ms == 0
    assert told(house, "left_aboard") == ["rider2"]
    assert row.id in house.speaker.finding_ids and house.speaker.wakes
    house.speaker.finding_ids.clear()
    drive.look()
    assert house.speaker.finding_ids == [], "what says the same is not said again"
    bus.card("CARD2")
    drive.now()
    (row,) = findings(house, "left_aboard")
    assert row.ended_ms == bus.entries[-1].key.t
    assert told(house, "left_aboard") == ["rider2"]


def test_a_child_who_does_not_come_is_a_finding_once_the_bus_has_spoken_past_the_deadline(
    make_any_house: Make,
) -> None:
    house = make_any_house()
    drive = Drive(house)
    bus = drive.bus
    bus.duty()
    bus.stop_at(0)
    left_ms = bus.t
    drive.now()
    bus.drive(0, 450, seconds=45)
    drive.now()
    drive.look(20)  # past the deadline, but the bus has said nothing since
    assert findings(house, "no_show") == [] and rider_state(house, "rider1") == "expected"
    bus.pos(600, 30)
    drive.now()
    (row,) = findings(house, "no_show")
    assert (row.began_ms, row.rider_id, row.stop_id) == (left_ms + 60_000, "rider1", "stop0")
    assert rider_state(house, "rider1") == "no_show" and told(house, "no_show") == ["rider1"]
    bus.stop_at(LEG_M, ("CARD1",))
    drive.now()
    (row,) = findings(house, "no_show")
    assert row.ended_ms is not None and rider_state(house, "rider1") == "aboard"


def test_a_hole_in_the_records_makes_data_late_and_a_ride_in_it_no_alarm_at_all(make_any_house: Make) -> None:
    house = make_any_house()
    drive = Drive(house)
    bus = drive.bus
    bus.duty()
    bus.stop_at(0, ("CARD1",))
    bus.drive(0, LEG_M, seconds=150)
    bus.pos(LEG_M, 0)
    late = drive.now(leave_out=lambda entry: getattr(entry.record, "card", None) == "CARD1")
    drive.look()
    assert findings(house, "no_show") == [], "I3: the watermark doesn't cover the deadline"
    (row,) = findings(house, "data_late")
    assert (row.severity, row.call_next_ms) == ("watch", None) and told(house, "no_show") == []
    assert [each["value"] for each in decode(row.evidence)] == ["no_show"]
    house.feed([house.message(entry) for entry in late])
    house.settle()
    assert findings(house, "no_show") == [] == findings(house, "data_late")
    assert rider_state(house, "rider1") == "aboard"


def test_records_named_as_lost_are_waited_for_no_longer(make_house: Make) -> None:
    house = make_house()
    drive = Drive(house)
    bus = drive.bus
    bus.duty()
    bus.stop_at(0, ("CARD1",))
    bus.drive(0, LEG_M, seconds=150)
    bus.pos(LEG_M, 0)
    (lost,) = drive.now(leave_out=lambda entry: getattr(entry.record, "card", None) == "CARD1")
    drive.look()
    assert len(findings(house, "data_late")) == 1
    gap = Gap(v=1, seq=lost.key.seq, to=lost.key.seq)
    house.feed(
        [house.raw("DEV-1", "batch", b'{"v":1,"records":[{"k":"gap","seq":%d,"to":%d}]}' % (gap.seq, gap.to))]
    )
    drive.look()
    drive.look()
    assert [row.rider_id for row in findings(house, "no_show")] == ["rider1"]
    assert findings(house, "data_late") == []


def test_a_phone_that_is_used_on_the_trip_is_waited_for(make_house: Make) -> None:
    house = make_house()
    drive = Drive(house)
    bus = drive.bus
    bus.duty()
    bus.stop_at(0, ("CARD2",))
    left_ms = bus.t
    drive.now()
    say(house, ATTENDANT, lambda said: said.headcount(1, instant(bus.t), "c-1"))
    drive.look()
    bus.drive(0, LEG_M, seconds=90)
    drive.now()
    assert findings(house, "no_show") == []
    for synced_ms, count in ((left_ms + 59_000, 0), (left_ms + 61_000, 1)):
        say(house, ATTENDANT, lambda said, to=synced_ms: said.tick([], instant(to)))  # type: ignore[misc]
        drive.look()
        drive.look()
        assert len(findings(house, "no_show")) == count


def test_a_child_who_leaves_at_a_wrong_stop_calls_and_is_over_when_it_boards_again(
    make_any_house: Make,
) -> None:
    house = make_any_house()
    drive = Drive(house)
    bus = drive.bus
    bus.duty()
    bus.stop_at(0, ("CARD1",))
    bus.drive(0, LEG_M)
    bus.pos(LEG_M, 0, door=1)
    bus.card("CARD1")
    drive.now()
    (row,) = findings(house, "wrong_stop")
    assert (row.rider_id, row.stop_id, row.ended_ms) == ("rider1", "stop1", None) and row.call_next_ms
    assert told(house, "wrong_stop") == ["rider1"]
    bus.wait(70)
    bus.card("CARD1")
    drive.now()
    (row,) = findings(house, "wrong_stop")
    assert row.ended_ms == bus.entries[-1].key.t


def test_what_people_did_about_a_finding_survives_its_folding_again(make_house: Make) -> None:
    house = make_house()
    drive = Drive(house)
    bus = drive.bus
    bus.duty()
    bus.seq += 1
    bus.say(Event(v=1, seq=bus.seq, t=bus.t, kind="sos"))
    bus.stop_at(0)
    drive.now()
    with house.database.write() as connection:
        connection.execute(
            t.findings.update().values(state="acknowledged", call_next_ms=None, owner_id="desk")
        )
    house.start()
    early = Recorder(at_ms=START_MS - 59_000)
    early.seq = 400
    early.pos(0, 0)
    house.feed([house.message(early.entries[0])])
    house.settle()
    (row,) = findings(house, "sos")
    assert (row.state, row.owner_id, row.call_next_ms) == ("acknowledged", "desk", None)


def test_an_alarm_of_a_bus_without_a_trip_is_the_buss_own_and_is_withdrawn_when_a_trip_has_it(
    make_any_house: Make,
) -> None:
    house = make_any_house()
    bus = Recorder(at_ms=START_MS)
    bus.seq = 10
    bus.say(Event(v=1, seq=10, t=bus.t, kind="sos"))
    house.clock.set_ms(bus.t)
    house.feed([house.message(entry) for entry in bus.entries])
    (row,) = findings(house, "sos")
    assert (row.vehicle_id, row.trip_id) == ("bus1", None)
    early = Recorder(at_ms=START_MS - 60_000)
    early.seq = 8
    early.duty()
    house.feed([house.message(entry) for entry in early.entries])
    house.settle()
    (row,) = findings(house, "sos")
    assert row.trip_id == "trip1"
    assert len(findings(house, "sos", withdrawn=True)) == 2


def test_an_alarm_of_long_ago_calls_nobody(make_house: Make) -> None:
    house = make_house()
    bus = Recorder(at_ms=START_MS)
    bus.say(Event(v=1, seq=1, t=bus.t, kind="sos"))
    house.clock.set_ms(bus.t + 16 * 60_000)
    house.feed([house.message(entry) for entry in bus.entries])
    (row,) = findings(house, "sos")
    assert row.call_next_ms is None


def watched(house: House, from_ms: int = START_MS - 1_200_000) -> None:
    """Have the clock looked at since before the trip, with ingest listening."""
    house.clock.set_ms(from_ms)
    for _ in range(7):
        house.clock.advance(2.1)
        house.ingest.tick()


def at(house: House, ms: int) -> None:
    house.clock.set_ms(ms)
    house.clock.advance(2.1)
    house.ingest.tick()


def test_a_trip_that_does_not_start_is_found_and_told_after_ten_minutes_and_missed_after_thirty(
    make_any_house: Make,
) -> None:
    house = make_any_house()
    watched(house)
    at(house, START_MS + 590_000)
    assert findings(house, "not_started") == []
    for ms in (START_MS + 600_000, START_MS + 660_000):
        at(house, ms)
        (row,) = findings(house, "not_started")
        assert (row.began_ms, row.ended_ms, row.origin) == (START_MS + 600_000, None, "clock")
        assert told(house, "not_started") == ["rider1", "rider2", "rider3", "rider4"]
    at(house, START_MS + 1_801_000)
    (row,) = findings(house, "missed_trip")
    assert row.trip_id == "trip1" and told(house, "not_started") == ["rider1", "rider2", "rider3", "rider4"]


def say_setting(house: House, scope: str, scope_id: str, name: str, value: int) -> None:
    with house.database.write() as connection:
        row = {
            "id": f"{scope_id}-{name}",
            "scope": scope,
            "scope_id": scope_id,
            "name": name,
            "value": str(value),
        }
        connection.execute(insert(t.settings).values(**row))
        bump(connection, "catalog")


@pytest.mark.parametrize(
    ("name", "scope", "value", "kind", "seconds"),
    [
        ("departure_overdue_s", ("route", "route"), 300, "not_started", 310),
        ("departure_overdue_s", ("system", ""), 900, "not_started", 910),
        ("missed_after_s", ("operator", "operator"), 700, "missed_trip", 710),
        ("missed_after_s", ("permit", "permit1"), 2400, "missed_trip", 2410),
        ("silent_s", ("route", "route"), 90, "silent", 100),
        ("silent_s", ("system", ""), 400, "silent", 410),
    ],
)
def test_what_the_clock_finds_goes_by_the_numbers_of_the_trip(
    make_house: Make, name: str, scope: tuple[str, str], value: int, kind: str, seconds: int
) -> None:
    house = make_house()
    say_setting(house, *scope, name, value)
    say_setting(house, "operator", "another", name, 60)
    watched(house)
    at(house, START_MS + (seconds - 30) * 1000)
    assert findings(house, kind) == [], "not yet"
    at(house, START_MS + seconds * 1000)
    assert len(findings(house, kind)) == 1


def test_a_trip_that_starts_late_ends_it_and_one_whose_records_were_late_takes_it_back(
    make_house: Make,
) -> None:
    for late_s, ended in ((700, True), (0, False)):
        house = make_house()
        watched(house)
        at(house, START_MS + 650_000)
        assert len(findings(house, "not_started")) == len(findings(house, "silent")) == 1
        bus = Recorder(at_ms=START_MS + late_s * 1000)
        bus.duty()
        bus.stop_at(0, ("CARD1",))
        bus.drive(0, LEG_M)
        house.clock.set_ms(max(bus.t, START_MS + 800_000))
        house.feed([house.message(entry) for entry in bus.entries])
        house.settle()
        rows = findings(house, "not_started")
        assert [row.ended_ms is not None for row in rows] == ([True] if ended else [])
        (silent,) = findings(house, "silent")
        assert silent.ended_ms is not None, "it has spoken"


def test_a_bus_that_falls_silent_on_its_way_is_found_after_three_minutes_and_not_in_a_tunnel_of_two(
    make_any_house: Make,
) -> None:
    house = make_any_house()
    watched(house)
    drive = Drive(house)
    drive.bus.duty()
    drive.bus.stop_at(0, ("CARD1",))
    drive.bus.drive(0, 500, seconds=50)
    drive.now()
    heard_ms = house.clock.now_ms()
    at(house, heard_ms + 120_000)
    assert findings(house, "silent") == []
    at(house, heard_ms + 200_000)
    (row,) = findings(house, "silent")
    assert row.ended_ms is None and heard_ms <= row.began_ms - 60_000 + 5_000
    drive.bus.t = house.clock.now_ms()
    drive.bus.pos(700, 30)
    drive.now()
    drive.look(6)
    (row,) = findings(house, "silent")
    assert row.ended_ms is not None


def test_trips_from_before_anybody_watched_are_nobodys_fault(make_house: Make) -> None:
    house = make_house()
    watched(house, START_MS + 3_600_000)
    assert findings(house, "not_started") == findings(house, "missed_trip") == findings(house, "silent") == []


def test_ingest_that_has_just_come_back_blames_no_bus(make_house: Make) -> None:
    house = make_house()
    watched(house)
    house.start()
    at(house, START_MS + 700_000)
    assert findings(house, "silent") == findings(house, "not_started") == []


def test_an_absence_is_told_to_the_other_guardian_and_not_to_the_one_who_said_it(
    make_any_house: Make,
) -> None:
    house = make_any_house()
    with house.database.write() as connection:
        connection.execute(
            insert(t.guardians).values(id="g2", user_id="user-rider1", rider_id="rider2", name="Aunt")
        )
        connection.execute(
            insert(t.exceptions).values(
                id="x1", rider_id="rider2", service_on=ON, direction="to_school", kind="absent",
                user_id="user-rider2", made_at_ms=START_MS,
            )
        )  # fmt: skip
        bump(connection, "inputs")
    at(house, START_MS)
    at(house, START_MS + 5_000)
    with house.database.read() as connection:
        rows = connection.execute(select(t.notices).where(t.notices.c.kind == "absent")).all()
    assert [(row.user_id, row.rider_id, row.at_ms) for row in rows] == [("user-rider1", "rider2", START_MS)]


@pytest.mark.parametrize("kind", ["no_show"])
def test_a_told_alarm_that_was_none_is_corrected(make_house: Make, kind: str) -> None:
    """A phone that said that it had sent everything, and had not: the rider is found aboard at that time after all."""
    house = make_house()
    drive = Drive(house)
    bus = drive.bus
    bus.duty()
    bus.stop_at(0)
    boarded_ms = bus.t - 5_000
    bus.drive(0, LEG_M, seconds=90)
    drive.now()
    assert told(house, kind) == ["rider1"]
    with house.database.write() as connection:
        connection.execute(t.notices.update().values(sent_at_ms=house.clock.now_ms()))
    card = Recorder(at_ms=boarded_ms)
    card.seq = 700  # another card reader's clock, say: its record names an earlier instant
    card.card("CARD1")
    house.feed([house.message(Entry(Key(boarded_ms, "DEV-1", 0, 701), card.entries[0].record))])
    drive.bus.seq = 701
    house.settle()
    house.settle()
    assert findings(house, kind) == [] and len(findings(house, kind, withdrawn=True)) == 1
    assert told(house, "correction") == ["rider1"]


def test_verdicts_are_written_with_their_trip_and_taken_back_with_it(make_any_house: Make) -> None:
    """Written when they are new, left alone by what says nothing of them, gone with the run."""
    house = make_any_house()
    failed = Verdicts(time=Verdict("fail", START_MS, "arrived_late"))

    def stored() -> Verdicts | None:
        with house.database.read() as connection:
            body = connection.scalar(select(t.trips.c.verdicts).where(t.trips.c.id == "trip1"))
        return None if body is None else decode(body, type=Verdicts)

    first = TripState("trip1", vehicle_id="bus1", assigned_at_ms=START_MS, verdicts=failed)
    with DatabaseLog(house.database).write() as work:
        assert work.project(None, first, (), START_MS)
        assert work.project(first, replace(first, metre=5.0), (), START_MS)
    assert stored() == failed
    with DatabaseLog(house.database).write() as work:
        work.unproject("trip1", "bus1", (), START_MS)
    assert stored() is None
