"""Time: early, late, by how much; and what is no fault of the bus."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from server.domain.trip import TripState, Visit
from server.rules.punctuality import judge
from tests.builders.judged import a_crew, a_drive, a_road, a_start, all_pass_but, found, kinds, timed, values
from tests.builders.road import LEG_M, LEGS, START_MS, Plans, Recorder, a_plan


def late_by(seconds: float) -> Recorder:
    bus = Recorder(at_ms=START_MS - 120_000)
    a_crew(bus)
    bus.wait(100 + seconds)  # the door opens 20 s before the plan, and closes with it
    return a_drive(bus=bus)


@pytest.mark.parametrize(
    ("seconds", "expected"),
    [
        (0, []),
        (290, []),
        (0.8 * 300, []),
        (1.2 * 300, ["departed_late"]),
        (305, ["departed_late"]),
        (500, ["departed_late", "arrived_late"]),
    ],
)
def test_a_late_departure_and_the_late_arrivals_after_it(seconds: float, expected: list[str]) -> None:
    bus = late_by(seconds)
    assert kinds(bus) == expected
    assert values(bus) == all_pass_but(time="fail" if expected else "pass")
    for one in found(bus):
        assert one.measured is not None and one.limit is not None and one.measured > one.limit
        assert one.ended_ms is not None


def test_late_arrivals_are_one_finding_until_a_stop_is_reached_in_time() -> None:
    """It leaves 500 s late, and the plan has ten minutes to spare before the third stop."""
    plan, spare_ms = a_plan(), 600_000
    ahead = tuple(
        replace(stop, arrival_ms=stop.arrival_ms + spare_ms, departure_ms=stop.departure_ms + spare_ms)
        if stop.seq >= 3
        else stop
        for stop in plan.stops
    )
    bus = late_by(500)
    findings = [one for one in found(bus, Plans(replace(plan, stops=ahead))) if one.kind == "arrived_late"]
    assert len(findings) == 1
    assert findings[0].stop_id == "stop1"
    assert len(findings[0].evidence) == 2


@pytest.mark.parametrize(
    ("early_s", "expected"), [(48, []), (59, []), (72, ["departed_early"]), (300, ["departed_early"])]
)
def test_a_stop_left_before_its_time(early_s: float, expected: list[str]) -> None:
    """The drive leaves the second stop 40 s before the plan: the plan is moved by the rest."""
    plan = timed(a_plan(), 1, early_s=early_s - 40)
    bus = a_drive()
    assert kinds(bus, Plans(plan)) == expected
    if expected:
        (one,) = found(bus, Plans(plan))
        assert (one.stop_id, one.measured, one.limit) == ("stop1", early_s, 60)
        assert one.evidence[0].what == "departure"


def test_a_door_that_opens_again_at_the_stop_has_not_left_it() -> None:
    """It closes 100 s early, opens again, and leaves in time: the last closing counts."""
    bus = a_start()
    bus.stop_at(0, ("CARD1",))
    bus.drive(0, LEG_M)
    bus.stop_at(LEG_M, ("CARD2",))
    bus.wait(30)
    bus.stop_at(LEG_M)
    bus.wait(5)
    bus.drive(LEG_M, 2 * LEG_M)
    plan = timed(a_plan(), 1, early_s=10)
    assert "departed_early" not in kinds(bus, Plans(plan))


def test_the_last_stop_is_not_departed_from() -> None:
    bus = a_drive()
    assert kinds(bus, Plans(timed(a_plan(), LEGS, early_s=900))) == []


def test_a_bus_that_was_not_heard_of_is_late_only_if_it_was_late_before() -> None:
    """It comes back from a dead zone at the stop, 200 s after it may have reached it."""

    def silent(bus: Recorder) -> None:
        bus.drive(LEG_M, LEG_M + 500, 50)
        bus.wait(500)

    bus = a_drive(None, silent)
    assert "arrived_late" not in [one.kind for one in found(bus) if one.stop_id == "stop2"]


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.integers(-200, 900), st.integers(0, 120)), min_size=5, max_size=5))
def test_what_is_found_is_what_the_table_says_of_every_visit(times: list[tuple[int, int]]) -> None:
    """An independent reading of PRODUCT's row: lateness by arrival, earliness by departure, the first departure late."""
    plan = a_plan()
    visits = tuple(
        Visit(n, stop.arrival_ms + 1000 * shift, stop.arrival_ms + 1000 * (shift + dwell), by_door=True)
        for n, (stop, (shift, dwell)) in enumerate(zip(plan.stops, times, strict=True))
    )
    trip = TripState(
        "trip1", state="arrived", visits=visits, next_seq=4, arrived_at_ms=visits[-1].arrived_at_ms
    )
    told = judge(trip, a_road(plan))
    early = {
        stop.id
        for stop, visit in zip(plan.stops[:-1], visits, strict=False)
        if (visit.departed_at_ms or 0) < stop.departure_ms - 60_000
    }
    late = [
        stop.seq
        for stop, visit in zip(plan.stops, visits, strict=True)
        if stop.seq and (visit.arrived_at_ms or 0) > stop.arrival_ms + 360_000
    ]
    first_ms = visits[0].departed_at_ms or 0
    assert {one.stop_id for one in told if one.kind == "departed_early"} == early
    assert any(one.kind == "departed_late" for one in told) == (
        first_ms > plan.stops[0].departure_ms + 300_000
    )
    runs = [seq for seq in late if seq - 1 not in late]
    assert [one.stop_id for one in told if one.kind == "arrived_late"] == [f"stop{seq}" for seq in runs]
    assert all(one.ended_ms is not None for one in told)
