"""A test's own MQTT client: plain paho in its usual threaded mode, so that ours is judged by a stranger."""

from __future__ import annotations

import socket
import threading
import time
from types import TracebackType
from typing import Self

from paho.mqtt.client import Client, MQTTMessage
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion

from server.adapters.mqtt.endpoint import Endpoint
from tests.waiting import PATIENCE_S


class TestDevice:
    """Connects once; says how the broker answered, and remembers what came."""

    __test__ = False

    def __init__(
        self,
        endpoint: Endpoint,
        client_id: str | None = None,
        *,
        will: tuple[str, bytes, bool] | None = None,
        clean: bool = True,
    ) -> None:
        self.answer: str | None = None
        self.answered = threading.Event()
        self.gone = threading.Event()
        self.granted: list[int] = []
        self.messages: list[tuple[str, bytes, bool]] = []
        self._subscribed = threading.Event()
        self.client = Client(
            CallbackAPIVersion.VERSION2,
            client_id=client_id if client_id is not None else f"bus-{endpoint.username}",
            clean_session=clean,
            protocol=MQTTProtocolVersion.MQTTv311,
            reconnect_on_failure=False,
        )
        if endpoint.username is not None:
            self.client.username_pw_set(endpoint.username, endpoint.password)
        if will is not None:
            self.client.will_set(will[0], will[1], 1, will[2])
        self.client.max_inflight_messages_set(1000)
        self.client.on_connect = self._on_connect
        self.client.on_disconnect = lambda *_: self._end()
        self.client.on_message = self._on_message
        self.client.on_subscribe = self._on_subscribe
        self.client.connect(endpoint.host, endpoint.port, 60)
        self.client.loop_start()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.client.disconnect()
        self.client.loop_stop()

    def let_in(self, within_s: float = PATIENCE_S) -> bool:
        """Say whether the broker let it in."""
        assert self.answered.wait(within_s), "the broker gave no answer"
        return self.answer == "Success"

    def publish(
        self,
        topic: str,
        payload: bytes = b"{}",
        qos: int = 1,
        retain: bool = False,
        within_s: float = PATIENCE_S,
    ) -> bool:
        """Publish; True when the broker acknowledged it, False when it hung up or said nothing `within_s`."""
        info = self.client.publish(topic, payload, qos, retain)
        deadline = time.monotonic() + within_s
        try:
            while not info.is_published() and not self.gone.is_set() and time.monotonic() < deadline:
                info.wait_for_publish(0.1)
            return info.is_published()
        except RuntimeError:  # it had hung up before the message was handed over
            return False

    def publish_all(self, topic: str, payloads: list[bytes]) -> bool:
        """Publish in one go; True when the broker acknowledged every one."""
        sent = [self.client.publish(topic, payload, 1) for payload in payloads]
        for info in sent:
            info.wait_for_publish(PATIENCE_S)
        return all(info.is_published() for info in sent)

    def subscribe(self, topic: str, qos: int = 1) -> bool:
        """Subscribe; True when granted, False when refused or hung up on."""
        self._subscribed.clear()
        self.granted = []
        if self.gone.is_set():
            return False
        self.client.subscribe(topic, qos)
        assert self._subscribed.wait(PATIENCE_S), "the broker gave no answer"
        return bool(self.granted) and self.granted[-1] < 0x80

    def cut(self) -> None:
        """Break the connection as a dead network does: no DISCONNECT is sent, so the last will is due."""
        sock = self.client.socket()
        assert sock is not None
        sock.shutdown(socket.SHUT_RDWR)

    def _on_connect(self, _c: object, _u: object, _f: object, reason: object, _p: object) -> None:
        self.answer = str(reason)
        self.answered.set()

    def _end(self) -> None:
        self.answer = self.answer or "closed"
        self.gone.set()
        self.answered.set()
        self._subscribed.set()

    def _on_message(self, _c: object, _u: object, message: MQTTMessage) -> None:
        self.messages.append((message.topic, bytes(message.payload), message.retain))

    def _on_subscribe(self, _c: object, _u: object, _mid: int, reasons: list[object], _p: object) -> None:
        self.granted = [int(getattr(reason, "value", 0x80)) for reason in reasons]
        self._subscribed.set()
