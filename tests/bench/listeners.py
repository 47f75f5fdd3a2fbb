"""Many browsers' sockets in one light process: Socket.IO over WebSocket by hand, read with epoll, each push noted with its instant.

A library's client costs more than the server that is measured; this one looks for a push's name and its positions' instants only.
"""

from __future__ import annotations

import base64
import os
import re
import selectors
import socket
import struct
import time
from collections.abc import Callable
from typing import Final, NamedTuple

import msgspec

_PATIENCE_S: Final = 60.0
_TEXT, _CLOSE, _PING = 1, 8, 9
_FINAL: Final = 0x80
_AT: Final = re.compile(rb'"hdg":([0-9.]+)')


class Heard(NamedTuple):
    """A push `position`: which listener got it, when (CLOCK_MONOTONIC, s), and the headings in it, which the bench uses as marks."""

    listener: int
    at_s: float
    marks: tuple[float, ...]


class Listener:
    """One socket that watches one thing."""

    def __init__(self, number: int, port: int, token: str, watch: dict[str, object]) -> None:
        self.number = number
        self._rest = b""
        self.sock = socket.create_connection(("127.0.0.1", port), _PATIENCE_S)
        self.sock.settimeout(_PATIENCE_S)
        self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        key = base64.b64encode(os.urandom(16)).decode()
        self.sock.sendall(
            f"GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nUpgrade: websocket\r\n"
            f"Connection: Upgrade\r\nSec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\n\r\n".encode()
        )
        head = b""
        while b"\r\n\r\n" not in head:
            head += self._take()
        if b" 101 " not in head.partition(b"\r\n")[0]:
            raise RuntimeError(f"the server refused a socket: {head[:200]!r}")
        self._rest = head.partition(b"\r\n\r\n")[2]
        self._until(b"0{")  # Engine.IO is open
        self.say(b"40" + msgspec.json.encode({"token": token}))
        self._until(b"40{")
        self.say(b"420" + msgspec.json.encode(["watch", watch]))
        answer = self._until(b"430")
        if b'"error"' in answer[:12]:
            raise RuntimeError(f"the server refused a watch: {answer[:200]!r}")
        self.sock.setblocking(False)

    def say(self, text: bytes) -> None:
        """Send one text; masked with zeros, which the standard leaves to the client."""
        size = len(text)
        length = bytes([0x80 | size]) if size < 126 else struct.pack(">BH", 0x80 | 126, size)
        self.sock.sendall(bytes([_FINAL | _TEXT]) + length + bytes(4) + text)

    def receive(self) -> list[bytes]:
        """Give the texts that have come, pings answered; raise where the server hung up."""
        self._rest += self._take()
        return self._frames()

    def _take(self) -> bytes:
        data = self.sock.recv(262_144)
        if not data:
            raise RuntimeError(f"the server closed the socket of listener {self.number}")
        return data

    def _until(self, begin: bytes) -> bytes:
        while True:
            for text in self._frames():
                if text.startswith(begin):
                    return text
                if text.startswith(b"44"):
                    raise RuntimeError(f"the server refused a listener: {text[:200]!r}")
            self._rest += self._take()

    def _frames(self) -> list[bytes]:
        data, at, found = self._rest, 0, []
        while len(data) - at >= 2:
            size, head = data[at + 1], 2
            if size == 126:
                head = 4
                size = int.from_bytes(data[at + 2 : at + 4], "big") if len(data) - at >= 4 else len(data)
            elif size == 127:
                head = 10
                size = int.from_bytes(data[at + 2 : at + 10], "big") if len(data) - at >= 10 else len(data)
            if len(data) - at < head + size:
                break
            kind, text = data[at] & 15, data[at + head : at + head + size]
            at += head + size
            if kind == _CLOSE:
                raise RuntimeError(f"the server closed the socket of listener {self.number}")
            if text == b"2":
                self.say(b"3")
            elif kind == _TEXT:
                found.append(text)
        self._rest = data[at:]
        return found


def listen(
    wanted: list[tuple[int, str, dict[str, object]]],
    port: int,
    ready: Callable[[], None],
    going: Callable[[], bool],
) -> list[Heard]:
    """Open a listener for each (number, token, what to watch), say `ready`, and note what they hear while `going`."""
    listeners = [Listener(number, port, token, watch) for number, token, watch in wanted]
    heard: list[Heard] = []
    with selectors.DefaultSelector() as selector:
        for one in listeners:
            selector.register(one.sock, selectors.EVENT_READ, one)
        ready()
        while going():
            for key, _ in selector.select(0.2):
                listener: Listener = key.data
                for text in listener.receive():
                    now_s = time.monotonic()
                    if text.startswith(b'42["position"'):
                        marks = tuple(float(mark) for mark in _AT.findall(text))
                        heard.append(Heard(listener.number, now_s, marks))
    for one in listeners:
        one.sock.close()
    return heard
