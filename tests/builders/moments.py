"""A trip as it is shown at an instant: folded, with the deadlines that were reached by then."""

from __future__ import annotations

from collections.abc import Iterable

from server.domain.finding import Finding
from server.domain.plan import TripPlan
from server.domain.thresholds import DEFAULTS, Thresholds
from server.domain.trip import TripState
from server.domain.vehicle_day import Entry, Road
from server.rules import deadlines
from tests.builders.road import Plans, folded

LONG_MS = 3_600_000


def fail(rule: str, error: Exception) -> None:
    """Fail the test where a rule raises."""
    raise AssertionError(f"{rule} failed") from error


def shown(
    entries: list[Entry],
    plan: TripPlan,
    now_ms: int | None = None,
    complete_ms: int | None = None,
    *others: TripPlan,
    limits: Thresholds = DEFAULTS,
) -> TripState:
    """Give the trip at now_ms (an hour after the last entry), where all is known to complete_ms (to now)."""
    trip = folded(entries, Plans(Road.of(plan, thresholds=limits), *others)).trip
    assert trip is not None
    now_ms = entries[-1].key.t + LONG_MS if now_ms is None else now_ms
    complete_ms = now_ms if complete_ms is None else complete_ms
    reached = deadlines.reach(deadlines.ahead(trip, plan, limits, fail), now_ms, complete_ms)
    return deadlines.advanced(trip, reached.findings)


def found(trip: TripState, kind: str) -> list[Finding]:
    """List a trip's findings of a kind."""
    return [one for one in trip.findings if one.kind == kind]


def told(trip: TripState, kind: str) -> list[tuple[str, int]]:
    """List (rider, instant) of a trip's announcements of a kind."""
    return [(one.rider_id, one.at_ms) for one in trip.announcements if one.kind == kind]


def kinds(findings: Iterable[Finding]) -> set[str]:
    """Give the kinds of findings."""
    return {one.kind for one in findings}
