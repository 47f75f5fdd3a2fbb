"""What goes out of each of the plan's own tables: its columns, what it names, and what it may be searched by."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from server.adapters.db.tables import (
    calendars,
    devices,
    guardians,
    jurisdictions,
    operators,
    people,
    permits,
    ride_plans,
    riders,
    routes,
    schools,
    settings,
    stops,
    timetables,
    users,
    vehicles,
    zones,
)

Shown = dict[str, Any]
DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


class Ref(msgspec.Struct, frozen=True):
    """Another object, nested as {id, code, name}: `column` holds its id."""

    field: str
    column: str
    table: Any
    name: str = "name"
    code: str = "code"


class Kind(msgspec.Struct, frozen=True):
    """One plural: its table, what of it goes out and what it names.

    `code`: the column that is the code, or the refs (`user.code`) and columns that make it, joined by colons. `search`: what `q`
    looks in, beside the code. `form`: a last touch.
    """

    table: Any
    columns: tuple[str, ...]
    refs: tuple[Ref, ...] = ()
    code: tuple[str, ...] = ("code",)
    search: tuple[str, ...] = ("name",)
    form: Callable[[Shown], Shown] | None = None


def _week(shown: Shown) -> Shown:
    """Write a calendar as its file does: a column a day."""
    bits: str = shown.pop("weekdays")
    span = {"start_date": shown.pop("start_on"), "end_date": shown.pop("end_on")}
    return shown | {day: int(bit) for day, bit in zip(DAYS, bits, strict=True)} | span


def _scoped(shown: Shown) -> Shown:
    """Write a setting's scope as its file does."""
    found = {kind: shown.pop(f"of_{kind}") for kind in ("operator", "route", "permit")}
    of = next((one for one in found.values() if one is not None), None)
    if of is not None:
        shown["scope"] = f"{shown['scope']}:{of['code']}"
    shown["code"] = f"{shown['scope']}:{shown['name']}"
    return shown | {"of": of}


def _account(shown: Shown) -> Shown:
    """Say an account's scope, whichever kind it is of."""
    found = [shown.pop(f"scope_{kind}") for kind in ("area", "operator", "school", "person")]
    return shown | {"scope": next((one for one in found if one is not None), None)}


_OPERATOR = Ref("operator", "operator_id", operators)
_AREA = Ref("jurisdiction", "jurisdiction_id", jurisdictions)
_RIDER = Ref("rider", "rider_id", riders)
_TIMETABLE = Ref("timetable", "timetable_id", timetables, "code")
KINDS: Mapping[str, Kind] = {
    "jurisdictions": Kind(
        jurisdictions, ("name", "level"), (Ref("parent", "parent_id", jurisdictions),)
    ),
    "operators": Kind(operators, ("name", "phone", "timezone", "url", "lang"), (_AREA,)),
    "schools": Kind(schools, ("name", "phone"), (_AREA, Ref("stop", "stop_id", stops))),
    "stops": Kind(stops, ("name", "lat", "lon"), (_OPERATOR,)),
    "routes": Kind(
        routes, ("short_name", "long_name", "route_type"), (_OPERATOR,), search=("short_name", "long_name")
    ),
    "timetables": Kind(
        timetables,
        ("direction", "headsign", "service_code", "shape_code", "plan_id"),
        (_OPERATOR, Ref("route", "route_id", routes, "long_name")),
        search=("headsign", "route.name"),
    ),
    "calendars": Kind(calendars, ("weekdays", "start_on", "end_on"), (_OPERATOR,), search=(), form=_week),
    "vehicles": Kind(
        vehicles,
        ("plate", "seats", "inspection_until", "insurance_until"),
        (_OPERATOR,),
        search=("plate",),
    ),
    "devices": Kind(
        devices,
        ("active",),
        (Ref("vehicle", "vehicle_id", vehicles, "plate"),),
        ("id",),
        search=("vehicle.name",),
    ),
    "people": Kind(
        people,
        ("role", "name", "phone", "born", "licence_since", "qualified_until"),
        (_OPERATOR,),
        ("badge",),
    ),
    "permits": Kind(
        permits,
        ("tag", "issuer", "valid_from", "valid_until"),
        (
            _OPERATOR,
            _TIMETABLE,
            Ref("vehicle", "vehicle_id", vehicles, "plate"),
            Ref("driver", "driver_id", people, code="badge"),
            Ref("attendant", "attendant_id", people, code="badge"),
        ),
        search=("tag", "issuer", "vehicle.name", "driver.name", "timetable.code"),
    ),
    "riders": Kind(
        riders, ("name", "grade", "card"), (Ref("school", "school_id", schools),)
    ),
    "guardians": Kind(
        guardians,
        ("name", "phone", "email", "relation", "valid_until"),
        (Ref("user", "user_id", users, code="username"), _RIDER),
        ("user.code", "rider.code"),
        search=("name", "rider.name"),
    ),
    "ride-plans": Kind(
        ride_plans,
        ("weekdays",),
        (_RIDER, _TIMETABLE, Ref("stop", "stop_id", stops)),
        ("rider.code", "timetable.code", "stop.code"),
        search=("rider.name", "stop.name"),
    ),
    "zones": Kind(
        zones, ("kind", "limit_kmh", "wkt", "width_m", "valid_from", "valid_until"), search=("kind",),
    ),
    "settings": Kind(
        settings,
        ("scope", "name", "value"),
        (
            Ref("of_operator", "scope_id", operators),
            Ref("of_route", "scope_id", routes, "long_name"),
            Ref("of_permit", "scope_id", permits, "code"),
        ),
        ("scope", "of_operator.code", "of_route.code", "of_permit.code", "name"),
        form=_scoped,
    ),
    "users": Kind(
        users,
        ("role", "name"),
        (
            Ref("scope_area", "scope_id", jurisdictions),
            Ref("scope_operator", "scope_id", operators),
            Ref("scope_school", "scope_id", schools),
            Ref("scope_person", "scope_id", people, code="badge"),
        ),
        ("username",),
        form=_account,
    ),
}  # fmt: skip
