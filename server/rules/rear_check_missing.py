"""Nobody walked to the rear of the bus: found 5 min (`rear_check_s`) after its arrival at the end, or when the last rider leaves later.

While somebody is aboard it is `left_aboard`'s affair. Ended by the check, by the button there or on the attendant's phone. It rests
on an absence, so it waits for complete data (`deadlines`).
"""

from __future__ import annotations

from server.domain.finding import Evidence, Finding
from server.domain.plan import TripPlan
from server.domain.thresholds import Thresholds
from server.domain.trip import TripState
from server.rules.aboard import spans


def deadlines(trip: TripState, plan: TripPlan, limits: Thresholds) -> list[Finding]:
    """Give the instant by which the rear is to be checked, where it was not."""
    if trip.arrived_at_ms is None or any(rider.state == "aboard" for rider in trip.riders):
        return []
    emptied_ms = max((left_ms or 0 for own in spans(trip).values() for _, left_ms in own), default=0)
    due_ms = max(trip.arrived_at_ms + round(1000 * limits.rear_check_s), emptied_ms)
    checked_ms = trip.rear_checked_at_ms
    if checked_ms is not None and checked_ms <= due_ms:
        return []
    seen = Evidence("arrived", trip.arrived_at_ms)
    return [Finding("rear_check_missing", due_ms, checked_ms, stop_id=plan.stops[-1].id, evidence=(seen,))]
