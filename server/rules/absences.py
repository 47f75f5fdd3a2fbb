"""Who was said not to ride: brings a running trip's manifest in line with what guardians and schools said by an instant.

What was said carries its own instant and the one of its withdrawal, so that folding again gives the same. A rider who was seen on
the bus stays as seen.
"""

from __future__ import annotations

from msgspec.structs import replace

from server.domain.plan import TripPlan
from server.domain.trip import RiderState, TripState
from server.domain.vehicle_day import Context, Entry, VehicleState


def evaluate(state: VehicleState, entry: Entry, context: Context) -> VehicleState:
    """Bring the running trip in line with what was said before this input."""
    trip = state.trip
    if trip is None or trip.state not in ("scheduled", "en_route"):
        return state
    road = context.find_road(trip.trip_id)
    if road is None or not road.plan.absences:
        return state
    after = settle(trip, road.plan, entry.key.t)
    return state if after is trip else replace(state, trip=after)


def planned(plan: TripPlan) -> tuple[RiderState, ...]:
    """Give the manifest as the plan has it, before anything was said or seen."""
    return tuple(RiderState(rider.rider_id, rider.stop_id, "expected") for rider in plan.roster)


def settle(trip: TripState, plan: TripPlan, t_ms: int) -> TripState:
    """Give the trip as it is with what was said up to t_ms (UTC ms)."""
    if not plan.absences or trip.state not in ("scheduled", "en_route"):
        return trip
    named = {absence.rider_id for absence in plan.absences}
    since = {
        absence.rider_id: absence.from_ms
        for absence in plan.absences
        if absence.from_ms <= t_ms and (absence.until_ms is None or t_ms < absence.until_ms)
    }
    riders = tuple(
        _settled(rider, since.get(rider.rider_id)) if rider.rider_id in named else rider
        for rider in trip.riders
    )
    return trip if riders == trip.riders else replace(trip, riders=riders)


def _settled(rider: RiderState, since_ms: int | None) -> RiderState:
    if since_ms is not None and rider.state == "expected":
        return replace(rider, state="absent", since_ms=since_ms)
    if since_ms is None and rider.state == "absent":
        return replace(rider, state="expected", since_ms=None)
    return rider
