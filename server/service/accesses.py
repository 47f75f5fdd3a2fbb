"""Who looked at a child's data: what a guardian may read of the audit."""

from __future__ import annotations

from datetime import datetime

import msgspec

from server.errors import InvalidError
from server.service.instants import at
from server.service.policy import Caller
from server.service.shapes import Items
from server.service.web_ports import Work

KEPT_MS = 30 * 86_400_000


class By(msgspec.Struct, frozen=True):
    """Who it was: an account's name and what they are."""

    role: str
    name: str


class Access(msgspec.Struct, frozen=True):
    """One reading; `what` is the audit's word, as read_manifest or watch_child."""

    id: str
    at: datetime
    by: By
    what: str


def list_accesses(
    work: Work, caller: Caller, rider_id: str, after: str | None, limit: int, now_ms: int
) -> Items[Access]:
    """List readings of the last 30 days of the child and of the trips that it was on, newest first, without the caller's own."""
    if after is not None and not after.isdecimal():
        raise InvalidError(
            "`after` is none of this list's cursors: take `next` of the page before.",
            fields={"after": "unknown"},
        )
    cursor = None if after is None else int(after)
    rows = work.audit.accesses(rider_id, caller.user_id, now_ms - KEPT_MS, cursor, limit + 1)
    zone = work.scopes.timezone()
    items = [
        Access(str(row.id), at(row.at_ms, zone), By(row.role, row.name), row.action) for row in rows[:limit]
    ]
    return Items(items, items[-1].id if len(rows) > limit else None)
