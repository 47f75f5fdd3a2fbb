"""Substitutions for HTTP: made, listed, taken back; whom and what they may name, and who is taken at that time."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from typing import Any, Final, Literal
from zoneinfo import ZoneInfo

import msgspec
from msgspec.structs import asdict
from sqlalchemy import ColumnElement, Row, Select, insert, or_, select, update

from server.adapters.db.counters import bump
from server.adapters.db.scopes import owned_in
from server.adapters.db.substitution_plans import SubstitutionPlansDb
from server.adapters.db.substitutions import apply, in_force
from server.adapters.db.tables import (
    operators,
    people,
    routes,
    substitutions,
    timetables,
    trips,
    users,
    vehicles,
)
from server.adapters.db.timetabling import read_calendar, read_permits, read_timetables
from server.domain.service_time import instant_ms
from server.domain.substitute import Detour, Staffing, Substitute, staffing_at
from server.service.instants import day_after
from server.service.policy import Scope
from server.service.shapes import Named
from server.service.substitutions_rows import (
    BusRow,
    Clash,
    NewSubstitution,
    PersonRow,
    SubstitutionRow,
    Target,
)
from server.service.timetabling import Permit, Timetable

_detour: Final = msgspec.json.Decoder(Detour)
_DRIVER, _ATTENDANT = people.alias("sub_driver"), people.alias("sub_attendant")


class SubstitutionsDb(SubstitutionPlansDb):
    """Implements `SubstitutionStore` on one connection."""

    def find_target(self, scope: Scope, ref: str) -> Target | None:
        for column in (timetables.c.id, timetables.c.code):
            mine = owned_in(scope, timetables.c.operator_id) & timetables.c.ended_at_ms.is_(None)
            found = list(
                self._connection.scalars(select(timetables.c.id).where(column == ref, mine).limit(2))
            )
            if len(found) == 1:
                return self._target(found[0])
        return None

    def target_of(self, trip_id: str) -> Target:
        query = select(trips.c.timetable_id).where(trips.c.id == trip_id)
        return self._target(self._connection.execute(query).scalar_one())

    def buses(self, operator_id: str, ref: str | None) -> list[BusRow]:
        mine = vehicles.c.operator_id == operator_id
        query = select(vehicles).where(mine, vehicles.c.ended_at_ms.is_(None)).order_by(vehicles.c.code)
        if ref is not None:
            query = query.where(or_(vehicles.c.id == ref, vehicles.c.code == ref))
        return [
            BusRow(Named(row.id, row.code, row.plate), row.seats, row.inspection_until, row.insurance_until)
            for row in self._connection.execute(query)
        ]

    def people(
        self, operator_id: str, role: Literal["driver", "attendant"], ref: str | None
    ) -> list[PersonRow]:
        query = (
            select(people)
            .where(people.c.operator_id == operator_id, people.c.role == role, people.c.ended_at_ms.is_(None))
            .order_by(people.c.badge)
        )
        if ref is not None:
            query = query.where(or_(people.c.id == ref, people.c.badge == ref))
        return [
            PersonRow(
                Named(row.id, row.badge, row.name),
                row.phone,
                row.born,
                row.licence_since,
                row.qualified_until,
            )
            for row in self._connection.execute(query)
        ]

    def clashes(self, target: Target, days: Sequence[str]) -> list[Clash]:
        """List the operator's trips at the target's times: those that are made, and on later days those that the plan will make."""
        calendar, zone = read_calendar(self._connection), ZoneInfo(target.timezone)
        spans = {
            on: (
                instant_ms(date.fromisoformat(on), target.start_s, zone),
                instant_ms(date.fromisoformat(on), target.end_s, zone),
            )
            for on in days
            if calendar.weekday_of(target.service_code, date.fromisoformat(on)) is not None
        }
        query = (
            select(
                trips.c.id, trips.c.code, trips.c.service_on, trips.c.planned_start_ms, trips.c.planned_end_ms,
                trips.c.run_vehicle_id, trips.c.vehicle_id, trips.c.driver_id, trips.c.attendant_id, trips.c.state,
                routes.c.short_name, routes.c.long_name,
            )
            .join(routes, routes.c.id == trips.c.route_id)
            .where(
                trips.c.operator_id == target.operator_id,
                trips.c.timetable_id != target.timetable_id,
                trips.c.service_on.between(day_after(days[0], -1), day_after(days[-1])),
            )
            .order_by(trips.c.planned_start_ms, trips.c.id)
        )  # fmt: skip
        found, made = [], set()
        for row in self._connection.execute(query):
            made.add(row.service_on)
            if row.state in ("scheduled", "en_route") and any(
                row.planned_start_ms < end_ms and start_ms < row.planned_end_ms
                for start_ms, end_ms in spans.values()
            ):
                ids = {row.run_vehicle_id, row.vehicle_id, row.driver_id, row.attendant_id} - {None}
                name = row.long_name or row.short_name
                found.append(Clash(Named(row.id, row.code, name), row.service_on, frozenset(ids)))
        return found + list(self._planned(target, [on for on in spans if on not in made]))

    def planned(self, target: Target, on: str) -> Staffing:
        """Give whom and what runs the target's trip of a date as approved now, by ids."""
        row = self._connection.execute(
            select(trips.c.vehicle_id, trips.c.driver_id, trips.c.attendant_id).where(
                trips.c.timetable_id == target.timetable_id, trips.c.service_on == on
            )
        ).one_or_none()
        if row is not None:
            return Staffing(row.vehicle_id, row.driver_id, row.attendant_id)
        permits = [one for one in read_permits(self._connection) if one.timetable_id == target.timetable_id]
        given = in_force(self._connection, on).get(target.timetable_id, [])
        return _staffing(permits, given, on)

    def add(self, row: NewSubstitution) -> list[str]:
        detour = None if row.detour is None else msgspec.json.encode(row.detour)
        self._connection.execute(insert(substitutions).values(asdict(row) | {"detour": detour}))
        return self._moved(row.timetable_id, row.from_on, row.until_on)

    def end(self, row: SubstitutionRow, now_ms: int) -> list[str]:
        self._connection.execute(
            update(substitutions).where(substitutions.c.id == row.id).values(ended_at_ms=now_ms)
        )
        return self._moved(row.timetable_id, row.from_on, row.until_on)

    def find(self, scope: Scope, substitution_id: str) -> SubstitutionRow | None:
        mine = owned_in(scope, substitutions.c.operator_id)
        return next(self._rows(_select().where(substitutions.c.id == substitution_id, mine)), None)

    def list_of_trip(self, trip_id: str) -> list[SubstitutionRow]:
        query = (
            _select()
            .join(trips, trips.c.timetable_id == substitutions.c.timetable_id)
            .where(
                trips.c.id == trip_id,
                trips.c.service_on.between(substitutions.c.from_on, substitutions.c.until_on),
            )
            .order_by(substitutions.c.made_at_ms, substitutions.c.id)
        )
        return list(self._rows(query))

    def page(self, scope: Scope, from_on: str, after: str | None, limit: int) -> list[SubstitutionRow]:
        query = _select().where(
            owned_in(scope, substitutions.c.operator_id), substitutions.c.until_on >= from_on
        )
        if after is not None:
            query = query.where(substitutions.c.id > after)
        return list(self._rows(query.order_by(substitutions.c.id).limit(limit)))

    def badges(self, operator_id: str, badges: Sequence[str]) -> Mapping[str, Named]:
        query = select(people.c.id, people.c.badge, people.c.name).where(
            people.c.operator_id == operator_id, people.c.badge.in_(badges)
        )
        return {row.badge: Named(row.id, row.badge, row.name) for row in self._connection.execute(query)}

    def _moved(self, timetable_id: str, from_on: str, until_on: str) -> list[str]:
        changed = apply(self._connection, timetable_id, from_on, until_on)
        bump(self._connection, "substitutions")
        return changed

    def _planned(self, target: Target, days: Sequence[str]) -> Iterator[Clash]:
        """Give what the plan will make on days of which no trips are made yet."""
        if not days:
            return
        calendar, given = read_calendar(self._connection), in_force(self._connection, days[0])
        permits: dict[str, list[Permit]] = defaultdict(list)
        for permit in read_permits(self._connection):
            permits[permit.timetable_id].append(permit)
        at_once = [
            one
            for one in read_timetables(self._connection, days[0])
            if one.operator_id == target.operator_id
            and one.id != target.timetable_id
            and one.start_s < target.end_s
            and target.start_s < one.end_s
        ]
        for on in days:
            for one in at_once:
                if calendar.weekday_of(one.service_code, date.fromisoformat(on)) is not None:
                    yield _clash(one, on, _staffing(permits[one.id], given.get(one.id, []), on))

    def _rows(self, query: Select[*tuple[Any, ...]]) -> Iterator[SubstitutionRow]:
        for row in self._connection.execute(query):
            yield _row(row)


def _clash(timetable: Timetable, on: str, staffing: Staffing) -> Clash:
    ids = {staffing.vehicle_id, staffing.driver_badge, staffing.attendant_badge} - {None}
    named = Named(timetable.id, timetable.code, timetable.code)
    return Clash(named, on, frozenset(id_ for id_ in ids if id_ is not None))


def _staffing(permits: Sequence[Permit], given: Sequence[tuple[str, str, Substitute]], on: str) -> Staffing:
    permit = next((one for one in permits if one.valid_from <= on <= one.valid_until), None)
    base = (
        Staffing() if permit is None else Staffing(permit.vehicle_id, permit.driver_id, permit.attendant_id)
    )
    return staffing_at(base, [each for first, last, each in given if first <= on <= last], None)


def _select() -> Select[*tuple[Any, ...]]:
    """Select the substitutions in force with the names around them."""
    return (
        select(
            substitutions, timetables.c.code.label("timetable_code"), routes.c.short_name, routes.c.long_name,
            operators.c.timezone, vehicles.c.code.label("bus_code"), vehicles.c.plate,
            _DRIVER.c.badge.label("driver_badge"), _DRIVER.c.name.label("driver_name"),
            _ATTENDANT.c.badge.label("attendant_badge"), _ATTENDANT.c.name.label("attendant_name"),
            users.c.username, users.c.name.label("user_name"),
        )
        .join(timetables, timetables.c.id == substitutions.c.timetable_id)
        .join(routes, routes.c.id == timetables.c.route_id)
        .join(operators, operators.c.id == substitutions.c.operator_id)
        .join(vehicles, vehicles.c.id == substitutions.c.vehicle_id, isouter=True)
        .join(_DRIVER, _DRIVER.c.id == substitutions.c.driver_id, isouter=True)
        .join(_ATTENDANT, _ATTENDANT.c.id == substitutions.c.attendant_id, isouter=True)
        .join(users, users.c.id == substitutions.c.user_id, isouter=True)
        .where(_in_force())
    )  # fmt: skip


def _in_force() -> ColumnElement[bool]:
    return substitutions.c.ended_at_ms.is_(None)


def _row(row: Row[*tuple[Any, ...]]) -> SubstitutionRow:
    return SubstitutionRow(
        id=row.id,
        timetable=Named(row.timetable_id, row.timetable_code, row.long_name or row.short_name),
        timetable_id=row.timetable_id,
        operator_id=row.operator_id,
        timezone=row.timezone,
        from_on=row.from_on,
        until_on=row.until_on,
        vehicle=_named(row.vehicle_id, row.bus_code, row.plate),
        driver=_named(row.driver_id, row.driver_badge, row.driver_name),
        attendant=_named(row.attendant_id, row.attendant_badge, row.attendant_name),
        reason=row.reason,
        made_at_ms=row.made_at_ms,
        by=_named(None if row.username is None else row.user_id, row.username, row.user_name or row.username),
        shift_s=row.shift_s,
        detour=None if row.detour is None else _detour.decode(row.detour),
    )


def _named(id_: str | None, code: str, name: str) -> Named | None:
    return None if id_ is None else Named(id_, code, name)
