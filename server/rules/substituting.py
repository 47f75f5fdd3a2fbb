"""What an approved substitution does to a running trip: its bus's turn ends where another takes over, and passengers hear of it.

Guardians of riders who still wait or sit in the bus are told once for each change of bus, of time, or of their own stop
(`TripPlan.changes`); what was approved carries its own instants, so folding again tells the same. Announces nothing of drivers and
attendants.
"""

from __future__ import annotations

from msgspec.structs import replace

from server.domain.plan import TripPlan
from server.domain.trip import Announcement, OnDuty, TripState, Turn
from server.domain.vehicle_day import KEEP_EARLIER, Context, Crew, Entry, VehicleState
from server.rules.ending import ALL
from server.rules.statements import end_all


def evaluate(state: VehicleState, entry: Entry, context: Context) -> VehicleState:
    """End a turn that is over, else tell what is due."""
    trip = state.trip
    if trip is None:
        return state
    road = context.find_road(trip.trip_id)
    if road is None or not road.plan.substitutes:
        return state
    since_ms, turns, me = trip.assigned_at_ms or 0, context.list_turns(trip.trip_id), state.vehicle_id
    for vehicle_id, from_ms in turns:
        if vehicle_id != me and since_ms <= from_ms <= entry.key.t:
            earlier = tuple(old for old in state.earlier if old.trip_id != trip.trip_id)
            return replace(
                state, trip=None, earlier=(*earlier, trip)[-KEEP_EARLIER:], loose=(), anchor_m=None
            )
    approved = road.plan.staffing(entry.key.t).vehicle_id == me
    if approved and turns and turns[-1][0] != me and road.plan.staffing(since_ms).vehicle_id != me:
        # Its crew had said the trip before the desk approved of it.
        left = context.find_run(trip.trip_id, me, entry.key.t)
        if left is not None and left.state in ("scheduled", "en_route"):
            after = with_crew(taken_over(left, me, trip.device_id, entry.key.t), state.crew, entry.key.t)
            return replace(state, trip=after, anchor_m=None)
    after = settle(trip, road.plan, entry.key.t)
    return state if after is trip else replace(state, trip=after)


def settle(trip: TripState, plan: TripPlan, t_ms: int) -> TripState:
    """Give the trip with what its riders' guardians are to be told of other buses, times and stops up to t_ms (UTC ms)."""
    if not plan.substitutes or trip.state not in ("scheduled", "en_route"):
        return trip
    usual = {rider.rider_id: rider.stop_id for rider in plan.usual_roster}
    done = {told.occurrence for told in trip.announcements if told.kind == "substituted"}
    told = tuple(
        Announcement(rider.rider_id, "substituted", number, one.at_ms)
        for number, one in enumerate(plan.changes(), start=1)
        if one.at_ms <= t_ms and number not in done
        for rider in trip.riders
        if rider.state in ("expected", "aboard")
        and (one.bus or one.time or usual.get(rider.rider_id) in one.stops)
    )
    return replace(trip, announcements=(*trip.announcements, *told)) if told else trip


def taken_over(before: TripState, vehicle_id: str, device_id: str | None, t_ms: int) -> TripState:
    """Give a trip as the next bus has it: all that was known of it, but for the place, which is the other bus's."""
    turn = Turn(
        before.vehicle_id or "", before.device_id, before.assigned_at_ms or t_ms, t_ms, len(before.rides)
    )
    return replace(
        before, vehicle_id=vehicle_id, device_id=device_id, assigned_at_ms=t_ms, turns=(*before.turns, turn),
        taken_m=before.metre if before.metre is not None else before.taken_m, metre=None, metre_at_ms=None,
        by_tick=False, crew=OnDuty(), watch=before.watch.handed_over(), findings=end_all(before, ALL, t_ms).findings,
    )  # fmt: skip


def with_crew(trip: TripState, crew: Crew, t_ms: int) -> TripState:
    """Give the trip with who is signed on to its bus; it says since when where that has changed."""
    if (crew.driver, crew.attendant) == (trip.crew.driver, trip.crew.attendant):
        return trip
    return replace(trip, crew=OnDuty(crew.driver, crew.attendant, t_ms))
