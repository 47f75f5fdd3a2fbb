"""One bus's day: waits, drives to its start, signs on, runs the timetable door by door, signs off. Pure and seeded."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Callable
from typing import Literal

import msgspec

from device_sim.busstate import BusState, Due
from device_sim.dice import Dice
from device_sim.doors import Expected, Seat, expected_riders, open_lead_s, passings_at_stop
from device_sim.drive import TICK_S, cruise_mps, drive_tick
from device_sim.pack import Pack
from device_sim.path import Path
from device_sim.recorder import Recorder
from device_sim.roads import Roads
from device_sim.runs import Run, Runs
from device_sim.wire import Record

TICK_MS = round(TICK_S * 1000)
READY_MS = 330_000
SIGN_ON_MS = 300_000
# A bus that is this late for the start of a run leaves it out: the rules call such a trip missed.
MISSED_MS = 30 * 60_000
# A shorter wait is spent with the engine on.
IDLE_MS = 600_000
DEADHEAD_MPS = 9.0
OPEN_AT_LEAST_MS = 8_000
TRACE_S = 7200


class World(msgspec.Struct, frozen=True):
    """What all buses share: the pack, its roads, the seed, and the share of riders who stay at home."""

    pack: Pack
    roads: Roads
    seed: int
    absent_share: float


class Bus:
    """A bus with its recorder; `advance` is its only motor, and its whole memory is `state`."""

    def __init__(self, world: World, device: str, runs: Runs, state: BusState) -> None:
        self.device = device
        self.state = state
        self.now_ms = state.t_ms
        self.trace: deque[tuple[int, float, bool, bool]] = deque(maxlen=TRACE_S)
        self._world = world
        self._runs = runs
        self._dice = Dice(state.dice)
        self._recorder = Recorder(state, self._dice)
        self.run: Run | None = runs.find(state.run_key) if state.run_key else None
        self._riders: list[Expected] = self._expected()
        self._path: Path | None = self._find_path()
        self._deeds: dict[str, Callable[[], None]] = {
            "plan": self._plan,
            "ign_on": self._ign_on,
            "ign_off": self._ign_off,
            "set_off": self._set_off,
            "driver_on": lambda: self._duty("driver", "on"),
            "attendant_on": lambda: self._duty("attendant", "on"),
            "driver_off": lambda: self._duty("driver", "off"),
            "attendant_off": lambda: self._duty("attendant", "off"),
            "open": self._open,
            "go": self._go,
            "child_check": lambda: self._event("child_check", {}),
            "free": self._free,
        }

    def step(self, dt_s: float) -> list[Record]:
        """Let `dt_s` pass and give what the recorder wrote, in order of time."""
        return self.advance(self.now_ms + round(dt_s * 1000))

    def advance(self, to_ms: int) -> list[Record]:
        """Let time pass up to an instant (UTC ms) and give what the recorder wrote; the cuts between calls don't matter."""
        s = self.state
        self.now_ms = max(self.now_ms, to_ms)
        while s.t_ms + TICK_MS <= self.now_ms:
            dt = TICK_MS
            if not s.ign:
                # Nothing moves in a parked bus: go straight to what comes next, on whole seconds.
                due = min([s.reported_ms + s.parked_s * 1000, *(due.at_ms for due in s.agenda[:1])])
                dt = max(-(-(due - s.t_ms) // TICK_MS), 1) * TICK_MS
                if s.t_ms + dt > self.now_ms:
                    break
            s.t_ms += dt
            self._tick(dt / 1000)
        s.dice = self._dice.state
        return self._recorder.take()

    def place(self) -> tuple[float, float, float]:
        """Where the bus truly is: (lat, lon, heading)."""
        s = self.state
        return self._path.at(s.metre) if self._path else (s.lat, s.lon, s.heading)

    def next_stop(self) -> str:
        """The name of the stop it is at or makes for, empty without a trip."""
        if self.run is None:
            return ""
        return self._world.pack.stops[self.run.timetable.calls[self.state.stop_index].stop_id].name

    def set_interval(self, moving_s: int, parked_s: int) -> None:
        """Change how often positions are noted, which the recorder writes down as an event."""
        self.state.moving_s, self.state.parked_s = moving_s, parked_s
        self._event("param_change", {"moving_s": moving_s, "parked_s": parked_s})

    def heed_plan(self) -> None:
        """Choose again what to do next; a run whose doors have opened is driven to its end, whatever is planned now."""
        s = self.state
        if s.phase not in ("parked", "waiting", "to start", "ready"):
            return
        if self.run is not None and self._runs.find(self.run.key) == self.run:
            return
        if s.phase == "ready" and not any(due.what == "driver_on" for due in s.agenda):
            self._duty("driver", "off")
            if self._need_run().permit.attendant_badge:
                self._duty("attendant", "off")
        s.lat, s.lon, s.heading = self.place()
        s.phase = "waiting" if s.ign else "parked"
        s.run_key, self.run, self._path, self._riders = None, None, None, []
        s.road, s.metre, s.speed, s.stop_index = "none", 0.0, 0.0, 0
        s.agenda.clear()
        self._at(s.t_ms, "plan")

    def _tick(self, dt_s: float) -> None:
        s = self.state
        while s.agenda and s.agenda[0].at_ms <= s.t_ms:
            self._deeds[s.agenda.pop(0).what]()
        if s.door:
            self._serve()
        elif s.phase in ("driving", "to start"):
            self._move()
        s.gps.step(dt_s, self._dice)
        if s.ign:
            self.trace.append((s.t_ms, s.speed * 3.6, s.ign, s.door))
        every = s.moving_s if s.ign else s.parked_s
        if s.t_ms - s.reported_ms >= every * 1000 or (s.ign, s.door) != s.reported:
            self._recorder.position(self.place())

    def _at(self, at_ms: int, *deeds: str) -> None:
        """Put deeds on the agenda, never before now, in order of time."""
        s = self.state
        s.agenda.extend(Due(max(at_ms, s.t_ms), deed) for deed in deeds)
        s.agenda.sort(key=lambda due: due.at_ms)

    # The day, deed by deed.

    def _plan(self) -> None:
        """Choose the next run and when to leave for it."""
        s = self.state
        run = self._runs.find_next(s.last_key, s.t_ms)
        while run and run.departure_ms(0) + MISSED_MS < s.t_ms:
            run = self._runs.find_next(run.key, s.t_ms)
        if run is None:
            self._at(s.t_ms + 20_000, "ign_off")
            self._at(s.t_ms + 3_600_000, "plan")
            return
        self.run, s.run_key, s.stop_index = run, run.key, 0
        self._riders = self._expected()
        way = self._way()
        leave = max(run.departure_ms(0) - READY_MS - round(way.length_m / DEADHEAD_MPS * 1000), s.t_ms)
        if leave - s.t_ms > IDLE_MS:
            self._at(s.t_ms + 20_000, "ign_off")
        self._at(leave, "ign_on")
        self._at(leave + 15_000, "set_off")

    def _ign_on(self) -> None:
        if not self.state.ign:
            self.state.ign = True
            self.state.phase = "waiting"
            self._event("power_on", {})

    def _ign_off(self) -> None:
        if self.state.ign:
            self._event("power_off", {})
            self.state.ign = False
        self.state.phase = "parked"

    def _set_off(self) -> None:
        s = self.state
        way = self._way()
        if way.length_m < 5.0:
            self._ready()
        else:
            s.phase, s.road, s.metre, s.speed = "to start", "way", 0.0, 0.0
            self._path = way

    def _ready(self) -> None:
        """At the first stop: sign on and open in time."""
        s, run = self.state, self._need_run()
        s.phase, s.road, s.speed = "ready", "trip", 0.0
        self._path = self._world.roads.trip(run.timetable.id)
        s.metre = self._path.stop_metres[0]
        start = run.departure_ms(0)
        sign_on = max(s.t_ms + 5_000, start - SIGN_ON_MS + round(self._dice.between(-20, 20)) * 1000)
        boarding = sum(rider.boards_at == 0 for rider in self._riders)
        self._at(sign_on, "driver_on")
        if run.permit.attendant_badge:
            self._at(sign_on + 8_000, "attendant_on")
        self._at(max(sign_on + 15_000, start - open_lead_s(boarding) * 1000), "open")

    def _open(self) -> None:
        s, run = self.state, self._need_run()
        s.door, s.opened_ms, s.phase = True, s.t_ms, "boarding"
        s.passings = passings_at_stop(run, s.stop_index, self._riders, s.aboard, s.t_ms, self._dice)
        s.close_after_ms = s.t_ms + OPEN_AT_LEAST_MS
        if not self._at_last():
            planned = run.departure_ms(s.stop_index) + round(self._dice.between(0, 4) * 1000)
            s.close_after_ms = max(s.close_after_ms, planned)

    def _serve(self) -> None:
        """Let pass who is due; close when nobody is left and it is time."""
        s = self.state
        while s.passings and s.passings[0].due_ms <= s.t_ms:
            one = s.passings.pop(0)
            if one.on:
                s.aboard[one.rider_id] = Seat(one.card, one.leaves_at)
            else:
                del s.aboard[one.rider_id]
            self._recorder.ride(one, self.place())
            s.close_after_ms = max(s.close_after_ms, one.due_ms + 3_000)
        if s.passings or s.t_ms < s.close_after_ms:
            return
        s.door = False
        if not self._at_last():
            s.phase = "closing"
            self._at(s.t_ms + 3_000, "go")
            return
        s.phase = "ending"
        checked = s.t_ms + round(self._dice.between(20, 40)) * 1000
        self._at(checked, "child_check")
        if self._need_run().permit.attendant_badge:
            self._at(checked + 10_000, "attendant_off")
        self._at(checked + 15_000, "driver_off")
        self._at(checked + 20_000, "free")

    def _go(self) -> None:
        self.state.stop_index += 1
        self.state.phase = "driving"

    def _move(self) -> None:
        s, path, run = self.state, self._path, self._need_run()
        assert path is not None
        s.mood += (1.0 - s.mood) / 60.0 + 0.08 * math.sqrt(2.0 / 60.0) * self._dice.normal()
        driving = s.phase == "driving"
        goal = path.stop_metres[s.stop_index] if driving else path.length_m
        due = run.arrival_ms(s.stop_index) if driving else run.departure_ms(0) - READY_MS
        cruise = cruise_mps(goal - s.metre, (due - s.t_ms) / 1000, s.mood)
        before = s.metre
        s.metre, s.speed = drive_tick(path, s.metre, s.speed, goal, cruise)
        s.odo_m += s.metre - before
        if s.metre >= goal and s.speed == 0.0:
            if driving:
                s.phase = "standing"
                self._at(s.t_ms + 2_000, "open")
            else:
                self._ready()

    def _free(self) -> None:
        s = self.state
        s.lat, s.lon, s.heading = self.place()
        s.last_key, s.run_key, self.run = self._need_run().key, None, None
        s.phase, s.road, s.metre, s.stop_index, self._path = "waiting", "none", 0.0, 0, None
        self._riders = []
        self._plan()

    def _event(self, kind: str, data: dict[str, object]) -> None:
        self._recorder.event(kind, data, self.place())

    def _duty(self, role: Literal["driver", "attendant"], state: Literal["on", "off"]) -> None:
        self._recorder.duty(self._need_run().permit, role, state)

    # What follows from the state.

    def _need_run(self) -> Run:
        assert self.run is not None, f"{self.device} is {self.state.phase} without a run"
        return self.run

    def _at_last(self) -> bool:
        return self.state.stop_index == len(self._need_run().timetable.calls) - 1

    def _expected(self) -> list[Expected]:
        world = self._world
        return expected_riders(world.pack, self.run, world.seed, world.absent_share) if self.run else []

    def _way(self) -> Path:
        s = self.state
        return self._world.roads.between((s.lat, s.lon), self._need_run().timetable.id, self._runs.trip_ids)

    def _find_path(self) -> Path | None:
        if self.state.road == "none" or self.run is None:
            return None
        return self._way() if self.state.road == "way" else self._world.roads.trip(self.run.timetable.id)
