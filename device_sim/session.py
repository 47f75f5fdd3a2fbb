"""A running fleet: drives it by the clock, logs what it writes, publishes, shows, and ends in order."""

from __future__ import annotations

import signal
import time
from pathlib import Path
from types import FrameType

import msgspec

from device_sim.clock import Clock
from device_sim.commands import Commands
from device_sim.deviations import AnyDeviation
from device_sim.faults import Faults
from device_sim.fleet import Fleet
from device_sim.lock import lock_folder
from device_sim.outbox import Outbox
from device_sim.pack import Device, Pack
from device_sim.publisher import Publisher
from device_sim.table import Display
from device_sim.uploads import Uploads

TURN_S = 0.1
# Simulation may take this much of a turn; a fleet that has hours to make good doesn't keep its connections waiting.
BUDGET_S = 0.2
PURGE_EVERY_S = 600.0


class Plan(msgspec.Struct, frozen=True):
    """What a session is to do."""

    pack: Pack
    devices: list[Device]
    host: str
    port: int
    state: Path
    seed: int
    clock: Clock
    faults: Faults
    absent_share: float
    table: bool
    until_ms: int | None
    forget: bool = False
    deviations: list[AnyDeviation] = []


class Session:
    """One `device-sim run`."""

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._stop = False
        self._lock = lock_folder(plan.state)
        self._outbox = Outbox(plan.state)
        self._outbox.remember(device.id for device in plan.devices)
        if plan.forget:
            for device in plan.devices:
                self._outbox.forget(device.id)
        states = {name: memory.state for name, memory in self._outbox.memories.items() if memory.state}
        self.fleet = Fleet(
            plan.pack,
            plan.devices,
            plan.seed,
            plan.clock.now_ms(),
            plan.absent_share,
            plan.faults,
            states,
            self._outbox.list_plans(),
            plan.deviations,
        )
        self.publisher = Publisher(
            plan.host,
            plan.port,
            plan.devices,
            self._outbox,
            plan.faults,
            plan.seed,
            lambda device, command: self._commands.obey(device, command, plan.clock.now_ms()),
            plan.clock.speed,
        )
        self._uploads = Uploads()
        self._rebooting: list[str] = []
        self._commands = Commands(
            lambda device: self.fleet.buses[device],
            self._outbox.keep_plan,
            self.fleet.heed,
            self._rebooting.append,
            self._uploads,
        )

    def run(self) -> None:
        """Run until the end of the plan or a signal (SIGINT, SIGTERM)."""
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, self._on_signal)
        display = Display(self.fleet, self.publisher, self._plan.pack.zone, self._plan.table)
        purged = time.monotonic()
        try:
            while not self._stop:
                at_ms = self._plan.clock.now_ms()
                if self._plan.until_ms is not None and at_ms >= self._plan.until_ms:
                    self._turn(self._plan.until_ms, 0.0, float("inf"))
                    break
                self._turn(at_ms, TURN_S, BUDGET_S)
                display.show(at_ms)
                if time.monotonic() - purged > PURGE_EVERY_S:
                    purged = time.monotonic()
                    self._outbox.purge(at_ms)
        finally:
            display.close()
            self.close()

    def close(self) -> None:
        """Leave the broker, flush the log, give the folder free."""
        self.publisher.close()
        self._uploads.close()
        self._outbox.close()
        self._lock.close()

    def _turn(self, at_ms: int, timeout_s: float, budget_s: float) -> None:
        logged = self._outbox.append(self.fleet.advance(at_ms, budget_s))
        self.publisher.offer(logged, at_ms)
        # While hours are being made good, the network is served but not waited for.
        behind = self.fleet.behind_ms(at_ms) > 1000 * self._plan.clock.speed
        self.publisher.turn(0.0 if behind else timeout_s, at_ms)
        for device, answer in self._commands.poll():
            self.publisher.couriers[device].answer(answer)
        for device in [one for one in self._rebooting if self.publisher.couriers[one].said_all]:
            self._rebooting.remove(device)
            self.publisher.reboot(device)

    def _on_signal(self, _number: int, _frame: FrameType | None) -> None:
        self._stop = True
