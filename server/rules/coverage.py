"""How much of the shape was driven: `route_not_covered` is said at the end when it is under 95 % (PRODUCT, six fixed, 1).

Measured from the first stop to the last. Not driven is what the bus left out while it was seen off the shape, what lies before the
place where it joined and after the one where it ended. What nobody saw (a tunnel, records that are lost) is no reproach: it
makes the verdict unknown, where it is too much to tell.
"""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from server.domain.finding import Evidence, Finding
from server.domain.trip import TripState
from server.domain.vehicle_day import Road
from server.rules.statements import state


class Coverage(msgspec.Struct, frozen=True, gc=False):
    """Percent of the way from the first stop to the last that was left out, and that nobody saw."""

    left_out: float
    unseen: float


def measure(trip: TripState, road: Road, *, ended: bool) -> Coverage:
    """Measure what was left out and what wasn't seen; what lies ahead counts as left out once the trip has `ended`."""
    course, radius = trip.watch.course, road.thresholds.stop_radius_m
    first, last = road.plan.stops[0].metre, road.plan.stops[-1].metre
    whole = last - first
    if course is None or trip.metre is None or whole <= 0:
        return Coverage(0.0, 100.0)
    out = list(course.skipped)
    if course.joined_m - first > radius:
        out.append((first, course.joined_m))
    if ended and last - trip.metre > radius:
        out.append((trip.metre, last))
    unseen = [(one.from_m, one.to_m) for one in course.unseen]
    left_out = _length(out, first, last)
    return Coverage(100 * left_out / whole, 100 * (_length([*out, *unseen], first, last) - left_out) / whole)


def judged(trip: TripState, road: Road, at_ms: int) -> TripState:
    """Give the trip, which is over, with what it left out stated."""
    limit = road.thresholds.coverage_percent
    found = measure(trip, road, ended=True)
    if trip.watch.course is None or found.left_out <= 100 - limit:
        return trip
    parts = tuple(Evidence("left_out", at_ms, f"{a:.0f}-{b:.0f} m") for a, b in trip.watch.course.skipped[:5])
    covered = round(100 - found.left_out, 1)
    return state(
        trip, Finding("route_not_covered", at_ms, at_ms, measured=covered, limit=limit, evidence=parts)
    )


def _length(spans: Iterable[tuple[float, float]], first: float, last: float) -> float:
    """Add up spans that may lie over one another, as far as they are within first..last."""
    total, reached = 0.0, first
    for a, b in sorted(spans):
        a, b = max(a, reached), min(b, last)
        if b > a:
            total, reached = total + b - a, b
    return total
