"""The courier: takes notices out of the outbox to their people, each once its row is committed.

A notice of an event older than 15 min goes to history, marked late, and is announced to nobody, but for a condition that still
holds. A crash between telling and marking tells it again under the same id, which a page and a phone show once.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from threading import Event
from typing import Final, Protocol

import msgspec

from server.clock import Clock
from server.domain.limits import HISTORY_AFTER_MS

LOOK_EVERY_S: Final = 5.0
AT_ONCE: Final = 200

log = logging.getLogger("sixfixed.worker.courier")


class Waiting(msgspec.Struct, frozen=True):
    """A notice that nobody was told of yet."""

    id: str
    user_id: str
    at_ms: int
    lasts: bool = False  # it tells of a condition that still holds, however old its beginning is


class Outbox(Protocol):
    """The notices that wait."""

    def list_waiting(self, limit: int, now_ms: int) -> list[Waiting]:
        """List the oldest ones."""

    def mark(self, *, sent: Sequence[str], expired: Sequence[str], at_ms: int) -> None:
        """Mark what was told, and what came too late to be."""


class Channel(Protocol):
    """One way to reach people. A slow one takes note and returns: the others wait for it."""

    def tell(self, notices: Sequence[Waiting]) -> None:
        """Tell them, or take lasting note to; raise when it can't be done now. The same may be told again."""


class Courier:
    """Empties the outbox through every channel, woken or every few seconds."""

    def __init__(
        self, outbox: Outbox, channels: Sequence[Channel], clock: Clock, *, quiet_until_ms: int = 0
    ) -> None:
        """Prepare; what happened before `quiet_until_ms` may have been told before a backup was restored, and isn't again."""
        self._quiet_until_ms = quiet_until_ms
        self._outbox = outbox
        self._channels = channels
        self._clock = clock
        self._woken = Event()
        self._stopping = False

    def wake(self) -> None:
        """Look now; safe from any thread."""
        self._woken.set()

    def stop(self) -> None:
        """End `run`."""
        self._stopping = True
        self._woken.set()

    def run(self) -> None:
        """Work until `stop`; a failure is told and tried again."""
        while not self._stopping:
            self._woken.clear()
            try:
                while self.deliver() == AT_ONCE:
                    pass
            except Exception:
                log.exception("notices could not be delivered; they wait and are tried again")
            self._woken.wait(LOOK_EVERY_S)

    def deliver(self) -> int:
        """Deliver what waits, once; give how many there were."""
        now_ms = self._clock.now_ms()
        waiting = self._outbox.list_waiting(AT_ONCE, now_ms)
        if not waiting:
            return 0
        since_ms = max(now_ms - HISTORY_AFTER_MS, self._quiet_until_ms)
        fresh = [notice for notice in waiting if notice.lasts or notice.at_ms >= since_ms]
        told = self._tell(fresh) if fresh else True
        late = sorted({notice.id for notice in waiting} - {notice.id for notice in fresh})
        self._outbox.mark(sent=[notice.id for notice in fresh] if told else [], expired=late, at_ms=now_ms)
        # What could not be told is looked at again by and by, not at once.
        return len(waiting) if told else 0

    def _tell(self, notices: Sequence[Waiting]) -> bool:
        """Tell through every channel, whatever the one before said; False when one could not."""
        told = True
        for channel in self._channels:
            try:
                channel.tell(notices)
            except Exception:
                log.exception(
                    "notices could not go through %s; they wait and are tried again", type(channel).__name__
                )
                told = False
        return told
