"""Folding the stored log again gives what the rows say: in every order, doubling and restart; and a row that was changed is seen."""

from __future__ import annotations

import random
from collections.abc import Callable

import pytest
from sqlalchemy import delete, update

from server.adapters.db import tables as t
from server.adapters.db.catalogue import DatabaseCatalogue
from server.adapters.db.replay import ReplayRows
from server.domain.vehicle_day import Entry
from server.service.replay import ReplayError, Report, replay_chosen
from tests.builders.road import START_MS, Recorder, a_morning
from tests.builders.town import ON, outcome
from tests.integration.ingest.conftest import House
from tests.integration.ingest.test_order import WAYS, a_bad_morning, astray, run

Make = Callable[..., House]


def replayed(house: House, what: str = ON, **more: str) -> Report:
    """Replay beside a house, as of its clock."""
    with house.database.read() as connection:
        catalogue = DatabaseCatalogue(house.database, house.clock)
        return replay_chosen(ReplayRows(connection), catalogue, what, house.clock.now_ms(), **more)


def told(report: Report) -> list[object]:
    return [one for trip in report.trips for one in trip.differences] + [
        one for bus in report.buses for one in bus.differences
    ]


@pytest.mark.parametrize("way", [*WAYS, "clocked", "clocked late"])
@pytest.mark.parametrize("drive", [a_morning, a_bad_morning, astray])
def test_every_order_is_what_its_log_gives(
    make_house: Make, way: str, drive: Callable[[], list[Entry]]
) -> None:
    house = make_house()
    before = run(house, way, make=drive)
    for what in (ON, "trip1"):
        report = replayed(house, what)
        assert told(report) == [], f"by {what}, records {way}"
        assert report.failed_rules == {}
    assert outcome(house.database) == before, "replay wrote something"


def test_both_databases_give_the_same(make_any_house: Make) -> None:
    house = make_any_house(trips=2)
    run(house, "shuffled with restarts", make=astray)
    report = replayed(house)
    assert told(report) == []
    first, second = report.trips
    assert (first.code, first.state, first.vehicle_id) == ("T1", "closed", "bus1")
    assert first.verdicts["people"]["reason"] == "wrong_driver"
    assert "off_route" in {one.kind for one in first.findings}
    assert (second.code, second.state, second.vehicle_id) == ("T2", "scheduled", None)


def test_a_restart_in_the_middle_is_what_its_log_gives_at_every_pause(make_house: Make) -> None:
    house = make_house()
    entries = a_bad_morning()
    for first in range(0, len(entries), 60):
        part = entries[first : first + 60]
        house.clock.set_ms(part[-1].key.t + 500)
        house.feed([house.message(entry) for entry in part])
        house.start()
        house.settle()
        assert told(replayed(house, "trip1")) == []


def test_two_trips_of_two_buses_shuffled(make_house: Make) -> None:
    house = make_house(devices=2, trips=2)
    one, other = Recorder(at_ms=START_MS - 120_000), Recorder(at_ms=START_MS + 38 * 60_000, device="DEV-2")
    a_morning(one)
    a_morning(other, trip="T2")
    messages = [house.message(entry) for entry in (*one.entries, *other.entries)] * 2
    house.clock.set_ms(other.t)
    random.Random(5).shuffle(messages)
    house.feed(messages, at_once=9)
    house.settle()
    report = replayed(house)
    assert told(report) == []
    assert [trip.vehicle_id for trip in report.trips] == ["bus1", "bus2"]


@pytest.mark.parametrize(
    ("change", "seen"),
    [
        (update(t.trips).where(t.trips.c.id == "trip1").values(state="missed"), ("trip", "state")),
        (update(t.trips).where(t.trips.c.id == "trip1").values(verdicts=None), ("verdicts", "row")),
        (update(t.visits).where(t.visits.c.seq == 2).values(departed_at_ms=7), ("visit 2", "departed_at_ms")),
        (delete(t.visits).where(t.visits.c.seq == 0), ("visit 0", "row")),
        (
            update(t.trip_riders).where(t.trip_riders.c.rider_id == "rider2").values(state="alighted"),
            ("rider rider2", "state"),
        ),
        (update(t.rides).where(t.rides.c.rider_id == "rider3").values(dir="on"), None),
        (delete(t.findings).where(t.findings.c.kind == "sos"), None),
        (update(t.findings).where(t.findings.c.kind == "no_show").values(withdrawn_at_ms=1), None),
        (update(t.findings).where(t.findings.c.kind == "wrong_stop").values(measured=3.0), None),
    ],
)
def test_a_row_that_was_changed_by_hand_is_shown(
    make_house: Make, change: object, seen: tuple[str, str] | None
) -> None:
    house = make_house()
    run(house, "in order", make=a_bad_morning)
    with house.database.write() as connection:
        assert connection.execute(change).rowcount  # type: ignore[call-overload]
    report = replayed(house, "trip1")
    assert not report.equal
    (trip,) = report.trips
    if seen is not None:
        assert [(one.what, one.field) for one in trip.differences] == [seen]
    else:
        assert trip.differences


def test_a_record_that_was_taken_from_the_log_is_missed(make_house: Make) -> None:
    house = make_house()
    run(house, "in order")
    with house.database.write() as connection:
        connection.execute(delete(t.records).where(t.records.c.kind == "ride"))
    assert {one.what.split()[0] for one in replayed(house, "trip1").trips[0].differences} >= {"ride", "rider"}


@pytest.mark.parametrize(
    ("what", "more", "says"),
    [
        ("2031-01-01", {}, "No trip is known on 2031-01-01"),
        ("nothing", {}, "No trip has the id 'nothing'"),
        ("T9", {"on": ON}, "No trip of timetable 'T9'"),
        ("T1", {"on": "yesterday"}, "--on 'yesterday' is no date"),
        (ON, {"on": ON}, "is a date itself"),
        ("trip1", {"since": "2026-13-01"}, "--since '2026-13-01' is no date"),
    ],
)
def test_what_can_not_be_replayed_is_said(
    make_house: Make, what: str, more: dict[str, str], says: str
) -> None:
    with pytest.raises(ReplayError, match=says):
        replayed(make_house(), what, **more)


def test_a_timetable_on_a_date_is_the_trip_and_since_leaves_out_what_lies_before(make_house: Make) -> None:
    house = make_house()
    run(house, "in order")
    assert replayed(house, "T1", on=ON).trips == replayed(house, "trip1").trips
    assert told(replayed(house, "trip1", since=ON)) == []
    assert told(replayed(house, "trip1", since="2026-09-22"))
