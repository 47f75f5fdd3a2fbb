"""The audit, for the administrator."""

from __future__ import annotations

from server.service import shapes
from server.service.instants import at
from server.service.web_ports import Work


def list_audit(
    work: Work, filters: dict[str, str], after: int | None, limit: int
) -> shapes.Items[shapes.AuditItem]:
    """List who read or changed what, newest first; `filters` are `user` (id or name), `object`, `action`."""
    rows = work.audit.page(filters, after, limit + 1)
    page, zone = rows[:limit], work.scopes.timezone()
    items = [
        shapes.AuditItem(row.id, at(row.at_ms, zone), row.user, row.action, row.object, row.detail)
        for row in page
    ]
    return shapes.Items(items, str(page[-1].id) if len(rows) > limit else None)
