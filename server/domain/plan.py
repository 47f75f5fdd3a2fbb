"""The plan that a trip is held against: an immutable version of a timetable, bound to a service date.

`PlanVersion` is what import stores (table `plans`); `TripPlan` is that plan on one date, with its vehicle, people and riders.
"""

from __future__ import annotations

from typing import Literal

import msgspec

from server.domain.limits import TRIP_WINDOW_BEFORE_MS
from server.domain.preference import Choices
from server.domain.substitute import Change, Staffing, Substitute, changes, shift_at, staffing_at

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
    """One timetable on one service date, with whom and what its permit names. Everything that stays while it runs.

    `vehicle_id` and the badges are the permit's; what was approved instead, and when, is in `substitutes` (oldest first), and
    `staffing` gives what holds at an instant. `day_ms` is the service date's midnight. The stops' times and places are those that
    were approved last: `shift_s` later than the timetable's, and `usual` has (stop, arrival) as they are without any approval where
    one of them says another time or way; `usual_roster` where riders are planned to be then.
    """

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
    substitutes: tuple[Substitute, ...] = ()
    day_ms: int = 0
    shift_s: int = 0
    usual: tuple[tuple[str, int], ...] = ()
    usual_roster: tuple[RosterEntry, ...] = ()

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
        """Metres of the shape; its points may be left out of a plan whose `Road` has them as a line, and this stays."""
        return self.metres[-1]

    @property
    def permit(self) -> Staffing:
        """Give whom and what the permit names."""
        return Staffing(self.vehicle_id, self.driver_badge, self.attendant_badge)

    def staffing(self, t_ms: int) -> Staffing:
        """Give whom and what the permit and the approvals of an instant name."""
        return staffing_at(self.permit, self.substitutes, t_ms) if self.substitutes else self.permit

    def changes(self) -> tuple[Change, ...]:
        """List each change of bus, time and stops that passengers are to hear of."""
        told_from_ms = self.start_ms - 1000 * self.shift_s - TRIP_WINDOW_BEFORE_MS
        return changes(self.permit, self.substitutes, self.day_ms, told_from_ms)

    def since_shifted_ms(self, t_ms: int) -> int:
        """Give by how much the planned times were earlier (negative) or later at an instant than they are by the last approval."""
        return 1000 * (shift_at(self.substitutes, t_ms) - self.shift_s) if self.substitutes else 0

    @property
    def buses(self) -> frozenset[str]:
        """Give every vehicle that was ever to run the trip; empty unless it was given to another than the permit's."""
        found = {each.vehicle_id for each in self.substitutes if each.vehicle_id is not None}
        if found and self.vehicle_id is not None:
            found.add(self.vehicle_id)
        return frozenset(found)

    def takes_over(self, vehicle_id: str, at_ms: int, since_ms: int) -> bool:
        """Say whether a bus that signs on at at_ms has a trip that another says it has run since since_ms.

        The one that is approved then has it, where an approval made it so or the approved one has changed since; else the first to
        say so has it.
        """
        if self.staffing(at_ms).vehicle_id != vehicle_id:
            return False
        return vehicle_id != self.vehicle_id or self.staffing(since_ms).vehicle_id != vehicle_id
