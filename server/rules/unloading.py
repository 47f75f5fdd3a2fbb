"""What the bus does after its arrival at the last stop: its doors shut for good, its ignition first off there, its first driving away.

Away is two fixes in a row further from the stop than a street's width, the second one moving: one alone may be a jump. Announces nothing;
`left_aboard` goes by it.
"""

from __future__ import annotations

from msgspec.structs import replace

from server.domain.geo import distance_m
from server.domain.limits import MOVING_OFF_KMH, STOP_RADIUS_M
from server.domain.record import Position
from server.domain.vehicle_day import Context, Entry, VehicleState

AWAY_M = 2 * STOP_RADIUS_M  # a bus is moved up in the bay while children get off


def shut(state: VehicleState, entry: Entry, context: Context) -> VehicleState:
    """Note the doors' closing after which they have stayed shut, before this position may say that they are open again.

    Whoever is found then had been left aboard, however often doors open and close afterwards.
    """
    trip, fix = state.trip, entry.record
    assert isinstance(fix, Position)
    if trip is None or trip.state != "arrived" or trip.shut_ms is not None or not trip.visits:
        return state
    closed_ms, road = trip.visits[-1].departed_at_ms, context.find_road(trip.trip_id)
    if closed_ms is None or road is None or fix.t - closed_ms < 1000 * road.thresholds.left_aboard_s:
        return state
    return replace(state, trip=replace(trip, shut_ms=closed_ms))


def evaluate(state: VehicleState, entry: Entry, context: Context) -> VehicleState:
    """Note ignition off and driving away, the first of each."""
    trip, fix = state.trip, entry.record
    assert isinstance(fix, Position)
    if trip is None or trip.state != "arrived":
        return state
    after = trip
    if fix.ign == 0 and trip.ignition_off_ms is None:
        after = replace(after, ignition_off_ms=fix.t)
    before = state.fix
    if trip.moved_off_ms is None and fix.spd >= MOVING_OFF_KMH and fix.fix != 0 and before is not None:
        road = context.find_road(trip.trip_id)
        stop = road.plan.stops[-1] if road is not None else None
        if stop is not None and all(
            distance_m(place.lat, place.lon, stop.lat, stop.lon) > AWAY_M for place in (fix, before)
        ):
            after = replace(after, moved_off_ms=fix.t)
    return state if after is trip else replace(state, trip=after)
