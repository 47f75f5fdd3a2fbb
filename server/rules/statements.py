"""How a rule states a finding on a trip: begins it, says it again with more evidence, ends it."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from msgspec.structs import replace

from server.domain.finding import Evidence, Finding, FindingKind, stated
from server.domain.record import Position
from server.domain.trip import TripState
from server.domain.vehicle_day import Entry


def find_open(trip: TripState, kind: FindingKind, about: str | None = None) -> Finding | None:
    """Find the finding of a kind that still is; `about` None: whatever it is about."""
    for one in trip.findings:
        if one.kind == kind and one.ended_ms is None and (about is None or one.about == about):
            return one
    return None


def state(trip: TripState, finding: Finding) -> TripState:
    """Give the trip with a finding begun, or said again under its key."""
    return replace(trip, findings=stated(trip.findings, finding))


def end(trip: TripState, kind: FindingKind, at_ms: int, about: str | None = None) -> TripState:
    """Give the trip with the open findings of a kind ended at an instant; the same trip where there is none."""
    if find_open(trip, kind, about) is None:
        return trip
    return replace(
        trip,
        findings=tuple(
            replace(one, ended_ms=max(at_ms, one.began_ms))
            if one.kind == kind and one.ended_ms is None and (about is None or one.about == about)
            else one
            for one in trip.findings
        ),
    )


def end_all(trip: TripState, kinds: Collection[FindingKind], at_ms: int) -> TripState:
    """Give the trip with every open finding of some kinds ended at an instant."""
    for kind in kinds:
        trip = end(trip, kind, at_ms)
    return trip


def restate(trip: TripState, kinds: Collection[FindingKind], found: Iterable[Finding]) -> TripState:
    """Give the trip with exactly these findings of some kinds: for a rule that judges anew from what is known."""
    told = tuple(found)
    if tuple(one for one in trip.findings if one.kind in kinds) == told:
        return trip
    kept = tuple(one for one in trip.findings if one.kind not in kinds)
    return replace(trip, findings=(*kept, *told))


def seen(entry: Entry, fix: Position, what: str, value: float | str | None = None) -> Evidence:
    """Give a position as evidence; a number as a float, which it is again when a checkpoint was read back."""
    value = value if value is None or isinstance(value, str) else float(value)
    return Evidence(what, fix.t, value, fix.lat, fix.lon, entry.source)


def kept(evidence: tuple[Evidence, ...], one: Evidence) -> tuple[Evidence, ...]:
    """Give the evidence of a spell with one more: its first, and the two newest."""
    return (*evidence, one) if len(evidence) < 3 else (evidence[0], evidence[2], one)
