"""The audit in the database."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, Select, insert, or_, select

from server.adapters.db.tables import audit, trip_riders, users
from server.service.rows import AccessRow, AuditEntry, AuditRow
from server.service.shapes import Named


class AuditDb:
    """Implements `AuditStore` on one connection."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add(self, entries: Sequence[AuditEntry]) -> None:
        if entries:
            self._connection.execute(
                insert(audit),
                [
                    {
                        "at_ms": each.at_ms, "user_id": each.user_id, "action": each.action[:64],
                        "object": each.object[:128] if each.object else None, "detail": each.detail,
                    }
                    for each in entries
                ],
            )  # fmt: skip

    def page(self, filters: dict[str, str], after: int | None, limit: int) -> list[AuditRow]:
        query = (
            select(audit, users.c.username, users.c.name)
            .join(users, users.c.id == audit.c.user_id, isouter=True)
            .order_by(audit.c.id.desc())
            .limit(limit)
        )
        if after is not None:
            query = query.where(audit.c.id < after)
        if "user" in filters:
            query = query.where(or_(audit.c.user_id == filters["user"], users.c.username == filters["user"]))
        for name in ("object", "action"):
            if name in filters:
                query = query.where(audit.c[name] == filters[name])
        return self._rows(query)

    def history(
        self, object_id: str, actions: Sequence[str], after: int | None, limit: int
    ) -> list[AuditRow]:
        query = (
            select(audit, users.c.username, users.c.name)
            .join(users, users.c.id == audit.c.user_id, isouter=True)
            .where(audit.c.object == object_id, audit.c.action.in_(actions))
            .order_by(audit.c.id.desc())
            .limit(limit)
        )
        return self._rows(query if after is None else query.where(audit.c.id < after))

    def accesses(
        self, rider_id: str, but_user_id: str, since_ms: int, after: int | None, limit: int
    ) -> list[AccessRow]:
        rode = select(trip_riders.c.trip_id).where(trip_riders.c.rider_id == rider_id)
        query = (
            select(audit.c.id, audit.c.at_ms, audit.c.action, users.c.role, users.c.username, users.c.name)
            .join(users, users.c.id == audit.c.user_id)
            .where(
                or_(audit.c.object == rider_id, audit.c.object.in_(rode)),
                or_(audit.c.action.like("read!_%", escape="!"), audit.c.action.like("watch!_%", escape="!")),
                audit.c.user_id != but_user_id,
                audit.c.at_ms >= since_ms,
            )
            .order_by(audit.c.id.desc())
            .limit(limit)
        )
        if after is not None:
            query = query.where(audit.c.id < after)
        return [
            AccessRow(row.id, row.at_ms, row.role, row.name or row.username, row.action)
            for row in self._connection.execute(query)
        ]

    def _rows(self, query: Select[Any]) -> list[AuditRow]:
        return [
            AuditRow(
                row.id, row.at_ms,
                None if row.user_id is None else Named(row.user_id, row.username or "", row.name or row.username or ""),
                row.action, row.object, row.detail,
            )
            for row in self._connection.execute(query)
        ]  # fmt: skip
