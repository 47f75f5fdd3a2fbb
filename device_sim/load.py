"""The loader: sends prepared messages at QoS 1 over plain sockets, pipelined, and measures the broker's PUBACKs."""

from __future__ import annotations

import selectors
import socket
import time

import msgspec

from device_sim.errors import SimError
from device_sim.loadplan import Feed
from device_sim.rawmqtt import Pubacks, open_connection

UNACKED = 200
CHUNK = 50
STALLED_S = 30.0


class Result(msgspec.Struct, frozen=True):
    """What came of a load; latencies are publish to PUBACK in ms, over the messages that were sent at the asked rate."""

    buses: int
    sent: int
    acked: int
    seconds: float
    rate: float
    asked_rate: float
    puback_ms: dict[str, float]


class _Line:
    def __init__(self, sock: socket.socket, feed: Feed) -> None:
        self.sock = sock
        self.packets = feed.packets
        self.name = feed.device.id
        self.next = 0
        self.acked = 0
        self.left = b""
        self.pubacks = Pubacks()
        self.sent_at: list[float] = [0.0] * len(feed.packets)

    def send(self, upto: int, now: float) -> int:
        """Send packets up to an index as far as the window and the socket let; how many were taken up."""
        count = 0
        while True:
            if not self.left:
                end = min(upto, self.next + CHUNK, self.acked + UNACKED)
                if end <= self.next:
                    return count
                self.left = b"".join(self.packets[self.next : end])
                self.sent_at[self.next : end] = [now] * (end - self.next)
                count += end - self.next
                self.next = end
            try:
                done = self.sock.send(self.left)
            except BlockingIOError:
                return count
            self.left = self.left[done:]


def run_load(feeds: list[Feed], host: str, port: int, rate: float) -> Result:
    """Send every feed, all together at `rate` messages a second (0: as fast as it goes); raises SimError when it stalls."""
    lines = [_Line(open_connection(host, port, feed.device.id, feed.device.secret), feed) for feed in feeds]
    with selectors.DefaultSelector() as selector:
        for line in lines:
            selector.register(line.sock, selectors.EVENT_READ, line)
        begin = time.perf_counter()
        waits: list[float] = []
        total = sum(len(line.packets) for line in lines)
        longest = max(len(line.packets) for line in lines)
        last = begin
        while len(waits) < total:
            now = time.perf_counter()
            if now - last > STALLED_S:
                raise SimError(
                    f"load: {len(waits)} of {total} acknowledged, then nothing for {STALLED_S:g} s; look at the broker"
                )
            # Devices take turns as real ones do: message i of device k is due at (i + k / devices) times the step.
            due = (now - begin) * rate / len(lines) if rate > 0 else float(longest)
            for k, line in enumerate(lines):
                line.send(
                    min(int(due - k / len(lines)) + 1 if due >= k / len(lines) else 0, len(line.packets)), now
                )
            for key, _ in selector.select(0.001 if rate > 0 else 0.0005):
                last = _receive(key.data, waits)
        seconds = time.perf_counter() - begin
    for line in lines:
        line.sock.setblocking(True)
        line.sock.sendall(b"\xe0\x00")
        line.sock.close()
    waits.sort()
    return Result(
        buses=len(lines),
        sent=total,
        acked=len(waits),
        seconds=round(seconds, 3),
        rate=round(total / seconds, 1),
        asked_rate=rate,
        puback_ms={name: _rank(waits, share) for name, share in _RANKS},
    )


_RANKS = (("p50", 0.5), ("p90", 0.9), ("p99", 0.99), ("max", 1.0))


def _rank(waits: list[float], share: float) -> float:
    return round(1000 * waits[min(int(share * len(waits)), len(waits) - 1)], 2)


def _receive(line: _Line, waits: list[float]) -> float:
    """Take in PUBACKs, which come in the order of the publishes (MQTT 3.1.1, 4.6)."""
    now = time.perf_counter()
    try:
        data = line.sock.recv(65536)
    except BlockingIOError:
        return now
    except OSError as error:
        raise SimError(
            f"load: the connection of {line.name} broke ({error}); look at the broker's log"
        ) from None
    if not data:
        raise SimError(f"load: the broker closed the connection of {line.name} after {line.acked} messages")
    for _ in line.pubacks.feed(data):
        waits.append(now - line.sent_at[line.acked])
        line.acked += 1
    return now
