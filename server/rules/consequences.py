"""What follows from a change that an input has made: the rules that look at visits, at who is aboard, at papers and at a trip's end.

They run after the input's own steps, and only when what they look at isn't the same object any more; so a position that changes
nothing but the place costs a few comparisons.
"""

from __future__ import annotations

from collections.abc import Callable

from msgspec.structs import replace

from server.domain.vehicle_day import Context, Entry, VehicleState
from server.rules import (
    crew_absent,
    driving_time,
    ending,
    overload,
    papers,
    punctuality,
    skipping,
    stop_order,
)

Step = Callable[[VehicleState, Entry, Context], VehicleState]

ON_TAKEN: tuple[Step, ...] = (ending.resumed, overload.count, crew_absent.count, papers.evaluate)
ON_CREW: tuple[Step, ...] = (papers.evaluate, driving_time.sign, ending.signed)
ON_VISITS: tuple[Step, ...] = (skipping.evaluate, stop_order.judge, punctuality.evaluate)
ON_RIDERS: tuple[Step, ...] = (overload.count, crew_absent.count)
ON_DEPARTED: tuple[Step, ...] = (papers.evaluate,)
ON_OVER: tuple[Step, ...] = (ending.evaluate,)


def due(before: VehicleState, after: VehicleState) -> tuple[Step, ...]:
    """List the steps that follow from the difference between two states."""
    was, now = before.trip, after.trip
    if was is now:
        return ON_CREW if after.crew is not before.crew and now is not None else ()
    if now is None:
        return ()
    if was is None or was.trip_id != now.trip_id:
        return ON_TAKEN if was is None else (left, *ON_TAKEN)
    steps: tuple[Step, ...] = ()
    if now.riders is not was.riders or now.rides is not was.rides:
        steps = ON_RIDERS
    if now.visits is not was.visits or now.next_seq != was.next_seq:
        steps += ON_VISITS
    if after.crew is not before.crew or now.vehicle_id != was.vehicle_id:
        steps += ON_CREW
    if now.state != was.state:
        steps += ON_DEPARTED if now.state == "en_route" else ON_OVER
    return steps


def left(state: VehicleState, entry: Entry, context: Context) -> VehicleState:
    """End the trip that the crew left for the one that runs now."""
    if not state.earlier:
        return state
    trip = state.earlier[-1]
    road = context.find_road(trip.trip_id)
    if road is None or trip.state in ("closed", "cancelled", "missed"):
        return state
    after = ending.left(trip, road, entry.key.t)
    return state if after is trip else replace(state, earlier=(*state.earlier[:-1], after))
