"""When a trip is over: it has arrived, nobody is aboard, and the rear was checked (PRODUCT, the ambition)."""

from __future__ import annotations

from msgspec.structs import replace

from server.domain.vehicle_day import Context, Entry, VehicleState


def evaluate(state: VehicleState, entry: Entry, context: Context) -> VehicleState:
    """Close the trip when all three hold."""
    trip = state.trip
    if trip is None or trip.state != "arrived" or trip.rear_checked_at_ms is None:
        return state
    if any(rider.state == "aboard" for rider in trip.riders):
        return state
    return replace(state, trip=replace(trip, state="closed", ended_at_ms=entry.key.t))
