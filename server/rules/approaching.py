"""That the bus nears a child's stop: told each guardian once a trip, by progress along the route and never by a radius.

Fires when the estimate for the stop is the guardian's minutes away or less, or when the bus has left the stop that is the guardian's
number of stops before it (the first stop, where there aren't so many); the default is `DEFAULT_LEAD`. The bus must be on its way:
in the morning it matters to riders who are still expected there, in the afternoon to riders who are aboard. A stop that is behind, or
that the bus stands at, isn't approached. A choice made during the trip holds for what comes; who was told is not told again.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from msgspec.structs import replace

from server.domain.eta import estimate
from server.domain.plan import TripPlan
from server.domain.preference import DEFAULT_LEAD, Lead
from server.domain.record import Position
from server.domain.trip import Announcement, TripState
from server.domain.vehicle_day import Context, Entry, VehicleState
from server.rules.visits import find_visit

INTERVAL_S = 5.0  # staleness is judged at the fix itself, so any interval will do


def evaluate(state: VehicleState, entry: Entry, context: Context) -> VehicleState:
    """Announce the stops that have come near with this position."""
    trip, fix = state.trip, entry.record
    assert isinstance(fix, Position)
    if trip is None or trip.state != "en_route" or trip.metre_at_ms != fix.t:
        return state
    road = context.find_road(trip.trip_id)
    if road is None:
        return state
    near = _near(trip, road.plan, fix.t)
    if not near and not road.plan.choices.counts_stops:
        return state
    told = list(_told(trip, road.plan, near, fix.t))
    return replace(state, trip=replace(trip, announcements=(*trip.announcements, *told))) if told else state


def _near(trip: TripState, plan: TripPlan, t_ms: int) -> dict[str, int]:
    """Give how many ms ahead each stop is that is within anybody's minutes."""
    widest_ms = plan.choices.widest_ms
    etas = estimate(
        plan.stops, state=trip.state, metre=trip.metre, at_ms=t_ms, now_ms=t_ms, interval_s=INTERVAL_S,
        next_seq=trip.next_seq, visits=trip.visits, within_ms=widest_ms,
    )  # fmt: skip
    served = {visit.seq for visit in trip.visits}
    near: dict[str, int] = {}
    for stop, eta in zip(plan.stops, etas, strict=True):
        if eta is not None and stop.seq not in served and eta.at_ms - t_ms <= widest_ms:
            near.setdefault(stop.id, eta.at_ms - t_ms)  # where a route passes a stop twice, the first time
    return near


def _told(trip: TripState, plan: TripPlan, near: Mapping[str, int], t_ms: int) -> Iterator[Announcement]:
    """Announce to the guardians, to whom it matters and who weren't told yet, what has come within their lead."""
    wanted = "expected" if plan.direction == "to_school" else "aboard"
    counted = _stops_to_go(trip, plan) if plan.choices.counts_stops else {}
    waiting = [
        rider
        for rider in trip.riders
        if rider.state == wanted and (rider.stop_id in near or rider.stop_id in counted)
    ]
    if not waiting:
        return
    told_of: dict[str, list[Announcement]] = {}
    for one in trip.announcements:
        if one.kind == "approaching":
            told_of.setdefault(one.rider_id, []).append(one)
    for rider in waiting:
        stop_id = rider.stop_id
        assert stop_id is not None
        said = told_of.get(rider.rider_id, [])
        if said and said[0].user_id is None and rider.rider_id not in plan.choices.by_rider:
            continue  # nobody chose otherwise, and all were told
        default: list[tuple[str | None, Lead]] = (
            [] if any(one.user_id is None for one in said) else [(None, DEFAULT_LEAD)]
        )
        own = [(user_id, choice.lead) for user_id, choice in plan.choices.at(rider.rider_id, t_ms).items()]
        for user_id, lead in (*default, *own):
            if user_id is not None and any(plan.choices.is_for(one, user_id) for one in said):
                continue
            if lead.by == "stops":
                to_go = counted.get(stop_id)
                if to_go is not None and to_go <= lead.value:
                    yield Announcement(
                        rider.rider_id, "approaching", 1, t_ms, stop_id, stops=to_go, user_id=user_id
                    )
            elif stop_id in near and near[stop_id] <= lead.value * 60_000:
                minutes = max(1, round(near[stop_id] / 60_000))
                yield Announcement(rider.rider_id, "approaching", 1, t_ms, stop_id, minutes, user_id=user_id)


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
