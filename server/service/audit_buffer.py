"""Keep audit lines and session marks for a moment, and write them in one transaction."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable

from server.service.policy import Caller
from server.service.rows import AuditEntry
from server.service.web_ports import WebStore

FLUSH_S = 0.5  # one fsync for many readings; a crash loses at most this much of the audit
KEPT = 50_000  # while the database can't be written; beyond it the oldest go, and the log says so

_log = logging.getLogger("audit")


class AuditBuffer:
    """Takes entries from any thread; writes them soon. `run` runs a unit of work, `later` schedules on the loop."""

    def __init__(
        self,
        store: WebStore,
        run: Callable[[Callable[[], None]], None],
        later: Callable[[float, Callable[[], None]], None],
    ) -> None:
        self._store = store
        self._run = run
        self._later = later
        self._lock = threading.Lock()
        self._entries: list[AuditEntry] = []
        self._seen: dict[tuple[str | None, str | None], int] = {}  # by session or token
        self._scheduled = False

    def add(self, entries: list[AuditEntry]) -> None:
        """Keep lines to be written; call it on the loop."""
        if entries:
            with self._lock:
                self._entries += entries
            self._schedule()

    def touch(self, caller: Caller, seen_at_ms: int) -> None:
        """Keep that the caller's session or token was used; call it on the loop."""
        with self._lock:
            self._seen[caller.session_id, caller.token_id] = seen_at_ms
        self._schedule()

    def flush(self) -> None:
        """Write what is kept now; on an error keep it for the next time."""
        with self._lock:
            entries, self._entries = self._entries, []
            seen, self._seen = self._seen, {}
            self._scheduled = False
        if not entries and not seen:
            return
        try:
            self._run(lambda: self._write(entries, seen))
        except Exception:
            _log.exception("%d audit lines could not be written; trying again", len(entries))
            with self._lock:
                self._entries = (entries + self._entries)[-KEPT:]
                self._seen = seen | self._seen
            self._schedule()

    def _schedule(self) -> None:
        with self._lock:
            if self._scheduled:
                return
            self._scheduled = True
        self._later(FLUSH_S, self.flush)

    def _write(self, entries: list[AuditEntry], seen: dict[tuple[str | None, str | None], int]) -> None:
        with self._store.write() as work:
            work.audit.add(entries)
            for (session_id, token_id), seen_at_ms in seen.items():
                if session_id is not None:
                    work.accounts.touch_session(session_id, seen_at_ms)
                if token_id is not None:
                    work.accounts.touch_token(token_id, seen_at_ms)
