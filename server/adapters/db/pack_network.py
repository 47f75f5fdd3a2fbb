"""Store the network of a judged pack: areas, operators, schools, stops, routes, shapes, calendars, timetables, plans."""

from __future__ import annotations

import msgspec

from server.adapters.db import tables as t
from server.adapters.db.pack_tables import PlanTables, id_of
from server.adapters.db.plan_versions import store_plans
from server.service.packs import rows as p

DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


class NetworkTables(PlanTables):
    """The part of an import that GTFS knows, and the areas and schools around it."""

    def store_network(self) -> None:
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
            done = store_plans(
                self._connection,
                self._change.drafts,
                timetables=self._of(t.timetables),
                stops={
                    code: (row_id, stops[code]) for code, row_id in self._of(t.stops).items() if code in stops
                },
                zones={code: zones[owner] for code, owner in self._owners.timetables.items()},
                now_ms=self._now_ms,
                holds_from=self._change.holds_from,
            )
            self.changed |= done.changed
            self.moved_plans = done.moved

    def _jurisdictions(self) -> None:
        rows = self._pack.jurisdictions
        if rows is None:
            return
        # A parent may come after its child: first the nodes, then the tree.
        nodes = {(row.id,): {"name": row.name, "level": row.level} for row in rows}
        self._sync(t.jurisdictions, ("code",), nodes)
        ids = self._of(t.jurisdictions)
        self._sync(
            t.jurisdictions, ("code",), {(row.id,): {"parent_id": id_of(ids, row.parent_id)} for row in rows}
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
                "jurisdiction_id": id_of(areas, detail.jurisdiction_id) if detail else None,
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
                    "operator_id": self._owner(t.stops, self._owners.stops, row.stop_id),
                    "name": row.stop_name,
                    "lat": row.stop_lat,
                    "lon": row.stop_lon,
                }
                for row in self._pack.stops
            }
            self._sync(t.stops, ("code",), wanted)

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
            wanted[code,] = {"operator_id": self._owner(t.shapes, self._owners.shapes, code), "points": body}
        self._sync(t.shapes, ("code",), wanted)

    def _calendars(self) -> None:
        if self._pack.weekly is not None:
            weeks = {
                (row.service_id,): {
                    "operator_id": self._owner(t.calendars, self._owners.services, row.service_id),
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
                    "operator_id": self._owner(t.calendars, self._owners.services, row.service_id),
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
