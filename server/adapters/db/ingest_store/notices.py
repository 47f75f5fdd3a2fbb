"""Rows of notices: inserted with what caused them, withdrawn or corrected when folded again it was not so."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from sqlalchemy import bindparam, select, update

from server.adapters.db.ingest_store.waiting import NOTICE_KEY, WaitingRows
from server.adapters.db.tables import notices, trips
from server.domain.trip import NoticeKind, TripState
from server.ids import new_id
from server.service.ingest_ports import Told

# Told by the server's clock or as soon as it was said, by `sweeps`: no part of a trip's state.
CLOCK_KINDS: Final[tuple[NoticeKind, ...]] = ("not_started", "absent")

_UNSENT: Final = select(
    notices.c.id, notices.c.user_id, notices.c.rider_id, notices.c.kind, notices.c.occurrence
).where(
    notices.c.trip_id == bindparam("trip"),
    notices.c.withdrawn_at_ms.is_(None),
    notices.c.sent_at_ms.is_(None),
    notices.c.finding_id.is_(None),
    notices.c.kind.not_in(CLOCK_KINDS),
)
_SENT: Final = select(notices.c.rider_id, notices.c.kind, notices.c.occurrence, notices.c.stop_id).where(
    notices.c.trip_id == bindparam("trip"), notices.c.sent_at_ms.is_not(None), notices.c.finding_id.is_(None)
)


class NoticeRows(WaitingRows):
    """Writes notices."""

    def cancel(self, trip: TripState, told: Sequence[Told]) -> None:
        """Write a cancellation onto a trip that no bus has taken."""
        self._connection.execute(
            update(trips)
            .where(trips.c.id == trip.trip_id, trips.c.state.in_(("scheduled", "missed")))
            .values(state="cancelled", ended_at_ms=trip.ended_at_ms)
        )
        self._project_notices(trip, trip, told)

    def list_told(self, trip_id: str) -> dict[tuple[str, NoticeKind, int], str | None]:
        """Give (rider, kind, occurrence) of the notices of a trip that were sent, with the stop that each named."""
        self.flush()
        rows = self._connection.execute(_SENT, {"trip": trip_id})
        return {(row.rider_id, row.kind, row.occurrence): row.stop_id for row in rows}

    def _project_notices(self, before: TripState | None, trip: TripState, told: Sequence[Told]) -> None:
        """Insert what is new; where a fold again took the ground from a notice, withdraw it or, when it was sent, correct it."""
        for one in told:
            row = _notice_row(one)
            self._notices[tuple(row[name] for name in NOTICE_KEY)] = row
        if before is None:
            self._withdraw(trip, told)

    def _withdraw(self, trip: TripState, told: Sequence[Told]) -> None:
        said = (
            *trip.announcements,
            *(one.announcement for one in told),
        )  # corrections are no part of the trip
        holds = {(one.rider_id, one.kind, one.occurrence) for one in said}
        # Each guardian is told that the bus comes near by their own choice: one's announcement is no ground for another's.
        near = {
            (one.user_id, one.announcement.rider_id) for one in told if one.announcement.kind == "approaching"
        }
        self.flush()
        rows = self._connection.execute(_UNSENT, {"trip": trip.trip_id})
        gone = [
            row.id
            for row in rows
            if (row.rider_id, row.kind, row.occurrence) not in holds
            or (row.kind == "approaching" and (row.user_id, row.rider_id) not in near)
        ]
        if gone:
            self._connection.execute(
                update(notices).where(notices.c.id.in_(gone)).values(withdrawn_at_ms=notices.c.made_at_ms)
            )


def _notice_row(told: Told) -> dict[str, Any]:
    announcement = told.announcement
    return {
        "id": new_id(),
        "user_id": told.user_id,
        "rider_id": announcement.rider_id,
        "trip_id": told.trip_id,
        "kind": announcement.kind,
        "occurrence": announcement.occurrence,
        "stop_id": announcement.stop_id,
        "at_ms": announcement.at_ms,
        "made_at_ms": told.made_at_ms,
        "text_zh": told.text_zh,
        "text_en": told.text_en,
        "muted": told.muted,
    }
