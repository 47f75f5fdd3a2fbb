"""That the bus nears a child's stop: said once a trip, by progress along the route and never by a radius.

Fires when the estimate for the stop is `APPROACHING_MS` away or less and the bus is on its way: in the morning for riders who are
still expected there, in the afternoon for riders who are aboard. A stop that is behind, or that the bus stands at, isn't approached.
"""

from __future__ import annotations

from collections.abc import Container

from msgspec.structs import replace

from server.domain.eta import estimate
from server.domain.limits import APPROACHING_MS
from server.domain.plan import TripPlan
from server.domain.record import Position
from server.domain.trip import Announcement, TripState
from server.domain.vehicle_day import Context, Entry, VehicleState

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
    etas = estimate(
        road.plan.stops, state=trip.state, metre=trip.metre, at_ms=fix.t, now_ms=fix.t, interval_s=INTERVAL_S,
        next_seq=trip.next_seq, visits=trip.visits, within_ms=APPROACHING_MS,
    )  # fmt: skip
    served = {visit.seq for visit in trip.visits}
    near: dict[str, int] = {}
    for stop, eta in zip(road.plan.stops, etas, strict=True):
        if eta is not None and stop.seq not in served and eta.at_ms - fix.t <= APPROACHING_MS:
            near.setdefault(stop.id, eta.at_ms - fix.t)  # where a route passes a stop twice, the first time
    if not near:
        return state
    waiting = _waiting(trip, road.plan, near)
    told = [
        Announcement(rider, "approaching", 1, fix.t, stop_id, max(1, round(ahead_ms / 60_000)))
        for stop_id, ahead_ms in near.items()
        for rider in waiting.get(stop_id, ())
    ]
    return replace(state, trip=replace(trip, announcements=(*trip.announcements, *told))) if told else state


def _waiting(trip: TripState, plan: TripPlan, near: Container[str]) -> dict[str, list[str]]:
    """Riders of the near stops, by stop, to whom it matters and who weren't told yet."""
    wanted = "expected" if plan.direction == "to_school" else "aboard"
    found = [rider for rider in trip.riders if rider.stop_id in near and rider.state == wanted]
    if not found:
        return {}
    done = {told.rider_id for told in trip.announcements if told.kind == "approaching"}
    waiting: dict[str, list[str]] = {}
    for rider in found:
        if rider.stop_id is not None and rider.rider_id not in done:
            waiting.setdefault(rider.stop_id, []).append(rider.rider_id)
    return waiting
