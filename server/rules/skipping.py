"""A planned stop driven past without a visit while riders are expected there: `stop_skipped` (PRODUCT, six fixed, 3).

Said at the instant at which progress leaves the stop's radius, by the manifest of that instant: in the morning somebody who is still to
board there, in the afternoon somebody aboard who is to leave there (or still to board, at the school). Where the bus wasn't
seen at the stop (a tunnel, records that are lost) nothing is said. A stop that is served afterwards was not skipped but
out of order: `stop_order` takes it back. When a trip ends on the way, what it didn't reach was skipped as well.
"""

from __future__ import annotations

from msgspec.structs import replace

from server.domain.finding import Evidence, Finding
from server.domain.plan import TripPlan, TripStop
from server.domain.trip import RiderState, TripState
from server.domain.vehicle_day import Context, Entry, Road, VehicleState
from server.rules.statements import state as stating


def evaluate(state: VehicleState, entry: Entry, context: Context) -> VehicleState:
    """Judge the stops that were passed by this input: called when a visit has changed."""
    trip = state.trip
    if trip is None:
        return state
    passed = [
        visit for visit in trip.visits if visit.passed_at_ms == entry.key.t and visit.arrived_at_ms is None
    ]
    if not passed:
        return state
    road = context.find_road(trip.trip_id)
    if road is None:
        return state
    after = trip
    for visit in passed:
        after = _skipped(after, road.plan.stops[visit.seq], road, entry.key.t, entry.source)
    return state if after is trip else replace(state, trip=after)


def unreached(trip: TripState, road: Road, at_ms: int) -> TripState:
    """Give a trip that ended on its way with the stops that it did not reach stated."""
    for stop in road.plan.stops[trip.next_seq :]:
        if not any(visit.seq == stop.seq and visit.arrived_at_ms is not None for visit in trip.visits):
            trip = _skipped(trip, stop, road, at_ms, None)
    return trip


def is_unreached(found: Finding) -> bool:
    """Say whether a stop is said to be skipped because the trip ended before it: no input says so."""
    return found.kind == "stop_skipped" and all(proof.source is None for proof in found.evidence)


def expected_at(trip: TripState, plan: TripPlan, stop: TripStop) -> list[RiderState]:
    """List the riders for whom the bus has to halt at a stop."""
    if plan.direction == "to_school":
        if stop.seq == len(plan.stops) - 1:
            return [rider for rider in trip.riders if rider.state == "aboard"]
        return [rider for rider in trip.riders if rider.stop_id == stop.id and rider.state == "expected"]
    if stop.seq == 0:
        return [rider for rider in trip.riders if rider.state == "expected"]
    without_cards = not trip.rides
    return [
        rider
        for rider in trip.riders
        if rider.stop_id == stop.id
        and (rider.state == "aboard" or (without_cards and rider.state == "expected"))
    ]


def was_unseen(trip: TripState, stop: TripStop, radius_m: float) -> bool:
    """Say whether the bus went by a stop without a word."""
    course = trip.watch.course
    return course is not None and any(
        gap.from_m - radius_m <= stop.metre <= gap.to_m + radius_m for gap in course.unseen
    )


def _skipped(trip: TripState, stop: TripStop, road: Road, at_ms: int, source: str | None) -> TripState:
    riders = expected_at(trip, road.plan, stop)
    if not riders or was_unseen(trip, stop, road.thresholds.stop_radius_m):
        return trip
    proof = Evidence("passed", at_ms, float(len(riders)), stop.lat, stop.lon, source)
    return stating(
        trip,
        Finding(
            "stop_skipped",
            at_ms,
            at_ms,
            stop.id,
            stop_id=stop.id,
            measured=len(riders),
            limit=0,
            evidence=(proof,),
        ),
    )
