"""What must be taken back: rides and alarms that guardians were told of and that, folded again, were not so."""

from __future__ import annotations

from collections.abc import Set
from typing import Final

from server.domain.trip import Announcement, NoticeKind, TripState

TAKEN_BACK: Final[tuple[NoticeKind, ...]] = (
    "boarded", "alighted", "arrived", "no_show", "wrong_stop", "wrong_bus", "left_aboard", "handed_over",
)  # fmt: skip


def corrections(told: Set[tuple[str, NoticeKind, int]], trip: TripState) -> list[Announcement]:
    """List one correction for each (rider, kind, occurrence) that was told and that the trip no longer holds.

    Its instant is left 0: it happens when it is said.
    """
    holds = {(one.rider_id, one.kind, one.occurrence) for one in trip.announcements}
    return [
        Announcement(rider_id, "correction", 100 * TAKEN_BACK.index(kind) + occurrence, 0, corrects=kind)
        for rider_id, kind, occurrence in sorted(told - holds)
        if kind in TAKEN_BACK
    ]
