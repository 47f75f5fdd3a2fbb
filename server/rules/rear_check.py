"""That somebody walked to the rear of the bus: the button there, pressed after the last stop."""

from __future__ import annotations

from msgspec.structs import replace

from server.domain.hand import RearChecked
from server.domain.record import Event
from server.domain.vehicle_day import Context, Entry, VehicleState


def evaluate(state: VehicleState, entry: Entry, context: Context) -> VehicleState:
    """Note the first rear check since the trip arrived."""
    event, trip = entry.record, state.trip
    assert isinstance(event, Event)
    if (
        event.kind != "child_check"
        or trip is None
        or trip.state != "arrived"
        or trip.rear_checked_at_ms is not None
    ):
        return state
    return replace(state, trip=replace(trip, rear_checked_at_ms=event.t))


def by_hand(state: VehicleState, entry: Entry, context: Context) -> VehicleState:
    """Note the check that the attendant confirmed on the phone."""
    checked, trip = entry.record, state.trip
    assert isinstance(checked, RearChecked)
    if (
        trip is None
        or trip.trip_id != checked.trip_id
        or trip.state != "arrived"
        or trip.rear_checked_at_ms is not None
    ):
        return state
    return replace(state, trip=replace(trip, rear_checked_at_ms=checked.t))
