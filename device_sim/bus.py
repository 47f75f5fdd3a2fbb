"""One bus's day: waits, drives to its start, signs on, runs the timetable door by door, signs off. Pure and seeded."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import Literal

from device_sim.agenda import after_run, before_run, pulled_away
from device_sim.busstate import BusState, Due
from device_sim.crew import Role
from device_sim.deviations import DoorAjar, find_index
from device_sim.dice import Dice
from device_sim.doors import Seat, passings_at_halt, passings_off
from device_sim.drive import TICK_S
from device_sim.job import Job, World, make_job
from device_sim.path import Path
from device_sim.recorder import Recorder
from device_sim.runs import Run, Runs
from device_sim.steering import drive
from device_sim.trouble import disturb
from device_sim.wire import Record

TICK_MS = round(TICK_S * 1000)
READY_MS = 330_000
# A bus that is this late for the start of a run leaves it out: the rules call such a trip missed.
MISSED_MS = 30 * 60_000
# A shorter wait is spent with the engine on.
IDLE_MS = 600_000
DEADHEAD_MPS = 9.0
TRACE_S = 7200


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
        run = runs.find(state.run_key) if state.run_key else None
        self._job: Job | None = self._make(run) if run is not None else None
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
            "find": self._find,
            "free": self._free,
        }

    @property
    def run(self) -> Run | None:
        """The run that it is on, or makes for."""
        return self._job.run if self._job is not None else None

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
        """The name of the stop it is at or makes for, empty without a trip or away from the stops."""
        if self._job is None:
            return ""
        call = self._job.halt(self.state.stop_index).call
        stops, calls = self._world.pack.stops, self._job.run.timetable.calls
        return "" if call is None else stops[calls[call].stop_id].name

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
            self._duty("attendant", "off")
        s.lat, s.lon, s.heading = self.place()
        s.phase = "waiting" if s.ign else "parked"
        s.run_key, self._job, self._path = None, None, None
        s.road, s.metre, s.speed, s.stop_index = "none", 0.0, 0.0, 0
        s.agenda.clear()
        self._at(s.t_ms, "plan")

    def _tick(self, dt_s: float) -> None:
        s = self.state
        while s.agenda and s.agenda[0].at_ms <= s.t_ms:
            self._deeds[s.agenda.pop(0).what]()
        if s.phase in ("boarding", "found"):
            self._serve()
        elif s.phase in ("driving", "to start"):
            self._move()
        s.gps.step(dt_s, self._dice)
        if self._job is not None and self._job.script and s.road == "trip":
            noted = disturb(s.gps, self._job, s.metre, s.speed, s.stop_index, dt_s)
            if noted is not None:
                self._event(noted, {})
        if s.ign:
            self.trace.append((s.t_ms, s.speed * 3.6, s.ign, s.door_seen))
        every = s.moving_s if s.ign else s.parked_s
        if s.t_ms - s.reported_ms >= every * 1000 or (s.ign, s.door_seen) != s.reported:
            self._recorder.position(self.place(), self._job)

    def _at(self, at_ms: int, deed: str) -> None:
        """Put a deed on the agenda, not before now."""
        self._intend([Due(max(at_ms, self.state.t_ms), deed)])

    def _intend(self, deeds: list[Due]) -> None:
        """Put deeds on the agenda, in order of time."""
        self.state.agenda = sorted([*self.state.agenda, *deeds], key=lambda due: due.at_ms)

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
        job = self._job = self._make(run)
        s.run_key, s.stop_index = run.key, 0
        way = self._way()
        leave = max(job.start_ms - READY_MS - round(way.length_m / DEADHEAD_MPS * 1000), s.t_ms)
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
        s, job = self.state, self._need_job()
        s.phase, s.road, s.speed = "ready", "trip", 0.0
        self._path = job.itinerary.path
        s.metre = job.halt(0).metre
        self._intend(before_run(job, s.t_ms, self._dice))

    def _open(self) -> None:
        s, job = self.state, self._need_job()
        halt = job.halt(s.stop_index)
        s.door, s.opened_ms, s.phase = halt.door, s.t_ms, "boarding"
        s.passings = passings_at_halt(job.itinerary, s.stop_index, job.riders, s.aboard, s.t_ms, self._dice)
        s.close_after_ms = s.t_ms + round(halt.stay_s * 1000)
        if not job.is_last(s.stop_index):
            planned = halt.leave_ms + round(self._dice.between(0, 4) * 1000)
            s.close_after_ms = max(s.close_after_ms, planned)

    def _serve(self) -> None:
        """Let pass who is due; close when nobody is left and it is time."""
        s, job = self.state, self._need_job()
        while s.passings and s.passings[0].due_ms <= s.t_ms:
            one = s.passings.pop(0)
            if one.on:
                s.aboard[one.rider_id] = Seat(one.card, one.leaves_at, one.ticked, one.stays)
            else:
                del s.aboard[one.rider_id]
            self._recorder.ride(one, self.place())
            s.close_after_ms = max(s.close_after_ms, one.due_ms + 3_000)
        if s.passings or s.t_ms < s.close_after_ms:
            return
        s.door = False
        if s.phase == "found":
            s.phase = "ending"
            self._at(s.t_ms + 20_000, "free")
        elif job.is_last(s.stop_index):
            s.phase = "ending"
            self._intend(after_run(job, s.aboard, s.opened_ms, s.t_ms, self._dice))
        else:
            s.phase = "closing"
            for ajar in job.script.list(DoorAjar):
                if job.halt(s.stop_index).call == find_index(ajar.stop, len(job.run.timetable.calls)):
                    s.ajar_until_ms = s.t_ms + 3_000 + round(ajar.for_s * 1000)
            self._at(s.t_ms + 3_000, "go")

    def _find(self) -> None:
        """Somebody opens for those who had stayed in the bus."""
        s, job = self.state, self._need_job()
        s.door, s.opened_ms, s.phase = True, s.t_ms, "found"
        call = job.halt(s.stop_index).call
        s.passings, _ = passings_off(list(s.aboard.items()), call or 0, s.t_ms, self._dice)
        s.close_after_ms = s.t_ms + 8_000

    def _go(self) -> None:
        if self.state.stop_index == 0:
            self._intend(pulled_away(self._need_job(), self.state.t_ms))
        self.state.stop_index, self.state.phase = self.state.stop_index + 1, "driving"

    def _move(self) -> None:
        s, path, job = self.state, self._path, self._need_job()
        assert path is not None
        driving, halt = s.phase == "driving", job.halt(s.stop_index)
        goal = halt.metre if driving else path.length_m
        due = halt.arrive_ms if driving else job.start_ms - READY_MS
        for one in drive(s, job, path, goal, due, self._dice):
            self._event(one.what, dict(one.data))
        if s.metre >= goal and s.speed == 0.0:
            if driving:
                s.phase = "standing"
                self._at(s.t_ms + 2_000, "open")
            else:
                self._ready()

    def _free(self) -> None:
        s = self.state
        s.lat, s.lon, s.heading = self.place()
        s.last_key, s.run_key, self._job = self._need_job().run.key, None, None
        s.phase, s.road, s.metre, s.stop_index, self._path = "waiting", "none", 0.0, 0, None
        s.runs_done += 1
        s.gps.blind, s.gps.north_off_m, s.gps.east_off_m, s.gps.at_zero = False, 0.0, 0.0, False
        self._plan()

    def _event(self, kind: str, data: dict[str, object]) -> None:
        self._recorder.event(kind, data, self.place())

    def _duty(self, role: Role, state: Literal["on", "off"]) -> None:
        self._recorder.duty(self._need_job().crew, role, state)

    # What follows from the state.

    def _make(self, run: Run) -> Job:
        return make_job(self._world, self.device, run, self.state.runs_done)

    def _need_job(self) -> Job:
        assert self._job is not None, f"{self.device} is {self.state.phase} without a run"
        return self._job

    def _way(self) -> Path:
        s = self.state
        first = self._need_job().run.timetable.id
        return self._world.roads.between((s.lat, s.lon), first, self._runs.trip_ids)

    def _find_path(self) -> Path | None:
        if self.state.road == "none" or self._job is None:
            return None
        return self._way() if self.state.road == "way" else self._job.itinerary.path
