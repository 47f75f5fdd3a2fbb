"""A user's own notices."""

from __future__ import annotations

from server.api.endpoint import Ask, Endpoint, Page, Reply, Text
from server.service import notices_read, policy
from server.service.shapes import Items, Notice


class Query(Page, frozen=True):
    """GET /notices."""

    child: Text | None = None


def list_notices(ask: Ask) -> Items[Notice]:
    """List the own notices, newest first."""
    query: Query = ask.query
    found = notices_read.list_notices(
        ask.work, ask.scope, ask.who.user_id, query.child, query.after, query.limit
    )
    for child_id in sorted({notice.child.id for notice in found.items}):
        ask.note("read_notices", child_id)
    return found


def mark_read(ask: Ask) -> Reply:
    """Mark one as read."""
    ask.work.notices.mark_read(ask.subject, ask.now_ms)
    return Reply(status=204)


ENDPOINTS = (
    Endpoint("GET", "/notices", policy.NOTICES, list_notices, Items[Notice], "My notices", query=Query),
    Endpoint("POST", "/notices/{notice}/read", policy.NOTICE, mark_read, None, "Mark as read", status=204, works="write"),
)  # fmt: skip
