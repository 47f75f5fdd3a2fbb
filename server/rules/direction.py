"""Driven in the wrong direction: `wrong_direction` begins when the bus has gone back along its shape for 100 m and 3 fixes.

Jitter at a stop, a roll back and one stray fix are too short for it. Where the shape also passes the place further on (it runs back
beside itself, or crosses itself) nothing is said: there the bus may have turned early, which `coverage` tells. It ends when the
bus goes forward again by the length of a bus or two, or leaves the shape.
"""

from __future__ import annotations

from msgspec.structs import replace

from server.domain.finding import Finding
from server.domain.record import Position
from server.domain.rule_states import Backward, Course
from server.domain.trip import TripState
from server.domain.vehicle_day import Entry, LastFix, Road
from server.rules.statements import end, find_open, kept, seen, state

STEP_M = 3.0  # under it a fix before the last one is jitter; at one fix a second that is 11 km/h
FORWARD_M = 25.0


def follow(
    course: Course,
    trip: TripState,
    entry: Entry,
    fix: Position,
    before: LastFix | None,
    metre: float,
    road: Road,
) -> tuple[Course, TripState]:
    """Judge a position that `progress` matched."""
    if course.backward is not None:
        return _on(course, trip, entry, fix, metre, road)
    if before is None or before.metre is None or before.metre_ms != before.t:
        return course, trip
    if metre > before.metre - STEP_M or fix.fix != 1:
        return course, trip
    if fix.spd < road.thresholds.moving_off_kmh:
        return course, trip
    return _begun(course, trip, entry, fix, before.metre, metre, road)


def behind(
    course: Course, trip: TripState, entry: Entry, fix: Position, metre: float, road: Road
) -> tuple[Course, TripState]:
    """Judge a position that lies on the shape, but not where the bus should be: `metre` is where it was last matched."""
    watch = course.backward
    last = metre if watch is None else watch.at_m
    passes = road.line.passes(fix.lat, fix.lon, road.thresholds.corridor_m)
    if not passes or any(place.metre > metre for place in passes):
        return course, trip
    here = min(passes, key=lambda place: abs(place.metre - last)).metre
    if watch is not None:
        return _on(course, trip, entry, fix, here, road)
    if here > metre - STEP_M:
        return course, trip
    return _begun(course, trip, entry, fix, metre, here, road)


def lost(course: Course, trip: TripState, fix: Position) -> tuple[Course, TripState]:
    """Note that the bus is no longer on its shape at all."""
    if course.backward is None:
        return course, trip
    return replace(course, backward=None), end(trip, "wrong_direction", fix.t)


def _begun(
    course: Course, trip: TripState, entry: Entry, fix: Position, from_m: float, here: float, road: Road
) -> tuple[Course, TripState]:
    if _is_ahead_too(fix, from_m, road):
        return course, trip
    proof = seen(entry, fix, "position", round(here))
    return _judged(replace(course, backward=Backward(fix.t, from_m, here, 1, (proof,))), trip, road)


def _on(
    course: Course, trip: TripState, entry: Entry, fix: Position, here: float, road: Road
) -> tuple[Course, TripState]:
    watch = course.backward
    assert watch is not None
    if here >= min(watch.from_m, watch.at_m + FORWARD_M):
        return replace(course, backward=None), end(trip, "wrong_direction", fix.t)
    if here > watch.at_m - STEP_M or fix.spd < road.thresholds.moving_off_kmh or fix.fix != 1:
        return course, trip
    if _is_ahead_too(fix, watch.from_m, road):
        return replace(course, backward=None), end(trip, "wrong_direction", fix.t)
    proof = seen(entry, fix, "position", round(here))
    now = replace(watch, at_m=here, fixes=watch.fixes + 1, evidence=kept(watch.evidence, proof))
    return _judged(replace(course, backward=now), trip, road)


def _judged(course: Course, trip: TripState, road: Road) -> tuple[Course, TripState]:
    watch, limits = course.backward, road.thresholds
    assert watch is not None
    gone = watch.from_m - watch.at_m
    told = find_open(trip, "wrong_direction")
    if told is not None:
        return course, state(trip, replace(told, measured=round(gone), evidence=watch.evidence))
    if gone >= limits.wrong_direction_m and watch.fixes >= limits.off_route_fixes:
        found = Finding(
            "wrong_direction",
            watch.since_ms,
            measured=round(gone),
            limit=limits.wrong_direction_m,
            evidence=watch.evidence,
        )
        return course, state(trip, found)
    return course, trip


def _is_ahead_too(fix: Position, from_m: float, road: Road) -> bool:
    corridor = road.thresholds.corridor_m
    return any(place.metre >= from_m for place in road.line.passes(fix.lat, fix.lon, corridor))
