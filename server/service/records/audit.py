"""What the audit keeps of a record's change: what was different before, and after; never a secret."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import msgspec

from server.service.instants import at
from server.service.rows import AuditEntry
from server.service.shapes import Items, Named
from server.service.web_ports import Work

CREATED, UPDATED, ENDED = "create_record", "update_record", "end_record"
_SAID = {CREATED: "created", UPDATED: "updated", ENDED: "ended"}
_NOT_KEPT = ("id", "version", "ended", "ended_on", "warnings")


class Difference(msgspec.Struct, frozen=True):
    """The detail of a line of the audit."""

    before: dict[str, Any] | None
    after: dict[str, Any] | None


class HistoryItem(msgspec.Struct, frozen=True):
    """One change of a record; `before` and `after` hold what differs, all of it where it was created or ended."""

    id: int
    at: datetime
    by: Named | None
    action: str
    before: dict[str, Any] | None
    after: dict[str, Any] | None


def entry(
    at_ms: int,
    user_id: str,
    action: str,
    id_: str,
    before: Mapping[str, Any] | None,
    after: Mapping[str, Any] | None,
    *,
    secret: bool = False,
) -> AuditEntry | None:
    """Make the line; None where nothing differs. `secret`: another one was set, which is all that is said of it."""
    old = None if before is None else {name: before[name] for name in before if name not in _NOT_KEPT}
    new = None if after is None else {name: after[name] for name in after if name not in _NOT_KEPT}
    if old is not None and new is not None:
        moved = [name for name in new if new[name] != old.get(name)]
        old, new = {name: old.get(name) for name in moved}, {name: new[name] for name in moved}
        if secret:
            new["secret"] = "changed"
        if not new:
            return None
    detail = msgspec.json.encode(Difference(old, new)).decode()
    return AuditEntry(at_ms, user_id, action, id_, detail)


def list_history(work: Work, id_: str, after: int | None, limit: int) -> Items[HistoryItem]:
    """List a record's changes, newest first."""
    rows = work.audit.history(id_, tuple(_SAID), after, limit + 1)
    zone, page = work.scopes.timezone(), rows[:limit]
    items = []
    for row in page:
        said = msgspec.json.decode(row.detail or '{"before":null,"after":null}', type=Difference)
        items.append(
            HistoryItem(row.id, at(row.at_ms, zone), row.user, _SAID[row.action], said.before, said.after)
        )
    return Items(items, str(page[-1].id) if len(rows) > limit else None)
