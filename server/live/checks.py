"""Look again at rights that may have ended by what another process did: an unlinked child, a closed account, an expired session."""

from __future__ import annotations

import logging
from functools import partial
from typing import TYPE_CHECKING

import gevent

from server.errors import SixFixedError
from server.live.sockets import Socket
from server.service import accounts, policy, watching
from server.service.instants import day
from server.service.policy import Caller
from server.service.watching import Target
from server.service.web_ports import Work

if TYPE_CHECKING:
    from server.live.rooms import Rooms

CATALOG_S = 2.0  # every change of accounts or of the plan moves the catalogue's number (import, command line)
ALL_S = 60.0  # sessions run out without anyone moving it
CHUNK = 50

_log = logging.getLogger("live")


def watch_rights(rooms: Rooms) -> None:
    """Check all sockets when the catalogue moved, when another day began, and each minute; for ever."""
    seen: tuple[int | None, str] | None = None
    checked_at_s = rooms.deps.real.monotonic()
    while True:
        gevent.sleep(CATALOG_S)
        try:
            mark = rooms.deps.pool.run(lambda: _mark(rooms))
            now_s = rooms.deps.real.monotonic()
            if mark != seen or now_s - checked_at_s >= ALL_S:
                run(rooms)
                seen, checked_at_s = mark, now_s
        except Exception:
            _log.exception("rights could not be looked at again; trying again in %g s", CATALOG_S)


def run(rooms: Rooms) -> None:
    """Close the sockets of ended sessions, and end the watches that are no longer allowed."""
    sockets = list(rooms.sockets.values())
    for start in range(0, len(sockets), CHUNK):
        chunk = sockets[start : start + CHUNK]
        found = rooms.deps.pool.run(partial(_read, rooms, chunk))
        for socket, (caller, lost) in zip(chunk, found, strict=True):
            if socket.sid not in rooms.sockets:
                continue
            if caller is None:
                rooms.close(socket, "session")
                continue
            socket.caller = caller
            for target in lost:
                rooms.unwatch(socket, target)
                rooms.send_to({socket.sid}, "ended", {"watch": target.named(), "reason": "rights"})


def find_caller(
    work: Work, socket_session: str | None, token_digest: str | None, now_ms: int
) -> Caller | None:
    """Find who a socket's session or token now is; a session that may only enrol a second factor hears nothing."""
    if token_digest is not None:
        found = accounts.find_by_token_digest(work, token_digest, now_ms)
    else:
        found = None if socket_session is None else accounts.find_by_session(work, socket_session, now_ms)
    return None if found is None or found[0].limited else found[0]


def _read(rooms: Rooms, chunk: list[Socket]) -> list[tuple[Caller | None, list[Target]]]:
    real_ms, now_ms = rooms.deps.real.now_ms(), rooms.deps.clock.now_ms()
    found = []
    with rooms.deps.store.read() as work:
        for socket in chunk:
            caller = find_caller(work, socket.caller.session_id, socket.token_digest, real_ms)
            lost = (
                []
                if caller is None
                else [t for t in list(socket.watches) if not _may(work, caller, t, now_ms)]
            )
            found.append((caller, lost))
    return found


def _may(work: Work, caller: Caller, target: Target, now_ms: int) -> bool:
    try:
        watching.admit(work, caller, policy.WATCH[target.kind], target, now_ms)
    except SixFixedError:
        return False
    return True


def _mark(rooms: Rooms) -> tuple[int | None, str]:
    """Give what changes when rights may have: the catalogue's number, and the date up to which a child may be lent."""
    with rooms.deps.store.read() as work:
        on = day(rooms.deps.clock.now_ms(), work.scopes.timezone())
        return work.house.counter("catalog"), on
