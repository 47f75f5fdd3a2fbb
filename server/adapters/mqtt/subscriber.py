"""Ingest's connection: takes bus messages in bunches and acknowledges them after the commit."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Sequence
from logging import getLogger
from typing import Final, NamedTuple

from server.adapters.mqtt.change_log import ChangeLog
from server.adapters.mqtt.connection import Change, Connection, State
from server.adapters.mqtt.endpoint import Endpoint
from server.adapters.mqtt.packet_stream import Publish
from server.adapters.mqtt.rights import ROLE_INGEST
from server.adapters.mqtt.topics import INGEST_TOPICS, WAKE_INGEST
from server.clock import Clock

_QOS: Final = 1
_MID_BITS: Final = 16
_NUMBER_BITS: Final = 48  # above any generation
_MID_MASK: Final = (1 << _MID_BITS) - 1


class Message(NamedTuple):
    """One message as it came.

    `token` names it for `ack`: the connection's generation and the packet id. `received_ms` is the given clock's
    UTC milliseconds. `topic` is "" where it was not UTF-8.
    """

    token: int
    topic: str
    payload: bytes
    qos: int
    retain: bool
    received_ms: int


class Subscriber:
    """Single-threaded: ingest's loop calls `take`, `ack` and `publish`, and nothing runs between the calls.

    So the broker's pace is ingest's: what is not taken waits in the broker, up to `max_ack_pending` a topic. Call
    `take` at least every 20 s, or the broker gives the connection up (keep-alive 30 s).
    """

    def __init__(
        self,
        endpoint: Endpoint,
        *,
        clock: Clock,
        on_change: Callable[[Change], None] = lambda change: None,
        topics: Sequence[str] = (*INGEST_TOPICS, WAKE_INGEST),
        client_id: str = ROLE_INGEST,
        number: int = 0,
    ) -> None:
        """`number` tells the messages of several subscribers apart: `ack` passes over those of another."""
        self._number = number << _NUMBER_BITS
        self._clock = clock
        self._tell = on_change
        self._changes = ChangeLog(getLogger("line"))
        self._waiting: deque[Message] = deque()
        self._woken = False
        self._connection = Connection(
            endpoint,
            client_id=client_id,
            subscriptions=[(topic, _QOS) for topic in topics],
            not_subscribed=[topic for topic in (*INGEST_TOPICS, WAKE_INGEST) if topic not in topics],
            on_messages=self._keep,
            on_change=self._changed,
            clock=clock,
            lasting_session=True,
        )

    @property
    def ready(self) -> bool:
        """Say whether the session is there and messages may come."""
        return self._connection.ready

    @property
    def holds(self) -> bool:
        """Say whether there are messages that came and were not taken yet."""
        return bool(self._waiting)

    def fileno(self) -> int:
        """Give what a selector may wait on for something to come."""
        return self._connection.fileno()

    def take(self, max_n: int, max_wait_s: float) -> list[Message]:
        """Give up to `max_n` messages, waiting at most `max_wait_s` for the first.

        Connects and reconnects as needed. Raise what a callback raised; the connection was dropped then, and the
        broker sends again whatever was not acknowledged.
        """
        deadline = self._clock.monotonic() + max_wait_s
        # One look without waiting, so that an ingest that never runs dry still answers keep-alives and reads on.
        # More while more comes: what is behind is worked off in few large batches.
        before = -1
        while before < len(self._waiting) < max_n:
            before = len(self._waiting)
            self._connection.run_once(0.0)
        while not (self._waiting or self._woken):
            left = deadline - self._clock.monotonic()
            if left <= 0:
                break
            self._connection.run_once(left)
        self._woken = False
        taken = min(max_n, len(self._waiting))
        return [self._waiting.popleft() for _ in range(taken)]

    def ack(self, messages: Iterable[Message]) -> int:
        """Acknowledge messages after their commit and send at once; give how many the broker was told of.

        Messages of an earlier connection are passed over: the broker sends them again, and they are known then.
        """
        connection = self._connection
        newest, known = connection.generation, self._number | connection.generation
        mids = [
            message.token & _MID_MASK
            for message in messages
            if message.qos and message.token >> _MID_BITS == known
        ]
        if not mids:
            return 0
        told = len(mids) if connection.ack(mids, newest) else 0
        connection.flush()
        return told

    def publish(self, topic: str, payload: bytes, qos: int = 0, retain: bool = False) -> bool:
        """Send a message with the next write; False, and nothing sent later, when there is no connection.

        `saved` and `live/` go at QoS 0: a lost one is said again, and a stored one would pile up in the broker for
        every device that never comes back.
        """
        return self._connection.send(topic, payload, qos, retain)

    def flush(self) -> None:
        """Write what `publish` left waiting, as far as the socket takes it."""
        self._connection.flush()

    def disconnect(self) -> None:
        """Leave the broker while the database is down: it keeps what comes, instead of sending it over and over."""
        self._connection.suspend()

    def connect(self) -> None:
        """Come back after `disconnect`, with the next `take`."""
        self._connection.resume()

    def close(self) -> None:
        """Disconnect for good; the session stays in the broker."""
        self._connection.close()

    def wake(self) -> None:
        """Make a `take` that waits return now; for other threads and signal handlers."""
        self._woken = True
        self._connection.wake()

    def _keep(self, messages: list[Publish]) -> None:
        generation = (self._number | self._connection.generation) << _MID_BITS
        now_ms = self._clock.now_ms()
        self._waiting += [
            Message(generation | mid, topic, payload, qos, retain, now_ms)
            for mid, topic, payload, qos, retain in messages
        ]

    def _changed(self, change: Change) -> None:
        if change.state in (State.LOST, State.CLOSED):
            # What was not taken yet comes again; at QoS 0 it would not.
            kept = [message for message in self._waiting if message.qos == 0]
            self._waiting.clear()
            self._waiting.extend(kept)
        self._changes.note(change, lasting=True)
        self._tell(change)
