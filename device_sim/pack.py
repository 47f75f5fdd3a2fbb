"""What a county pack says, as far as a fleet of buses needs it."""

from __future__ import annotations

from datetime import date
from zoneinfo import ZoneInfo

import msgspec


class Stop(msgspec.Struct, frozen=True):
    """A place where buses stop."""

    id: str
    name: str
    lat: float
    lon: float


class Call(msgspec.Struct, frozen=True):
    """A planned stop of a timetable; seconds of the service date."""

    stop_id: str
    arrival_s: int
    departure_s: int


class Timetable(msgspec.Struct, frozen=True):
    """One direction of a route with its times: a GTFS trip."""

    id: str
    route_id: str
    service_id: str
    from_school: bool
    shape_id: str
    calls: tuple[Call, ...]


class Permit(msgspec.Struct, frozen=True):
    """Who drives which bus for a timetable, from one date to another (both included)."""

    trip_id: str
    vehicle_id: str
    driver_badge: str
    attendant_badge: str
    tag: str
    valid_from: date
    valid_until: date


class Device(msgspec.Struct, frozen=True):
    """The recorder of a vehicle and its secret, which may be unknown."""

    id: str
    vehicle_id: str
    secret: str


class RidePlan(msgspec.Struct, frozen=True):
    """A rider who takes a timetable at a stop on some weekdays (1 = Monday)."""

    rider_id: str
    card: str
    stop_id: str
    school_stop_id: str
    weekdays: frozenset[int]


class Service(msgspec.Struct):
    """A service calendar: weekdays (1 to 7) from one date to another, dates added (with the weekday they follow) and removed."""

    weekdays: frozenset[int] = frozenset()
    start: date = date.max
    end: date = date.min
    added: dict[date, int] = {}
    removed: set[date] = set()

    def weekday_on(self, on: date) -> int | None:
        """The weekday whose plans that date follows, or None when there is no service."""
        if on in self.added:
            return self.added[on]
        weekday = on.isoweekday()
        if on in self.removed or not self.start <= on <= self.end or weekday not in self.weekdays:
            return None
        return weekday


class Pack(msgspec.Struct, frozen=True):
    """A county: network, calendars, vehicles, permits and who rides."""

    zone: ZoneInfo
    stops: dict[str, Stop]
    timetables: dict[str, Timetable]
    services: dict[str, Service]
    shapes: dict[str, list[tuple[float, float]]]
    devices: dict[str, Device]
    permits: dict[str, list[Permit]]
    plans: dict[str, list[RidePlan]]

    def riders_on(self, trip_id: str, weekday: int) -> list[RidePlan]:
        """Who plans to ride a timetable on that weekday."""
        return [plan for plan in self.plans.get(trip_id, ()) if weekday in plan.weekdays]
