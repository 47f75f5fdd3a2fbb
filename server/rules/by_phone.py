"""That somebody of the crew works on a trip by phone: from then on what rests on an absence waits until that phone has synced.

A tick, a count, a check, a hand-over, a sign-on by page or a `synced` of the running trip shows it. What the school or the desk says
does not: they are not where children board. Announces nothing.
"""

from __future__ import annotations

from msgspec.structs import replace

from server.domain.hand import HAND
from server.domain.vehicle_day import Context, Entry, VehicleState


def evaluate(state: VehicleState, entry: Entry, context: Context) -> VehicleState:
    """Note that this input came from a phone of the crew."""
    trip = state.trip
    if trip is None or trip.by_phone or entry.key.device != HAND:
        return state
    if getattr(entry.record, "trip_id", trip.trip_id) != trip.trip_id:
        return state
    return replace(state, trip=replace(trip, by_phone=True))
