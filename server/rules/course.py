"""The fixed route: whether the bus drives its shape, forward, and all of it (PRODUCT, six fixed, 1).

Looks at every position of a trip on its way, beside the match that `progress` made; what it means is said by `corridor`,
`direction` and `coverage`. A position that continues the last one forward costs two comparisons. It trusts a place only where the bus
can have driven to, so that a jump, (0, 0) or a spoofed line says nothing; only GNSS fixes prove a deviation, never dead reckoning
in a tunnel, nor a bus that stands while its position drifts.
"""

from __future__ import annotations

from msgspec.structs import replace

from server.domain.geo import Projection
from server.domain.record import Position
from server.domain.rule_states import Course, Unseen
from server.domain.trip import TripState
from server.domain.vehicle_day import Context, Entry, LastFix, Road, VehicleState
from server.rules import corridor, direction
from server.rules.progress import FASTEST_MS, REACH_M

USUAL_MS = 16_000  # PROTOCOL: a moving bus says where it is every 15 s at least
BEST_GUESS_M = 100.0  # a fix that is less sure than this proves nothing


def evaluate(state: VehicleState, entry: Entry, context: Context) -> VehicleState:
    """Follow the course of a trip on its way."""
    trip, fix = state.trip, entry.record
    assert isinstance(fix, Position)
    if trip is None:
        return state
    if trip.metre is None:
        return _before(state, trip, fix)
    if trip.state != "en_route":
        return state
    course, before = trip.watch.course, state.fix
    matched = trip.metre_at_ms == fix.t
    if (
        matched
        and course is not None
        and course.astray is None
        and course.backward is None
        and before is not None
    ):
        was = before.metre
        if was is not None and trip.metre - was > -direction.STEP_M and fix.t - before.metre_ms < USUAL_MS:
            return state
    road = context.find_road(trip.trip_id)
    if road is None:
        return state
    after = _looked(trip, course or _joined(trip, before, road), entry, fix, before, road, matched)
    return state if after is trip else replace(state, trip=after)


def _before(state: VehicleState, trip: TripState, fix: Position) -> VehicleState:
    """Note that the bus was seen off the shape, so that what it leaves out of it before it joins is known to be left out."""
    if trip.watch.elsewhere or trip.state != "scheduled" or state.anchor_m is not None or fix.fix != 1:
        return state
    return replace(state, trip=replace(trip, watch=replace(trip.watch, elsewhere=True)))


def _joined(trip: TripState, before: LastFix | None, road: Road) -> Course:
    """Begin at the first stop where the bus was there, else where it was first seen on the shape.

    Of a bus that nobody saw before, the way to that place wasn't seen; one that was seen elsewhere has left it out.
    """
    assert trip.metre is not None and trip.metre_at_ms is not None
    first, begin_m = trip.visits[0] if trip.visits else None, road.plan.stops[0].metre
    if first is not None and first.seq == 0 and first.arrived_at_ms is not None:
        return Course(begin_m)
    here = trip.metre if before is None or before.metre is None else min(before.metre, trip.metre)
    if trip.watch.elsewhere or here - begin_m <= road.thresholds.stop_radius_m:
        return Course(here)
    return Course(begin_m, unseen=(Unseen(begin_m, here, trip.assigned_at_ms or 0, trip.metre_at_ms),))


def _looked(
    trip: TripState,
    course: Course,
    entry: Entry,
    fix: Position,
    before: LastFix | None,
    road: Road,
    matched: bool,
) -> TripState:
    metre = trip.metre
    assert metre is not None
    after = course
    if matched:
        after = _unseen(after, fix, before, metre, road)
        after, trip = corridor.on_shape(after, trip, fix, metre, road)
        after, trip = direction.follow(after, trip, entry, fix, before, metre, road)
    elif is_trusted(trip, fix, road):
        place = nearest(road, fix)
        allowed = road.thresholds.corridor_m + (fix.acc or 0.0)
        if place.offset_m > allowed:
            after, trip = corridor.off_shape(after, trip, entry, fix, place, road)
            after, trip = direction.lost(after, trip, fix)
        elif place.offset_m <= road.thresholds.corridor_m:
            after, trip = corridor.on_shape(after, trip, fix, None, road)
            after, trip = direction.behind(after, trip, entry, fix, metre, road)
    if after is trip.watch.course:
        return trip
    return replace(trip, watch=replace(trip.watch, course=after))


def _unseen(course: Course, fix: Position, before: LastFix | None, metre: float, road: Road) -> Course:
    """Note the stretch between two positions that are too far apart in time to say how it was driven."""
    limits = road.thresholds
    if before is None or before.metre is None or fix.t - before.metre_ms <= 1000 * limits.unseen_s:
        return course
    if metre - before.metre <= limits.stop_radius_m or corridor.is_astray(course, limits):
        return course
    return replace(course, unseen=(*course.unseen, Unseen(before.metre, metre, before.metre_ms, fix.t)))


def is_trusted(trip: TripState, fix: Position, road: Road) -> bool:
    """Say whether a position off the match proves anything: a good fix of a moving bus, where it can have driven to."""
    if fix.fix != 1 or fix.spd < road.thresholds.moving_off_kmh or (fix.acc or 0.0) > BEST_GUESS_M:
        return False
    return is_reachable(trip, fix, road)


def is_reachable(trip: TripState, fix: Position | LastFix, road: Road) -> bool:
    """Say whether the bus can be there: near enough to where it was last seen on its shape for the time since."""
    assert trip.metre is not None and trip.metre_at_ms is not None
    x, y = road.line.point(trip.metre)
    px, py = road.line.local(fix.lat, fix.lon)
    reach = REACH_M + FASTEST_MS * max(0, fix.t - trip.metre_at_ms) / 1000
    return (px - x) ** 2 + (py - y) ** 2 <= reach * reach


def nearest(road: Road, fix: Position) -> Projection:
    """Find the nearest place of the whole shape."""
    return road.line.project(fix.lat, fix.lon, 0.0, road.line.length_m, 0.0)
