"""That the bus nears a child's stop: told each guardian once a trip, by progress along the route and never by a radius.

Fires when the estimate for the stop is the guardian's minutes away or less, or when the bus has left the stop that is the guardian's
number of stops before it (the first stop, where there aren't so many); the default is the setting `approaching_s`. The bus must be on its
way: in the morning it matters to riders who are still expected there, in the afternoon to riders who are aboard. A stop that is behind, or
that the bus stands at, isn't approached. A choice made during the trip holds for what comes; who was told is not told again.
Estimates are made only where somebody may have to be told (`domain/lull`, decision 0154).
"""

from __future__ import annotations

from collections.abc import Sequence
from math import inf

from msgspec.structs import replace

from server.domain.eta import estimate, leg_ms_per_m
from server.domain.plan import TripPlan
from server.domain.preference import Lead
from server.domain.record import Position
from server.domain.trip import Announcement, RiderState, TripState
from server.domain.vehicle_day import Context, Entry, Road, VehicleState
from server.rules.visits import find_visit

LOOK_AHEAD_MS = (
    10 * 60_000
)  # own choice: what comes near later than that beyond the longest lead is looked at again by then
INTERVAL_S = 5.0  # staleness is judged at the fix itself, so any interval will do

_Wait = tuple[
    RiderState, str | None, Lead | None
]  # whose guardian, and their lead: None for all who chose nothing


def evaluate(state: VehicleState, entry: Entry, context: Context) -> VehicleState:
    """Announce the stops that have come near with this position."""
    trip, fix = state.trip, entry.record
    assert isinstance(fix, Position)
    if trip is None or trip.state != "en_route" or trip.metre_at_ms != fix.t:
        return state
    road = context.find_road(trip.trip_id)
    if road is None:
        return state
    if road.lull.holds(trip, fix.t):
        return state
    waits = _waits(trip, road.plan, fix.t)
    told, until_ms = _told(trip, road, waits, fix.t) if waits else ([], inf)
    if told:
        trip = replace(trip, announcements=(*trip.announcements, *told))
    until_ms = min(until_ms, _next_choice_ms(road.plan, fix.t))
    road.lull.begin(trip, fix.t, until_ms, leg_ms_per_m(road.plan.stops, trip.next_seq))
    return replace(state, trip=trip) if told else state


def _waits(trip: TripState, plan: TripPlan, t_ms: int) -> list[_Wait]:
    """List the guardians to whom it matters and who weren't told yet, with what they chose."""
    wanted = "expected" if plan.direction == "to_school" else "aboard"
    riders = [rider for rider in trip.riders if rider.state == wanted and rider.stop_id is not None]
    if not riders:
        return []
    told_of: dict[str, list[Announcement]] = {}
    for one in trip.announcements:
        if one.kind == "approaching":
            told_of.setdefault(one.rider_id, []).append(one)
    waits: list[_Wait] = []
    for rider in riders:
        said = told_of.get(rider.rider_id, ())
        if not any(one.user_id is None for one in said):
            waits.append((rider, None, None))
        if rider.rider_id in plan.choices.by_rider:
            waits += [
                (rider, user_id, choice.lead)
                for user_id, choice in plan.choices.at(rider.rider_id, t_ms).items()
                if not any(plan.choices.is_for(one, user_id) for one in said)
            ]
    return waits


def _told(trip: TripState, road: Road, waits: Sequence[_Wait], t_ms: int) -> tuple[list[Announcement], float]:
    """Announce what has come within the lead of those who wait.

    Give also the instant (UTC ms) before which there is nobody else to tell, as long as estimates, riders and visits are as they are.
    """
    plan, default_ms = road.plan, round(1000 * road.thresholds.approaching_s)
    within_ms = max(plan.choices.widest_ms, default_ms) + LOOK_AHEAD_MS
    ahead = _ahead(trip, plan, t_ms, within_ms)
    counted = _stops_to_go(trip, plan) if plan.choices.counts_stops else {}
    told: list[Announcement] = []
    until_ms = inf
    for rider, user_id, lead in waits:
        stop_id = rider.stop_id
        assert stop_id is not None
        if lead is not None and lead.by == "stops":
            to_go = counted.get(stop_id)
            if to_go is not None and to_go <= lead.value:
                told.append(
                    Announcement(
                        rider.rider_id, "approaching", 1, t_ms, stop_id, stops=to_go, user_id=user_id
                    )
                )
            continue
        lead_ms = default_ms if lead is None else lead.value * 60_000
        near_ms = ahead.get(stop_id, t_ms + within_ms) - t_ms
        if near_ms > lead_ms:
            until_ms = min(until_ms, t_ms + near_ms - lead_ms)
            continue
        minutes = max(1, round(near_ms / 60_000))
        told.append(Announcement(rider.rider_id, "approaching", 1, t_ms, stop_id, minutes, user_id=user_id))
    return told, until_ms


def _ahead(trip: TripState, plan: TripPlan, t_ms: int, within_ms: int) -> dict[str, int]:
    """Give when (UTC ms) the bus is expected at each stop that it has not served and comes to within so many ms."""
    etas = estimate(
        plan.stops, state=trip.state, metre=trip.metre, at_ms=t_ms, now_ms=t_ms, interval_s=INTERVAL_S,
        next_seq=trip.next_seq, visits=trip.visits, within_ms=within_ms,
    )  # fmt: skip
    served = {visit.seq for visit in trip.visits}
    ahead: dict[str, int] = {}
    for stop, eta in zip(plan.stops, etas, strict=True):
        if eta is not None and stop.seq not in served:
            ahead.setdefault(stop.id, eta.at_ms)  # where a route passes a stop twice, the first time
    return ahead


def _next_choice_ms(plan: TripPlan, t_ms: int) -> float:
    """Give the instant from which the next choice holds; infinity where none is to come."""
    later = (
        choice.from_ms
        for choices in plan.choices.by_rider.values()
        for choice in choices
        if choice.from_ms > t_ms
    )
    return min(later, default=inf)


def _stops_to_go(trip: TripState, plan: TripPlan) -> dict[str, int]:
    """Give, for each stop ahead, how many stops the bus still comes to until it is there, itself included."""
    left = trip.next_seq - 1
    here = find_visit(trip, trip.next_seq)
    if here is not None and here.departed_at_ms is not None:
        left = trip.next_seq
    if left < 0:
        return {}
    served = {visit.seq for visit in trip.visits}
    ahead: dict[str, int] = {}
    for stop in plan.stops[left + 1 :]:
        if stop.seq not in served:
            ahead.setdefault(stop.id, stop.seq - left)
    return ahead
