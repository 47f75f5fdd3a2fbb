"""Make the tables of the plan say what a judged pack says, file by file, inside one transaction."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec
from sqlalchemy import Connection, Table, select, update

from server.adapters.db import tables as t
from server.adapters.db.plan_versions import store_plans
from server.adapters.db.sync import PLAIN, Extra, Key, Values, live_ids, sync
from server.service.packs import rows as p
from server.service.packs.pack import Pack
from server.service.packs.port import Change

DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


class Applying:
    """One import on its way into the tables; `changed` says whether anything moved."""

    def __init__(self, connection: Connection, change: Change, now_ms: int) -> None:
        self._connection = connection
        self._change = change
        self._pack = change.pack
        self._full = change.full
        self._now_ms = now_ms
        self._owners = _Owners(change.full)
        self._ids: dict[str, dict[str, str]] = {}
        self.changed = False

    def run(self) -> None:
        """Store every present file, each after those that it names."""
        self._jurisdictions()
        self._operators()
        self._stops()
        self._schools()
        self._routes()
        self._shapes()
        self._calendars()
        self._timetables()
        if self._change.drafts is not None:
            stops = {stop.stop_id: stop for stop in self._full.stops or ()}
            zones = {one.agency_id: one.agency_timezone for one in self._full.agencies or ()}
            self.changed |= store_plans(
                self._connection,
                self._change.drafts,
                timetables=self._of(t.timetables),
                stops={
                    code: (row_id, stops[code]) for code, row_id in self._of(t.stops).items() if code in stops
                },
                zones={code: zones[owner] for code, owner in self._owners.timetables.items()},
                now_ms=self._now_ms,
            )
        self._vehicles()
        self._devices()
        self._people()
        self._permits()
        self._riders()
        self._users()
        self._guardians()
        self._ride_plans()
        self._end_along()

    def _of(self, table: Table, key: str = "code") -> dict[str, str]:
        if table.name not in self._ids:
            self._ids[table.name] = live_ids(self._connection, table, key)
        return self._ids[table.name]

    def _sync(
        self, table: Table, key: tuple[str, ...], wanted: Mapping[Key, Values], extra: Extra = PLAIN
    ) -> None:
        self._ids.pop(table.name, None)
        self.changed |= sync(self._connection, table, key, wanted, self._now_ms, extra)

    def _jurisdictions(self) -> None:
        rows = self._pack.jurisdictions
        if rows is None:
            return
        # A parent may come after its child: first the nodes, then the tree.
        nodes = {(row.id,): {"name": row.name, "level": row.level} for row in rows}
        self._sync(t.jurisdictions, ("code",), nodes)
        ids = self._of(t.jurisdictions)
        self._sync(
            t.jurisdictions, ("code",), {(row.id,): {"parent_id": _get(ids, row.parent_id)} for row in rows}
        )

    def _operators(self) -> None:
        if self._pack.agencies is None and self._pack.operators is None:
            return
        areas = self._of(t.jurisdictions)
        details = {row.id: row for row in self._full.operators or ()}
        wanted = {}
        for agency in self._full.agencies or ():
            detail = details.get(agency.agency_id or "")
            wanted[agency.agency_id,] = {
                "jurisdiction_id": _get(areas, detail.jurisdiction_id) if detail else None,
                "name": detail.name if detail else agency.agency_name,
                "phone": detail.phone if detail else agency.agency_phone,
                "url": agency.agency_url,
                "timezone": agency.agency_timezone,
                "lang": agency.agency_lang,
            }
        self._sync(t.operators, ("code",), wanted)

    def _stops(self) -> None:
        if self._pack.stops is not None:
            wanted = {
                (row.stop_id,): {
                    "operator_id": self._owner(self._owners.stops, row.stop_id),
                    "name": row.stop_name,
                    "lat": row.stop_lat,
                    "lon": row.stop_lon,
                }
                for row in self._pack.stops
            }
            self._sync(t.stops, ("code",), wanted)

    def _owner(self, owners: Mapping[str, str], code: str) -> str:
        return self._of(t.operators)[owners.get(code, self._owners.first)]

    def _schools(self) -> None:
        if self._pack.schools is not None:
            areas, stops = self._of(t.jurisdictions), self._of(t.stops)
            wanted = {
                (row.id,): {
                    "jurisdiction_id": areas[row.jurisdiction_id],
                    "stop_id": stops[row.stop_id],
                    "name": row.name,
                    "phone": row.phone,
                }
                for row in self._pack.schools
            }
            self._sync(t.schools, ("code",), wanted)

    def _routes(self) -> None:
        if self._pack.routes is not None:
            wanted = {
                (row.route_id,): {
                    "operator_id": self._of(t.operators)[row.agency_id or ""],
                    "short_name": row.route_short_name or "",
                    "long_name": row.route_long_name or "",
                    "route_type": row.route_type,
                }
                for row in self._pack.routes
            }
            self._sync(t.routes, ("code",), wanted)

    def _shapes(self) -> None:
        if self._pack.shape_points is None:
            return
        lines: dict[str, list[p.ShapePoint]] = {}
        for point in self._pack.shape_points:
            lines.setdefault(point.shape_id, []).append(point)
        wanted = {}
        for code, points in lines.items():
            points.sort(key=lambda point: point.shape_pt_sequence)
            body = msgspec.json.encode([(point.shape_pt_lat, point.shape_pt_lon) for point in points])
            wanted[code,] = {"operator_id": self._owner(self._owners.shapes, code), "points": body}
        self._sync(t.shapes, ("code",), wanted)

    def _calendars(self) -> None:
        if self._pack.weekly is not None:
            weeks = {
                (row.service_id,): {
                    "operator_id": self._owner(self._owners.services, row.service_id),
                    "weekdays": "".join(str(getattr(row, day)) for day in DAYS),
                    "start_on": row.start_date,
                    "end_on": row.end_date,
                }
                for row in self._pack.weekly
            }
            self._sync(t.calendars, ("code",), weeks)
        if self._pack.dated is not None:
            days = {
                (row.service_id, row.date): {
                    "operator_id": self._owner(self._owners.services, row.service_id),
                    "exception_type": row.exception_type,
                    "as_weekday": row.as_weekday,
                }
                for row in self._pack.dated
            }
            self._sync(t.calendar_dates, ("service_code", "service_on"), days)

    def _timetables(self) -> None:
        if self._pack.timetables is not None:
            wanted = {
                (row.trip_id,): {
                    "operator_id": self._of(t.operators)[self._owners.timetables[row.trip_id]],
                    "route_id": self._of(t.routes)[row.route_id],
                    "service_code": row.service_id,
                    "direction": "from_school" if row.direction_id else "to_school",
                    "headsign": row.trip_headsign,
                    "shape_code": row.shape_id,
                }
                for row in self._pack.timetables
            }
            self._sync(t.timetables, ("code",), wanted)

    def _vehicles(self) -> None:
        if self._pack.vehicles is not None:
            wanted = {
                (row.id,): {
                    "operator_id": self._of(t.operators)[row.operator_id],
                    "plate": row.plate,
                    "seats": row.seats,
                    "inspection_until": row.inspection_until,
                    "insurance_until": row.insurance_until,
                }
                for row in self._pack.vehicles
            }
            self._sync(t.vehicles, ("code",), wanted)

    def _devices(self) -> None:
        if self._pack.devices is None:
            return
        hashes = self._change.secret_hashes
        moved = {"changed_at_ms": self._now_ms}
        self._sync(
            t.devices,
            ("id",),
            {
                (row.id,): {"vehicle_id": self._of(t.vehicles)[row.vehicle_id], "active": True}
                for row in self._pack.devices
            },
            Extra(
                lambda key: {"secret_hash": hashes[key[0]], "made_at_ms": self._now_ms} | moved,
                moved,
                {"active": False} | moved,
            ),
        )
        self._rehash(t.devices, "id", "secret_hash", hashes)

    def _rehash(self, table: Table, key: str, column: str, hashes: Mapping[str, str]) -> None:
        known = dict(self._connection.execute(select(table.c[key], table.c[column])).all())
        for code, encoded in hashes.items():
            if known[code] != encoded:
                self.changed = True
                values = {column: encoded, "changed_at_ms": self._now_ms}
                self._connection.execute(update(table).where(table.c[key] == code).values(values))

    def _people(self) -> None:
        if self._pack.people is not None:
            wanted = {
                (row.badge,): {
                    "operator_id": self._of(t.operators)[row.operator_id],
                    "role": row.role,
                    "name": row.name,
                    "phone": row.phone,
                    "born": row.born,
                    "licence_since": row.licence_since,
                    "qualified_until": row.qualified_until,
                }
                for row in self._pack.people
            }
            self._sync(t.people, ("badge",), wanted)

    def _permits(self) -> None:
        if self._pack.permits is None:
            return
        people = self._of(t.people, "badge")
        wanted = {
            (row.id,): {
                "operator_id": self._of(t.operators)[row.operator_id],
                "timetable_id": self._of(t.timetables)[row.trip_id],
                "vehicle_id": self._of(t.vehicles)[row.vehicle_id],
                "driver_id": people[row.driver_badge],
                "attendant_id": _get(people, row.attendant_badge),
                "tag": row.tag,
                "issuer": row.issuer,
                "valid_from": row.valid_from,
                "valid_until": row.valid_until,
            }
            for row in self._pack.permits
        }
        self._sync(t.permits, ("code",), wanted)

    def _riders(self) -> None:
        if self._pack.riders is not None:
            schools = self._of(t.schools)
            wanted = {
                (row.id,): {
                    "school_id": schools[row.school_id],
                    "name": row.name,
                    "grade": row.grade,
                    "card": row.card,
                }
                for row in self._pack.riders
            }
            self._sync(t.riders, ("code",), wanted)

    def _users(self) -> None:
        if self._pack.users is None:
            return
        scopes = {
            "regulator": self._of(t.jurisdictions),
            "operator": self._of(t.operators),
            "school": self._of(t.schools),
            "attendant": self._of(t.people, "badge"),
            "driver": self._of(t.people, "badge"),
        }
        hashes = self._change.password_hashes
        moved = {"changed_at_ms": self._now_ms}
        wanted = {}
        for row in self._pack.users:
            scope_id = _get(scopes.get(row.role, {}), row.scope_id)
            wanted[row.username,] = {"role": row.role, "scope_id": scope_id, "name": row.name}
        self._sync(
            t.users,
            ("username",),
            wanted,
            Extra(
                lambda key: {"password_hash": hashes[key[0]], "made_at_ms": self._now_ms} | moved,
                moved,
                moved,
            ),
        )
        self._rehash(t.users, "username", "password_hash", hashes)

    def _guardians(self) -> None:
        if self._pack.guardians is not None:
            users, riders = self._of(t.users, "username"), self._of(t.riders)
            wanted = {
                (users[row.username], riders[row.rider_id]): {
                    "name": row.name,
                    "phone": row.phone,
                    "email": row.email,
                    "relation": row.relation,
                    "valid_until": row.valid_until,
                }
                for row in self._pack.guardians
            }
            self._sync(t.guardians, ("user_id", "rider_id"), wanted)

    def _ride_plans(self) -> None:
        if self._pack.ride_plans is not None:
            riders, timetables, stops = self._of(t.riders), self._of(t.timetables), self._of(t.stops)
            wanted = {
                (riders[row.rider_id], timetables[row.trip_id], stops[row.stop_id]): {
                    "weekdays": row.weekdays
                }
                for row in self._pack.ride_plans
            }
            self._sync(t.ride_plans, ("rider_id", "timetable_id", "stop_id"), wanted)

    def _end_along(self) -> None:
        """End what names an ended row: a permit without its timetable or driver means nothing."""
        for table, column, target in (
            (t.timetables, "route_id", t.routes),
            (t.devices, "vehicle_id", t.vehicles),
            (t.permits, "timetable_id", t.timetables),
            (t.permits, "vehicle_id", t.vehicles),
            (t.permits, "driver_id", t.people),
            (t.permits, "attendant_id", t.people),
            (t.guardians, "rider_id", t.riders),
            (t.guardians, "user_id", t.users),
            (t.ride_plans, "rider_id", t.riders),
            (t.ride_plans, "timetable_id", t.timetables),
        ):
            ended = select(target.c.id).where(target.c.ended_at_ms.is_not(None))
            values: dict[str, Any] = {"ended_at_ms": self._now_ms}
            if table is t.devices:
                values |= {"active": False, "changed_at_ms": self._now_ms}
            done = self._connection.execute(
                update(table).where(table.c.ended_at_ms.is_(None), table.c[column].in_(ended)).values(values)
            )
            self.changed |= done.rowcount > 0


def _get(ids: Mapping[str, str], code: str | None) -> str | None:
    return None if code is None else ids[code]


class _Owners:
    """Which operator each part of the network is of: that of the first timetable that uses it, else the first one."""

    def __init__(self, full: Pack) -> None:
        routes = {row.route_id: row.agency_id or "" for row in full.routes or ()}
        agencies = full.agencies or ()
        self.first = (agencies[0].agency_id or "") if agencies else ""
        self.timetables = {
            row.trip_id: routes[row.route_id] for row in full.timetables or () if row.route_id in routes
        }
        self.shapes: dict[str, str] = {}
        self.services: dict[str, str] = {}
        self.stops: dict[str, str] = {}
        for row in full.timetables or ():
            owner = self.timetables.get(row.trip_id, self.first)
            self.services.setdefault(row.service_id, owner)
            if row.shape_id is not None:
                self.shapes.setdefault(row.shape_id, owner)
        for time in full.stop_times or ():
            self.stops.setdefault(time.stop_id, self.timetables.get(time.trip_id, self.first))
