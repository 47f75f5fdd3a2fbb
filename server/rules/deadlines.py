"""What time makes of a trip: findings that begin at an instant unless something came before it, and what follows from them.

A deadline is a finding with `began_ms` in the future of what the fold knows. It is worked out from the folded state alone and never
put into it: what is projected is the state with every deadline that was reached. So a late record is folded from what buses and
people said, and the same deadlines fire at the same instants, whenever the clock was looked at. All of them rest on an absence; so
they also wait until the data is complete to their instant, and are `data_late` where it isn't so a minute after (decision 0100).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import msgspec
from msgspec.structs import replace

from server.domain.finding import Evidence, Finding, FindingKind
from server.domain.limits import DATA_LATE_AFTER_MS
from server.domain.plan import TripPlan
from server.domain.thresholds import Thresholds
from server.domain.trip import Announcement, NoticeKind, RiderState, TripState
from server.rules import left_aboard, no_show, rear_check_missing

Deadlines = Callable[[TripState, TripPlan, Thresholds], list[Finding]]

OnError = Callable[[str, Exception], None]

DEADLINES: tuple[Deadlines, ...] = (no_show.deadlines, left_aboard.deadlines, rear_check_missing.deadlines)
TOLD: dict[FindingKind, NoticeKind] = {"no_show": "no_show", "left_aboard": "left_aboard"}


class Reached(msgspec.Struct, frozen=True):
    """The findings of deadlines that were reached, and whether some wait for data that isn't there."""

    findings: tuple[Finding, ...] = ()
    waiting: bool = False


def same_ground(one: TripState, other: TripState) -> bool:
    """Say whether two states of a trip have the same deadlines, since nothing differs that those are worked out from."""
    return (
        one.visits is other.visits
        and one.riders is other.riders
        and one.rides is other.rides
        and one.state == other.state
        and one.rear_checked_at_ms == other.rear_checked_at_ms
        and one.ignition_off_ms == other.ignition_off_ms
        and one.moved_off_ms == other.moved_off_ms
        and one.shut_ms == other.shut_ms
    )


def ahead(trip: TripState, plan: TripPlan, limits: Thresholds, on_error: OnError) -> tuple[Finding, ...]:
    """List what begins at its deadline, past and future, oldest first; a rule that raises is told and left out."""
    found: list[Finding] = []
    for rule in DEADLINES:
        try:
            found += rule(trip, plan, limits)
        except Exception as error:  # the rule is broken, the stream must not be
            on_error(f"{rule.__module__}.{rule.__name__}", error)
    if trip.state == "cancelled" and trip.ended_at_ms is not None:
        over_ms = trip.ended_at_ms
        found = [_ended_by(finding, over_ms) for finding in found if finding.began_ms < over_ms]
    return tuple(sorted(found, key=lambda finding: finding.key[1:]))


def reach(deadlines: Sequence[Finding], now_ms: int, complete_ms: int) -> Reached:
    """Give what has begun at now_ms (the school day's clock), where all that buses and people said until complete_ms is known."""
    begun = [finding for finding in deadlines if finding.began_ms <= min(now_ms, complete_ms)]
    waits = [finding for finding in deadlines if complete_ms < finding.began_ms <= now_ms]
    missing = [
        finding
        for finding in waits
        if finding.ended_ms is None and finding.began_ms + DATA_LATE_AFTER_MS <= now_ms
    ]
    if missing:
        awaited = tuple(Evidence("awaited", finding.began_ms, finding.kind) for finding in missing)
        begun.append(Finding("data_late", missing[0].began_ms + DATA_LATE_AFTER_MS, evidence=awaited))
    return Reached(tuple(begun), bool(waits))


def look_again_ms(deadlines: Sequence[Finding], reached: Reached, now_ms: int) -> int | None:
    """Give when something may be due though nobody says anything more; None: never."""
    if reached.waiting:
        return now_ms
    return next((finding.began_ms for finding in deadlines if finding.began_ms > now_ms), None)


def advanced(trip: TripState, findings: Sequence[Finding]) -> TripState:
    """Give the trip with what was reached: its findings, the riders who did not show, and what guardians are to be told."""
    if not findings:
        return trip
    missing = {
        finding.rider_id: finding.began_ms
        for finding in findings
        if finding.kind == "no_show" and finding.ended_ms is None
    }
    told = tuple(one for finding in findings for one in _announcements(finding))
    riders = trip.riders
    if missing:
        riders = tuple(_missing(rider, missing.get(rider.rider_id)) for rider in riders)
    return replace(
        trip,
        riders=riders,
        announcements=(*trip.announcements, *told),
        findings=(*trip.findings, *findings),
    )


def _missing(rider: RiderState, since_ms: int | None) -> RiderState:
    return rider if since_ms is None else replace(rider, state="no_show", since_ms=since_ms)


def _announcements(finding: Finding) -> list[Announcement]:
    kind = TOLD.get(finding.kind)
    if kind is None:
        return []
    riders = [
        (rider.rider_id, rider.stop_id) for rider in (finding, *_named(finding)) if rider.rider_id is not None
    ]
    return [
        Announcement(rider_id, kind, 1, finding.began_ms, stop_id)
        for rider_id, stop_id in dict(riders).items()
    ]


def _named(finding: Finding) -> list[Finding]:
    """Give the finding once for each rider that its evidence names."""
    return [
        replace(finding, rider_id=one.value)
        for one in finding.evidence
        if one.what == "rider" and isinstance(one.value, str)
    ]


def _ended_by(finding: Finding, at_ms: int) -> Finding:
    if finding.ended_ms is not None and finding.ended_ms <= at_ms:
        return finding
    return replace(finding, ended_ms=at_ms)
