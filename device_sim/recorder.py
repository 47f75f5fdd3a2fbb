"""What a bus's recorder writes: the bus as its own instruments see it."""

from __future__ import annotations

import math
from typing import Literal

from device_sim.busstate import BusState
from device_sim.dice import Dice
from device_sim.doors import Passing
from device_sim.geo import METRES_PER_DEGREE
from device_sim.pack import Permit
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

    def position(self, place: Place) -> None:
        """Note where it is and how its signals are."""
        s = self._state
        s.gps.look(self._dice)
        lat, lon = self._fix(place)
        if s.speed > 0.0:
            s.heading = (place[2] + self._dice.normal()) % 360.0
        out: Flag = 1 if s.door else 0
        self._out.append(
            Pos(
                t=s.t_ms,
                lat=lat,
                lon=lon,
                spd=round(s.speed * 3.6, 1),
                hdg=round(s.heading, 1) % 360.0,
                acc=round(s.gps.acc_m, 1),
                sat=s.gps.sat,
                fix=1,
                odo=round(s.odo_m),
                ign=1 if s.ign else 0,
                door=out,
                lamp=out,
                arm=out,
            )
        )
        s.reported_ms, s.reported = s.t_ms, (s.ign, s.door)

    def ride(self, passing: Passing, place: Place) -> None:
        """Note a card at the reader; a rider without one leaves no trace here."""
        if passing.card:
            lat, lon = self._fix(place)
            self._out.append(Ride(t=passing.due_ms, card=passing.card, by="card", lat=lat, lon=lon))

    def event(self, kind: str, data: dict[str, object], place: Place) -> None:
        """Note that something happened."""
        lat, lon = self._fix(place)
        self._out.append(Event(t=self._state.t_ms, kind=kind, lat=lat, lon=lon, data=data))

    def duty(self, permit: Permit, role: Literal["driver", "attendant"], state: Literal["on", "off"]) -> None:
        """Note a sign-on or sign-off of a permit's crew; the driver blows at the sign-on."""
        driver = role == "driver"
        self._out.append(
            Duty(
                t=self._state.t_ms,
                badge=permit.driver_badge if driver else permit.attendant_badge,
                role=role,
                state=state,
                trip=permit.trip_id,
                alcohol=0.0 if driver and state == "on" else None,
                tag=permit.tag or None,
            )
        )

    def _fix(self, place: Place) -> tuple[float, float]:
        """(lat, lon) with the receiver's error, to the centimetre."""
        gps = self._state.gps
        north = gps.north_m / METRES_PER_DEGREE
        east = gps.east_m / (METRES_PER_DEGREE * math.cos(math.radians(place[0])))
        return round(place[0] + north, 7), round(place[1] + east, 7)
