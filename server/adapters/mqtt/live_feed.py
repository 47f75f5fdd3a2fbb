"""A role's own tie to the house's topics: hears `live/` and `wake/`, says them, and keeps itself connected.

Its loop runs on what `threading.Thread` gives, and the callback is called there: on a native thread (so web, whose
sockets live in gevent's, hands over by an async watcher), or on a greenlet in a process with gevent's patches.
"""

from __future__ import annotations

import secrets
import threading
from collections import deque
from collections.abc import Callable, Sequence
from logging import Logger, getLogger
from typing import Final

from server.adapters.mqtt.change_log import ChangeLog
from server.adapters.mqtt.connection import Change, Connection, State
from server.adapters.mqtt.endpoint import Endpoint
from server.adapters.mqtt.packet_stream import Publish
from server.clock import Clock

_WAIT_S: Final = 1.0
_STOP_S: Final = 3.0
# More than any burst while the broker restarts; older ones go first, for the newest state is what counts.
_OUTBOX: Final = 10_000


class LiveFeed:
    """Hears topics and says messages for web and worker, over a clean session that forgets what it missed.

    `on_message(topic, payload)` must be quick; what it raises is logged and the feed goes on. `on_change` tells of
    the connection, READY included: whoever must not miss anything reads the database then.
    """

    def __init__(
        self,
        endpoint: Endpoint,
        topics: Sequence[str] = (),
        *,
        clock: Clock,
        log: Logger | None = None,
        on_change: Callable[[Change], None] = lambda change: None,
    ) -> None:
        self._log = log or getLogger("live")
        self._changes = ChangeLog(self._log)
        self._tell = on_change
        self._clock = clock
        self._on_message: Callable[[str, bytes], None] = _ignore
        self._outbox: deque[tuple[str, bytes]] = deque()
        self._dropped = 0
        self._stopping = False
        self._thread: threading.Thread | None = None
        self._progress = threading.Condition()
        self._published = 0
        self._written = 0
        self._in_flight = 0
        # Several processes of one role run beside each other: the broker wants one id each.
        client_id = f"{endpoint.username or 'sixfixed'}-{secrets.token_hex(8)}"
        self._connection = Connection(
            endpoint,
            client_id=client_id,
            subscriptions=[(topic, 0) for topic in topics],
            on_messages=self._hear,
            on_change=self._changed,
            clock=clock,
        )

    @property
    def ready(self) -> bool:
        """Say whether messages come and go now."""
        return self._connection.ready

    def start(self, on_message: Callable[[str, bytes], None] | None = None) -> None:
        """Begin to connect and to hear; returns at once. Raise RuntimeError the second time."""
        if self._thread is not None:
            raise RuntimeError("this feed was started before; make another one")
        self._on_message = on_message or _ignore
        self._thread = threading.Thread(target=self._run, name="live-feed", daemon=True)
        self._thread.start()

    def publish(self, topic: str, payload: bytes) -> None:
        """Say a message (QoS 0) from any thread or greenlet; while the broker is away the last 10,000 wait."""
        with self._progress:
            self._published += 1
            self._outbox.append((topic, payload))
            if len(self._outbox) > _OUTBOX:
                self._outbox.popleft()
                self._dropped += 1
                self._written += 1
        self._connection.wake()

    def drain(self, wait_s: float) -> bool:
        """Wait until everything published so far was written to the broker; False when the time ran out first."""
        with self._progress:
            goal = self._published
            return self._progress.wait_for(lambda: self._written >= goal, wait_s)

    def stop(self) -> None:
        """Disconnect and end the loop; what was not written yet is dropped."""
        self._stopping = True
        self._connection.wake()
        if self._thread is not None and self._thread is not threading.current_thread():
            self._thread.join(_STOP_S)

    def _run(self) -> None:
        connection = self._connection
        while not self._stopping:
            if connection.ready:
                self._write_out()
            try:
                connection.run_once(_WAIT_S)
            except Exception:
                # From the callback; the connection was dropped by it and comes back after the back-off.
                self._log.exception("a live message was not taken in")
        connection.close()

    def _write_out(self) -> None:
        with self._progress:
            waiting = list(self._outbox)
            self._outbox.clear()
        for topic, payload in waiting:
            self._connection.send(topic, payload)
        self._in_flight += len(waiting)
        self._connection.flush()
        if self._in_flight and self._connection.idle():
            with self._progress:
                self._written += self._in_flight
                self._in_flight = 0
                self._progress.notify_all()

    def _hear(self, messages: list[Publish]) -> None:
        for message in messages:
            try:
                self._on_message(message.topic, message.payload)
            except Exception:
                self._log.exception("a message on %s was not taken in", message.topic)

    def _changed(self, change: Change) -> None:
        if change.state is State.READY:
            dropped, self._dropped = self._dropped, 0
            more = f"; {dropped} messages were dropped meanwhile" if dropped else ""
            self._changes.note(change, more=more)
        else:
            self._changes.note(change)
        self._tell(change)


def _ignore(_topic: str, _payload: bytes) -> None:
    """Hear nothing: a feed that only publishes."""
