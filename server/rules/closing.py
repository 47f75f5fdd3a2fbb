"""When a trip is over (PRODUCT, the ambition): it has arrived, nobody is aboard, the rear was checked, and both sides agree.

Both sides are the attendant's head count and the school's; they are asked for where the school has people here.
"""

from __future__ import annotations

from msgspec.structs import replace

from server.domain.trip import TripState
from server.domain.vehicle_day import Context, Entry, VehicleState


def evaluate(state: VehicleState, entry: Entry, context: Context) -> VehicleState:
    """Close the running trip when all of it holds."""
    trip = state.trip
    if trip is None or trip.state != "arrived":
        return state
    after = closed(trip, entry.key.t, context)
    return state if after is trip else replace(state, trip=after)


def closed(trip: TripState, t_ms: int, context: Context) -> TripState:
    """Give a trip that has arrived as it is with all that was said up to t_ms: closed, or as it was."""
    if trip.rear_checked_at_ms is None or any(rider.state == "aboard" for rider in trip.riders):
        return trip
    road = context.find_road(trip.trip_id)
    if road is not None and road.plan.signed_off and not agreed(trip):
        return trip
    return replace(trip, state="closed", ended_at_ms=t_ms)


def agreed(trip: TripState) -> bool:
    """Say whether the attendant and the school counted the same number."""
    return (
        trip.delivered is not None
        and trip.received is not None
        and trip.delivered.count == trip.received.count
    )
