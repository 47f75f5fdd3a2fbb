"""What a bus's recorder writes: the bus as its own instruments see it."""

from __future__ import annotations

from typing import Literal

from device_sim.busstate import BusState
from device_sim.crew import Crew, Role
from device_sim.deviations import SignalsOff, find_index
from device_sim.dice import Dice
from device_sim.doors import Passing
from device_sim.job import Job
from device_sim.wire import Duty, Event, Flag, Pos, Record, Ride

Place = tuple[float, float, float]


class Recorder:
    """Notes records of a bus, `place` being where it truly is: (lat, lon, heading); `take` gives them away."""

    def __init__(self, state: BusState, dice: Dice) -> None:
        self._state = state
        self._dice = dice
        self._out: list[Record] = []

    def take(self) -> list[Record]:
        """What was noted since the last time."""
        out, self._out = self._out, []
        return out

    def position(self, place: Place, job: Job | None) -> None:
        """Note where it is and how its signals are; `job` is the run that it is on."""
        s = self._state
        s.gps.look(self._dice)
        lat, lon = s.gps.fix(place[0], place[1])
        if s.speed > 0.0:
            s.heading = (place[2] + self._dice.normal()) % 360.0
        lamp, arm = self._signals(job)
        self._out.append(
            Pos(
                t=s.t_ms,
                lat=lat,
                lon=lon,
                spd=round(s.speed * 3.6, 1),
                hdg=round(s.heading, 1) % 360.0,
                acc=round(s.gps.acc_m, 1),
                sat=0 if s.gps.blind else s.gps.sat,
                fix=0 if s.gps.blind else 1,
                odo=round(s.odo_m),
                ign=1 if s.ign else 0,
                door=1 if s.door_seen else 0,
                lamp=lamp,
                arm=arm,
            )
        )
        s.reported_ms, s.reported = s.t_ms, (s.ign, s.door_seen)

    def ride(self, passing: Passing, place: Place) -> None:
        """Note a card at the reader, or the attendant's tick; a rider without either leaves no trace here."""
        if not passing.card:
            return
        lat, lon = self._state.gps.fix(place[0], place[1])
        way: Literal["on", "off"] = "on" if passing.on else "off"
        self._out.append(
            Ride(
                t=passing.due_ms,
                card=passing.card,
                dir=way if passing.ticked else None,
                by="attendant" if passing.ticked else "card",
                lat=lat,
                lon=lon,
            )
        )

    def event(self, kind: str, data: dict[str, object], place: Place) -> None:
        """Note that something happened."""
        lat, lon = self._state.gps.fix(place[0], place[1])
        self._out.append(Event(t=self._state.t_ms, kind=kind, lat=lat, lon=lon, data=data))

    def duty(self, crew: Crew, role: Role, state: Literal["on", "off"]) -> None:
        """Note a sign-on or sign-off of a run's crew, if somebody has that role; the driver blows at the sign-on."""
        badge = crew.badge(role)
        if not badge:
            return
        self._out.append(
            Duty(
                t=self._state.t_ms,
                badge=badge,
                role=role,
                state=state,
                trip=crew.trip_id,
                alcohol=crew.alcohol if role == "driver" and state == "on" else None,
                tag=crew.tag or None,
            )
        )

    def _signals(self, job: Job | None) -> tuple[Flag, Flag]:
        """Lamps and stop sign: out with the door's contact, unless the run's script keeps them in."""
        s = self._state
        if not s.door_seen:
            return 0, 0
        lamp: Flag = 1
        arm: Flag = 1
        for off in job.script.list(SignalsOff) if job is not None else ():
            assert job is not None
            stop = None if off.stop is None else find_index(off.stop, len(job.run.timetable.calls))
            here = off.stop is None or job.halt(s.stop_index).call == stop
            if here and s.t_ms - s.opened_ms < off.for_s * 1000:
                lamp, arm = (0 if off.lamps else lamp), (0 if off.sign else arm)
        return lamp, arm
