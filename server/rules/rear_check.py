"""Somebody walked to the rear of the bus: the button there, pressed after the last stop, or a word of the attendant's phone.

A bus that stands where its next trip begins may have that trip assigned before the crew has walked to the rear: until it begins, a
check is of the trip before, and closes that one. On the way it is no check, unless it turns out that the bus had arrived by then and
nobody had heard it: `phases` asks for the last press when a bus is found at its last stop after a silence.
"""

from __future__ import annotations

from msgspec.structs import replace

from server.domain.hand import RearChecked
from server.domain.record import Event
from server.domain.trip import TripState
from server.domain.vehicle_day import Context, Entry, VehicleState
from server.rules import closing


def evaluate(state: VehicleState, entry: Entry, context: Context) -> VehicleState:
    """Note the first rear check since the trip arrived."""
    event, trip = entry.record, state.trip
    assert isinstance(event, Event)
    if event.kind != "child_check":
        return state
    if trip is None or trip.state == "scheduled":
        before = state.earlier[-1] if state.earlier else None
        return state if before is None else _checked_before(state, before, event.t, context)
    if trip.state == "en_route":
        return replace(state, trip=replace(trip, watch=replace(trip.watch, pressed_ms=event.t)))
    return replace(state, trip=_checked(trip, event.t)) if _awaits(trip) else state


def by_hand(state: VehicleState, entry: Entry, context: Context) -> VehicleState:
    """Note the check that the attendant confirmed on the phone."""
    said, trip = entry.record, state.trip
    assert isinstance(said, RearChecked)
    if trip is None or trip.trip_id != said.trip_id or not _awaits(trip):
        return state
    return replace(state, trip=_checked(trip, said.t))


def _awaits(trip: TripState) -> bool:
    return trip.state == "arrived" and trip.rear_checked_at_ms is None


def _checked(trip: TripState, t_ms: int) -> TripState:
    return replace(trip, rear_checked_at_ms=t_ms)


def _checked_before(state: VehicleState, trip: TripState, t_ms: int, context: Context) -> VehicleState:
    if not _awaits(trip):
        return state
    after = closing.closed(_checked(trip, t_ms), t_ms, context)
    return replace(state, earlier=tuple(after if each is trip else each for each in state.earlier))
