"""MQTT 3.1.1 on a plain socket, only what a loader needs: packets made beforehand and PUBACKs counted."""

from __future__ import annotations

import socket
import struct

from device_sim.errors import SimError


def _text(value: str) -> bytes:
    raw = value.encode()
    return struct.pack(">H", len(raw)) + raw


def _packet(head: int, body: bytes) -> bytes:
    length, left = bytearray(), len(body)
    while True:
        left, digit = divmod(left, 128)
        length.append(digit | (0x80 if left else 0))
        if not left:
            return bytes([head]) + bytes(length) + body


def publish_packet(topic: str, payload: bytes, packet_id: int) -> bytes:
    """A PUBLISH at QoS 1; `packet_id` 1 to 65535.

    >>> publish_packet("a", b"b", 1)
    b'2\\x06\\x00\\x01a\\x00\\x01b'
    """
    return _packet(0x32, _text(topic) + struct.pack(">H", packet_id) + payload)


def open_connection(host: str, port: int, device: str, secret: str) -> socket.socket:
    """Connect a device without keep-alive and with a clean session; raises SimError when it is refused."""
    try:
        sock = socket.create_connection((host, port), 5.0)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        flags = b"\x04\xc2" + struct.pack(">H", 0)
        sock.sendall(
            _packet(0x10, _text("MQTT") + flags + _text(f"bus-{device}") + _text(device) + _text(secret))
        )
        answer = sock.recv(4)
    except OSError as error:
        raise SimError(
            f"--mqtt: no connection to {host}:{port} for {device} ({error}); is the broker running?"
        ) from None
    if len(answer) < 4 or answer[0] != 0x20 or answer[3] != 0:
        why = f"code {answer[3]}" if len(answer) == 4 else "it closed the connection"
        raise SimError(f"--mqtt: the broker at {host}:{port} refused {device} ({why}); check its secret")
    sock.setblocking(False)
    return sock


class Pubacks:
    """Takes a connection's bytes and gives the packet ids that were acknowledged."""

    def __init__(self) -> None:
        self._left = b""

    def feed(self, data: bytes) -> list[int]:
        """Packet ids in the order of their PUBACKs; other packets are skipped (the loader subscribes to nothing)."""
        data = self._left + data
        ids, at = [], 0
        while len(data) - at >= 2 and len(data) - at >= 2 + data[at + 1]:
            if data[at] == 0x40:
                ids.append(data[at + 2] << 8 | data[at + 3])
            at += 2 + data[at + 1]
        self._left = data[at:]
        return ids
