"""Delete what has been kept long enough, some thousand rows at a time, so that nobody waits for it."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Final, Protocol, get_args

from server.domain.retention import Kept, Retention

EVERY_S: Final = 6 * 3600.0
AT_ONCE: Final = 2_000

log = logging.getLogger("sixfixed.worker.retention")


class RetentionStore(Protocol):
    """What is kept."""

    def delete(self, kind: Kept, before_ms: int, limit: int) -> int:
        """Delete so many rows of a kind from before an instant in one transaction; give how many."""


class Retaining:
    """The regular look; `stopping` ends it between two portions."""

    def __init__(
        self,
        store: RetentionStore,
        kept: Retention,
        now_ms: Callable[[], int],
        stopping: Callable[[], bool] = lambda: False,
    ) -> None:
        self._store = store
        self._kept = kept
        self._now_ms = now_ms
        self._stopping = stopping

    def run(self) -> dict[Kept, int]:
        """Delete what is due; give how many rows of each kind went."""
        now_ms = self._now_ms()
        gone: dict[Kept, int] = {}
        for kind in get_args(Kept):
            before_ms = self._kept.before_ms(kind, now_ms)
            while not self._stopping():
                count = self._store.delete(kind, before_ms, AT_ONCE)
                gone[kind] = gone.get(kind, 0) + count
                if count < AT_ONCE:
                    break
        if any(gone.values()):
            log.info(
                "kept long enough: %s", ", ".join(f"{count} {kind}" for kind, count in gone.items() if count)
            )
        return gone
