"""All the buses of a session: who they are, how far each has been driven, and what they wrote."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable

import msgspec

from device_sim.bus import Bus
from device_sim.busstate import read_state, write_state
from device_sim.deviations import AnyDeviation
from device_sim.errors import SimError
from device_sim.faults import Faults
from device_sim.job import World
from device_sim.pack import Device, Pack
from device_sim.placement import start_bus
from device_sim.roads import Roads
from device_sim.runs import LOOK_AHEAD_DAYS, DayPlan, Runs
from device_sim.script import Scripts
from device_sim.wire import Event, Record

# A bus that was left off for longer ends the run that it was in and is then put where it would be now.
CATCH_UP_MS = 2 * 3_600_000
SLICE_MS = 60_000


class Written(msgspec.Struct, frozen=True):
    """What one bus wrote, in order of time, and its state after it (see busstate)."""

    device: str
    records: list[Record]
    state: bytes


def choose_devices(pack: Pack, names: list[str], count: int | None) -> list[Device]:
    """The devices of a session: the named ones, else the first `count` that have work; raises SimError."""
    missing = [name for name in names if name not in pack.devices]
    if missing:
        raise SimError(f"--device: {', '.join(missing)} not in devices.csv; name devices of the pack")
    if names:
        return [pack.devices[name] for name in names]
    devices = sorted(
        pack.devices.values(), key=lambda device: (device.vehicle_id not in pack.permits, device.id)
    )
    if not devices:
        raise SimError("devices.csv has no device; give each vehicle one")
    return devices[:count]


class Fleet:
    """Buses that are advanced together; `states` holds what was written down of them in an earlier session."""

    def __init__(
        self,
        pack: Pack,
        devices: Iterable[Device],
        seed: int,
        at_ms: int,
        absent_share: float = 0.03,
        faults: Faults | None = None,
        states: dict[str, bytes] | None = None,
        plans: dict[str, DayPlan] | None = None,
        deviations: Iterable[AnyDeviation] = (),
    ) -> None:
        devices = list(devices)
        self._scripts = Scripts(deviations, [device.id for device in devices])
        self._world = World(pack, Roads(pack), seed, absent_share, self._scripts)
        self._faults = faults or Faults()
        self._cut: set[str] = set()
        self._left_off: set[str] = set()
        self._runs = {
            device.id: Runs(pack, device.vehicle_id, anyway=self._scripts.drives_anyway(device.id))
            for device in devices
        }
        for name, plan in (plans or {}).items():
            if name in self._runs:
                self._runs[name].heed(plan)
        self._hand_over(at_ms)
        self.buses: dict[str, Bus] = {}
        for name, runs in self._runs.items():
            text = (states or {}).get(name)
            state = read_state(text) if text else None
            if state is None or (state.run_key and runs.find(state.run_key) is None):
                self.buses[name] = start_bus(self._world, name, runs, at_ms, state)
            else:
                self.buses[name] = Bus(self._world, name, runs, state)
                if at_ms - state.t_ms > CATCH_UP_MS:
                    self._left_off.add(name)

    def heed(self, device: str, plan: DayPlan) -> int:
        """Have a bus run on a date what the server says; give how many of those trips it knows."""
        known = self._runs[device].heed(plan)
        self.buses[device].heed_plan()
        return known

    def advance(
        self, to_ms: int, budget_s: float = float("inf"), real: Callable[[], float] = time.monotonic
    ) -> list[Written]:
        """Advance every bus to an instant, or until `budget_s` of real time is spent (then call again)."""
        end = real() + budget_s
        out: list[Written] = []
        for name in self.buses:
            records: list[Record] = []
            moved = False
            while self.buses[name].now_ms < to_ms and real() < end:
                bus = self._catch_up(name, to_ms)
                records += bus.advance(min(to_ms, bus.now_ms + SLICE_MS))
                moved = True
            records = self._by_its_clock(name, self._without_power(name, records))
            if moved and records:
                out.append(Written(name, records, write_state(self.buses[name].state)))
        if len(self.buses) > 1:
            # Who is first in line changes, so that a spent budget starves nobody.
            first = next(iter(self.buses))
            self.buses[first] = self.buses.pop(first)
        return out

    def behind_ms(self, to_ms: int) -> int:
        """How far the last bus is behind an instant."""
        return max(to_ms - bus.now_ms for bus in self.buses.values())

    def _catch_up(self, name: str, to_ms: int) -> Bus:
        """The bus; one that was left off for long is put in the present as soon as the run it was in is done."""
        bus = self.buses[name]
        if name in self._left_off and bus.state.phase in ("parked", "waiting"):
            self._left_off.discard(name)
            bus = self.buses[name] = start_bus(self._world, name, self._runs[name], to_ms, bus.state)
        return bus

    def _hand_over(self, at_ms: int) -> None:
        """Give the runs that a bus takes from another to it; a run counts from what is next at the start."""
        for taken in self._scripts.taken():
            giver = self._runs[self._scripts.device(taken.of, taken)]
            run = giver.find_next((0, ""), at_ms)
            for _ in range(taken.run):
                run = giver.find_next(run.key, at_ms) if run is not None else None
            if run is None:
                raise SimError(
                    f"deviation takes_run: bus {taken.of!r} has no run {taken.run} in {LOOK_AHEAD_DAYS} days; name an earlier one"
                )
            giver.leave(run)
            self._runs[self._scripts.device(taken.bus, taken)].take(run, taken.crew)

    def _by_its_clock(self, name: str, records: list[Record]) -> list[Record]:
        skew_ms = self._scripts.skew_ms(name)
        if not skew_ms:
            return records
        return [msgspec.structs.replace(record, t=record.t + skew_ms) for record in records]

    def _without_power(self, name: str, records: list[Record]) -> list[Record]:
        kept: list[Record] = []
        for record in records:
            if self._faults.dead(name, record.t):
                self._cut.add(name)
                continue
            if name in self._cut:
                self._cut.discard(name)
                lat, lon, _ = self.buses[name].place()
                kept.append(
                    Event(
                        t=record.t,
                        kind="power_on",
                        lat=round(lat, 7),
                        lon=round(lon, 7),
                        data={"after": "cut"},
                    )
                )
            kept.append(record)
        return kept
