"""One lasting tie to a broker, made of one paho client after another, driven by whoever calls `run_once`.

It has no thread of its own and refuses to be used from two.
"""

from __future__ import annotations

import contextlib
import random
import selectors
import socket
import ssl
from collections.abc import Callable, Iterable, Sequence
from enum import Enum
from typing import Final

import msgspec
from paho.mqtt.client import Client, ConnectFlags, DisconnectFlags
from paho.mqtt.enums import CallbackAPIVersion, MQTTErrorCode, MQTTProtocolVersion
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

from server.adapters.mqtt.endpoint import Endpoint
from server.adapters.mqtt.packet_stream import PacketStream, Publish, StreamedClient
from server.clock import Clock

_KEEPALIVE_S: Final = 30
_CONNECT_S: Final = 5.0
# From TCP connect to the last SUBACK; the embedded broker's callout alone may take 5 s.
_READY_S: Final = 15.0
_BACKOFF_MIN_S: Final = 0.2
# A broker that was killed is back within seconds; a handful of roles that knock every two don't hinder it.
_BACKOFF_MAX_S: Final = 2.0
_MISC_S: Final = 1.0
# Packets that paho reads before writes and other work get their turn.
_READ_BUNCH: Final = 256
_REFUSED_BY_SUBACK: Final = 0x80


class State(Enum):
    """Where the tie stands."""

    CONNECTING = "connecting"
    READY = "ready"
    LOST = "lost"
    CLOSED = "closed"


class Change(msgspec.Struct, frozen=True):
    """A change of state; `detail` is a sentence for the log, `session_present` the broker's word at READY.

    A lasting session that was there before and is not `session_present` now was wiped: what the broker had
    acknowledged for it is gone, and comes again only because devices wait for `saved`.
    """

    state: State
    detail: str
    session_present: bool = False


class Connection:
    """Connects, subscribes, reconnects with back-off; every connection has its own `generation`.

    One paho client per connection: packet ids begin anew after a reconnect, and with one client for both a late
    acknowledgement would hit somebody else's message. `selectors` and not paho's own loop, whose `select()` fails
    silently for ever from the 1,024th open file on.

    `on_messages` (what came together) and `on_change` run inside `run_once`; what they raise comes out of `run_once`, after the
    connection was dropped, so that nothing unacknowledged is lost. What comes at QoS 1 is acknowledged by hand, with `ack`.
    """

    def __init__(
        self,
        endpoint: Endpoint,
        *,
        client_id: str,
        subscriptions: Sequence[tuple[str, int]],
        on_messages: Callable[[list[Publish]], None],
        on_change: Callable[[Change], None],
        clock: Clock,
        lasting_session: bool = False,
        not_subscribed: Sequence[str] = (),
    ) -> None:
        """`not_subscribed` are topics that a lasting session of an earlier version may have: they are given up."""
        self._not_subscribed = list(not_subscribed)
        self.endpoint = endpoint
        self.generation = 0
        self.state = State.CLOSED
        self._client_id = client_id
        self._subscriptions = list(subscriptions)
        self._on_messages = on_messages
        self._on_change = on_change
        self._clock = clock
        self._lasting_session = lasting_session
        self._client: StreamedClient | None = None
        self._socket: PacketStream | None = None
        self._session_present = False
        self._subscribe_mid: int | None = None
        self._reason = ""
        self._failure: BaseException | None = None
        self._wanted = True
        self._attempts = 0
        self._next_attempt = 0.0
        self._give_up_at = 0.0
        self._misc_at = 0.0
        self._selector = selectors.DefaultSelector()
        self._wake_in, self._wake_out = socket.socketpair()
        for end in (self._wake_in, self._wake_out):
            end.setblocking(False)
        self._selector.register(self._wake_out, selectors.EVENT_READ)
        self._writing = False

    @property
    def ready(self) -> bool:
        """Say whether it is connected and every subscription is granted."""
        return self.state is State.READY

    def run_once(self, wait_s: float) -> None:
        """Do what is due, waiting at most `wait_s` for something to come; raise what a callback raised."""
        now = self._clock.monotonic()
        if self._client is None and self._wanted:
            if now >= self._next_attempt:
                self._connect()
            else:
                wait_s = min(wait_s, self._next_attempt - now)
        if self._client is not None:
            self.flush()
        if self._client is not None:
            wait_s = 0.0 if self._has_decrypted() else min(wait_s, _MISC_S)
        self._serve(self._select(max(wait_s, 0.0)))
        if self._failure is not None:
            failure, self._failure = self._failure, None
            raise failure

    def fileno(self) -> int:
        """Give what a selector may wait on for `run_once` to have something to do at once."""
        assert isinstance(self._selector, selectors.EpollSelector)  # this program runs on Linux
        return self._selector.fileno()

    def send(self, topic: str, payload: bytes, qos: int = 0, retain: bool = False) -> bool:
        """Hand a message to the connection; False when there is none ready, and then it is not sent later.

        What is on its way when the connection breaks is gone.
        """
        if self._client is None or self._socket is None or not self.ready:
            return False
        if qos == 0:
            self._socket.publish(topic, payload, retain)
            return True
        return self._client.publish(topic, payload, qos, retain).rc == MQTTErrorCode.MQTT_ERR_SUCCESS

    def ack(self, mids: Iterable[int], generation: int) -> bool:
        """Acknowledge QoS 1 messages of that generation; False, and nothing sent, when it is not the current one."""
        if self._client is None or self._socket is None or generation != self.generation:
            return False
        self._socket.acknowledge(mids)
        return True

    def flush(self) -> None:
        """Write what is waiting, as far as the socket takes it."""
        if self._client is not None and self._client.want_write():
            self._guard(self._client.loop_write)
        if self._client is not None and self._socket is not None and self._socket.wants_write:
            try:
                self._socket.flush()
            except OSError as why:
                self._drop(f"{self.endpoint}: {why}", State.LOST)

    def idle(self) -> bool:
        """Say whether nothing waits to be written."""
        return not self._wants_write()

    def suspend(self) -> None:
        """Disconnect in good order, keep the session, and stay so until `resume`."""
        self._wanted = False
        if self._client is not None:
            with contextlib.suppress(OSError, ValueError):
                self._client.disconnect()
                self._client.loop_write()
            self._drop("disconnected as asked", State.CLOSED)

    def resume(self) -> None:
        """Connect again at the next `run_once`."""
        if not self._wanted:
            self._wanted, self._attempts, self._next_attempt = True, 0, 0.0

    def close(self) -> None:
        """Disconnect for good and give the files back."""
        self.suspend()
        self._selector.close()
        self._wake_in.close()
        self._wake_out.close()

    def wake(self) -> None:
        """Make a `run_once` that waits return now; may be called from any thread and from a signal handler."""
        with contextlib.suppress(OSError):
            self._wake_in.send(b"\0")

    def _connect(self) -> None:
        client = StreamedClient(
            CallbackAPIVersion.VERSION2,
            client_id=self._client_id,
            clean_session=not self._lasting_session,
            protocol=MQTTProtocolVersion.MQTTv311,
            reconnect_on_failure=False,
        )
        client.connect_timeout = _CONNECT_S
        client.max_queued_messages_set(0)
        if self.endpoint.username is not None:
            client.username_pw_set(self.endpoint.username, self.endpoint.password)
        if self.endpoint.tls:
            client.tls_set_context(ssl.create_default_context(cafile=self.endpoint.ca_file))
        client.on_connect = self._connected
        client.on_subscribe = self._subscribed
        client.on_disconnect = self._disconnected
        # With this set paho leaves writing to us.
        client.on_socket_register_write = _leave_writing_to_flush
        self.generation += 1
        self._client = client
        self._reason, self._subscribe_mid = "", None
        self._give_up_at = self._clock.monotonic() + _READY_S
        self._announce(State.CONNECTING, f"connecting to {self.endpoint}")
        try:
            client.connect(self.endpoint.host, self.endpoint.port, _KEEPALIVE_S)
        except (OSError, ValueError) as why:
            self._drop(f"{self.endpoint} can't be reached: {why}", State.LOST)
            return
        self._socket = client.stream
        self._writing = False
        self._selector.register(self._socket, selectors.EVENT_READ)

    def _select(self, wait_s: float) -> int:
        """Wait; give the events of the broker's socket."""
        if self._socket is not None:
            writing = self._wants_write()
            if writing != self._writing:
                self._writing = writing
                mask = selectors.EVENT_READ | (selectors.EVENT_WRITE if writing else 0)
                self._selector.modify(self._socket, mask)
        mask = 0
        for key, events in self._selector.select(wait_s):
            if key.fileobj is self._wake_out:
                with contextlib.suppress(BlockingIOError):
                    self._wake_out.recv(4096)
            else:
                mask |= events
        return mask

    def _serve(self, events: int) -> None:
        client, stream = self._client, self._socket
        if client is None or stream is None:
            return
        heard = False
        if events & selectors.EVENT_READ or self._has_decrypted():
            came = stream.receive()
            heard = bool(came)
            if came:
                self._deliver(came)
            for _ in range(_READ_BUNCH):
                if self._client is not client or not stream.has_news:
                    break
                self._guard(client.loop_read)  # reads one packet a call
        if self._client is client:
            self.flush()
        now = self._clock.monotonic()
        if self._client is client and now >= self._misc_at:
            self._misc_at = now + _MISC_S
            self._guard(client.loop_misc)
        if heard:
            # Mosquitto sends all that waits before it grants the subscriptions: while messages come, it answers.
            self._give_up_at = now + _READY_S
        if self._client is client and not self.ready and now > self._give_up_at:
            self._drop(f"{self.endpoint} didn't answer within {_READY_S:g} s", State.LOST)

    def _deliver(self, came: list[Publish]) -> None:
        try:
            self._on_messages(came)
        except Exception as failure:
            self._failure = self._failure or failure
            self._drop(f"dropped: {type(failure).__name__} while a message was taken in", State.LOST)

    def _guard(self, step: Callable[[], MQTTErrorCode]) -> None:
        """Run one of paho's steps; a lost connection or a failed callback drops the client."""
        try:
            status = step()
        except (OSError, ValueError) as why:
            self._drop(f"{self.endpoint}: {why}", State.LOST)
            return
        if self._failure is not None:
            self._drop(f"dropped: {type(self._failure).__name__} while a message was taken in", State.LOST)
        elif status != MQTTErrorCode.MQTT_ERR_SUCCESS or (self._client and self._client.socket() is None):
            self._drop(f"{self.endpoint}: {self._reason or status.name}", State.LOST)

    def _has_decrypted(self) -> bool:
        return self._socket is not None and self._socket.has_decrypted

    def _wants_write(self) -> bool:
        if self._client is None or self._socket is None:
            return False
        return self._socket.wants_write or self._client.want_write()

    def _drop(self, detail: str, state: State) -> None:
        client, self._client = self._client, None
        if self._socket is not None:
            with contextlib.suppress(KeyError, ValueError):
                self._selector.unregister(self._socket)
            with contextlib.suppress(OSError):
                self._socket.close()
            self._socket = None
        if client is not None:
            client.on_disconnect = None
        was_ready, self.state = self.state is State.READY, state
        self._attempts = 0 if was_ready else self._attempts + 1
        backoff = min(_BACKOFF_MAX_S, _BACKOFF_MIN_S * 2**self._attempts)
        # Jitter, so that all of a machine's processes don't knock in step.
        self._next_attempt = self._clock.monotonic() + backoff * random.uniform(0.5, 1.0)
        self._announce(state, detail)

    def _announce(self, state: State, detail: str) -> None:
        self.state = state
        try:
            self._on_change(Change(state, detail, self._session_present and state is State.READY))
        except Exception as failure:
            self._failure = self._failure or failure

    # paho's callbacks: they note, and `run_once` acts. An exception inside paho would leave it half way through a
    # packet, or in its threaded mode kill the thread in silence; so each is kept and raised by `run_once`.

    def _connected(
        self,
        client: Client,
        _userdata: object,
        flags: ConnectFlags,
        reason: ReasonCode,
        _p: Properties | None,
    ) -> None:
        if reason.is_failure:
            self._reason = (
                f"refused: {reason}; the user, the secret or the client id {self._client_id!r} is wrong"
            )
            return
        self._session_present = bool(flags.session_present)
        if not self._subscriptions:
            self._announce(State.READY, f"connected to {self.endpoint}")
            return
        if self._session_present and self._not_subscribed:
            client.unsubscribe(self._not_subscribed)
        # Always, present session or not: the broker may know fewer topics than this version listens to.
        _status, self._subscribe_mid = client.subscribe(self._subscriptions)

    def _subscribed(
        self,
        _client: Client,
        _userdata: object,
        mid: int,
        reasons: list[ReasonCode],
        _p: Properties | None,
    ) -> None:
        if mid != self._subscribe_mid:
            return
        granted = zip(self._subscriptions, reasons, strict=False)
        refused = [topic for (topic, _), reason in granted if reason.value >= _REFUSED_BY_SUBACK]
        if refused:
            self._reason = f"may not subscribe to {', '.join(refused)}; look at the broker's access list"
            _client.disconnect()
            return
        self._announce(State.READY, f"connected to {self.endpoint}")

    def _disconnected(
        self,
        _client: Client,
        _userdata: object,
        _flags: DisconnectFlags,
        reason: ReasonCode,
        _p: Properties | None,
    ) -> None:
        self._reason = self._reason or f"connection lost ({reason})"


def _leave_writing_to_flush(_client: Client, _userdata: object, _socket: object) -> None:
    """Take note of nothing: `run_once` asks `want_write` itself."""
