"""The fixed time: whether stops are left and reached when the plan says (PRODUCT, six fixed, 2).

`departed_early`: a stop left more than 60 s before its planned departure. `departed_late`: the first one left more than 300 s after.
`arrived_late`: from the first stop that is reached more than 360 s late to the first that isn't. Not departed at all is
the deadlines' business. A departure counts once the bus has left the stop's radius, so that a door that opens again is no
early departure. After a gap the bus was there at some instant within it: it is late only if it was late at the gap's beginning, and
early only if it was early at its end. The last stop isn't departed from. Where another time was approved, each visit is held against
the time that was approved by then.
"""

from __future__ import annotations

from collections.abc import Iterator

from msgspec.structs import replace

from server.domain.finding import Evidence, Finding, FindingKind
from server.domain.rule_states import Unseen
from server.domain.trip import TripState, Visit
from server.domain.vehicle_day import Context, Entry, Road, VehicleState
from server.rules.statements import restate

KINDS: frozenset[FindingKind] = frozenset({"departed_early", "departed_late", "arrived_late"})


def evaluate(state: VehicleState, entry: Entry, context: Context) -> VehicleState:
    """Judge the running trip's visits anew: called when one of them, or the next stop, has changed."""
    trip = state.trip
    if trip is None or not trip.visits:
        return state
    road = context.find_road(trip.trip_id)
    if road is None:
        return state
    after = restate(trip, KINDS, judge(trip, road))
    return state if after is trip else replace(state, trip=after)


def judge(trip: TripState, road: Road) -> tuple[Finding, ...]:
    """Give what is wrong with the times of a trip's visits, in their order."""
    return (*_departures(trip, road), *_arrivals(trip, road))


def _departures(trip: TripState, road: Road) -> Iterator[Finding]:
    limits, stops = road.thresholds, road.plan.stops
    for visit in trip.visits:
        left_ms = visit.departed_at_ms
        if (
            left_ms is None
            or visit.arrived_at_ms is None
            or visit.seq >= trip.next_seq
            or visit.seq == len(stops) - 1
        ):
            continue
        stop = stops[visit.seq]
        adherence_s = (left_ms - stop.departure_ms - road.plan.since_shifted_ms(left_ms)) / 1000
        proof = (Evidence("departure", left_ms, float(round(adherence_s)), stop.lat, stop.lon),)
        if adherence_s < -limits.early_departure_s:
            yield Finding(
                "departed_early", left_ms, left_ms, stop.id, stop_id=stop.id, measured=-round(adherence_s),
                limit=limits.early_departure_s, evidence=proof,
            )  # fmt: skip
        elif visit.seq == 0 and adherence_s > limits.first_departure_late_s:
            yield Finding(
                "departed_late", left_ms, left_ms, stop.id, stop_id=stop.id, measured=round(adherence_s),
                limit=limits.first_departure_late_s, evidence=proof,
            )  # fmt: skip


def _arrivals(trip: TripState, road: Road) -> Iterator[Finding]:
    limit, late = road.thresholds.arrival_late_s, None
    for visit in trip.visits:
        arrived_ms = _reached_ms(trip, visit)
        if arrived_ms is None or visit.seq == 0:
            continue
        stop = road.plan.stops[visit.seq]
        adherence_s = (arrived_ms - stop.arrival_ms - road.plan.since_shifted_ms(arrived_ms)) / 1000
        proof = Evidence("arrival", arrived_ms, float(round(adherence_s)), stop.lat, stop.lon)
        if adherence_s <= limit:
            if late is not None:
                yield replace(late, ended_ms=arrived_ms)
            late = None
        elif late is None:
            late = Finding(
                "arrived_late", arrived_ms, None, stop.id, stop_id=stop.id, measured=round(adherence_s), limit=limit,
                evidence=(proof,),
            )  # fmt: skip
        else:
            late = replace(
                late,
                evidence=(*late.evidence, proof)[-5:],
                measured=max(late.measured or 0, round(adherence_s)),
            )
    if late is not None:
        over_ms = trip.arrived_at_ms or trip.ended_at_ms
        yield late if over_ms is None else replace(late, ended_ms=over_ms)


def _reached_ms(trip: TripState, visit: Visit) -> int | None:
    """Give when the bus was at a stop at the latest that is sure not to blame it: after a gap, at the gap's beginning."""
    if visit.arrived_at_ms is None:
        return None
    gap = _gap_before(trip, visit.arrived_at_ms)
    if gap is None and trip.watch.has_door and not visit.by_door:
        return None  # it was found standing there after a silence, in which its door was open
    return visit.arrived_at_ms if gap is None else gap.from_ms


def _gap_before(trip: TripState, at_ms: int) -> Unseen | None:
    course = trip.watch.course
    if course is None:
        return None
    return next((gap for gap in course.unseen if gap.to_ms == at_ms), None)
