"""A user's own notices."""

from __future__ import annotations

from server.service import shapes
from server.service.instants import at
from server.service.policy import Scope
from server.service.rows import NoticeRow
from server.service.web_ports import Work


def list_notices(
    work: Work, scope: Scope, user_id: str, child: str | None, after: str | None, limit: int
) -> shapes.Items[shapes.Notice]:
    """List the user's notices, newest first; `child` is a rider's id or code."""
    rows = work.notices.page(scope, user_id, child, after, limit + 1)
    page = rows[:limit]
    return shapes.Items([show_notice(row) for row in page], page[-1].id if len(rows) > limit else None)


def show_notice(row: NoticeRow) -> shapes.Notice:
    """Give a notice's shape."""
    zone = row.timezone
    return shapes.Notice(
        id=row.id,
        kind=row.kind,
        child=row.child,
        trip=row.trip,
        at=at(row.at_ms, zone),
        sent_at=at(row.sent_at_ms, zone),
        read_at=at(row.read_at_ms, zone),
        late=row.expired_at_ms is not None,
        text=shapes.Words(row.text_zh, row.text_en),
    )
