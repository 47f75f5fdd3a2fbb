"""Findings and announcements that a trip has already: which is ended, which number the next one has."""

from __future__ import annotations

from msgspec.structs import replace

from server.domain.finding import FindingKind, stated
from server.domain.trip import NoticeKind, TripState


def ended(trip: TripState, kind: FindingKind, about: str, at_ms: int) -> TripState:
    """Give the trip with what is open of a kind and a subject ended at an instant; the same trip where nothing is."""
    findings = trip.findings
    for one in trip.findings:
        if one.kind == kind and one.about == about and one.ended_ms is None:
            findings = stated(findings, replace(one, ended_ms=at_ms))
    return trip if findings is trip.findings else replace(trip, findings=findings)


def occurrence(trip: TripState, rider_id: str, kind: NoticeKind) -> int:
    """Give the number, from 1, of the next announcement of a kind for a rider."""
    return 1 + sum(1 for told in trip.announcements if told.rider_id == rider_id and told.kind == kind)
