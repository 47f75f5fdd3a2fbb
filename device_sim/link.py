"""One device's MQTT connection: one paho client a connection, driven from outside, callbacks that only take note."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import Protocol

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion, MQTTErrorCode
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

from device_sim.wire import OFFLINE, topic

KEEPALIVE_S = 60
CONNECT_TIMEOUT_S = 2.0


class SocketLike(Protocol):
    """What paho hands out as its socket, as far as it is used here."""

    def fileno(self) -> int:
        """The file's number, by which it is watched."""

    def close(self) -> None:
        """Close it."""


class Watcher(Protocol):
    """Who watches sockets for a link."""

    def opened(self, link: Link, sock: SocketLike) -> None:
        """A socket is to be watched for reading."""

    def closed(self, link: Link, sock: SocketLike) -> None:
        """A socket is to be left."""

    def wants_write(self, link: Link, sock: SocketLike, wants: bool) -> None:
        """A socket is to be watched for writing too, or no more."""


class Link:
    """The connection of a device. `state` is off, connecting, up or refused (the broker knows no such name and secret)."""

    def __init__(self, device: str, secret: str, host: str, port: int, watcher: Watcher) -> None:
        self.device = device
        self.state = "off"
        self.why = ""
        self.inbox: deque[tuple[str, bytes]] = deque()
        self.unacked: set[int] = set()
        self.came_up = False
        self.went_down = False
        self._secret = secret
        self._address = (host, port)
        self._watcher = watcher
        self._client: mqtt.Client | None = None

    def connect(self) -> None:
        """Open a new connection with a new client: packet ids and paho's own queue start again, our log decides."""
        client = mqtt.Client(
            CallbackAPIVersion.VERSION2, f"bus-{self.device}", clean_session=False, reconnect_on_failure=False
        )
        client.username_pw_set(self.device, self._secret)
        client.will_set(topic(self.device, "online"), OFFLINE, qos=1, retain=True)
        client.connect_timeout = CONNECT_TIMEOUT_S
        client.max_inflight_messages_set(1000)
        client.on_socket_open = lambda _c, _u, sock: self._watcher.opened(self, sock)
        client.on_socket_close = lambda _c, _u, sock: self._watcher.closed(self, sock)
        client.on_socket_register_write = lambda _c, _u, sock: self._watcher.wants_write(self, sock, True)
        client.on_socket_unregister_write = lambda _c, _u, sock: self._watcher.wants_write(self, sock, False)
        client.on_connect = self._on_connect
        client.on_disconnect = self._on_disconnect
        client.on_message = self._on_message
        client.on_publish = self._on_publish
        self._client, self.state = client, "connecting"
        self.inbox.clear()
        self.unacked.clear()
        try:
            client.connect(*self._address, keepalive=KEEPALIVE_S)
        except (OSError, ValueError) as error:
            self.why = str(error)
            self.drop()

    def publish(self, kind: str, body: bytes, retain: bool = False) -> int | None:
        """Publish at QoS 1 under the device's own topic: the packet's id, or None when it couldn't go."""
        if self._client is None or self.state != "up":
            return None
        info = self._client.publish(topic(self.device, kind), body, qos=1, retain=retain)
        if info.rc != MQTTErrorCode.MQTT_ERR_SUCCESS:
            return None
        self.unacked.add(info.mid)
        return info.mid

    def read(self) -> None:
        """The socket has something."""
        self._guard(lambda client: client.loop_read())

    def write(self) -> None:
        """The socket takes something."""
        self._guard(lambda client: client.loop_write())

    def tick(self) -> None:
        """Once a second: keep alive."""
        self._guard(lambda client: client.loop_misc())

    def leave(self) -> None:
        """End the connection in order; the caller has said `online` 0 before."""
        client, self._client = self._client, None
        self.state = "off"
        if client is not None:
            client.disconnect()
            while client.want_write() and client.loop_write() == MQTTErrorCode.MQTT_ERR_SUCCESS:
                pass
            self._close(client)

    def drop(self) -> None:
        """Lose the connection without a word, as in a dead zone: the broker sends the last will."""
        client, self._client = self._client, None
        if self.state != "refused":
            self.state = "off"
        if client is not None:
            self.went_down = True
            self._close(client)

    def _close(self, client: mqtt.Client) -> None:
        client.on_disconnect = None
        sock = client.socket()
        if sock is not None:
            self._watcher.closed(self, sock)
            sock.close()

    def _guard(self, act: Callable[[mqtt.Client], MQTTErrorCode]) -> None:
        """An error in the loop, or in a callback, ends this connection and no other."""
        client = self._client
        if client is None:
            return
        try:
            code = act(client)
        except Exception as error:  # paho raises what the socket or a malformed packet raises
            self.why = f"{type(error).__name__}: {error}"
            self.drop()
            return
        if code != MQTTErrorCode.MQTT_ERR_SUCCESS and client is self._client:
            self.why = self.why or mqtt.error_string(code)
            self.drop()

    def _on_connect(
        self,
        client: mqtt.Client,
        _data: object,
        _flags: mqtt.ConnectFlags,
        code: ReasonCode,
        _more: Properties | None,
    ) -> None:
        if code.is_failure:
            self.state, self.why = "refused", str(code)
            return
        client.subscribe([(topic(self.device, "saved"), 1), (topic(self.device, "cmd"), 1)])
        self.state, self.why, self.came_up = "up", "", True

    def _on_disconnect(
        self,
        _client: mqtt.Client,
        _data: object,
        _flags: mqtt.DisconnectFlags,
        code: ReasonCode,
        _more: Properties | None,
    ) -> None:
        self.went_down = True
        if self.state != "refused":
            self.state, self.why = "off", str(code)

    def _on_message(self, _client: mqtt.Client, _data: object, message: mqtt.MQTTMessage) -> None:
        self.inbox.append((message.topic.rpartition("/")[2], bytes(message.payload)))

    def _on_publish(
        self, _client: mqtt.Client, _data: object, mid: int, _code: ReasonCode, _more: Properties
    ) -> None:
        self.unacked.discard(mid)
