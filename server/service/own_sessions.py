"""The caller's own sessions: where one is logged in, and ending what shouldn't be."""

from __future__ import annotations

import hashlib

from server.service.account_shapes import SessionItem
from server.service.agents import name_device
from server.service.instants import at
from server.service.policy import Caller
from server.service.web_ports import Work


def session_ref(session_id: str) -> str:
    """Give the id that is shown of a session: what is stored of its cookie stays in the database."""
    return hashlib.sha256(f"session:{session_id}".encode()).hexdigest()[:32]


def list_sessions(work: Work, caller: Caller, now_ms: int) -> list[SessionItem]:
    """List the caller's sessions, the last used first; idle ones too, since a phone may still be told through one."""
    timezone = work.scopes.timezone()
    return [
        SessionItem(
            id=session_ref(row.id),
            device=name_device(row.agent),
            address=row.address,
            made_at=at(row.made_at_ms, timezone),
            seen_at=at(row.seen_at_ms, timezone),
            ends_at=at(row.ends_at_ms, timezone),
            current=row.id == caller.session_id,
        )
        for row in work.accounts.list_sessions(caller.user_id, now_ms)
    ]
