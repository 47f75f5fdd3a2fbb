"""The courier's side of the database: notices that wait."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select, update

from server.adapters.db.engine import Database
from server.adapters.db.push_deliveries import join_conditions, lasts
from server.adapters.db.tables import notices
from server.service.courier import Waiting


class DatabaseOutbox:
    """Rows of `notices` that were neither told, nor came too late, nor were withdrawn, nor are muted by whom they are for."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def list_waiting(self, limit: int, now_ms: int) -> list[Waiting]:
        """List the oldest ones."""
        query = (
            join_conditions(
                select(notices.c.id, notices.c.user_id, notices.c.at_ms, lasts(now_ms)).select_from(notices)
            )
            .where(
                notices.c.sent_at_ms.is_(None),
                notices.c.expired_at_ms.is_(None),
                notices.c.withdrawn_at_ms.is_(None),
                notices.c.muted.is_(False),
            )
            .order_by(notices.c.at_ms, notices.c.id)
            .limit(limit)
        )
        with self._database.read() as connection:
            return [
                Waiting(id_, user_id, at_ms, bool(lasting))
                for id_, user_id, at_ms, lasting in connection.execute(query)
            ]

    def mark(self, *, sent: Sequence[str], expired: Sequence[str], at_ms: int) -> None:
        """Mark what was told, and what came too late to be."""
        with self._database.write() as connection:
            for ids, column in ((sent, "sent_at_ms"), (expired, "expired_at_ms")):
                if ids:
                    unsent = notices.c.id.in_(ids) & notices.c.sent_at_ms.is_(None)
                    connection.execute(update(notices).where(unsent).values({column: at_ms}))
