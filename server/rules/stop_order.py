"""Stops out of order: a stop that was passed is served after a later one: `stops_out_of_order` (PRODUCT, six fixed, 3).

Served is a door that opens, on a bus that stands, within the stop's radius, while its progress is at no stop that is due. The stop gets
its visit after all, and was not skipped. Where the route passes a stop's place again to serve another, progress is at that one.
"""

from __future__ import annotations

from msgspec.structs import replace

from server.domain.finding import Evidence, Finding
from server.domain.geo import distance_m
from server.domain.record import Position
from server.domain.trip import TripState, Visit
from server.domain.vehicle_day import Context, Entry, Road, VehicleState
from server.rules.statements import state as stating


def judge(state: VehicleState, entry: Entry, context: Context) -> VehicleState:
    """Judge the stops that are reached by this input: called when a visit has changed."""
    trip = state.trip
    if trip is None:
        return state
    after = trip
    for visit in trip.visits:
        if visit.arrived_at_ms == entry.key.t:
            after = _reached(after, visit, entry, context)
    return state if after is trip else replace(state, trip=after)


def _reached(trip: TripState, visit: Visit, entry: Entry, context: Context) -> TripState:
    road = context.find_road(trip.trip_id)
    if road is None:
        return trip
    stop = road.plan.stops[visit.seq]
    kept = tuple(one for one in trip.findings if not (one.kind == "stop_skipped" and one.stop_id == stop.id))
    if len(kept) < len(trip.findings):
        trip = replace(trip, findings=kept)
    if not any(other.seq > visit.seq and other.arrived_at_ms is not None for other in trip.visits):
        return trip
    proof = Evidence("visit", entry.key.t, float(visit.seq), stop.lat, stop.lon, entry.source)
    return stating(
        trip,
        Finding("stops_out_of_order", entry.key.t, entry.key.t, stop.id, stop_id=stop.id, evidence=(proof,)),
    )


def evaluate(state: VehicleState, entry: Entry, context: Context) -> VehicleState:
    """Keep the visit of a stop behind the bus's progress, by its door."""
    trip, fix = state.trip, entry.record
    assert isinstance(fix, Position)
    if fix.door is None or trip is None or trip.state != "en_route" or trip.next_seq < 2:
        return state
    after = trip
    if fix.door == 0:
        if state.fix is not None and state.fix.door == 1:
            after = _closed(trip, fix)
    elif fix.fix == 1:
        road = context.find_road(trip.trip_id)
        if road is not None and fix.spd < road.thresholds.moving_off_kmh:
            after = _opened(trip, fix, road)
    return state if after is trip else replace(state, trip=after)


def _opened(trip: TripState, fix: Position, road: Road) -> TripState:
    limits, stops = road.thresholds, road.plan.stops
    passed = {visit.seq for visit in trip.visits if visit.arrived_at_ms is None}
    if not passed:
        return trip
    metre = trip.metre if trip.metre_at_ms == fix.t else None
    if metre is not None and any(
        abs(metre - stop.metre) <= limits.stop_radius_m for stop in stops[trip.next_seq - 1 :]
    ):
        return trip
    reach = limits.stop_radius_m + min(fix.acc or 0.0, limits.accuracy_cap_m)
    here = [
        stop
        for stop in stops
        if stop.seq in passed and distance_m(fix.lat, fix.lon, stop.lat, stop.lon) <= reach
    ]
    if not here:
        return trip
    stop = min(here, key=lambda one: distance_m(fix.lat, fix.lon, one.lat, one.lon))
    if not any(visit.seq > stop.seq and visit.arrived_at_ms is not None for visit in trip.visits):
        return trip  # nothing later was served: it was passed and found again
    visit = Visit(stop.seq, arrived_at_ms=fix.t, by_door=True)
    return replace(trip, visits=tuple(visit if old.seq == stop.seq else old for old in trip.visits))


def _closed(trip: TripState, fix: Position) -> TripState:
    late = [
        visit
        for visit in trip.visits
        if visit.seq < trip.next_seq
        and visit.by_door
        and visit.arrived_at_ms is not None
        and visit.departed_at_ms is None
    ]
    if not late:
        return trip
    visits = tuple(replace(visit, departed_at_ms=fix.t) if visit in late else visit for visit in trip.visits)
    return replace(trip, visits=visits)
