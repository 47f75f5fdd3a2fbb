"""Manifests of trips that no bus has taken, in line with who was said not to ride."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import ColumnElement, and_, bindparam, exists, or_, select, update

from server.adapters.db.ingest_store.waiting import WaitingRows
from server.adapters.db.tables import exceptions, trip_riders, trips
from server.domain.limits import TRIP_WINDOW_AFTER_MS


class AbsenceRows(WaitingRows):
    """Settles who is absent where the fold has no say."""

    def settle_exceptions(self, now_ms: int) -> list[str]:
        """Bring the manifests of trips that no bus has taken yet in line with the exceptions; a running trip's are the fold's."""
        return self._settle(
            [trips.c.planned_end_ms > now_ms - TRIP_WINDOW_AFTER_MS, trips.c.assigned_at_ms.is_(None)]
        )

    def _settle(self, which: Sequence[ColumnElement[bool]]) -> list[str]:
        self.flush()
        excepted = exists().where(
            exceptions.c.rider_id == trip_riders.c.rider_id,
            exceptions.c.service_on == trips.c.service_on,
            exceptions.c.direction == trips.c.direction,
            exceptions.c.withdrawn_at_ms.is_(None),
        )
        query = (
            select(trip_riders.c.trip_id, trip_riders.c.rider_id, trip_riders.c.state)
            .join(trips, trips.c.id == trip_riders.c.trip_id)
            .where(
                *which,
                or_(
                    and_(trip_riders.c.state == "expected", excepted),
                    and_(trip_riders.c.state == "absent", ~excepted),
                ),
            )
        )
        rows = [
            {
                "_trip": row.trip_id,
                "_rider": row.rider_id,
                "state": "expected" if row.state == "absent" else "absent",
            }
            for row in self._connection.execute(query)
        ]
        if rows:
            where = and_(
                trip_riders.c.trip_id == bindparam("_trip"), trip_riders.c.rider_id == bindparam("_rider")
            )
            self._connection.execute(update(trip_riders).where(where).values(state=bindparam("state")), rows)
        return sorted({row["_trip"] for row in rows})
