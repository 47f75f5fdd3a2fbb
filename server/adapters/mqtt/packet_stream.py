"""The broker's socket as paho sees it: what is published is taken out before paho parses it, and what is written goes in bunches.

Reading and acknowledging through paho costs four system calls and 25 µs a message, more than all rules (decision 0180). Everything
but PUBLISH and PUBACK is paho's: connecting, subscribing, keep-alive, and what is published at QoS 1.
"""

from __future__ import annotations

import socket
import ssl
from collections.abc import Iterable
from contextlib import suppress
from struct import Struct
from typing import Final, NamedTuple

from paho.mqtt.client import Client

_READ_B: Final = 65536
# MQTT 3.1.1, 2.2 and 3.3: PUBLISH at QoS 0 or 1, whatever its flags DUP and RETAIN.
_PUBLISH: Final = 0x30
_PUBLISH_MASK: Final = 0xF4
_QOS_1: Final = 0x02
_RETAIN: Final = 0x01
_PUBACK: Final = Struct("!BBH")
_NOT_NOW: Final = (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError)


class Publish(NamedTuple):
    """A message that the broker delivered; `mid` its packet id (0 at QoS 0), `topic` "" where it was not UTF-8."""

    mid: int
    topic: str
    payload: bytes
    qos: int
    retain: bool


class PacketStream:
    """Frames packets in both directions over a socket that doesn't block; satisfies paho's `SocketLike`."""

    def __init__(self, inner: socket.socket) -> None:
        self._inner = inner
        self._in = b""
        self._rest = b""  # packets for paho
        self._out = bytearray()
        self._end: OSError | None = None
        self._ended = False

    # What `Connection` asks.

    def receive(self) -> list[Publish]:
        """Read what has come, once; give what was published. What else came is kept for paho, and so is the connection's end."""
        try:
            data = self._inner.recv(_READ_B)
        except _NOT_NOW:
            return []
        except OSError as why:
            self._end, self._ended = why, True
            return []
        if not data:
            self._ended = True
            return []
        try:
            return self._framed(self._in + data if self._in else data)
        except ConnectionError as why:
            self._end, self._ended = why, True
            return []

    @property
    def has_news(self) -> bool:
        """Say whether there is something for paho to read: a packet, or that the connection has ended."""
        return bool(self._rest) or self._ended

    @property
    def has_decrypted(self) -> bool:
        """Say whether TLS holds bytes that no selector shows: it reads whole records."""
        return isinstance(self._inner, ssl.SSLSocket) and self._inner.pending() > 0

    @property
    def wants_write(self) -> bool:
        """Say whether something waits to be written."""
        return bool(self._out)

    def acknowledge(self, mids: Iterable[int]) -> None:
        """Acknowledge QoS 1 messages with the next `flush`."""
        pack = _PUBACK.pack
        self._out += b"".join([pack(0x40, 2, mid) for mid in mids])

    def publish(self, topic: str, payload: bytes, retain: bool = False) -> None:
        """Say a message at QoS 0 with the next `flush`."""
        name = topic.encode()
        left = 2 + len(name) + len(payload)
        head = bytearray((_PUBLISH | _RETAIN if retain else _PUBLISH,))
        while left > 127:
            head.append(left & 127 | 128)
            left >>= 7
        head.append(left)
        head += len(name).to_bytes(2, "big")
        self._out += head + name + payload

    def flush(self) -> None:
        """Write what waits, as far as the socket takes it; raise OSError when the connection is gone."""
        out = self._out
        with suppress(*_NOT_NOW):
            while out:
                del out[: self._inner.send(out)]

    # What paho asks.

    def recv(self, buffer_size: int) -> bytes:
        """Give bytes of packets that aren't PUBLISH; b"" at the connection's end."""
        taken, self._rest = self._rest[:buffer_size], self._rest[buffer_size:]
        if taken or not buffer_size:
            return taken
        if self._end is not None:
            raise self._end
        if self._ended:
            return b""
        raise BlockingIOError

    def send(self, buffer: bytes | bytearray) -> int:
        """Keep bytes for the next `flush`."""
        self._out += buffer
        return len(buffer)

    def close(self) -> None:
        """Write what the socket still takes, and close it."""
        with suppress(OSError, ValueError):
            self.flush()
        self._inner.close()

    def fileno(self) -> int:
        """Give the socket's number, -1 once it is closed."""
        return self._inner.fileno()

    def setblocking(self, flag: bool) -> None:
        """Have the socket block, or not."""
        self._inner.setblocking(flag)

    def _framed(self, data: bytes) -> list[Publish]:
        found: list[Publish] = []
        at, end = 0, len(data)
        while end - at >= 2:
            head, left, body = data[at], data[at + 1], at + 2
            if left & 128:
                left, size = _length(data, at + 1)
                if not size:
                    break
                body = at + 1 + size
            stop = body + left
            if stop > end:
                break
            one = _published(data, head, body, stop) if head & _PUBLISH_MASK == _PUBLISH else None
            if one is None:
                self._rest += data[at:stop]
            else:
                found.append(one)
            at = stop
        self._in = data[at:]
        return found


class StreamedClient(Client):
    """paho's client on a `PacketStream`."""

    stream: PacketStream

    def _create_socket(self) -> PacketStream:
        inner = super()._create_socket()
        assert isinstance(inner, socket.socket)  # no transport but TCP and TLS is asked for
        # Or `saved` waits up to 40 ms for the broker's delayed TCP acknowledgement.
        inner.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.stream = PacketStream(inner)
        return self.stream


def _published(data: bytes, head: int, body: int, stop: int) -> Publish | None:
    """Take a PUBLISH apart; None where it is malformed, which paho then says."""
    name_at = body + 2
    payload_at = name_at + (data[body] << 8 | data[body + 1]) if stop >= name_at else stop + 1
    mid = 0
    if head & _QOS_1:
        payload_at += 2
        if payload_at <= stop:
            mid = data[payload_at - 2] << 8 | data[payload_at - 1]
    name_end = payload_at - 2 if head & _QOS_1 else payload_at
    if payload_at > stop or name_end == name_at:
        return None
    try:
        topic = data[name_at:name_end].decode()
    except UnicodeDecodeError:
        topic = ""
    return Publish(mid, topic, data[payload_at:stop], 1 if head & _QOS_1 else 0, bool(head & _RETAIN))


def _length(data: bytes, at: int) -> tuple[int, int]:
    """Read a packet's remaining length; give it and how many bytes it takes, 0 while some of them are missing.

    >>> _length(bytes([0xC1, 0x02]), 0), _length(bytes([0xC1]), 0)
    ((321, 2), (0, 0))
    """
    left = 0
    for n, byte in enumerate(data[at : at + 4]):
        left |= (byte & 127) << 7 * n
        if byte < 128:
            return left, n + 1
    if len(data) - at >= 4:
        raise ConnectionError("the broker sent a packet whose length has more than four bytes")
    return 0, 0
