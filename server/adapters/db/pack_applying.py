"""Make the tables of the plan say what a judged pack says, file by file, inside one transaction."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Table, select, update

from server.adapters.db import tables as t
from server.adapters.db.pack_network import NetworkTables
from server.adapters.db.pack_tables import id_of
from server.adapters.db.sync import PLAIN, Extra
from server.domain.settings_catalog import BY_NAME
from server.service.packs.settings import split_scope

SCOPES: Mapping[str, Table] = {"operator": t.operators, "route": t.routes, "permit": t.permits}


class Applying(NetworkTables):
    """One import on its way into the tables."""

    def run(self) -> None:
        """Store every present file, each after those that it names."""
        self.store_network()
        self._vehicles()
        self._devices()
        self._people()
        self._permits()
        self._riders()
        self._users()
        self._guardians()
        self._ride_plans()
        self._zones()
        self._settings()
        if self._near is None or self._near.ending:
            self._end_along()

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
                "attendant_id": id_of(people, row.attendant_badge),
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
            scope_id = id_of(scopes.get(row.role, {}), row.scope_id)
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
            # Whom guardians lend a child to is theirs alone: a pack neither has it nor ends it.
            lent = select(t.guardians.c.user_id, t.guardians.c.rider_id)
            carers = self._connection.execute(lent.where(t.guardians.c.shared_by.is_not(None)))
            wanted = {
                (users[row.username], riders[row.rider_id]): {
                    "shared_by": None,
                    "may_change": True,
                    "name": row.name,
                    "phone": row.phone,
                    "email": row.email,
                    "relation": row.relation,
                    "valid_until": row.valid_until,
                }
                for row in self._pack.guardians
            }
            spared = PLAIN._replace(spared=frozenset((row[0], row[1]) for row in carers))
            self._sync(t.guardians, ("user_id", "rider_id"), wanted, spared)

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

    def _zones(self) -> None:
        if self._pack.zones is not None:
            columns = ("kind", "limit_kmh", "wkt", "width_m", "valid_from", "valid_until")
            wanted = {(row.id,): {name: getattr(row, name) for name in columns} for row in self._pack.zones}
            self._sync(t.zones, ("code",), wanted)

    def _settings(self) -> None:
        if self._pack.settings is None:
            return
        wanted = {}
        for row in self._pack.settings:
            scope, code = split_scope(row.scope)
            scope_id = self._of(SCOPES[scope])[code] if code is not None else ""
            wanted[scope, scope_id, row.name] = {"value": str(BY_NAME[row.name].read(row.value))}
        self._sync(t.settings, ("scope", "scope_id", "name"), wanted)

    def _end_along(self) -> None:
        """End what names an ended row: a permit without its timetable or driver means nothing."""
        of_scope = [
            (t.settings, "scope_id", target) for target in SCOPES.values()
        ]  # ids are of one table each
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
            *of_scope,
        ):
            ended = select(target.c.id).where(target.c.ended_at_ms.is_not(None))
            values: dict[str, Any] = {"ended_at_ms": self._now_ms}
            if table is t.devices:
                values |= {"active": False, "changed_at_ms": self._now_ms}
            done = self._connection.execute(
                update(table).where(table.c.ended_at_ms.is_(None), table.c[column].in_(ended)).values(values)
            )
            self.changed |= done.rowcount > 0
