"""What must be taken back: rides that guardians were told of and that, folded again, did not happen."""

from __future__ import annotations

from collections.abc import Set
from typing import Final

from server.domain.trip import Announcement, NoticeKind, TripState

RIDE_NOTICES: Final[tuple[NoticeKind, ...]] = ("boarded", "alighted", "arrived")


def corrections(told: Set[tuple[str, NoticeKind, int]], trip: TripState) -> list[Announcement]:
    """List one correction for each (rider, kind, occurrence) that was told and that the trip no longer holds.

    Its instant is left 0: it happens when it is said.
    """
    holds = {(one.rider_id, one.kind, one.occurrence) for one in trip.announcements}
    return [
        Announcement(rider_id, "correction", 100 * RIDE_NOTICES.index(kind) + occurrence, 0)
        for rider_id, kind, occurrence in sorted(told - holds)
        if kind in RIDE_NOTICES
    ]
