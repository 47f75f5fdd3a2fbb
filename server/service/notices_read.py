"""A user's own notices: what guardians are told, and what calls staff to a finding."""

from __future__ import annotations

from collections.abc import Sequence

from server.service import shapes
from server.service.findings_read import rider_for, rings
from server.service.findings_rows import RingRow
from server.service.instants import at
from server.service.policy import Role, Scope
from server.service.rows import NoticeRow
from server.service.web_ports import Work


def list_notices(
    work: Work, scope: Scope, user_id: str, role: Role, child: str | None, after: str | None, limit: int
) -> shapes.Items[shapes.Notice]:
    """List the user's notices, newest first; `child` is a rider's id or code. Of the calls to a finding the newest stands for all."""
    rows = work.notices.page(scope, user_id, child, after, limit + 1)
    page = rows[:limit]
    return shapes.Items(_show(work, page, scope, role), page[-1].id if len(rows) > limit else None)


def get_notice(work: Work, scope: Scope, role: Role, notice_id: str) -> shapes.Notice:
    """Give one notice of the user."""
    return _show(work, [work.notices.get(notice_id)], scope, role)[0]


def _show(work: Work, rows: Sequence[NoticeRow], scope: Scope, role: Role) -> list[shapes.Notice]:
    around = work.findings.around(sorted({row.finding_id for row in rows if row.finding_id is not None}))
    return [show_notice(row, scope, role, around.get(row.finding_id or "", ())) for row in rows]


def show_notice(row: NoticeRow, scope: Scope, role: Role, around: Sequence[RingRow]) -> shapes.Notice:
    """Give a notice's shape as its owner may see it: a school no other school's child, a regulator no child's name."""
    zone = row.timezone
    foreign = scope.kind == "school" and row.child_school_id not in scope.ids
    return shapes.Notice(
        id=row.id,
        kind=row.kind,
        child=None if foreign else rider_for(role, row.child),
        trip=row.trip,
        at=at(row.at_ms, zone),
        sent_at=at(row.sent_at_ms, zone),
        read_at=at(row.read_at_ms, zone),
        late=row.expired_at_ms is not None,
        muted=row.muted,
        text=shapes.Words(row.text_zh, row.text_en),
        finding=shapes.FindingRef(row.finding_id, row.finding_kind, row.finding_over)
        if row.finding_id is not None and row.finding_kind is not None
        else None,
        call=rings(role, around),
        answered_at=at(row.answered_at_ms, zone),
    )
