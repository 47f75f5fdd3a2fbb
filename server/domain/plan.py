"""The plan that a trip is held against: an immutable version of a timetable, bound to a service date.

`PlanVersion` is what import stores (table `plans`); `TripPlan` is that plan on one date, with its vehicle, people and riders.
"""

from __future__ import annotations

from typing import Literal

import msgspec

from server.domain.preference import Choices

Direction = Literal["to_school", "from_school"]


class PlannedStop(msgspec.Struct, frozen=True):
    """A stop of a plan version. Times in seconds after noon minus 12 h; metre along the shape, never falling."""

    seq: int  # 0, 1, 2 … in driving order
    id: str
    code: str
    name: str
    lat: float
    lon: float
    arrival_s: int
    departure_s: int
    metre: float


class PlanVersion(msgspec.Struct, frozen=True):
    """Stops and shape of a timetable as they were approved. `shape` is [(lat, lon), …], `metres` the distance at each point."""

    timetable_code: str
    direction: Direction
    timezone: str
    stops: tuple[PlannedStop, ...]
    shape: tuple[tuple[float, float], ...]
    metres: tuple[float, ...]


class RosterEntry(msgspec.Struct, frozen=True):
    """A rider who should be on the trip, at the stop where they board (to school) or leave (from school)."""

    rider_id: str
    stop_id: str


class Absence(msgspec.Struct, frozen=True):
    """That a rider won't ride was said at from_ms, and taken back at until_ms (UTC ms; None: it still holds)."""

    rider_id: str
    from_ms: int
    until_ms: int | None = None


class TripStop(msgspec.Struct, frozen=True, gc=False):
    """A planned stop on a date: instants in UTC milliseconds."""

    seq: int
    id: str
    lat: float
    lon: float
    arrival_ms: int
    departure_ms: int
    metre: float


class TripPlan(msgspec.Struct, frozen=True):
    """One timetable on one service date, with whom and what its permit names. Everything that stays while it runs."""

    trip_id: str
    code: str
    service_on: str
    direction: Direction
    operator_id: str
    stops: tuple[TripStop, ...]
    shape: tuple[tuple[float, float], ...]
    metres: tuple[float, ...]
    roster: tuple[RosterEntry, ...]
    vehicle_id: str | None
    driver_badge: str | None
    attendant_badge: str | None
    tag: str | None
    cancelled_at_ms: int | None = None
    signed_off: bool = False  # the school has people here, so both sides sign before the trip closes
    absences: tuple[Absence, ...] = ()
    choices: Choices = Choices()

    @property
    def start_ms(self) -> int:
        """Planned departure from the first stop."""
        return self.stops[0].departure_ms

    @property
    def end_ms(self) -> int:
        """Planned arrival at the last stop."""
        return self.stops[-1].arrival_ms

    @property
    def length_m(self) -> float:
        return self.metres[-1]
