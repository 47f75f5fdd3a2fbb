"""The newest position, kept for the next one to be compared with."""

from __future__ import annotations

from msgspec.structs import replace

from server.domain.record import Position
from server.domain.vehicle_day import Context, Entry, LastFix, VehicleState


def evaluate(state: VehicleState, entry: Entry, context: Context) -> VehicleState:
    """Keep position, speed and door, and the place on the trip's shape; a door that a message leaves out is as it was."""
    fix, trip = entry.record, state.trip
    assert isinstance(fix, Position)
    door = fix.door if fix.door is not None else (state.fix.door if state.fix else None)
    seen = fix.fix == 1
    if trip is None or trip.metre_at_ms is None:
        return replace(
            state, fix=LastFix(fix.t, fix.lat, fix.lon, fix.spd, door, entry.key.device, seen=seen)
        )
    place = LastFix(
        fix.t, fix.lat, fix.lon, fix.spd, door, entry.key.device, trip.metre, trip.metre_at_ms, seen
    )
    return replace(state, fix=place)
