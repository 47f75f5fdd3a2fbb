"""A trip that is called off: its riders' guardians are told once each, and why; who is aboard stays aboard on the manifest."""

from __future__ import annotations

from msgspec.structs import replace

from server.domain.hand import Cancelled
from server.domain.trip import Announcement, TripState
from server.domain.vehicle_day import Context, Entry, VehicleState


def evaluate(state: VehicleState, entry: Entry, context: Context) -> VehicleState:
    """Cancel the running trip."""
    said, trip = entry.record, state.trip
    assert isinstance(said, Cancelled)
    if trip is None or trip.trip_id != said.trip_id:
        return state
    return replace(state, trip=cancelled(trip, said))


def cancelled(trip: TripState, said: Cancelled) -> TripState:
    """Give the trip as it is called off; one that has arrived is past that."""
    if trip.state not in ("scheduled", "en_route", "missed"):
        return trip
    told = tuple(
        Announcement(rider.rider_id, "cancelled", 1, said.t, detail=said.reason or None)
        for rider in trip.riders
        if rider.state in ("expected", "aboard")
    )
    return replace(trip, state="cancelled", ended_at_ms=said.t, announcements=(*trip.announcements, *told))
