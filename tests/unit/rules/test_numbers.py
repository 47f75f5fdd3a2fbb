"""Each number that a county may set moves what its rule does: one row a setting, the same timeline under the default and another value."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from msgspec.structs import replace

from server.domain.thresholds import DEFAULTS, Thresholds
from server.domain.trip import TripState
from server.domain.vehicle_day import Road
from tests.builders.moments import found, shown, told
from tests.builders.road import LEG_M, LEGS, START_MS, Plans, Recorder, a_morning, a_plan, folded


def trip_of(bus: Recorder, limits: Thresholds) -> TripState:
    trip = folded(bus.entries, Plans(Road.of(a_plan(), thresholds=limits))).trip
    assert trip is not None
    return trip


def one_card_twice(limits: Thresholds) -> int:
    """Count the rides of a card that is read again after 40 s."""
    bus = Recorder()
    bus.duty()
    bus.pos(0, door=1)
    for _ in range(2):
        bus.card("CARD1")
        bus.wait(40)
    return len(trip_of(bus, limits).rides)


def seconds_before(limits: Thresholds) -> bool:
    """Say whether the guardian of rider 4 hears of the bus more than four minutes before it is there."""
    bus = Recorder(at_ms=START_MS - 60_000)
    a_morning(bus)
    trip = trip_of(bus, limits)
    (heard,) = [
        one.at_ms for one in trip.announcements if (one.kind, one.rider_id) == ("approaching", "rider4")
    ]
    arrived_ms = trip.visits[3].arrived_at_ms
    assert arrived_ms is not None
    return arrived_ms - heard > 240_000


def late_told(limits: Thresholds) -> int:
    """Count whom a bus tells that leaves its first stop six minutes late."""
    bus = Recorder(at_ms=START_MS + 360_000)
    bus.duty()
    bus.stop_at(0)
    bus.drive(0, LEG_M / 2)
    trip = trip_of(bus, limits)
    return len(told(trip, "late"))


def missing_after(limits: Thresholds) -> int:
    """Count the no-shows 40 s after the bus has left the first stop without its rider."""
    bus = Recorder()
    bus.duty()
    bus.stop_at(0)
    bus.drive(0, LEG_M / 2, seconds=40)
    return len(found(shown(bus.entries, a_plan(), bus.t, limits=limits), "no_show"))


def _at_the_school(leave: tuple[str, ...]) -> Recorder:
    bus = Recorder()
    bus.duty()
    bus.stop_at(0, ("CARD1",))
    for leg in range(LEGS):
        bus.drive(LEG_M * leg, LEG_M * (leg + 1))
        bus.stop_at(LEG_M * (leg + 1), leave if leg == LEGS - 1 else ())
    return bus


def left_after(limits: Thresholds) -> int:
    """Count what is found 40 s after the doors closed over a child; that they open again takes nothing back."""
    bus = _at_the_school(())
    bus.wait(40)
    bus.pos(LEG_M * LEGS, 0)
    at_ms = bus.t
    bus.wait(5)
    bus.stop_at(LEG_M * LEGS, ("CARD1",))
    return sum(
        1 for one in found(shown(bus.entries, a_plan(), bus.t, limits=limits), "left_aboard")
        if one.began_ms <= at_ms
    )  # fmt: skip


def unchecked_after(limits: Thresholds) -> int:
    """Count what is found two minutes after the arrival of a bus whose rear nobody has checked."""
    bus = _at_the_school(("CARD1",))
    bus.wait(120)
    bus.pos(LEG_M * LEGS, 0)
    return len(found(shown(bus.entries, a_plan(), bus.t, limits=limits), "rear_check_missing"))


@pytest.mark.parametrize(
    ("name", "value", "seen", "by_default", "by_value"),
    [
        ("same_card_s", 30, one_card_twice, 1, 2),
        ("approaching_s", 60, seconds_before, True, False),
        ("late_s", 300, late_told, 0, 4),
        ("no_show_s", 30, missing_after, 0, 1),
        ("left_aboard_s", 30, left_after, 0, 1),
        ("rear_check_s", 90, unchecked_after, 0, 1),
    ],
)
def test_a_setting_moves_what_is_done(
    name: str, value: int, seen: Callable[[Thresholds], Any], by_default: object, by_value: object
) -> None:
    assert seen(DEFAULTS) == by_default
    assert seen(replace(DEFAULTS, **{name: value})) == by_value
