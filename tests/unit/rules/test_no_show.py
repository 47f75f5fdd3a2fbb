"""When a child counts as not having come: a minute after the bus has left their stop, and not if anything says otherwise."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from server.domain.plan import Absence
from server.domain.trip import RiderState, TripState
from server.domain.vehicle_day import Entry
from tests.builders.moments import found, shown, told
from tests.builders.road import LEG_M, START_MS, Recorder, a_morning, a_plan


def without(entries: list[Entry], card: str) -> list[Entry]:
    return [entry for entry in entries if getattr(entry.record, "card", None) != card]


def rider(trip: TripState, rider_id: str) -> RiderState:
    return next(each for each in trip.riders if each.rider_id == rider_id)


def departure_ms(entries: list[Entry], stop: int) -> int:
    trip = shown(entries, a_plan())
    departed = next(visit.departed_at_ms for visit in trip.visits if visit.seq == stop)
    assert departed is not None
    return departed


def test_a_child_who_did_not_board_is_found_a_minute_after_the_bus_has_left_and_the_guardians_are_told() -> (
    None
):
    entries = without(a_morning(), "CARD2")
    due_ms = departure_ms(entries, 1) + 60_000
    trip = shown(entries, a_plan(), due_ms)
    (one,) = found(trip, "no_show")
    assert (one.rider_id, one.stop_id, one.began_ms, one.ended_ms) == ("rider2", "stop1", due_ms, None)
    assert (rider(trip, "rider2").state, rider(trip, "rider2").since_ms) == ("no_show", due_ms)
    assert told(trip, "no_show") == [("rider2", due_ms)]


def test_one_second_before_the_deadline_nothing_is_found() -> None:
    entries = without(a_morning(), "CARD2")
    trip = shown(entries, a_plan(), departure_ms(entries, 1) + 59_000)
    assert not found(trip, "no_show") and rider(trip, "rider2").state == "expected"


def test_who_boards_is_no_neighbour_of_it() -> None:
    assert not found(shown(a_morning(), a_plan()), "no_show")


@pytest.mark.parametrize(("after_s", "finding"), [(50, False), (70, True)])
def test_a_child_who_runs_after_the_bus_may_board_within_the_minute(after_s: int, finding: bool) -> None:
    bus = Recorder()
    bus.duty()
    bus.stop_at(0)
    left_ms = bus.t
    bus.wait(after_s)
    bus.card("CARD1")
    bus.drive(0, LEG_M)
    trip = shown(bus.entries, a_plan())
    ended = [(one.began_ms, one.ended_ms) for one in found(trip, "no_show") if one.rider_id == "rider1"]
    assert ended == ([(left_ms + 60_000, left_ms + after_s * 1000)] if finding else [])
    assert rider(trip, "rider1").state == "aboard"


@pytest.mark.parametrize(
    ("said_s", "taken_back_s", "open_", "ended"),
    [(-600, None, 0, 0), (90, None, 0, 1), (-600, -300, 1, 0)],
)
def test_an_absence_said_in_time_is_no_finding_and_one_said_later_ends_it(
    said_s: int, taken_back_s: int | None, open_: int, ended: int
) -> None:
    until = None if taken_back_s is None else START_MS + 1000 * taken_back_s
    plan = replace(a_plan(), absences=(Absence("rider1", START_MS + 1000 * said_s, until),))
    trip = shown(without(a_morning(), "CARD1"), plan)
    seen = [one.ended_ms is not None for one in found(trip, "no_show")]
    assert (seen.count(False), seen.count(True)) == (open_, ended)


def test_a_stop_that_was_driven_past_leaves_its_child_behind_too() -> None:
    bus = Recorder()
    bus.duty()
    bus.stop_at(0, ("CARD1",))
    bus.drive(0, 2 * LEG_M, seconds=200)
    bus.stop_at(2 * LEG_M, ("CARD3",))
    (one,) = found(shown(bus.entries, a_plan(), bus.t + 60_000), "no_show")[:1]
    assert (one.rider_id, one.evidence[0].what) == ("rider2", "passed")


def test_in_the_afternoon_the_school_is_everybodys_stop() -> None:
    bus = Recorder()
    bus.duty()
    bus.stop_at(0, ("CARD1", "CARD2", "CARD3"), dwell_s=30)
    bus.drive(0, LEG_M)
    (one,) = found(shown(bus.entries, a_plan("from_school")), "no_show")
    assert (one.rider_id, one.stop_id) == ("rider4", "stop0")


def test_data_that_is_not_complete_to_the_deadline_finds_nobody_missing_and_is_late_after_a_minute() -> None:
    entries = without(a_morning(), "CARD2")
    due_ms = departure_ms(entries, 1) + 60_000
    for now_ms, late in ((due_ms, 0), (due_ms + 59_000, 0), (due_ms + 60_000, 1)):
        trip = shown(entries, a_plan(), now_ms, due_ms - 1)
        assert not found(trip, "no_show") and not told(trip, "no_show")
        assert len(found(trip, "data_late")) == late
    trip = shown(entries, a_plan(), due_ms + 60_000, due_ms)
    assert found(trip, "no_show") and not found(trip, "data_late")
