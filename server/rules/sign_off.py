"""The two-sided sign-off: the attendant's head count and the school's. The last word of each side counts."""

from __future__ import annotations

from msgspec.structs import replace

from server.domain.hand import HeadCount, Received, Synced
from server.domain.trip import Count, TripState
from server.domain.vehicle_day import Context, Entry, VehicleState


def count(state: VehicleState, entry: Entry, context: Context) -> VehicleState:
    """Keep what the attendant counted."""
    said, trip = entry.record, state.trip
    assert isinstance(said, HeadCount)
    if trip is None or trip.trip_id != said.trip_id:
        return state
    return replace(state, trip=replace(trip, delivered=Count(said.count, said.t, said.user_id)))


def receive(state: VehicleState, entry: Entry, context: Context) -> VehicleState:
    """Keep what the school counted."""
    said, trip = entry.record, state.trip
    assert isinstance(said, Received)
    if trip is None or trip.trip_id != said.trip_id:
        return state
    return replace(state, trip=replace(trip, received=Count(said.count, said.t, said.user_id, said.remarks)))


def sync(state: VehicleState, entry: Entry, context: Context) -> VehicleState:
    """Keep up to when the attendant's phone has sent everything."""
    said, trip = entry.record, state.trip
    assert isinstance(said, Synced)
    if trip is None or trip.trip_id != said.trip_id:
        return state
    after = _synced(trip, said)
    return state if after is trip else replace(state, trip=after)


def _synced(trip: TripState, said: Synced) -> TripState:
    return trip if (trip.synced_ms or 0) >= said.until_ms else replace(trip, synced_ms=said.until_ms)
