"""What the attendant ticks: the same boarding and alighting as a card's, whichever is first.

A tick that says what is so already (the card was read as well) changes nothing. A tick for a trip that the bus has left is that
trip's (`addressed`).
"""

from __future__ import annotations

from msgspec.structs import replace

from server.domain.hand import Handed, Tick
from server.domain.trip import Announcement, Ride, TripState
from server.domain.vehicle_day import Context, Entry, VehicleState
from server.rules.findings import occurrence
from server.rules.rides import find_rider_state, moved, stop_here


def evaluate(state: VehicleState, entry: Entry, context: Context) -> VehicleState:
    """Add the tick to the running trip as a ride."""
    tick, trip = entry.record, state.trip
    assert isinstance(tick, Tick)
    road = context.find_road(tick.trip_id)
    if trip is None or road is None or trip.trip_id != tick.trip_id or trip.state in ("closed", "cancelled"):
        return state
    rider = find_rider_state(trip, tick.rider_id)
    aboard = rider is not None and rider.state == "aboard"
    if aboard == (tick.dir == "on"):
        return state
    stop_id = stop_here(trip, road, tick.t, seen=state.fix is None or state.fix.seen)
    ride = Ride(entry.source, tick.t, tick.dir, None, tick.rider_id, stop_id, "attendant")
    return replace(
        state, trip=moved(replace(trip, rides=(*trip.rides, ride)), road, tick.rider_id, rider, ride)
    )


def hand_over(state: VehicleState, entry: Entry, context: Context) -> VehicleState:
    """Note that a rider was given to a named adult, and tell the guardians to whom."""
    handed, trip = entry.record, state.trip
    assert isinstance(handed, Handed)
    if trip is None or trip.trip_id != handed.trip_id:
        return state
    after = _handed(trip, handed)
    return state if after is trip else replace(state, trip=after)


def _handed(trip: TripState, handed: Handed) -> TripState:
    rider = find_rider_state(trip, handed.rider_id)
    if rider is None or rider.state not in ("aboard", "alighted"):
        return trip
    given = replace(rider, state="handed_over", since_ms=handed.t)
    told = Announcement(
        rider.rider_id,
        "handed_over",
        occurrence(trip, rider.rider_id, "handed_over"),
        handed.t,
        detail=handed.to,
    )
    riders = tuple(given if each is rider else each for each in trip.riders)
    return replace(trip, riders=riders, announcements=(*trip.announcements, told))
