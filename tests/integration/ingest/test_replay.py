"""Folding the stored log again gives what the rows say: in every order, doubling and restart; and a row that was changed is seen."""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from datetime import UTC, datetime

import msgspec
import pytest
from sqlalchemy import delete, insert, update

from server.__main__ import main
from server.adapters.db import tables as t
from server.domain.hand import Cancelled
from server.domain.vehicle_day import Entry
from server.domain.verdict import SIX
from server.service.replay import ReplayError, Report
from tests.builders.road import START_MS, Recorder, a_morning
from tests.builders.town import ON, outcome
from tests.integration.ingest.conftest import House
from tests.integration.ingest.test_order import WAYS, a_bad_morning, astray, run

Make = Callable[..., House]


def told(report: Report) -> list[object]:
    return [one for each in (*report.trips, *report.buses) for one in each.differences]


@pytest.mark.parametrize("way", [*WAYS, "clocked", "clocked late"])
@pytest.mark.parametrize("drive", [a_morning, a_bad_morning, astray])
def test_every_order_is_what_its_log_gives(
    make_house: Make, way: str, drive: Callable[[], list[Entry]]
) -> None:
    house = make_house()
    before = run(house, way, make=drive)
    for what in (ON, "trip1"):
        report = house.replay(what)
        assert told(report) == [], f"by {what}, records {way}"
        assert report.failed_rules == {}
    assert outcome(house.database) == before, "replay wrote something"


def test_both_databases_give_the_same(make_any_house: Make) -> None:
    house = make_any_house(trips=2)
    run(house, "shuffled with restarts", make=astray)
    report = house.replay(ON)
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
        assert told(house.replay("trip1")) == []


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
    report = house.replay(ON)
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
    house.tampered = True
    with house.database.write() as connection:
        assert connection.execute(change).rowcount  # type: ignore[call-overload]
    report = house.replay("trip1")
    assert not report.equal
    (trip,) = report.trips
    if seen is not None:
        assert [(one.what, one.field) for one in trip.differences] == [seen]
    else:
        assert trip.differences


def test_a_record_that_was_taken_from_the_log_is_missed(make_house: Make) -> None:
    house = make_house()
    run(house, "in order")
    house.tampered = True
    with house.database.write() as connection:
        connection.execute(delete(t.records).where(t.records.c.kind == "ride"))
    assert {one.what.split()[0] for one in house.replay("trip1").trips[0].differences} >= {"ride", "rider"}


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
        make_house().replay(what, **more)


def test_a_timetable_on_a_date_is_the_trip_and_since_leaves_out_what_lies_before(make_house: Make) -> None:
    house = make_house()
    run(house, "in order")
    assert house.replay("T1", on=ON).trips == house.replay("trip1").trips
    assert told(house.replay("trip1", since=ON)) == []
    assert told(house.replay("trip1", since="2026-09-22"))


def test_the_command_prints_for_people_and_programs_and_says_by_its_status_whether_all_is_equal(
    make_house: Make, capsys: pytest.CaptureFixture[str]
) -> None:
    house = make_house()
    run(house, "in order", make=astray)
    words = ["replay", "T1", "--on", ON, "--database-url", house.database.url]
    words += [
        "--clock",
        f"start={datetime.fromtimestamp(house.clock.now_ms() / 1000, UTC).isoformat()},speed=1",
    ]
    assert main(words) == 0
    said = capsys.readouterr().out
    assert said.startswith(f"T1  {ON}  closed  (trip1)\n  route    fail  ")
    assert said.endswith("equal to the database\n")
    house.tampered = True
    with house.database.write() as connection:
        connection.execute(update(t.trips).where(t.trips.c.id == "trip1").values(next_seq=3))
    assert main([*words, "--json"]) == 1
    shown = json.loads(capsys.readouterr().out)
    assert shown["equal"] is False
    assert shown["trips"][0]["differences"] == [
        {"what": "trip", "field": "next_seq", "stored": 3, "folded": 4}
    ]
    assert list(shown["trips"][0]["verdicts"]) == list(SIX)
    assert main(["replay", "T9", "--on", ON, "--database-url", house.database.url]) == 2
    assert capsys.readouterr().err.startswith("sixfixed: No trip of timetable 'T9' is known on ")


def test_a_trip_that_was_called_off_on_its_way_is_the_same_when_it_is_folded_again(make_house: Make) -> None:
    house = make_house()
    entries = a_morning()
    half = len(entries) // 2
    house.clock.set_ms(entries[half].key.t)
    house.feed([house.message(entry) for entry in entries[1:half]])
    off = Cancelled(entries[half].key.t, "trip1", "desk", "road is flooded")
    with house.database.write() as connection:
        connection.execute(
            insert(t.inputs).values(
                trip_id="trip1", kind="cancel", at_ms=off.t, source="off", user_id="desk", body=msgspec.json.encode(off),
                made_at_ms=off.t,
            )
        )  # fmt: skip
    house.settle()
    before = house.outcome()
    assert (before["trips"][0][1], before["trips"][0][2]) == ("cancelled", "bus1")
    assert len(before["visits"]) > 1
    house.feed(
        [house.message(entry) for entry in entries[:1]]
    )  # who signed on comes late: it is folded from the beginning
    again = house.outcome()
    assert (again["trips"][0][1], again["visits"], again["rides"]) == (
        "cancelled",
        before["visits"],
        before["rides"],
    )
    assert told(house.replay("trip1")) == []
