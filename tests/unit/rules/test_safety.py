"""Speed, load, doors, harshness and hours: found at 1.2 times the threshold, never at 0.8."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import convert
from msgspec.structs import replace

from server.domain.permit_facts import VehicleFacts
from server.domain.record import Event
from server.domain.speed_zones import SpeedLimits, Zone
from server.domain.thresholds import DEFAULTS, Thresholds
from server.service.zone_shapes import lay, read_zone
from tests.builders.judged import Deed, a_drive, a_plan, a_road, a_start, all_pass_but, found, kinds, values
from tests.builders.road import LAT, LEG_M, START_MS, Plans, Recorder, lon_at

BIG = Thresholds(arrival_late_s=7200, early_departure_s=3600)


def square(west_m: float, east_m: float, code: str, kind: str, limit: int | None = None) -> Zone:
    """Make a zone over a part of the road, laid along it."""
    south, north = LAT - 0.002, LAT + 0.002
    west, east = lon_at(west_m), lon_at(east_m)
    ring = f"(({west} {south}, {east} {south}, {east} {north}, {west} {north}, {west} {south}))"
    plan = a_plan()
    zone = lay(read_zone(code, kind, limit, f"POLYGON {ring}", None), plan.shape, plan.metres)  # type: ignore[arg-type]
    assert zone is not None
    return zone


def at_speed(kmh: float, seconds: float = 30, *, from_m: float = LEG_M + 300, step_s: float = 5) -> Deed:
    """Drive the leg at 36 km/h with a stretch at another speed."""

    def deed(bus: Recorder) -> None:
        metre, t = LEG_M, bus.t
        while metre + 50 < 2 * LEG_M:
            fast = metre >= from_m and (metre - from_m) / (kmh / 3.6) < seconds
            speed = kmh if fast else 36
            bus.wait(step_s)
            metre += speed / 3.6 * step_s
            if metre < 2 * LEG_M - 20:
                bus.pos(metre, speed)
        bus.t = max(bus.t, t + 100_000) if kmh > 36 else bus.t + 5_000

    return deed


def roads(*zones: Zone, thresholds: Thresholds = BIG) -> Plans:
    return Plans(a_road(thresholds=thresholds, zones=zones))


@pytest.mark.parametrize(
    ("kmh", "seconds", "expected"),
    [
        (72, 30, ["overspeed"]),
        (66, 30, []),  # within the margin
        (48, 30, []),
        (72, 7, []),  # one wild reading, or two
        (72, 16, ["overspeed"]),
    ],
)
def test_too_fast_elsewhere(kmh: float, seconds: float, expected: list[str]) -> None:
    bus = a_drive(None, at_speed(kmh, seconds))
    assert kinds(bus, roads()) == expected
    assert values(bus, roads()) == all_pass_but()  # safety fails none of the six
    for one in found(bus, roads()):
        assert (one.measured, one.limit) == (kmh, 60)
        assert one.ended_ms is not None and one.evidence[0].what == "speed"


@pytest.mark.parametrize(
    ("zone", "kmh", "limit"),
    [
        (("expressway", None), 96, 80),
        (("expressway", None), 64, None),
        (("expressway", 100), 96, 80),  # what is posted counts only where it is lower
        (("expressway", 70), 84, 70),
        (("limit", 40), 48, 40),
        (("limit", 40), 32, None),
        (("limit", 90), 72, 60),
        (("hazard", None), 24, 20),
        (("hazard", None), 16, None),
        (("hazard", 30), 36, 30),
    ],
)
def test_zones_have_their_own_limits(zone: tuple[str, int | None], kmh: float, limit: int | None) -> None:
    plans = roads(square(LEG_M + 250, LEG_M * 2 - 50, "Z1", zone[0], zone[1]))

    # Outside of the zone it drives 15 km/h, so that entering it is no matter.
    def deed(bus: Recorder) -> None:
        bus.drive(LEG_M, LEG_M + 300, 72)
        metre = LEG_M + 300.0
        while metre + kmh / 3.6 * 5 < LEG_M * 2 - 60:
            bus.wait(5)
            metre += kmh / 3.6 * 5
            bus.pos(metre, kmh)
        bus.drive(metre, LEG_M * 2, (LEG_M * 2 - metre) / 4)

    speeding = [one for one in found(a_drive(None, deed), plans) if one.kind == "overspeed"]
    assert [one.limit for one in speeding] == ([] if limit is None else [limit])


def weather(begin: int, end: int = 0) -> Plans:
    """Declare bad weather on the road, whose trip begins at eight."""
    declared = replace(BIG, bad_weather_from=begin, bad_weather_until=end)
    return Plans(a_road(replace(a_plan(), day_ms=START_MS - 8 * 3_600_000), thresholds=declared))


def test_bad_weather_has_the_hazard_speed_everywhere_on_its_days() -> None:
    bus = a_drive()  # at 36 km/h
    assert set(kinds(bus, weather(260921))) == {"overspeed"}
    assert found(bus, weather(260921))[0].limit == 20
    assert kinds(bus, weather(260922, 260930)) == []


@pytest.mark.parametrize(
    ("begin", "end", "legs"),
    [
        (2609210600, 2609210759, []),  # it rained before
        (2609210800, 2609210801, [0]),
        (2609210803, 2609210805, [2]),
        (2609210804, 0, [2, 3]),  # to the end of the day
        (260920, 2609210801, [0]),
        (2609210900, 260922, []),
    ],
)
def test_bad_weather_may_be_declared_by_the_hour(begin: int, end: int, legs: list[int]) -> None:
    told = found(a_drive(), weather(begin, end))  # the legs begin 40 s before eight, and every two minutes
    assert [(one.began_ms - START_MS + 40_000) // 120_000 for one in told] == legs


def test_where_the_weather_clears_the_finding_ends() -> None:
    (one,) = found(a_drive(), weather(260921, 2609210800))
    assert one.ended_ms == START_MS


def test_off_the_road_the_zones_areas_are_asked() -> None:
    limits = SpeedLimits.of((square(0, 4000, "Z1", "limit", 30),), DEFAULTS, "2026-09-21")
    assert limits.at_place(LAT + 0.001, lon_at(100)).kmh == 30
    assert limits.at_place(LAT + 0.01, lon_at(100)).kmh == 60
    assert limits.lowest_kmh == 30


def test_a_zone_over_the_end_of_the_road_holds_there_and_a_far_one_nowhere() -> None:
    zone = square(3500, 9000, "Z1", "limit", 30)
    assert zone.spans[0][0] == pytest.approx(3500, abs=10) and zone.spans[0][1] >= 4000
    plan = a_plan()
    assert lay(read_zone("Z", "limit", 30, "LINESTRING (10 10, 11 10)", 20), plan.shape, plan.metres) is None


def test_nobody_aboard_no_limit() -> None:
    bus = a_start()
    bus.stop_at(0)
    bus.drive(0, LEG_M, 45)  # 80 km/h
    assert "overspeed" not in kinds(bus, roads())


def test_two_fast_fixes_far_apart_are_no_stretch() -> None:
    def gone(bus: Recorder) -> None:
        bus.drive(LEG_M, LEG_M + 300, 30)
        bus.pos(LEG_M + 300, 75)
        bus.wait(60)
        bus.pos(LEG_M + 900, 75)
        bus.wait(5)
        bus.drive(LEG_M + 900, LEG_M * 2, 10)

    assert "overspeed" not in kinds(a_drive(None, gone), roads())


@settings(max_examples=40, deadline=None)
@given(
    cuts=st.lists(
        st.tuples(st.integers(0, 3500), st.integers(50, 900), st.sampled_from([20, 30, 40, 50])), max_size=4
    ),
    metre=st.floats(0, 4000),
)
def test_the_limit_at_a_metre_is_the_lowest_of_the_zones_that_lie_there(
    cuts: list[tuple[int, int, int]], metre: float
) -> None:
    zones = tuple(
        Zone(f"Z{n}", "limit", kmh, spans=((float(at), float(at + long)),))
        for n, (at, long, kmh) in enumerate(cuts)
    )
    here = [kmh for at, long, kmh in cuts if at <= metre < at + long]
    assert SpeedLimits.of(zones, DEFAULTS, "2026-09-21").at(metre).kmh == min([60, *here])


def load(seats: int) -> Plans:
    plans = Plans(a_plan())
    plans.vehicles["bus"] = VehicleFacts("bus", seats, "2026-12-31", "2026-12-31")
    return plans


def test_more_riders_than_seats_is_said_when_the_bus_moves_off_with_them() -> None:
    bus = a_drive()
    assert kinds(bus, load(4)) == []
    (one,) = found(bus, load(3))
    assert (one.kind, one.measured, one.limit) == ("overload", 4, 3)
    assert one.ended_ms is not None
    assert values(bus, load(3)) == all_pass_but()


def test_cards_in_any_order_at_a_stop_are_no_overload() -> None:
    bus = a_start()
    bus.stop_at(0, ("CARD1", "CARD2"))
    bus.drive(0, LEG_M)
    bus.stop_at(LEG_M, ("CARD3", "CARD1"))  # one boards before the other leaves
    bus.drive(LEG_M, LEG_M + 300, 30)
    assert "overload" not in kinds(bus, load(2))


def test_an_unknown_card_has_a_seat_too() -> None:
    bus = a_start()
    bus.stop_at(0, ("CARD1", "STRANGE"))
    bus.drive(0, 500, 50)
    assert [one.measured for one in found(bus, load(1)) if one.kind == "overload"] == [2]


def rolling(kmh: float, seconds: float) -> Deed:
    """Leave the second stop with the door open."""

    def deed(bus: Recorder) -> None:
        metre = LEG_M
        bus.wait(2)
        bus.pos(metre, 0, door=1)
        bus.wait(1)
        bus.pos(metre, kmh, door=1)
        bus.wait(seconds)
        metre += kmh / 3.6 * seconds
        bus.pos(metre, kmh, door=0)
        bus.drive(metre, 2 * LEG_M, 95 - seconds)

    return deed


@pytest.mark.parametrize(
    ("kmh", "seconds", "expected"),
    [(6, 3.6, ["door_open_moving"]), (6, 2.4, []), (4, 8, []), (20, 10, ["door_open_moving"])],
)
def test_a_door_open_while_the_bus_moves(kmh: float, seconds: float, expected: list[str]) -> None:
    bus = a_drive(None, rolling(kmh, seconds))
    assert kinds(bus) == expected
    assert values(bus) == all_pass_but()
    for one in found(bus):
        assert (one.measured, one.limit) == (kmh, 5) and one.ended_ms is not None


def test_a_door_that_is_open_as_the_bus_leaves_its_first_stop_is_seen() -> None:
    """It has not departed before its door closes, and nobody looked at the door of a trip that had not begun."""
    bus = a_start()
    bus.pos(0, 0, door=1)
    bus.card("CARD1")
    for metre in (5, 20, 40, 70):
        bus.wait(2)
        bus.pos(metre, 20, door=1)
    bus.wait(1)
    bus.pos(80, 25, door=0)
    bus.drive(80, LEG_M)
    assert "door_open_moving" in kinds(bus)


def test_who_boards_by_a_door_that_is_open_on_a_moving_bus_fails_the_stops() -> None:
    def boarded(bus: Recorder) -> None:
        bus.drive(LEG_M, LEG_M + 300, 30)
        bus.pos(LEG_M + 300, 12, door=1)
        bus.wait(5)
        bus.pos(LEG_M + 320, 12, door=1)
        bus.card("CARD9")
        bus.wait(5)
        bus.pos(LEG_M + 340, 12, door=0)
        bus.drive(LEG_M + 340, 2 * LEG_M, 60)

    bus = a_drive(None, boarded)
    assert "door_open_moving" in kinds(bus)
    assert values(bus)["stops"] == "fail"


def harsh(bus: Recorder, kind: str, data: dict[str, float] | None) -> None:
    bus.seq += 1
    bus.say(convert({"v": 1, "seq": bus.seq, "t": bus.t, "kind": kind, "data": data}, Event))


@pytest.mark.parametrize(
    ("kind", "data", "expected"),
    [
        ("harsh_brake", {"g": -0.36}, ["harsh_driving"]),
        ("harsh_turn", {"g": 0.24}, []),
        ("harsh_accel", None, ["harsh_driving"]),
        ("tamper", {"g": 1.0}, []),
    ],
)
def test_harsh_events_of_a_trip(kind: str, data: dict[str, float] | None, expected: list[str]) -> None:
    def deed(bus: Recorder) -> None:
        bus.drive(LEG_M, LEG_M + 500, 50)
        harsh(bus, kind, data)
        bus.drive(LEG_M + 500, 2 * LEG_M, 50)

    bus = a_drive(None, deed)
    assert [one for one in kinds(bus) if one == "harsh_driving"] == expected
    for one in found(bus):
        assert one.about == kind and one.badge == "D-1" and one.began_ms == one.ended_ms
