"""A child who should have boarded and did not: found a minute after the bus has left the child's stop.

In the morning each rider's own stop, visited or driven past; in the afternoon the school, for everybody. `no_show_s`
because a child who comes running is still let in while the bus rolls. Said to be absent by then is no finding; said afterwards, or
boarded after all at another stop, ends it. It rests on the absence of a ride, so it waits for complete data (`deadlines`). Strangers
are expected nowhere, and a bus that never came to the stop is the time rules' affair.
"""

from __future__ import annotations

from server.domain.finding import Evidence, Finding
from server.domain.plan import TripPlan
from server.domain.thresholds import Thresholds
from server.domain.trip import RiderState, TripState, Visit


def deadlines(trip: TripState, plan: TripPlan, limits: Thresholds) -> list[Finding]:
    """List each rider who had not boarded by the deadline of their stop."""
    left = _left(trip, plan)
    if not left or trip.state == "scheduled":
        return []
    # Any ride shows that they are on the bus: one who is read getting off had not been read getting on.
    rode = {ride.rider_id: ride.at_ms for ride in reversed(trip.rides)}
    found: list[Finding] = []
    for rider in trip.riders:
        stop_id = rider.stop_id if plan.direction == "to_school" else plan.stops[0].id
        visit = left.get(stop_id) if stop_id is not None and not rider.stranger else None
        gone_ms = None if visit is None else visit.departed_at_ms or visit.passed_at_ms
        if visit is None or gone_ms is None:
            continue
        due_ms = gone_ms + round(1000 * limits.no_show_s)
        ended_ms = _found_ms(rider, rode.get(rider.rider_id))
        if ended_ms is not None and ended_ms <= due_ms:
            continue
        what = "departed" if visit.departed_at_ms is not None else "passed"
        seen = Evidence(what, gone_ms, stop_id)
        found.append(
            Finding(
                "no_show",
                due_ms,
                ended_ms,
                rider.rider_id,
                rider_id=rider.rider_id,
                stop_id=stop_id,
                evidence=(seen,),
            )
        )
    return found


def _left(trip: TripState, plan: TripPlan) -> dict[str, Visit]:
    """Give the visits that are over, by stop; where a route comes to a stop twice, the last one, and none while one is to come."""
    by_seq = {visit.seq: visit for visit in trip.visits}
    stops = plan.stops[:-1] if plan.direction == "to_school" else plan.stops[:1]
    found: dict[str, Visit] = {}
    for stop in stops:
        visit = by_seq.get(stop.seq)
        if visit is None or (visit.departed_at_ms is None and visit.passed_at_ms is None):
            found.pop(stop.id, None)
        else:
            found[stop.id] = visit
    return found


def _found_ms(rider: RiderState, rode_ms: int | None) -> int | None:
    """Give when it was known where the rider is: on the bus, or staying at home."""
    if rode_ms is not None:
        return rode_ms
    return (rider.since_ms or 0) if rider.state != "expected" else None
