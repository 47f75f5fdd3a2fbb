"""Who of the connected hears of a notice: its user, whatever the message says."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from server.live.sockets import Socket
from server.service import notices_read, policy, shapes
from server.service.policy import Caller
from server.service.web_ports import Work

# The sockets that get a notice, and its shape for them.
Told = tuple[set[str], shapes.Notice]


class Wanted(msgspec.Struct, frozen=True):
    """A notice that was made for somebody who is connected now."""

    notice_id: str
    caller: Caller
    sids: set[str]


def wanted(heard: list[tuple[str, str]], sockets: Iterable[Socket]) -> list[Wanted]:
    """Give what was heard as (notice, user) for users who are connected."""
    sids_of: dict[str, set[str]] = {}
    callers: dict[str, Caller] = {}
    for socket in sockets:
        sids_of.setdefault(socket.caller.user_id, set()).add(socket.sid)
        callers[socket.caller.user_id] = socket.caller
    return [
        Wanted(notice_id, callers[user_id], sids_of[user_id])
        for notice_id, user_id in dict.fromkeys(heard)
        if user_id in callers
    ]


def look(work: Work, asked: list[Wanted], now_ms: int) -> list[Told]:
    """Read the notices that are the user's own."""
    found: list[Told] = []
    for each in asked:
        caller = each.caller
        scope = policy.scope_of(work.scopes, caller, now_ms)
        # The row says whose it is.
        if work.scopes.find_notice_id(scope, caller.user_id, each.notice_id) is not None:
            found.append((each.sids, notices_read.get_notice(work, scope, caller.role, each.notice_id)))
    return found
