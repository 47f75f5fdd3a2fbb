"""The plan's own tables as lists and single objects, read only: each named once, with the columns that go out."""

from __future__ import annotations

from typing import Any

import msgspec
from sqlalchemy import ColumnElement, Connection, FromClause, Table, or_, select, true

from server.adapters.db.scopes import owned_in, riders_in, under
from server.adapters.db.tables import (
    jurisdictions,
    operators,
    people,
    permits,
    riders,
    routes,
    schools,
    stops,
    timetables,
    vehicles,
)
from server.service.policy import Scope


class Ref(msgspec.Struct, frozen=True):
    """Another object, nested as {id, code, name}: `column` holds its id."""

    field: str
    column: str
    table: Any
    name: str = "name"
    code: str = "code"


class Kind(msgspec.Struct, frozen=True):
    """One plural: its table, what of it goes out and what it names."""

    table: Any
    columns: tuple[str, ...]
    refs: tuple[Ref, ...] = ()
    code: str = "code"


_OPERATOR = Ref("operator", "operator_id", operators)
_AREA = Ref("jurisdiction", "jurisdiction_id", jurisdictions)
KINDS: dict[str, Kind] = {
    "jurisdictions": Kind(jurisdictions, ("name", "level"), (Ref("parent", "parent_id", jurisdictions),)),
    "operators": Kind(operators, ("name", "phone", "timezone"), (_AREA,)),
    "schools": Kind(schools, ("name", "phone"), (_AREA, Ref("stop", "stop_id", stops))),
    "stops": Kind(stops, ("name", "lat", "lon"), (_OPERATOR,)),
    "routes": Kind(routes, ("short_name", "long_name"), (_OPERATOR,)),
    "timetables": Kind(
        timetables,
        ("direction", "headsign", "service_code"),
        (_OPERATOR, Ref("route", "route_id", routes, "long_name")),
    ),
    "vehicles": Kind(vehicles, ("plate", "seats", "inspection_until", "insurance_until"), (_OPERATOR,)),
    "people": Kind(
        people,
        ("role", "name", "phone", "born", "licence_since", "qualified_until"),
        (_OPERATOR,),
        code="badge",
    ),
    "permits": Kind(
        permits,
        ("tag", "issuer", "valid_from", "valid_until"),
        (
            _OPERATOR,
            Ref("timetable", "timetable_id", timetables, "code"),
            Ref("vehicle", "vehicle_id", vehicles, "plate"),
            Ref("driver", "driver_id", people, code="badge"),
            Ref("attendant", "attendant_id", people, code="badge"),
        ),
    ),
    "riders": Kind(riders, ("name", "grade", "card"), (Ref("school", "school_id", schools),)),
}


class CatalogDb:
    """Implements `CatalogStore` on one connection."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def page(
        self,
        plural: str,
        scope: Scope,
        jurisdiction_id: str | None,
        code: str | None,
        after: str | None,
        limit: int,
    ) -> list[dict[str, Any]]:
        table = KINDS[plural].table
        more = [table.c.ended_at_ms.is_(None)]
        if code is not None:
            more.append(table.c[KINDS[plural].code] == code)
        if after is not None:
            more.append(table.c.id > after)
        return self._read(plural, scope, jurisdiction_id, more, limit)

    def find(self, plural: str, scope: Scope, jurisdiction_id: str | None, ref: str) -> dict[str, Any] | None:
        table = KINDS[plural].table
        for column in (table.c.id, table.c[KINDS[plural].code]):
            found = self._read(plural, scope, jurisdiction_id, [column == ref], 2)
            if len(found) == 1:
                return found[0]
        return None

    def _read(
        self,
        plural: str,
        scope: Scope,
        jurisdiction_id: str | None,
        more: list[ColumnElement[bool]],
        limit: int,
    ) -> list[dict[str, Any]]:
        kind = KINDS[plural]
        table: Table = kind.table
        joined: FromClause = table
        shown: list[ColumnElement[Any]] = [
            table.c.id, table.c[kind.code].label("code"), *(table.c[name] for name in kind.columns), table.c.ended_at_ms,
        ]  # fmt: skip
        for ref in kind.refs:
            other = ref.table.alias(f"of_{ref.field}")
            joined = joined.join(other, other.c.id == table.c[ref.column], isouter=True)
            shown += [
                other.c.id.label(f"{ref.field}__id"), other.c[ref.code].label(f"{ref.field}__code"),
                other.c[ref.name].label(f"{ref.field}__name"),
            ]  # fmt: skip
        query = (
            select(*shown)
            .select_from(joined)
            .where(_mine(plural, table, scope, jurisdiction_id), *more)
            .order_by(table.c.id)
            .limit(limit)
        )
        return [_nested(kind, dict(row._mapping)) for row in self._connection.execute(query)]


def _nested(kind: Kind, flat: dict[str, Any]) -> dict[str, Any]:
    shown = {"id": flat["id"], "code": flat["code"]} | {name: flat[name] for name in kind.columns}
    for ref in kind.refs:
        parts = {part: flat[f"{ref.field}__{part}"] for part in ("id", "code", "name")}
        shown[ref.field] = None if parts["id"] is None else parts
    shown["ended"] = flat["ended_at_ms"] is not None
    return shown


def _mine(plural: str, table: Table, scope: Scope, jurisdiction_id: str | None) -> ColumnElement[bool]:
    """Say which rows of a plural the scope holds; `jurisdiction_id` is a regulator's own area."""
    if scope.kind == "all":
        return true()
    area = select(jurisdictions.c.id).where(under(jurisdiction_id)) if jurisdiction_id is not None else None
    match plural:
        case "jurisdictions" if jurisdiction_id is not None:
            return under(jurisdiction_id)
        case "jurisdictions":
            own = select(operators.c.jurisdiction_id).where(owned_in(scope, operators.c.id))
            return jurisdictions.c.id.in_(own)
        case "operators":
            return owned_in(scope, operators.c.id)
        case "schools" if scope.kind == "school":
            return schools.c.id.in_(scope.ids)
        case "schools" if area is not None:
            return schools.c.jurisdiction_id.in_(area)
        case "schools":
            own_stops = select(stops.c.id).where(owned_in(scope, stops.c.operator_id))
            return or_(schools.c.stop_id.in_(own_stops))
        case "riders":
            return riders_in(scope)
    return owned_in(scope, table.c.operator_id)
