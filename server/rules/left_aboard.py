"""Children who are on the bus after it was to be empty (INTERFACES ruling 7).

From 120 s (`left_aboard_s`) after the doors at the last stop closed and stayed shut so long, or after the ignition went off there; or at
once when the bus drives away from that stop. Whichever is first counts. One finding for the bus and not for each child, lest a card reader
that broke at the school ring forty times; its evidence names the riders, and it ends when the last of them has left. It rests on
the absence of a ride, so it waits for complete data (`deadlines`). Cards that are nobody's are left out: the manifest counts.
"""

from __future__ import annotations

from server.domain.finding import Evidence, Finding
from server.domain.plan import TripPlan
from server.domain.thresholds import Thresholds
from server.domain.trip import TripState
from server.rules.aboard import left_after, spans
from server.rules.visits import find_visit


def deadlines(trip: TripState, plan: TripPlan, limits: Thresholds) -> list[Finding]:
    """Give the instant from which nobody may be aboard, where somebody was."""
    if trip.arrived_at_ms is None:
        return []
    last = find_visit(trip, plan.stops[-1].seq)
    since = [
        at_ms + round(1000 * limits.left_aboard_s)
        for at_ms in (
            trip.shut_ms or (last.departed_at_ms if last is not None else None),
            trip.ignition_off_ms,
        )
        if at_ms is not None
    ]
    if trip.moved_off_ms is not None:
        since.append(trip.moved_off_ms)
    if not since:
        return []
    due_ms = min(since)
    left = {
        rider_id: left_ms
        for rider_id, own in spans(trip).items()
        for aboard, left_ms in (left_after(own, due_ms),)
        if aboard
    }
    if not left:
        return []
    gone = [left_ms for left_ms in left.values() if left_ms is not None]
    return [
        Finding(
            "left_aboard",
            due_ms,
            ended_ms=max(gone) if len(gone) == len(left) else None,
            rider_id=next(iter(left)) if len(left) == 1 else None,
            stop_id=plan.stops[-1].id,
            measured=len(left),
            limit=0,
            evidence=tuple(Evidence("rider", due_ms, rider_id) for rider_id in sorted(left)),
        )
    ]
