"""How far along its trip's shape a bus is: matches a position to a metre, or to nothing.

The search looks only where the bus can be: around the last metre, as far as it could have driven since. Where the shape crosses
itself or runs back beside itself, the place nearest to the expected one wins. A position off the corridor, without a fix, or
too far to have been driven to, leaves the progress as it was; so a jump, a tunnel or (0, 0) moves nothing.
"""

from __future__ import annotations

from msgspec.structs import replace

from server.domain.record import Position
from server.domain.schedule import planned_metre
from server.domain.trip import TripState
from server.domain.vehicle_day import Context, Entry, Road, VehicleState

BACK_M = 80.0  # jitter and a bus that rolls back at a stop
REACH_M = 150.0  # beyond what the time allows: corridor geometry and clock noise
FASTEST_MS = 36.0  # m/s = 130 km/h
PULL = 0.15  # m of cost for each m away from the expected place
JOINED_M = 150.0  # forward along the shape before a bus that missed its first stop counts as under way
JOIN_BEFORE_MS = 120_000


def evaluate(state: VehicleState, entry: Entry, context: Context) -> VehicleState:
    """Set the trip's metre where the position is on its shape."""
    trip, fix = state.trip, entry.record
    assert isinstance(fix, Position)
    if trip is None or trip.state == "closed" or fix.fix == 0:
        return state
    road = context.find_road(trip.trip_id)
    if road is None:
        return state
    limits = road.thresholds
    corridor = limits.corridor_m + min(fix.acc or 0.0, limits.accuracy_cap_m)
    if trip.metre is None or trip.metre_at_ms is None:
        return _find(state, trip, road, fix, corridor)
    return _follow(state, trip, road, fix, corridor)


def _follow(state: VehicleState, trip: TripState, road: Road, fix: Position, corridor: float) -> VehicleState:
    assert trip.metre is not None and trip.metre_at_ms is not None
    dt_s = max(0.0, (fix.t - trip.metre_at_ms) / 1000)
    expected = trip.metre + fix.spd / 3.6 * min(dt_s, 15.0)
    reach = trip.metre + REACH_M + FASTEST_MS * dt_s
    place = road.line.project(fix.lat, fix.lon, trip.metre - BACK_M, reach, expected, PULL)
    if place.offset_m > corridor:
        return state
    return replace(state, trip=replace(trip, metre=place.metre, metre_at_ms=fix.t))


def _find(state: VehicleState, trip: TripState, road: Road, fix: Position, corridor: float) -> VehicleState:
    """Take the first place: at the first stop, or, when the bus drives forward on the shape, where it joined.

    A bus that takes a trip over begins where the other left it.
    """
    passes = road.line.passes(fix.lat, fix.lon, corridor)
    if not passes:
        return state
    begins_m = road.plan.stops[0].metre if trip.taken_m is None else trip.taken_m
    expected = planned_metre(road.plan.stops, fix.t) if trip.taken_m is None else begins_m
    metre = min(passes, key=lambda place: abs(place.metre - expected)).metre
    radius = road.thresholds.stop_radius_m
    if abs(metre - begins_m) <= radius:
        return replace(state, trip=replace(trip, metre=metre, metre_at_ms=fix.t), anchor_m=None)
    if trip.taken_m is not None and metre < begins_m:
        return state  # on its way to the bus that it takes over from
    anchor = state.anchor_m
    if anchor is None or metre < anchor - radius / 8:
        return replace(state, anchor_m=metre)
    if metre - anchor >= JOINED_M and fix.t >= road.plan.start_ms - JOIN_BEFORE_MS:
        return replace(state, trip=replace(trip, metre=metre, metre_at_ms=fix.t), anchor_m=None)
    return state
