"""Off the route: `off_route` begins when positions lie beside the shape for both 20 s and 3 fixes (PRODUCT, six fixed, 1).

Off is further from every part of the shape than 50 m and the fix's own accuracy, so that a parallel road within the corridor, a poor
fix and a crossing of the shape with itself say nothing. It ends with the first of two positions back on the shape.
What of the shape was left out meanwhile is noted for `coverage`: from half-way between the last position on it and the place beside
the first one off it, to half-way between the place beside the last one off it and the first one on it.
"""

from __future__ import annotations

from math import hypot

from msgspec.structs import replace

from server.domain.finding import Evidence, Finding
from server.domain.geo import Projection, distance_m
from server.domain.record import Position
from server.domain.rule_states import Astray, Course
from server.domain.thresholds import Thresholds
from server.domain.trip import TripState
from server.domain.vehicle_day import Entry, Road
from server.rules.statements import end, find_open, kept, seen, state

LEFT_OUT_M = 60.0  # under it a bend was cut, or the corridor left and found again


def off_shape(
    course: Course, trip: TripState, entry: Entry, fix: Position, place: Projection, road: Road
) -> tuple[Course, TripState]:
    """Count a position off the shape, whose nearest place is given; begin the finding when it has lasted."""
    assert trip.metre is not None
    limits, was = road.thresholds, course.astray
    proof = seen(entry, fix, "position", round(place.offset_m, 1))
    if was is None:
        left_m = _left_m(trip.metre, fix, place, road)
        now = Astray(fix.t, 1, place.offset_m, left_m, (proof,), beside_m=place.metre)
    else:
        if was.beside_m is None:
            was = replace(was, left_m=_left_m(trip.metre, fix, place, road))
        now = replace(
            was,
            fixes=was.fixes + 1,
            worst_m=max(was.worst_m, place.offset_m),
            evidence=kept(was.evidence, proof),
            back_ms=None,
            beside_m=place.metre,
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
    if metre is not None and was.beside_m is not None:
        joined_m = _joined_m(was, was.beside_m, fix, metre)
        if joined_m - was.left_m > LEFT_OUT_M and is_astray(course, road.thresholds):
            course = replace(course, skipped=(*course.skipped, (was.left_m, joined_m)))
        was = replace(was, left_m=metre, beside_m=None)
    if was.back_ms is None and find_open(trip, "off_route") is not None:
        return replace(course, astray=replace(was, back_ms=fix.t)), trip
    trip = end(trip, "off_route", was.back_ms or fix.t)
    return replace(course, astray=None), trip


def _left_m(metre: float, fix: Position, place: Projection, road: Road) -> float:
    """Give where the shape was left: somewhere between its last position on it and the place that the first one off it is beside.

    A place that is further along the shape than the bus has come is another part of it, and says nothing.
    """
    x, y = road.line.point(metre)
    px, py = road.line.local(fix.lat, fix.lon)
    along = place.metre - metre
    return metre + along / 2 if 0 < along <= hypot(px - x, py - y) else metre


def _joined_m(was: Astray, beside_m: float, fix: Position, metre: float) -> float:
    """Give where the shape was joined again, likewise."""
    last: Evidence = was.evidence[-1]
    if last.lat is None or last.lon is None or beside_m < was.left_m:
        return metre
    along = metre - beside_m
    return metre - along / 2 if 0 < along <= distance_m(last.lat, last.lon, fix.lat, fix.lon) else metre
