"""A user's notices, read and marked in the database."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, Select, exists, func, or_, select, tuple_, update

from server.adapters.db.scopes import notices_of
from server.adapters.db.tables import findings, notices, operators, riders, routes, trips, users
from server.domain.calling import is_over
from server.errors import InvalidError, NotFoundError
from server.service.policy import Scope
from server.service.rows import NoticeRow
from server.service.shapes import Named


def _select() -> Select[*tuple[Any, ...]]:
    return (
        select(
            notices, riders.c.id.label("child_id"), riders.c.code.label("rider_code"),
            riders.c.name.label("rider_name"), riders.c.school_id,
            trips.c.id.label("run_id"), trips.c.code.label("trip_code"), routes.c.long_name, routes.c.short_name,
            operators.c.timezone, findings.c.kind.label("finding_kind"), findings.c.answered_at_ms,
            findings.c.began_ms, findings.c.ended_ms, findings.c.withdrawn_at_ms.label("unfounded_ms"),
        )
        .join(findings, findings.c.id == notices.c.finding_id, isouter=True)
        .join(riders, riders.c.id == func.coalesce(notices.c.rider_id, findings.c.rider_id), isouter=True)
        .join(trips, trips.c.id == func.coalesce(notices.c.trip_id, findings.c.trip_id), isouter=True)
        .join(routes, routes.c.id == trips.c.route_id, isouter=True)
        .join(users, users.c.id == notices.c.user_id)
        # One that is of no trip and no finding is a desk's own.
        .join(operators, operators.c.id == func.coalesce(trips.c.operator_id, findings.c.operator_id, users.c.scope_id))
    )  # fmt: skip


def _newest() -> ColumnElement[bool]:
    """Say that a notice is no call, or the newest call of its finding to this user: a list isn't for counting them."""
    later = notices.alias("later")
    return ~exists().where(
        later.c.user_id == notices.c.user_id,
        later.c.finding_id == notices.c.finding_id,
        later.c.occurrence > notices.c.occurrence,
        later.c.withdrawn_at_ms.is_(None),
    )


def _row(row: Row[*tuple[Any, ...]]) -> NoticeRow:
    return NoticeRow(
        row.id, row.user_id, row.kind,
        None if row.child_id is None else Named(row.child_id, row.rider_code, row.rider_name), row.school_id,
        None if row.run_id is None else Named(row.run_id, row.trip_code, row.long_name or row.short_name),
        row.timezone, row.at_ms, row.sent_at_ms, row.expired_at_ms, row.read_at_ms, row.text_zh, row.text_en,
        row.finding_id, row.finding_kind,
        row.finding_id is not None and (row.unfounded_ms is not None or is_over(row.began_ms, row.ended_ms)),
        row.answered_at_ms, row.muted,
    )  # fmt: skip


class NoticesDb:
    """Implements `NoticeStore` on one connection."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def page(
        self, scope: Scope, user_id: str, child: str | None, after: str | None, limit: int
    ) -> list[NoticeRow]:
        query = _select().where(notices_of(scope, user_id), _newest())
        if child is not None:
            query = query.where(or_(riders.c.id == child, riders.c.code == child))
        if after is not None:
            last_ms = self._connection.scalar(
                select(notices.c.at_ms).where(notices.c.id == after, notices.c.user_id == user_id)
            )
            if last_ms is None:
                raise InvalidError("`after` is none of this list's cursors: take `next` of the page before.")
            query = query.where(tuple_(notices.c.at_ms, notices.c.id) < (last_ms, after))
        query = query.order_by(notices.c.at_ms.desc(), notices.c.id.desc()).limit(limit)
        return [_row(row) for row in self._connection.execute(query)]

    def get(self, notice_id: str) -> NoticeRow:
        row = self._connection.execute(_select().where(notices.c.id == notice_id)).one_or_none()
        if row is None:
            raise NotFoundError(f"There is no notice {notice_id}: it may have been withdrawn.")
        return _row(row)

    def mark_read(self, notice_id: str, now_ms: int) -> None:
        self._connection.execute(
            update(notices)
            .where(notices.c.id == notice_id, notices.c.read_at_ms.is_(None))
            .values(read_at_ms=now_ms)
        )
