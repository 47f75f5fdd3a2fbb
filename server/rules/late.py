"""That a bus is more than ten minutes behind its plan: told once a trip to the guardians who still wait for it.

Behind is what the last visit says, or, where the bus doesn't come to its next stop at all, the time since it was to leave that stop.
In the morning riders are waited with who are still expected, in the afternoon those who are aboard. Once said it is not said again,
whether the bus makes up time or loses more: the page shows the minutes as they change.
"""

from __future__ import annotations

from msgspec.structs import replace

from server.domain.plan import TripPlan
from server.domain.record import Position
from server.domain.trip import Announcement, TripState
from server.domain.vehicle_day import Context, Entry, VehicleState


def evaluate(state: VehicleState, entry: Entry, context: Context) -> VehicleState:
    """Tell the waiting guardians with the first position that is late enough."""
    trip, fix = state.trip, entry.record
    assert isinstance(fix, Position)
    if trip is None or trip.state != "en_route" or trip.late_told:
        return state
    road = context.find_road(trip.trip_id)
    if road is None:
        return state
    behind_s = _behind_s(trip, road.plan, fix.t)
    if behind_s <= road.thresholds.late_s:
        return state
    wanted = "expected" if road.plan.direction == "to_school" else "aboard"
    told = tuple(
        Announcement(rider.rider_id, "late", 1, fix.t, rider.stop_id, minutes=round(behind_s / 60))
        for rider in trip.riders
        if rider.state == wanted
    )
    return replace(state, trip=replace(trip, late_told=True, announcements=(*trip.announcements, *told)))


def _behind_s(trip: TripState, plan: TripPlan, t_ms: int) -> float:
    behind_s = float(trip.delay_s or 0)
    if trip.next_seq < len(plan.stops):
        behind_s = max(behind_s, (t_ms - plan.stops[trip.next_seq].departure_ms) / 1000)
    return behind_s
