"""Off the route: `off_route` begins when positions lie beside the shape for both 20 s and 3 fixes (PRODUCT, six fixed, 1).

Off is further from every part of the shape than 50 m and the fix's own accuracy, so that a parallel road within the corridor, a poor
fix and a crossing of the shape with itself say nothing. It ends with the first of two positions back on the shape.
What of the shape was left out meanwhile is noted for `coverage`.
"""

from __future__ import annotations

from msgspec.structs import replace

from server.domain.finding import Finding
from server.domain.record import Position
from server.domain.rule_states import Astray, Course
from server.domain.thresholds import Thresholds
from server.domain.trip import TripState
from server.domain.vehicle_day import Entry, Road
from server.rules.statements import end, find_open, kept, seen, state

LEFT_OUT_M = 60.0  # under it a bend was cut, or the corridor left and found again


def off_shape(
    course: Course, trip: TripState, entry: Entry, fix: Position, offset_m: float, road: Road
) -> tuple[Course, TripState]:
    """Count a position off the shape; begin the finding when it has lasted."""
    assert trip.metre is not None
    limits, was = road.thresholds, course.astray
    proof = seen(entry, fix, "position", round(offset_m, 1))
    if was is None:
        now = Astray(fix.t, 1, offset_m, trip.metre, (proof,))
    else:
        now = replace(
            was,
            fixes=was.fixes + 1,
            worst_m=max(was.worst_m, offset_m),
            evidence=kept(was.evidence, proof),
            back_ms=None,
        )
    lasted = now.fixes >= limits.off_route_fixes and fix.t - now.since_ms >= 1000 * limits.off_route_s
    told = find_open(trip, "off_route")
    if told is not None and told.measured is not None and now.worst_m > told.measured:
        trip = state(trip, replace(told, measured=round(now.worst_m, 1), evidence=now.evidence))
    elif lasted and told is None:
        trip = state(
            trip,
            Finding(
                "off_route",
                now.since_ms,
                measured=round(now.worst_m, 1),
                limit=limits.corridor_m,
                evidence=now.evidence,
            ),
        )
    return replace(course, astray=now), trip


def is_astray(course: Course, limits: Thresholds) -> bool:
    """Say whether enough was seen off the shape to know that the bus left it."""
    return course.astray is not None and course.astray.fixes >= limits.off_route_fixes


def on_shape(
    course: Course, trip: TripState, fix: Position, metre: float | None, road: Road
) -> tuple[Course, TripState]:
    """Note a position on the shape: at `metre`, or at a place that isn't the next to drive (None)."""
    was = course.astray
    if was is None:
        return course, trip
    if metre is not None and metre - was.left_m > LEFT_OUT_M and is_astray(course, road.thresholds):
        course = replace(course, skipped=(*course.skipped, (was.left_m, metre)))
        was = replace(was, left_m=metre)
    if was.back_ms is None and find_open(trip, "off_route") is not None:
        return replace(course, astray=replace(was, back_ms=fix.t)), trip
    trip = end(trip, "off_route", was.back_ms or fix.t)
    return replace(course, astray=None), trip
