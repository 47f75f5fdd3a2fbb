"""When the bus was at each planned stop (INTERFACES ruling 8).

Arrived: the door opens within the stop's radius along the shape; without a door signal, standstill there. Departed: the door's
last closing there; without one, moving off. A stop that progress has passed without either is `passed`. Progress along the
shape decides, never the distance as the crow flies: a route that passes its stop on the way out doesn't visit it.
A bus of which nothing was heard for a while and which then stands at its last stop, its door shut, has arrived: who got off was not seen.
"""

from __future__ import annotations

from collections.abc import Sequence

from msgspec.structs import replace

from server.domain.plan import TripStop
from server.domain.record import Position
from server.domain.thresholds import Thresholds
from server.domain.trip import TripState, Visit
from server.domain.vehicle_day import Context, Entry, LastFix, VehicleState


def evaluate(state: VehicleState, entry: Entry, context: Context) -> VehicleState:
    """Open, close and pass visits by a position that was matched."""
    trip, fix = state.trip, entry.record
    assert isinstance(fix, Position)
    if trip is None or trip.state == "closed" or trip.metre is None:
        return state
    if trip.metre_at_ms != fix.t:  # no place: but a door that closes ends the visit all the same
        after = _door_closed(trip, fix)
        return state if after is trip else replace(state, trip=after)
    road = context.find_road(trip.trip_id)
    if road is None:
        return state
    stops = road.plan.stops
    after = _at_stop(trip, fix, state.fix, stops, road.thresholds)
    after = _left_behind(after, fix, stops, road.thresholds.stop_radius_m)
    return state if after is trip else replace(state, trip=after)


def _at_stop(
    trip: TripState, fix: Position, before: LastFix | None, stops: Sequence[TripStop], limits: Thresholds
) -> TripState:
    metre = trip.metre
    assert metre is not None
    first = max(0, trip.next_seq - 1)
    radius = limits.stop_radius_m
    near = [stop for stop in stops[first:] if abs(metre - stop.metre) <= radius]
    if not near:
        return trip
    stop = min(near, key=lambda place: abs(metre - place.metre))
    visit = find_visit(trip, stop.seq)
    door = fix.door if fix.door is not None else (before.door if before else None)
    if door is None:
        return _by_standstill(trip, fix, stop, visit, limits)
    if door == 1 and (visit is None or visit.arrived_at_ms is None):
        return _put(trip, Visit(stop.seq, arrived_at_ms=fix.t, by_door=True), stop.seq)
    if door == 1 and visit is not None and visit.departed_at_ms is not None:
        return _put(
            trip, replace(visit, departed_at_ms=None), stop.seq
        )  # opened again: the last closing counts
    if door == 0 and visit is not None and visit.arrived_at_ms is not None and visit.departed_at_ms is None:
        return _put(trip, replace(visit, departed_at_ms=fix.t), stop.seq)
    if door == 0 and visit is None and stop is stops[-1] and _has_come_unheard(trip, fix, before, limits):
        return _put(trip, Visit(stop.seq, arrived_at_ms=fix.t), stop.seq)
    return trip


def _has_come_unheard(trip: TripState, fix: Position, before: LastFix | None, limits: Thresholds) -> bool:
    return (
        trip.state == "en_route"
        and fix.spd < limits.standstill_kmh
        and before is not None
        and before.metre is not None
        and fix.t - before.metre_ms > 1000 * limits.unseen_s
    )


def _door_closed(trip: TripState, fix: Position) -> TripState:
    last = trip.visits[-1] if trip.visits else None
    if fix.door != 0 or last is None or not last.by_door or last.departed_at_ms is not None:
        return trip
    return _put(trip, replace(last, departed_at_ms=fix.t), last.seq)


def _by_standstill(
    trip: TripState, fix: Position, stop: TripStop, visit: Visit | None, limits: Thresholds
) -> TripState:
    if fix.spd < limits.standstill_kmh and (visit is None or visit.arrived_at_ms is None):
        return _put(trip, Visit(stop.seq, arrived_at_ms=fix.t), stop.seq)
    if visit is None or visit.arrived_at_ms is None:
        return trip
    if fix.spd < limits.standstill_kmh and visit.departed_at_ms is not None:
        return _put(trip, replace(visit, departed_at_ms=None), stop.seq)
    if fix.spd >= limits.moving_off_kmh and visit.departed_at_ms is None:
        return _put(trip, replace(visit, departed_at_ms=fix.t), stop.seq)
    return trip


def _left_behind(trip: TripState, fix: Position, stops: Sequence[TripStop], radius_m: float) -> TripState:
    """Move next_seq past every stop whose radius progress has left, and note the ones that were not served."""
    metre = trip.metre
    assert metre is not None
    while trip.next_seq < len(stops) and metre > stops[trip.next_seq].metre + radius_m:
        seq = trip.next_seq
        visit = find_visit(trip, seq)
        if visit is None:
            trip = _put(trip, Visit(seq, passed_at_ms=fix.t), seq)
        elif visit.departed_at_ms is None:
            trip = _put(
                trip, replace(visit, departed_at_ms=fix.t), seq
            )  # the closing was never told: moving off counts
        trip = replace(trip, next_seq=seq + 1)
    return trip


def find_visit(trip: TripState, seq: int) -> Visit | None:
    """Find the visit of a planned stop."""
    return next((visit for visit in trip.visits if visit.seq == seq), None)


def _put(trip: TripState, visit: Visit, seq: int) -> TripState:
    kept = tuple(old for old in trip.visits if old.seq != seq)
    visits = tuple(sorted((*kept, visit), key=lambda each: each.seq))
    return replace(trip, visits=visits)
