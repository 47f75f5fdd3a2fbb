"""Route: off it, the wrong way, not all of it; and every way in which a bus that keeps to it may look otherwise."""

from __future__ import annotations

import math
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from server.domain.plan import TripPlan
from server.domain.thresholds import DEFAULTS
from tests.builders.judged import (
    Deed,
    a_drive,
    a_road,
    a_start,
    all_pass_but,
    found,
    kinds,
    the_trip,
    values,
    verdicts,
)
from tests.builders.road import LAT, LEG_M, LON0, M_PER_DEG_LON, START_MS, Plans, Recorder, a_plan, folded

M_PER_DEG_LAT = 111_195.0


def beside(metres: float) -> float:
    """Give the latitude that many metres north of the road."""
    return LAT + metres / M_PER_DEG_LAT


def aside(offset_m: float, seconds: float, spd: float = 36, step_s: float = 5, acc: float = 4) -> Deed:
    """Drive the leg with its middle beside the road."""

    def deed(bus: Recorder) -> None:
        begin = bus.entries[-1].key.t
        metre = LEG_M * 1
        left = (100 - seconds) / 2
        at = 0.0
        while at + step_s < 100:
            bus.wait(step_s)
            at += step_s
            off = left <= at <= left + seconds
            bus.pos(metre + at * 10, spd, lat=beside(offset_m) if off else LAT, acc=acc)
        bus.t = begin + 100_000

    return deed


def test_a_clean_morning_passes_all_six_and_nothing_is_found() -> None:
    bus = a_drive()
    assert kinds(bus) == []
    assert values(bus) == all_pass_but()
    said = verdicts(bus)
    assert said.final
    assert said.stops.not_measured == () and said.marking.not_measured == ("lamp", "arm")
    assert said.people.not_measured == ("alcohol",)


def test_off_the_shape_for_long_enough_is_off_route_and_fails_it() -> None:
    bus = a_drive(None, aside(120, 40))
    one, rest = found(bus)
    assert rest.kind == "route_not_covered"  # 400 m of the 4 km were left out as well
    assert (one.kind, one.limit) == ("off_route", 50)
    assert one.measured == pytest.approx(120, abs=1)
    assert one.ended_ms is not None and 35_000 <= one.ended_ms - one.began_ms <= 50_000
    assert len(one.evidence) == 3 and one.evidence[0].at_ms == one.began_ms
    assert values(bus) == all_pass_but(route="fail")
    assert verdicts(bus).route.reason == "off_route"


@pytest.mark.parametrize(
    ("offset_m", "seconds", "acc", "expected"),
    [
        (65, 40, 4, ["off_route"]),  # 50 m and the fix's own accuracy
        (53, 40, 4, []),
        (45, 40, 4, []),  # a parallel road within the corridor
        (120, 15, 4, []),  # too short
        (120, 24, 4, ["off_route"]),
        (120, 40, 80, []),  # a fix that doesn't know better
        (120, 40, 60, ["off_route"]),
    ],
)
def test_how_far_how_long_and_how_sure_off_route_is(
    offset_m: float, seconds: float, acc: float, expected: list[str]
) -> None:
    bus = a_drive(None, aside(offset_m, seconds, acc=acc))
    assert [kind for kind in kinds(bus) if kind != "route_not_covered"] == expected


def test_off_route_needs_three_fixes_however_long_it_lasts() -> None:
    def rare(bus: Recorder) -> None:
        for second in range(15, 100, 15):
            bus.wait(15)
            bus.pos(LEG_M + second * 10, 36, lat=beside(120) if second in (30, 45) else LAT)
        bus.wait(10)

    assert kinds(a_drive(None, rare)) == []


def test_a_bus_that_stands_while_its_position_drifts_is_not_off_route() -> None:
    def drifting(bus: Recorder) -> None:
        bus.drive(LEG_M, LEG_M + 500, 50)
        for n in range(20):
            bus.wait(5)
            bus.pos(LEG_M + 500, 1.5, lat=beside(min(200, 20 * n)))
        bus.drive(LEG_M + 500, LEG_M * 2, 50)

    bus = a_drive(None, drifting)
    assert "off_route" not in kinds(bus)
    assert values(bus)["route"] == "pass"


@pytest.mark.parametrize("fixes", [1, 5, 12])
def test_a_jump_of_500_km_and_a_fix_at_null_island_are_no_deviation(fixes: int) -> None:
    def jumping(bus: Recorder) -> None:
        bus.drive(LEG_M, LEG_M + 300, 30)
        for n in range(fixes):
            bus.wait(5)
            if n % 2:
                bus.pos(LEG_M + 500_000, 36)
            else:
                bus.pos(-LON0 * M_PER_DEG_LON, 36, lat=0.0)
        bus.drive(LEG_M + 300 + fixes * 50, LEG_M * 2, 70 - fixes * 5)

    bus = a_drive(None, jumping)
    assert kinds(bus) == []
    # A minute without a place is 600 m that nobody saw: that is no deviation, and no pass either.
    assert values(bus) == all_pass_but(route="unknown" if fixes > 5 else "pass")


def test_a_tunnel_without_fixes_is_no_deviation_but_a_long_one_leaves_the_route_unknown() -> None:
    def dark(bus: Recorder) -> None:
        for second in range(5, 100, 5):
            bus.wait(5)
            bus.pos(
                LEG_M + 50 if 10 <= second <= 90 else LEG_M + second * 10,
                36,
                fix=0 if 10 <= second <= 90 else 1,
            )
        bus.wait(5)

    bus = a_drive(None, dark)
    assert kinds(bus) == []
    assert values(bus) == all_pass_but(route="unknown")
    assert verdicts(bus).route.reason == "positions_missing"


def test_dead_reckoning_that_wanders_off_in_a_tunnel_proves_nothing() -> None:
    def reckoned(bus: Recorder) -> None:
        for second in range(5, 100, 5):
            bus.wait(5)
            inside = 20 <= second <= 80
            bus.pos(LEG_M + second * 10, 36, lat=beside(150) if inside else LAT, fix=2 if inside else 1)
        bus.wait(5)

    assert kinds(a_drive(None, reckoned)) == []


def test_a_short_silence_is_forgiven_and_a_long_one_leaves_the_route_unknown() -> None:
    def silent(bus: Recorder) -> None:
        bus.drive(LEG_M, LEG_M + 100, 10)
        bus.wait(80)
        bus.drive(LEG_M + 900, LEG_M * 2, 10)

    bus = a_drive(None, silent)
    assert kinds(bus) == []
    assert values(bus) == all_pass_but(route="unknown")

    def briefly(bus: Recorder) -> None:
        bus.drive(LEG_M, LEG_M + 100, 10)
        bus.wait(30)
        bus.drive(LEG_M + 400, LEG_M * 2, 60)

    assert values(a_drive(None, briefly)) == all_pass_but()


def backwards(metres: float, step_m: float = 50) -> Deed:
    def deed(bus: Recorder) -> None:
        bus.drive(LEG_M, LEG_M + 500, 50)
        at = 500.0
        bus.pos(LEG_M + at, 36)
        while at - step_m >= 500 - metres:
            at -= step_m
            bus.wait(5)
            bus.pos(LEG_M + at, step_m / 5 * 3.6)
        bus.drive(LEG_M + at, LEG_M * 2, (1000 - at) / 10)

    return deed


@pytest.mark.parametrize(
    ("metres", "step_m", "expected"),
    [
        (300, 50, ["wrong_direction"]),
        (120, 40, ["wrong_direction"]),
        (400, 100, ["wrong_direction"]),  # faster than the match looks back
        (80, 40, []),
        (60, 20, []),
    ],
)
def test_how_far_back_is_the_wrong_direction(metres: float, step_m: float, expected: list[str]) -> None:
    bus = a_drive(None, backwards(metres, step_m))
    assert [kind for kind in kinds(bus) if kind == "wrong_direction"] == expected
    if expected:
        one = next(each for each in found(bus) if each.kind == "wrong_direction")
        assert one.ended_ms is not None and one.measured is not None and one.measured >= 100
        assert values(bus)["route"] == "fail"


def test_jitter_backwards_at_rest_is_no_direction() -> None:
    def rolling(bus: Recorder) -> None:
        bus.drive(LEG_M, LEG_M + 500, 50)
        for n in range(12):
            bus.wait(5)
            bus.pos(LEG_M + 500 - 12 * n, 1.0)
        bus.drive(LEG_M + 500, LEG_M * 2, 50)

    assert kinds(a_drive(None, rolling)) == []


def test_a_part_that_was_driven_round_is_not_covered() -> None:
    """A detour of most of a leg, 300 m beside the road: off route, and under 95 % of the shape at the end."""
    bus = a_drive(None, aside(300, 80))
    assert kinds(bus) == ["off_route", "route_not_covered"]
    last = found(bus)[-1]
    assert (last.limit, last.began_ms) == (95, last.ended_ms)
    assert last.measured is not None and 75 < last.measured < 90


@pytest.mark.parametrize("step_s", [5, 10, 15])
def test_the_way_after_a_detour_is_not_left_out(step_s: float) -> None:
    """What lay between the first two positions back on the shape was counted as left out: 150 m at one every 15 s."""
    plans = Plans(a_road(thresholds=replace(DEFAULTS, coverage_percent=100)))
    (last,) = [
        one
        for one in found(a_drive(None, aside(120, 45, step_s=step_s)), plans)
        if one.kind == "route_not_covered"
    ]
    assert last.measured is not None
    assert 100 - last.measured == pytest.approx(100 * 450 / 4000, abs=100 * 50 / 4000)


def test_a_bus_that_turns_back_before_the_end_and_takes_its_next_trip_has_not_covered_it() -> None:
    later = a_plan(trip_id="trip2", code="T2", start_ms=a_plan().start_ms + 3_600_000)
    bus = a_drive(finish=False)
    bus.t += 600_000
    bus.duty(trip="T2")
    state = folded(bus.entries, Plans(a_plan(), later))
    left = state.earlier[-1]
    assert left.trip_id == "trip1" and left.state == "en_route"
    assert [one.kind for one in left.findings] == ["stop_skipped"]
    assert left.findings[0].stop_id == "stop4"

    short = a_start()
    for n in range(2):
        short.stop_at(LEG_M * n, (f"CARD{n + 1}",))
        short.drive(LEG_M * n, LEG_M * (n + 1))
    short.t += 600_000
    short.duty(trip="T2")
    left = folded(short.entries, Plans(a_plan(), later)).earlier[-1]
    assert sorted(one.kind for one in left.findings) == [
        "route_not_covered", "stop_skipped", "stop_skipped", "stop_skipped",
    ]  # fmt: skip


def test_a_bus_whose_crew_signs_off_on_the_way_has_not_covered_it_until_somebody_signs_on_again() -> None:
    plans = Plans(a_plan())
    bus = Recorder(at_ms=START_MS - 120_000)
    bus.duty()
    bus.duty("A-1", "attendant", tag=None)
    bus.wait(60)
    for n in range(3):
        bus.stop_at(LEG_M * n, (f"CARD{n + 1}",))
        bus.drive(LEG_M * n, LEG_M * (n + 1))
    bus.stop_at(3 * LEG_M)
    assert kinds(bus, plans) == []
    bus.wait(20)
    bus.duty("D-1", state="off", trip=None, tag=None)
    assert kinds(bus, plans) == [], "another driver may take the wheel"
    bus.duty("A-1", "attendant", "off", trip=None, tag=None)
    assert kinds(bus, plans) == ["route_not_covered", "stop_skipped"]
    bus.duty()
    assert kinds(bus, plans) == []


def a_shape(points: list[tuple[float, float]], stop_metres: list[float]) -> TripPlan:
    """Make a plan over a shape of (x, y) metres, its stops at some metres of it, two minutes a kilometre apart."""
    plan = a_plan()
    shape = tuple((LAT + y / M_PER_DEG_LAT, LON0 + x / M_PER_DEG_LON) for x, y in points)
    metres = [0.0]
    for (ax, ay), (bx, by) in pairwise(points):
        metres.append(metres[-1] + math.hypot(bx - ax, by - ay))
    stops = []
    for n, metre in enumerate(stop_metres):
        x, y = place(points, metre)
        at = plan.start_ms + round(metre * 100)
        stops.append(
            replace(
                plan.stops[0], seq=n, id=f"stop{n}", lat=LAT + y / M_PER_DEG_LAT, lon=LON0 + x / M_PER_DEG_LON,
                arrival_ms=at - (15_000 if n else 0) + 20_000 * n, departure_ms=at + 20_000 * n, metre=metre,
            )
        )  # fmt: skip
    return replace(plan, shape=shape, metres=tuple(metres), stops=tuple(stops), roster=())


def place(points: list[tuple[float, float]], metre: float) -> tuple[float, float]:
    """Give (x, y) at a metre of a line."""
    for (ax, ay), (bx, by) in pairwise(points):
        span = math.hypot(bx - ax, by - ay)
        if metre <= span:
            return ax + (bx - ax) * metre / span, ay + (by - ay) * metre / span
        metre -= span
    return points[-1]


def driven(
    points: list[tuple[float, float]], stop_metres: list[float], noise: list[float] | None = None
) -> Recorder:
    """Drive a shape at 36 km/h with a halt of 20 s at each stop."""
    bus = Recorder(at_ms=a_plan().start_ms - 60_000)
    bus.duty()
    bus.duty("A-1", "attendant", tag=None)
    length = sum(math.hypot(bx - ax, by - ay) for (ax, ay), (bx, by) in pairwise(points))
    bus.t = a_plan().start_ms - 25_000
    metre, halts, n = 0.0, list(stop_metres), 0
    while metre <= length:
        x, y = place(points, metre)
        wobble = (noise or [0.0])[n % len(noise or [0.0])]
        n += 1

        def say(door: int, spd: float, x: float = x, y: float = y, wobble: float = wobble) -> None:
            bus.pos(x + wobble, spd, door=door, lat=LAT + (y - wobble) / M_PER_DEG_LAT)

        if halts and metre >= halts[0]:
            halts.pop(0)
            say(1, 0)
            bus.wait(20)
            say(0, 0)
        else:
            say(0, 36)
        bus.wait(5)
        metre += 50
    return bus


FIGURE_OF_EIGHT = [(0.0, 0.0), (1000.0, 1000.0), (1000.0, 0.0), (0.0, 1000.0)]
LOOP = [(0.0, 0.0), (1000.0, 0.0), (1000.0, 800.0), (0.0, 800.0), (0.0, 30.0)]
OUT_AND_BACK = [(0.0, 0.0), (1500.0, 0.0), (1500.0, 15.0), (0.0, 15.0)]
SHAPES = {"crosses itself": FIGURE_OF_EIGHT, "loop": LOOP, "out and back": OUT_AND_BACK}


@pytest.mark.parametrize("name", SHAPES)
def test_a_shape_that_meets_itself_is_driven_without_a_finding(name: str) -> None:
    points = SHAPES[name]
    length = sum(math.hypot(bx - ax, by - ay) for (ax, ay), (bx, by) in pairwise(points))
    stops = [0.0, length // 100 * 50, length // 50 * 50]
    plans = Plans(a_shape(points, stops))
    bus = driven(points, stops)
    trip = the_trip(bus, plans)
    assert trip.state == "arrived" and len(trip.visits) == 3
    assert kinds(bus, plans) == []
    assert values(bus, plans)["route"] == "pass"


@settings(max_examples=30, deadline=None)
@given(noise=st.lists(st.floats(-18, 18), min_size=7, max_size=7), name=st.sampled_from(sorted(SHAPES)))
def test_no_noise_of_an_honest_receiver_makes_a_finding(noise: list[float], name: str) -> None:
    points = SHAPES[name]
    length = sum(math.hypot(bx - ax, by - ay) for (ax, ay), (bx, by) in pairwise(points))
    stops = [0.0, length // 100 * 50, length // 50 * 50]
    plans = Plans(a_shape(points, stops))
    assert kinds(driven(points, stops, noise), plans) == []
