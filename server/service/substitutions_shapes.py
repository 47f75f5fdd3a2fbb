"""The shapes of substitutions and of those who may run a trip (docs/http.md)."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

import msgspec

from server.service.shapes import Named


class Way(msgspec.Struct, frozen=True):
    """The stops that are left out, and the line that is driven, [(lat, lon), …]."""

    skip_stops: list[Named]
    shape: list[tuple[float, float]]


class Substitution(msgspec.Struct, frozen=True):
    """Another vehicle, driver, attendant, time or way on a timetable's trips from one date to another, both included."""

    id: str
    timetable: Named
    from_on: str
    until_on: str
    vehicle: Named | None
    driver: Named | None
    attendant: Named | None
    reason: str
    made_at: datetime
    by: Named | None
    shift_s: int | None
    detour: Way | None


class Reason(msgspec.Struct, frozen=True, omit_defaults=True):
    """Why not: a code word, and what it is about: a trip at that time, the last day of a paper, a number that falls short."""

    code: Literal["same", "on_trip", "inspection", "insurance", "seats", "qualification", "age", "licence"]
    trip: Named | None = None
    until: str | None = None
    number: int | None = None
    needed: int | None = None


class BusCandidate(msgspec.Struct, frozen=True):
    """A bus, and why it may not run the trip."""

    id: str
    code: str
    name: str
    seats: int
    free: bool
    why_not: Reason | None


class PersonCandidate(msgspec.Struct, frozen=True):
    """A driver or attendant, and why they may not."""

    id: str
    code: str
    name: str
    phone: str | None
    free: bool
    why_not: Reason | None


class Substitutes(msgspec.Struct, frozen=True):
    """Who and what may run a trip, free ones first."""

    vehicles: list[BusCandidate]
    drivers: list[PersonCandidate]
    attendants: list[PersonCandidate]
