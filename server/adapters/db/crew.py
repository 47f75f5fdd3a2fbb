"""What crew, school and desk say, written as inputs, and what is needed to check it."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
from sqlalchemy import Connection, select

from server.adapters.db.engine import upsert
from server.adapters.db.tables import inputs, people, ride_plans, riders, timetables, users
from server.domain.verdict import Excuse
from server.ids import new_id
from server.service.shapes import Named


class CrewDb:
    """Implements `CrewStore` on one connection."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add(
        self, trip_id: str, kind: str, source: str, user_id: str, body: bytes, at_ms: int, now_ms: int
    ) -> None:
        row = {
            "trip_id": trip_id,
            "kind": kind,
            "at_ms": at_ms,
            "source": source,
            "user_id": user_id,
            "body": body,
            "made_at_ms": now_ms,
        }
        upsert(self._connection, inputs, [row], ["source"])

    def excuse(self, trip_id: str, excuse: Excuse, now_ms: int) -> None:
        source = f"excuse:{trip_id[-12:]}:{new_id()}"
        self.add(trip_id, "excuse", source, excuse.user_id, msgspec.json.encode(excuse), excuse.at_ms, now_ms)

    def known_riders(self, operator_id: str, rider_ids: Sequence[str]) -> set[str]:
        query = (
            select(riders.c.id)
            .join(ride_plans, ride_plans.c.rider_id == riders.c.id)
            .join(timetables, timetables.c.id == ride_plans.c.timetable_id)
            .where(
                riders.c.id.in_(set(rider_ids)),
                riders.c.ended_at_ms.is_(None),
                timetables.c.operator_id == operator_id,
            )
        )
        return set(self._connection.scalars(query))

    def find_badge(self, person_id: str) -> str | None:
        query = select(people.c.badge).where(people.c.id == person_id, people.c.ended_at_ms.is_(None))
        badge: str | None = self._connection.scalar(query)
        return badge

    def names(self, user_ids: Sequence[str]) -> dict[str, Named]:
        query = select(users.c.id, users.c.username, users.c.name).where(users.c.id.in_(user_ids))
        return {
            row.id: Named(row.id, row.username, row.name or row.username)
            for row in self._connection.execute(query)
        }
