"""Read the database as a pack: the rows that are not ended, by their codes, without secrets."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import msgspec
from sqlalchemy import Connection, Row, Table, select

from server.adapters.db import tables as t
from server.adapters.db.near import Near
from server.service.packs import rows as p
from server.service.packs.pack import Pack

DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")

Names = dict[str | None, str]
Point = tuple[float, float]


class _Rows:
    """Reads the rows of a table: all of them, or those that are near what is changed."""

    def __init__(self, connection: Connection, near: Near | None) -> None:
        self._connection = connection
        self._near = near

    def codes(self, table: Table, key: str) -> Names:
        query = select(table.c.id, table.c[key])
        if self._near is not None:
            query = query.where(self._near.holds(table))
        return dict(self._connection.execute(query).all())

    def live(self, table: Table, *order: str) -> Iterable[Row[Any]]:
        query = (
            select(table).where(table.c.ended_at_ms.is_(None)).order_by(*(table.c[name] for name in order))
        )
        if self._near is not None:
            query = query.where(self._near.holds(table))
        return self._connection.execute(query)

    def stop_times(self) -> Iterable[Row[Any]]:
        query = select(t.stop_times).order_by(t.stop_times.c.timetable_id, t.stop_times.c.seq)
        if self._near is not None:
            query = query.where(t.stop_times.c.timetable_id.in_(self._near.timed))
        return self._connection.execute(query)


def load_pack(connection: Connection, near: Near | None = None) -> Pack:
    """Give every file's rows in the order of their keys; with `near`, those alone."""
    rows = _Rows(connection, near)
    codes = {
        table.name: rows.codes(table, key)
        for table, key in (
            (t.jurisdictions, "code"),
            (t.operators, "code"),
            (t.stops, "code"),
            (t.schools, "code"),
            (t.routes, "code"),
            (t.timetables, "code"),
            (t.vehicles, "code"),
            (t.people, "badge"),
            (t.riders, "code"),
            (t.users, "username"),
            (t.permits, "code"),
        )
    }
    return Pack(
        **_supervision(rows, codes),
        **_network(rows, codes),
        **_fleet(rows, codes),
        **_families(rows, codes),
        **_rules(rows, codes),
    )


def _supervision(rows: _Rows, codes: dict[str, Names]) -> dict[str, Any]:
    areas = codes["jurisdictions"]
    operators = list(rows.live(t.operators, "code"))
    return {
        "jurisdictions": tuple(
            p.Jurisdiction(id=row.code, parent_id=areas.get(row.parent_id), name=row.name, level=row.level)
            for row in rows.live(t.jurisdictions, "code")
        ),
        "agencies": tuple(
            p.Agency(
                agency_id=row.code,
                agency_name=row.name,
                agency_url=row.url,
                agency_timezone=row.timezone,
                agency_lang=row.lang,
                agency_phone=row.phone if row.jurisdiction_id is None else None,
            )
            for row in operators
        ),
        "operators": tuple(
            p.Operator(
                id=row.code, jurisdiction_id=areas[row.jurisdiction_id], name=row.name, phone=row.phone
            )
            for row in operators
            if row.jurisdiction_id is not None
        ),
        "schools": tuple(
            p.School(
                id=row.code,
                jurisdiction_id=areas[row.jurisdiction_id],
                stop_id=codes["stops"][row.stop_id],
                name=row.name,
                phone=row.phone,
            )
            for row in rows.live(t.schools, "code")
        ),
        "users": tuple(
            p.User(username=row.username, role=row.role, scope_id=_scope(row, codes), name=row.name)
            for row in rows.live(t.users, "username")
        ),
    }


def _scope(row: Row[Any], codes: dict[str, Names]) -> str | None:
    for table in ("jurisdictions", "operators", "schools", "people"):
        if row.scope_id is not None and row.scope_id in codes[table]:
            return codes[table][row.scope_id]
    return None


def _network(rows: _Rows, codes: dict[str, Names]) -> dict[str, Any]:
    points: list[p.ShapePoint] = []
    for row in rows.live(t.shapes, "code"):
        for place, (lat, lon) in enumerate(msgspec.json.decode(row.points, type=list[Point])):
            points.append(
                p.ShapePoint(shape_id=row.code, shape_pt_lat=lat, shape_pt_lon=lon, shape_pt_sequence=place)
            )
    timetables = list(rows.live(t.timetables, "code"))
    live = {row.id: row.code for row in timetables}
    times = rows.stop_times()
    return {
        "stops": tuple(
            p.Stop(stop_id=row.code, stop_name=row.name, stop_lat=row.lat, stop_lon=row.lon)
            for row in rows.live(t.stops, "code")
        ),
        "routes": tuple(
            p.Route(
                route_id=row.code,
                agency_id=codes["operators"][row.operator_id],
                route_short_name=row.short_name or None,
                route_long_name=row.long_name or None,
                route_type=row.route_type,
            )
            for row in rows.live(t.routes, "code")
        ),
        "shape_points": tuple(points),
        "weekly": tuple(
            p.Weekly(
                service_id=row.code,
                **{day: int(bit) for day, bit in zip(DAYS, row.weekdays, strict=True)},
                start_date=row.start_on,
                end_date=row.end_on,
            )
            for row in rows.live(t.calendars, "code")
        ),
        "dated": tuple(
            p.Dated(
                service_id=row.service_code,
                date=row.service_on,
                exception_type=row.exception_type,
                as_weekday=row.as_weekday,
            )
            for row in rows.live(t.calendar_dates, "service_code", "service_on")
        ),
        "timetables": tuple(
            p.Timetable(
                route_id=codes["routes"][row.route_id],
                service_id=row.service_code,
                trip_id=row.code,
                trip_headsign=row.headsign,
                direction_id=1 if row.direction == "from_school" else 0,
                shape_id=row.shape_code,
            )
            for row in timetables
        ),
        "stop_times": tuple(
            p.StopTime(
                trip_id=live[row.timetable_id],
                arrival_time=row.arrival_s,
                departure_time=row.departure_s,
                stop_id=codes["stops"][row.stop_id],
                stop_sequence=row.seq,
            )
            for row in times
            if row.timetable_id in live
        ),
    }


def _fleet(rows: _Rows, codes: dict[str, Names]) -> dict[str, Any]:
    operators, people = codes["operators"], codes["people"]
    return {
        "vehicles": tuple(
            p.Vehicle(
                id=row.code,
                operator_id=operators[row.operator_id],
                plate=row.plate,
                seats=row.seats,
                inspection_until=row.inspection_until,
                insurance_until=row.insurance_until,
            )
            for row in rows.live(t.vehicles, "code")
        ),
        "devices": tuple(
            p.Device(id=row.id, vehicle_id=codes["vehicles"][row.vehicle_id])
            for row in rows.live(t.devices, "id")
        ),
        "people": tuple(
            p.Person(
                badge=row.badge,
                operator_id=operators[row.operator_id],
                role=row.role,
                name=row.name,
                phone=row.phone,
                born=row.born,
                licence_since=row.licence_since,
                qualified_until=row.qualified_until,
            )
            for row in rows.live(t.people, "badge")
        ),
        "permits": tuple(
            p.Permit(
                id=row.code,
                operator_id=operators[row.operator_id],
                trip_id=codes["timetables"][row.timetable_id],
                vehicle_id=codes["vehicles"][row.vehicle_id],
                driver_badge=people[row.driver_id],
                attendant_badge=people.get(row.attendant_id),
                tag=row.tag,
                issuer=row.issuer,
                valid_from=row.valid_from,
                valid_until=row.valid_until,
            )
            for row in rows.live(t.permits, "code")
        ),
    }


def _families(rows: _Rows, codes: dict[str, Names]) -> dict[str, Any]:
    riders = codes["riders"]
    guardians = [
        p.Guardian(
            username=codes["users"][row.user_id],
            rider_id=riders[row.rider_id],
            name=row.name,
            phone=row.phone,
            email=row.email,
            relation=row.relation,
            valid_until=row.valid_until,
        )
        for row in rows.live(t.guardians)
        if row.shared_by is None
    ]
    plans = [
        p.RidePlan(
            rider_id=riders[row.rider_id],
            trip_id=codes["timetables"][row.timetable_id],
            stop_id=codes["stops"][row.stop_id],
            weekdays=row.weekdays,
        )
        for row in rows.live(t.ride_plans)
    ]
    return {
        "riders": tuple(
            p.Rider(
                id=row.code,
                school_id=codes["schools"][row.school_id],
                name=row.name,
                grade=row.grade,
                card=row.card,
            )
            for row in rows.live(t.riders, "code")
        ),
        "guardians": tuple(sorted(guardians, key=lambda one: (one.username, one.rider_id))),
        "ride_plans": tuple(sorted(plans, key=lambda one: (one.rider_id, one.trip_id, one.stop_id))),
    }


def _rules(rows: _Rows, codes: dict[str, Names]) -> dict[str, Any]:
    tables = {"operator": "operators", "route": "routes", "permit": "permits"}

    def scope(row: Row[Any]) -> str:
        return f"{row.scope}:{codes[tables[row.scope]][row.scope_id]}" if row.scope_id else str(row.scope)

    settings = [p.Setting(scope=scope(row), name=row.name, value=row.value) for row in rows.live(t.settings)]
    return {
        "zones": tuple(
            p.Zone(
                id=row.code,
                kind=row.kind,
                limit_kmh=row.limit_kmh,
                wkt=row.wkt,
                width_m=row.width_m,
                valid_from=row.valid_from,
                valid_until=row.valid_until,
            )
            for row in rows.live(t.zones, "code")
        ),
        "settings": tuple(sorted(settings, key=lambda one: (one.scope, one.name))),
    }
