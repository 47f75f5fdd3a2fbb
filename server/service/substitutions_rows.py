"""What the use cases of substitutions are given by the database, and what they ask of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal, Protocol

import msgspec

from server.domain.plan import PlanVersion
from server.domain.substitute import Detour, Staffing
from server.domain.thresholds import DEFAULTS, Thresholds
from server.service.policy import Scope
from server.service.shapes import Named

What = Literal["vehicle", "driver", "attendant"]
WHATS: tuple[What, ...] = ("vehicle", "driver", "attendant")


class Target(msgspec.Struct, frozen=True):
    """A timetable whose trips are to be run by others. Times in seconds after noon minus 12 h."""

    timetable_id: str
    code: str
    name: str
    operator_id: str
    timezone: str
    service_code: str
    start_s: int
    end_s: int
    riders: int  # who plans to ride it on its fullest weekday
    limits: Thresholds = DEFAULTS


class BusRow(msgspec.Struct, frozen=True):
    """A bus with its papers; dates are inclusive ISO text."""

    bus: Named
    seats: int
    inspection_until: str | None
    insurance_until: str | None


class PersonRow(msgspec.Struct, frozen=True):
    """A driver or an attendant."""

    person: Named
    phone: str | None
    born: str | None
    licence_since: str | None
    qualified_until: str | None


class Clash(msgspec.Struct, frozen=True):
    """A trip that runs at the same time as the target's on a date, and the ids of whom and what it takes."""

    trip: Named
    service_on: str
    ids: frozenset[str]


class SubstitutionRow(msgspec.Struct, frozen=True):
    """A substitution with the names around it."""

    id: str
    timetable: Named
    timetable_id: str
    operator_id: str
    timezone: str
    from_on: str
    until_on: str
    vehicle: Named | None
    driver: Named | None
    attendant: Named | None
    reason: str
    made_at_ms: int
    by: Named | None
    shift_s: int | None = None
    detour: Detour | None = None


class NewSubstitution(msgspec.Struct, frozen=True):
    """A substitution to be stored."""

    id: str
    operator_id: str
    timetable_id: str
    from_on: str
    until_on: str
    vehicle_id: str | None
    driver_id: str | None
    attendant_id: str | None
    reason: str
    user_id: str
    made_at_ms: int
    shift_s: int | None = None
    detour: Detour | None = None


class SubstitutionStore(Protocol):
    """Substitutions, and whom and what they may name."""

    def find_target(self, scope: Scope, ref: str) -> Target | None: ...
    def target_of(self, trip_id: str) -> Target: ...
    def buses(self, operator_id: str, ref: str | None) -> list[BusRow]: ...
    def people(
        self, operator_id: str, role: Literal["driver", "attendant"], ref: str | None
    ) -> list[PersonRow]: ...
    def clashes(self, target: Target, days: Sequence[str]) -> list[Clash]: ...
    def planned(self, target: Target, on: str) -> Staffing: ...
    def shift(self, target: Target, on: str) -> int: ...
    def plan_of(self, target: Target, on: str) -> tuple[str, PlanVersion]: ...
    def put_plan(self, target: Target, version: PlanVersion, now_ms: int) -> str: ...
    def get_plan(self, plan_id: str) -> PlanVersion: ...
    def add(self, row: NewSubstitution) -> list[str]: ...
    def end(self, row: SubstitutionRow, now_ms: int) -> list[str]: ...
    def find(self, scope: Scope, substitution_id: str) -> SubstitutionRow | None: ...
    def list_of_trip(self, trip_id: str) -> list[SubstitutionRow]: ...
    def page(self, scope: Scope, from_on: str, after: str | None, limit: int) -> list[SubstitutionRow]: ...
    def badges(self, operator_id: str, badges: Sequence[str]) -> Mapping[str, Named]: ...
