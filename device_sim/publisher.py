"""Every device's connection in one loop: paho clients driven by `selectors`, which knows no limit of 1,024 files."""

from __future__ import annotations

import selectors
import time
from collections.abc import Callable, Iterable

from device_sim.courier import Courier
from device_sim.dice import Dice, seed_of
from device_sim.faults import Faults
from device_sim.link import Link, SocketLike
from device_sim.outbox import Logged, Outbox
from device_sim.pack import Device
from device_sim.wire import Command

# So many connections are opened a turn, so that 500 buses don't knock in one instant (authentication costs).
CONNECTS_A_TURN = 20
# A record that was noted longer ago than this (real seconds) isn't live any more.
FRESH_S = 10.0


class Publisher:
    """The fleet's side of MQTT. `orders` is called with the commands that come; answers go to `couriers[device]`."""

    def __init__(
        self,
        host: str,
        port: int,
        devices: Iterable[Device],
        outbox: Outbox,
        faults: Faults,
        seed: int,
        orders: Callable[[str, Command], None],
        speed: float = 1.0,
    ) -> None:
        self._selector = selectors.DefaultSelector()
        self._faults = faults
        self._outbox = outbox
        self._fresh_ms = FRESH_S * 1000 * max(speed, 1.0)
        self._ticked = 0.0
        self.couriers: dict[str, Courier] = {}
        for device in devices:
            link = Link(device.id, device.secret, host, port, self)
            dice = Dice(seed_of(seed, "network", device.id))
            self.couriers[device.id] = Courier(link, outbox, faults, dice, orders)

    def offer(self, logged: Iterable[Logged], at_ms: int) -> None:
        """Hand over records that are in the log."""
        now = time.monotonic()
        for record in logged:
            self.couriers[record.device].offer(record, at_ms - record.t <= self._fresh_ms, now)

    def turn(self, timeout_s: float, at_ms: int) -> None:
        """Serve every connection, waiting for the network up to `timeout_s`; `at_ms` is the simulated instant."""
        self._connect(at_ms)
        for key, mask in self._selector.select(timeout_s):
            link: Link = key.data
            if mask & selectors.EVENT_READ:
                link.read()
            if mask & selectors.EVENT_WRITE:
                link.write()
        now = time.monotonic()
        second = now - self._ticked >= 1.0
        self._ticked = now if second else self._ticked
        for courier in self.couriers.values():
            self._serve(courier, second, now, at_ms)
        if second:
            self._outbox.flush()

    def reboot(self, device: str) -> None:
        """Start a device again: its line drops, and it comes back with `boot` one higher."""
        self._outbox.reboot(device)
        self.couriers[device].link.drop()
        self.couriers[device].link.went_down = False
        self.couriers[device].retry_at = time.monotonic() + 3.0

    def close(self) -> None:
        """Leave the broker in order, every device."""
        for courier in self.couriers.values():
            courier.farewell()
        self._selector.close()

    def _connect(self, at_ms: int) -> None:
        now = time.monotonic()
        opened = 0
        for courier in self.couriers.values():
            link = courier.link
            offline = self._faults.offline(courier.device, at_ms)
            if offline and link.state in ("up", "connecting"):
                if self._faults.dead(courier.device, at_ms):
                    self._outbox.reboot(courier.device)
                link.drop()
            if (
                offline
                or link.state in ("up", "connecting")
                or now < courier.retry_at
                or opened >= CONNECTS_A_TURN
            ):
                continue
            opened += 1
            link.connect()
            if link.state == "off":
                link.went_down = False
                courier.failed(now)
                # One broker for all: when it can't be reached, the others needn't block on it in this turn too.
                break

    def _serve(self, courier: Courier, second: bool, now: float, at_ms: int) -> None:
        link = courier.link
        if second:
            link.tick()
            if link.state == "up":
                courier.flush_shuffled(now)
        if link.state == "up":
            if link.came_up:
                link.came_up = False
                courier.greet(now, at_ms)
            if link.inbox:
                courier.receive(now, at_ms)
            courier.pump(now)
        if link.went_down:
            link.went_down = False
            courier.failed(now)

    # Watcher of the links' sockets.

    def opened(self, link: Link, sock: SocketLike) -> None:
        """Watch a new socket for reading."""
        self._selector.register(sock, selectors.EVENT_READ, link)

    def closed(self, link: Link, sock: SocketLike) -> None:
        """Leave a socket, if it is watched."""
        try:
            self._selector.unregister(sock)
        except (KeyError, ValueError):
            return

    def wants_write(self, link: Link, sock: SocketLike, wants: bool) -> None:
        """Watch a socket for writing too, or no more."""
        try:
            events = selectors.EVENT_READ | (selectors.EVENT_WRITE if wants else 0)
            self._selector.modify(sock, events, link)
        except (KeyError, ValueError):
            return
