"""What guardians want to be told, in the database: every choice is a row, the newest holds."""

from __future__ import annotations

from typing import Final

import msgspec
from sqlalchemy import Connection, bindparam, select

from server.adapters.db.engine import upsert
from server.adapters.db.papers import PaperReader
from server.adapters.db.tables import notice_preferences, trip_riders, trips
from server.domain.plan import Direction
from server.domain.preference import (
    DEFAULT_LEAD,
    HOLDS_AFTER_MS,
    Choice,
    Choices,
    Lead,
    Preference,
    default_lead,
)
from server.domain.trip import NoticeKind

# Built once: to build a statement takes longer than to run it.
_OF_TRIP: Final = (
    select(notice_preferences)
    .join(trip_riders, trip_riders.c.rider_id == notice_preferences.c.rider_id)
    .where(
        trip_riders.c.trip_id == bindparam("trip"),
        notice_preferences.c.direction == bindparam("direction"),
    )
)
_muted: Final = msgspec.json.Decoder(tuple[NoticeKind, ...])


def load_choices(connection: Connection, trip_id: str, direction: Direction) -> Choices:
    """Load every choice for the riders of a trip, with the instant from which each holds."""
    rows = connection.execute(_OF_TRIP, {"trip": trip_id, "direction": direction})
    return Choices.of(
        Choice(
            row.rider_id,
            row.user_id,
            row.changed_at_ms + HOLDS_AFTER_MS,
            Lead(row.lead_by, row.lead),
            _muted.decode(row.muted),
        )
        for row in rows
    )


class PreferencesDb:
    """Implements `PreferenceStore` on one connection."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def find(self, user_id: str, rider_id: str, direction: Direction) -> Preference | None:
        """Find what a guardian chose last; None where they chose nothing."""
        chosen = notice_preferences
        row = self._connection.execute(
            select(chosen)
            .where(
                chosen.c.user_id == user_id, chosen.c.rider_id == rider_id, chosen.c.direction == direction
            )
            .order_by(chosen.c.changed_at_ms.desc())
            .limit(1)
        ).one_or_none()
        if row is None:
            return None
        return Preference(Lead(row.lead_by, row.lead), _muted.decode(row.muted))

    def default_lead(self, rider_id: str, direction: Direction) -> Lead:
        """Give the lead that holds where nothing was chosen: what the rider's newest trip that way goes by."""
        newest = (
            select(trips.c.permit_id, trips.c.route_id, trips.c.operator_id)
            .join(trip_riders, trip_riders.c.trip_id == trips.c.id)
            .where(trip_riders.c.rider_id == rider_id, trips.c.direction == direction)
            .order_by(trips.c.planned_start_ms.desc())
            .limit(1)
        )
        trip = self._connection.execute(newest).one_or_none()
        if trip is None:
            return DEFAULT_LEAD
        return default_lead(PaperReader().thresholds(self._connection, trip).approaching_s)

    def put(self, user_id: str, rider_id: str, direction: Direction, wanted: Preference, now_ms: int) -> None:
        """Keep a choice behind those that were made before; of two in one millisecond the later one."""
        row = {
            "user_id": user_id,
            "rider_id": rider_id,
            "direction": direction,
            "lead_by": wanted.lead.by,
            "lead": wanted.lead.value,
            "muted": msgspec.json.encode(wanted.muted).decode(),
            "changed_at_ms": now_ms,
        }
        key = ("user_id", "rider_id", "direction", "changed_at_ms")
        upsert(self._connection, notice_preferences, [row], key, ("lead_by", "lead", "muted"))
