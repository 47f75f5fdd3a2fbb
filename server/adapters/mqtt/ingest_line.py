"""Ingest's line to the broker: one lasting session for each kind of message, taken from as if they were one.

The embedded broker counts what waits to be acknowledged for a session as a whole; what another of its subscriptions has beyond it comes
20 s later (decision 0183). So a backlog of positions must not share a session with rides, nor batches with what is live.
"""

from __future__ import annotations

import selectors
from collections.abc import Callable, Sequence
from typing import Final

from server.adapters.mqtt.connection import Change
from server.adapters.mqtt.endpoint import Endpoint
from server.adapters.mqtt.rights import INGEST_SESSIONS
from server.adapters.mqtt.subscriber import Message, Subscriber
from server.clock import Clock

# For the other sessions, at first: a sign-on that comes behind its positions has its bus folded again.
_POSITIONS_WAIT_S: Final = 1.0
_EVERY_S: Final = (
    0.5  # how often every session is looked after, whether or not something came: keep-alive, coming back
)


class IngestLine:
    """Satisfies ingest's `Line`, and the speaker's; single-threaded like the subscribers that it is made of."""

    def __init__(
        self, endpoint: Endpoint, *, clock: Clock, on_change: Callable[[Change], None] = lambda change: None
    ) -> None:
        self._clock = clock
        self._sessions = [
            Subscriber(
                endpoint, clock=clock, on_change=on_change, topics=topics, client_id=client_id, number=number
            )
            for number, (client_id, topics) in enumerate(INGEST_SESSIONS.items())
        ]
        self._selector = selectors.DefaultSelector()
        for session in self._sessions:
            self._selector.register(session, selectors.EVENT_READ)
        self._woken = False
        self._looked_at = float("-inf")
        self._turn = 0
        self._began_at: float | None = None
        self._complete = False  # positions, which are the last session's, come too

    @property
    def ready(self) -> bool:
        """Say whether every session is there and messages may come."""
        return all(session.ready for session in self._sessions)

    def take(self, max_n: int, max_wait_s: float) -> list[Message]:
        """Give up to `max_n` messages of all sessions, waiting at most `max_wait_s` for the first; see `Subscriber.take`."""
        now_s = self._clock.monotonic()
        deadline = now_s + max_wait_s
        taken = self._take(max_n, 0.0)
        while not (taken or self._woken):
            left_s = deadline - self._clock.monotonic()
            if left_s <= 0:
                break
            taken = self._take(max_n, left_s)
        self._woken = False
        return taken

    def _take(self, max_n: int, wait_s: float) -> list[Message]:
        now_s = self._clock.monotonic()
        if now_s - self._looked_at >= _EVERY_S or not self.ready:
            self._looked_at, wait_s = now_s, 0.0 if self.ready else min(wait_s, 0.02)
            heard = set(self._sessions if self._positions_too(now_s) else self._sessions[:-1])
            self._selector.select(wait_s)
        else:
            heard = {session for session in self._sessions if session.holds}
            wait_s = 0.0 if heard else min(wait_s, _EVERY_S)
            for key, _ in self._selector.select(wait_s):
                assert isinstance(key.fileobj, Subscriber)
                heard.add(key.fileobj)
        # Each session is the first in its turn, so that none fills every bunch alone.
        self._turn = (self._turn + 1) % len(self._sessions)
        taken: list[Message] = []
        for session in (*self._sessions[self._turn :], *self._sessions[: self._turn]):
            if session in heard and len(taken) < max_n:
                taken += session.take(max_n - len(taken), 0.0)
        return taken

    def _positions_too(self, now_s: float) -> bool:
        if not self._complete:
            self._began_at = now_s if self._began_at is None else self._began_at
            others = all(session.ready for session in self._sessions[:-1])
            self._complete = others or now_s - self._began_at >= _POSITIONS_WAIT_S
        return self._complete

    def ack(self, messages: Sequence[Message]) -> int:
        """Acknowledge messages after their commit and send at once; give how many the broker was told of."""
        return sum(session.ack(messages) for session in self._sessions)

    def publish(self, topic: str, payload: bytes, qos: int = 0, retain: bool = False) -> bool:
        """Send a message with the next write; False, and nothing sent later, when there is no connection."""
        return self._sessions[0].publish(topic, payload, qos, retain)

    def flush(self) -> None:
        """Write what `publish` left waiting, as far as the socket takes it."""
        self._sessions[0].flush()

    def disconnect(self) -> None:
        """Leave the broker while the database is down."""
        self._began_at, self._complete = None, False
        for session in self._sessions:
            session.disconnect()

    def connect(self) -> None:
        """Come back after `disconnect`, with the next `take`."""
        for session in self._sessions:
            session.connect()

    def close(self) -> None:
        """Disconnect for good; the sessions stay in the broker."""
        self._selector.close()
        for session in self._sessions:
            session.close()

    def wake(self) -> None:
        """Make a `take` that waits return now; for other threads and signal handlers."""
        self._woken = True
        self._sessions[0].wake()
