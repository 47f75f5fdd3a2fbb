"""Which trip a person means: what is said of one that the bus has left for its next reaches that one, and not the trip that runs.

A school confirms minutes after the bus has gone on, an attendant ticks the last child off while the driver has signed on to the next
trip. The steps of such an input see the trip that it names in the place of the running one, and without the bus's present place,
which is not where the children of that trip are. A trip whose turn ended before it arrived is gone back to by a tick or a count
(`assignment.by_hand`), unless the bus is under way on another.
"""

from __future__ import annotations

from msgspec.structs import replace

from server.domain.hand import Handed, HeadCount, RearChecked, Received, Synced, Tick
from server.domain.trip import TripState
from server.domain.vehicle_day import Entry, VehicleState

_OF_A_TRIP = (Tick, Handed, HeadCount, Received, RearChecked, Synced)


def meant(state: VehicleState, entry: Entry) -> TripState | None:
    """Find the earlier trip of the bus that an input is said of; None: it is said of the running one, or of none that is known."""
    said, running = entry.record, state.trip
    if not state.earlier or not isinstance(said, _OF_A_TRIP):
        return None
    if running is not None and running.trip_id == said.trip_id:
        return None
    trip = next((each for each in state.earlier if each.trip_id == said.trip_id), None)
    if (
        trip is None
        or not isinstance(said, Tick | HeadCount)
        or trip.state in ("arrived", "closed", "cancelled")
    ):
        return trip
    return trip if running is not None and running.state == "en_route" else None


def seen(state: VehicleState, trip: TripState) -> VehicleState:
    """Give the state as the steps of an input see it that is said of an earlier trip."""
    return replace(state, trip=trip, fix=None, earlier=())


def put_back(state: VehicleState, before: TripState, after: TripState | None) -> VehicleState:
    """Give the state with an earlier trip as it became."""
    if after is None or after is before:
        return state
    return replace(state, earlier=tuple(after if each is before else each for each in state.earlier))
