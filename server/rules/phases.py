"""The trip's own life: scheduled, en route at its first departure, arrived at its last stop.

En route once the bus has left the first stop (or joined beyond it); arrived with the visit of the last stop, all others being
behind. Closing is a rule of its own.
"""

from __future__ import annotations

from collections.abc import Sequence

from msgspec.structs import replace

from server.domain.plan import TripStop
from server.domain.record import Position
from server.domain.trip import TripState
from server.domain.vehicle_day import Context, Entry, VehicleState
from server.rules.visits import find_visit


def evaluate(state: VehicleState, entry: Entry, context: Context) -> VehicleState:
    """Move the trip on, and keep its delay at the last stop that was served."""
    trip, fix = state.trip, entry.record
    assert isinstance(fix, Position)
    if trip is None or trip.state not in ("scheduled", "en_route") or trip.metre_at_ms != fix.t:
        return state
    road = context.find_road(trip.trip_id)
    if road is None:
        return state
    stops = road.plan.stops
    after = trip
    if after.state == "scheduled":
        after = _started(after, fix, road.thresholds.moving_off_kmh)
    last = len(stops) - 1
    arrival = find_visit(after, last)
    if after.state == "en_route" and arrival is not None and arrival.arrived_at_ms is not None:
        after = replace(after, state="arrived", arrived_at_ms=arrival.arrived_at_ms)
        pressed_ms, before = after.watch.pressed_ms, state.fix
        if (
            pressed_ms is not None
            and before is not None
            and before.metre_ms < pressed_ms
            and fix.t - before.metre_ms > 1000 * road.thresholds.unseen_s
        ):
            # It had arrived by then, and nobody had heard it.
            after = replace(after, rear_checked_at_ms=pressed_ms)
    delay = _delay_s(after, stops)
    if delay != after.delay_s:
        after = replace(after, delay_s=delay)
    return state if after is trip else replace(state, trip=after)


def _started(trip: TripState, fix: Position, moving_off_kmh: float) -> TripState:
    first = find_visit(trip, 0)
    if first is None:
        return trip
    left = first.departed_at_ms or first.passed_at_ms
    if left is None or (trip.next_seq == 0 and fix.spd < moving_off_kmh):
        return trip
    return replace(trip, state="en_route", started_at_ms=left)


def _delay_s(trip: TripState, stops: Sequence[TripStop]) -> int | None:
    """Seconds behind the plan at the last visit: by departure where it left, else by arrival; earlier than plan is negative."""
    for visit in reversed(trip.visits):
        if visit.departed_at_ms is not None:
            return round((visit.departed_at_ms - stops[visit.seq].departure_ms) / 1000)
        if visit.arrived_at_ms is not None:
            return round((visit.arrived_at_ms - stops[visit.seq].arrival_ms) / 1000)
    return None
