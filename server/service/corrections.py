"""What must be taken back: rides and alarms that guardians were told of and that, folded again, were not so, or not there."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from server.domain.trip import Announcement, NoticeKind, TripState

TAKEN_BACK: Final[tuple[NoticeKind, ...]] = (
    "boarded", "alighted", "arrived", "no_show", "wrong_stop", "wrong_bus", "left_aboard", "handed_over",
)  # fmt: skip
# Where a child got off matters to who goes to meet it; where it boarded is over.
PLACED: Final[tuple[NoticeKind, ...]] = ("alighted",)


def corrections(
    told: Mapping[tuple[str, NoticeKind, int], str | None], trip: TripState
) -> list[Announcement]:
    """List one correction for each (rider, kind, occurrence) that was told and that the trip no longer holds, or holds at another stop.

    `told` gives the stop that was named. The correction's instant is left 0: it happens when it is said.
    """
    holds = {(one.rider_id, one.kind, one.occurrence): one.stop_id for one in trip.announcements}
    found: list[Announcement] = []
    for key, said_stop_id in sorted(told.items(), key=lambda each: each[0]):
        rider_id, kind, occurrence = key
        stop_id = holds.get(key)
        moved = kind in PLACED and None not in (stop_id, said_stop_id) and stop_id != said_stop_id
        if kind in TAKEN_BACK and (key not in holds or moved):
            number = 100 * TAKEN_BACK.index(kind) + occurrence
            found.append(
                Announcement(
                    rider_id, "correction", number, 0, stop_id, corrects=kind, not_stop_id=said_stop_id
                )
            )
    return found
