"""Trips with the names around them, their plan, visits and riders, read from the database."""

from __future__ import annotations

from typing import Any

import msgspec
from sqlalchemy import ColumnElement, Connection, Row, Select, and_, case, exists, func, or_, select

from server.adapters.db.scopes import owned_in, trips_among, trips_in
from server.adapters.db.tables import (
    inputs,
    operators,
    people,
    plans,
    riders,
    rides,
    routes,
    schools,
    substitutions,
    trip_riders,
    trips,
    vehicle_heads,
    vehicles,
    visits,
)
from server.domain.plan import PlanVersion
from server.domain.trip import OnDuty, SignOff, Turn, Visit
from server.domain.verdict import Excuse, Verdicts
from server.errors import InvalidError, NotFoundError
from server.service.doubt import LastRide
from server.service.instants import day_after
from server.service.policy import Scope
from server.service.rows import ChildRow, Head, RosterRow, TripRow
from server.service.shapes import Named

_verdicts = msgspec.json.Decoder(Verdicts)
_excuse = msgspec.json.Decoder(Excuse)
PLANS_KEPT = 4096  # plan versions are immutable: one decoding serves every reader of this process

_LIVE = ("scheduled", "en_route", "arrived", "closed")
_TRIP: tuple[ColumnElement[Any], ...] = (
    trips.c.id, trips.c.code, trips.c.service_on, trips.c.direction, trips.c.operator_id, operators.c.timezone,
    trips.c.plan_id, trips.c.state, trips.c.run_device_id, trips.c.planned_start_ms, trips.c.planned_end_ms,
    trips.c.started_at_ms, trips.c.arrived_at_ms, trips.c.ended_at_ms, trips.c.next_seq, trips.c.metre,
    trips.c.metre_at_ms, trips.c.delay_s, trips.c.rear_checked_at_ms, trips.c.sign_off, trips.c.crew, trips.c.turns,
    trips.c.verdicts,
    func.coalesce(trips.c.run_vehicle_id, trips.c.vehicle_id).label("runs_id"),
    routes.c.id.label("route_id"), routes.c.code.label("route_code"),
    routes.c.short_name.label("route_short"), routes.c.long_name.label("route_long"),
    schools.c.id.label("school_id"), schools.c.code.label("school_code"), schools.c.name.label("school_name"),
    vehicles.c.id.label("bus_id"), vehicles.c.code.label("bus_code"), vehicles.c.plate.label("bus_plate"),
    people.c.id.label("driver_id"), people.c.badge.label("driver_badge"), people.c.name.label("driver_name"),
)  # fmt: skip


# Approved since the bus that runs it set out, and not there yet: this is the bus to look for (decision 0115).
_given_since = exists().where(
    substitutions.c.timetable_id == trips.c.timetable_id,
    trips.c.service_on.between(substitutions.c.from_on, substitutions.c.until_on),
    substitutions.c.vehicle_id == trips.c.vehicle_id,
    substitutions.c.made_at_ms > func.coalesce(trips.c.assigned_at_ms, 0),
    substitutions.c.ended_at_ms.is_(None),
)
_shown_id = case(
    (trips.c.run_vehicle_id.is_(None), trips.c.vehicle_id),
    (and_(trips.c.state.in_(("scheduled", "en_route")), _given_since), trips.c.vehicle_id),
    else_=trips.c.run_vehicle_id,
)


def select_trips(*more: ColumnElement[Any]) -> Select[*tuple[Any, ...]]:
    """Select what `trip_row` reads, and `more`."""
    return (
        select(*_TRIP, *more)
        .select_from(trips)
        .join(operators, operators.c.id == trips.c.operator_id)
        .join(routes, routes.c.id == trips.c.route_id)
        .join(schools, schools.c.id == trips.c.school_id, isouter=True)
        .join(vehicles, vehicles.c.id == _shown_id, isouter=True)
        .join(people, people.c.id == trips.c.driver_id, isouter=True)
    )


def trip_row(row: Row[*tuple[Any, ...]]) -> TripRow:
    """Read a row of `select_trips`."""
    return TripRow(
        id=row.id, code=row.code, service_on=row.service_on, direction=row.direction, operator_id=row.operator_id,
        timezone=row.timezone, plan_id=row.plan_id,
        route=Named(row.route_id, row.route_code, row.route_long or row.route_short),
        school=_named(row.school_id, row.school_code, row.school_name),
        vehicle=_named(row.bus_id, row.bus_code, row.bus_plate),
        device_id=row.run_device_id,
        driver=_named(row.driver_id, row.driver_badge, row.driver_name),
        state=row.state, planned_start_ms=row.planned_start_ms, planned_end_ms=row.planned_end_ms,
        started_at_ms=row.started_at_ms, arrived_at_ms=row.arrived_at_ms, ended_at_ms=row.ended_at_ms,
        next_seq=row.next_seq, metre=row.metre, metre_at_ms=row.metre_at_ms, delay_s=row.delay_s,
        rear_checked_at_ms=row.rear_checked_at_ms, sign_off=_sign_off(row.sign_off),
        runs_id=row.runs_id, crew=OnDuty() if row.crew is None else msgspec.json.decode(row.crew, type=OnDuty),
        turns=() if row.turns is None else msgspec.json.decode(row.turns, type=tuple[Turn, ...]),
        verdicts=None if row.verdicts is None else _verdicts.decode(row.verdicts),
    )  # fmt: skip


def _sign_off(body: bytes | None) -> SignOff:
    return SignOff() if body is None else msgspec.json.decode(body, type=SignOff)


def _named(id_: str | None, code: str, name: str) -> Named | None:
    return None if id_ is None else Named(id_, code, name)


class TripsDb:
    """Implements `TripStore` on one connection; `kept` is the process's cache of plan versions."""

    def __init__(self, connection: Connection, kept: dict[str, PlanVersion]) -> None:
        self._connection = connection
        self._kept = kept

    def page(self, scope: Scope, filters: dict[str, str], after: str | None, limit: int) -> list[TripRow]:
        query = select_trips().where(
            trips_among(scope), *(_is(name, value) for name, value in filters.items())
        )
        if after is not None:
            query = query.where(self._behind(scope, after))
        query = query.order_by(trips.c.service_on.desc(), trips.c.planned_start_ms, trips.c.id).limit(limit)
        return [trip_row(row) for row in self._connection.execute(query)]

    def get(self, trip_id: str) -> TripRow:
        row = self._connection.execute(select_trips().where(trips.c.id == trip_id)).one_or_none()
        if row is None:
            raise NotFoundError(f"There is no trip {trip_id}: check its id.")
        return trip_row(row)

    def plan(self, plan_id: str) -> PlanVersion:
        found = self._kept.get(plan_id)
        if found is None:
            body = self._connection.scalar(select(plans.c.body).where(plans.c.id == plan_id))
            if body is None:
                raise NotFoundError(f"The plan {plan_id} of this trip is missing: import the pack again.")
            found = msgspec.json.decode(body, type=PlanVersion)
            if len(self._kept) >= PLANS_KEPT:
                self._kept.clear()
            self._kept[plan_id] = found
        return found

    def visits(self, trip_id: str) -> tuple[Visit, ...]:
        rows = self._connection.execute(
            select(visits).where(visits.c.trip_id == trip_id).order_by(visits.c.seq)
        )
        return tuple(
            Visit(row.seq, row.arrived_at_ms, row.departed_at_ms, row.passed_at_ms, row.by_door)
            for row in rows
        )

    def riders(self, trip_id: str, school_id: str | None) -> list[RosterRow]:
        query = (
            select(
                riders.c.id, riders.c.code, riders.c.name, riders.c.grade, trip_riders.c.stop_id,
                trip_riders.c.state, trip_riders.c.since_ms, trip_riders.c.stranger,
                schools.c.id.label("school_id"), schools.c.code.label("school_code"),
                schools.c.name.label("school_name"),
            )
            .join(riders, riders.c.id == trip_riders.c.rider_id)
            .join(schools, schools.c.id == riders.c.school_id)
            .where(trip_riders.c.trip_id == trip_id)
            .order_by(riders.c.name, riders.c.id)
        )  # fmt: skip
        if school_id is not None:
            query = query.where(riders.c.school_id == school_id)
        return [
            RosterRow(
                ChildRow(row.id, row.code, row.name, row.grade, Named(row.school_id, row.school_code, row.school_name)),
                row.stop_id, row.state, row.since_ms, row.stranger,
            )
            for row in self._connection.execute(query)
        ]  # fmt: skip

    def last_rides(self, trip_id: str) -> dict[str, LastRide]:
        """Give how each rider of a trip was last seen to get on or off."""
        query = (
            select(rides.c.rider_id, rides.c.by, rides.c.at_ms)
            .where(rides.c.trip_id == trip_id, rides.c.rider_id.is_not(None))
            .order_by(rides.c.at_ms, rides.c.source)
        )
        return {row.rider_id: LastRide(row.by, row.at_ms) for row in self._connection.execute(query)}

    def counts(self, trip_id: str, school_id: str | None) -> list[tuple[str, bool, int]]:
        query = (
            select(trip_riders.c.state, trip_riders.c.stranger, func.count())
            .where(trip_riders.c.trip_id == trip_id)
            .group_by(trip_riders.c.state, trip_riders.c.stranger)
        )
        if school_id is not None:
            query = query.join(riders, riders.c.id == trip_riders.c.rider_id).where(
                riders.c.school_id == school_id
            )
        return [(state, stranger, number) for state, stranger, number in self._connection.execute(query)]

    def excuses(self, trip_id: str) -> tuple[Excuse, ...]:
        """List what was approved of a trip's verdicts."""
        query = select(inputs.c.body).where(inputs.c.trip_id == trip_id, inputs.c.kind == "excuse")
        return tuple(map(_excuse.decode, self._connection.scalars(query.order_by(inputs.c.id))))

    def head(self, vehicle_id: str) -> Head | None:
        found = self._heads(vehicle_heads.c.vehicle_id == vehicle_id)
        return found[0] if found else None

    def heads(self, scope: Scope) -> list[Head]:
        if scope.kind in ("all", "operators"):
            return self._heads(owned_in(scope, vehicles.c.operator_id))
        return self._heads(
            vehicle_heads.c.trip_id.in_(select(trips.c.id).where(trips_among(scope), _near(scope)))
        )

    def running(self, scope: Scope) -> list[TripRow]:
        query = select_trips().where(trips_among(scope), _near(scope), trips.c.state.in_(_LIVE))
        return [trip_row(row) for row in self._connection.execute(query)]

    def _heads(self, mine: ColumnElement[bool]) -> list[Head]:
        query = (
            select(vehicle_heads, operators.c.timezone)
            .join(vehicles, vehicles.c.id == vehicle_heads.c.vehicle_id)
            .join(operators, operators.c.id == vehicles.c.operator_id)
            .where(mine)
            .order_by(vehicle_heads.c.vehicle_id)
        )
        return [
            Head(
                row.vehicle_id, row.device_id, row.trip_id, row.at_ms, row.lat, row.lon, row.spd, row.hdg, row.metre,
                row.interval_s, row.timezone,
            )
            for row in self._connection.execute(query)
        ]  # fmt: skip

    def _behind(self, scope: Scope, after: str) -> ColumnElement[bool]:
        last = self._connection.execute(
            select(trips.c.service_on, trips.c.planned_start_ms).where(trips.c.id == after, trips_in(scope))
        ).one_or_none()
        if last is None:
            raise InvalidError("`after` is none of this list's cursors: take `next` of the page before.")
        same_day = trips.c.service_on == last.service_on
        return or_(
            trips.c.service_on < last.service_on,
            and_(same_day, trips.c.planned_start_ms > last.planned_start_ms),
            and_(same_day, trips.c.planned_start_ms == last.planned_start_ms, trips.c.id > after),
        )


def _near(scope: Scope) -> ColumnElement[bool]:
    return trips.c.service_on.between(day_after(scope.on, -1), day_after(scope.on))


def _is(name: str, value: str) -> ColumnElement[bool]:
    """Say that a trip has what a filter asks for; an object is named by id or code."""

    def named(column: ColumnElement[Any], owner: Any) -> ColumnElement[bool]:  # noqa: ANN401 - any table
        return column.in_(select(owner.c.id).where(or_(owner.c.id == value, owner.c.code == value)))

    match name:
        case "service_date":
            return trips.c.service_on == value
        case "state" | "code":
            return trips.c[name] == value
        case "school_id":
            return named(trips.c.school_id, schools)
        case "route_id":
            return named(trips.c.route_id, routes)
        case "vehicle_id":
            return named(func.coalesce(trips.c.run_vehicle_id, trips.c.vehicle_id), vehicles)
        case "rider_id":
            return trips.c.id.in_(select(trip_riders.c.trip_id).where(trip_riders.c.rider_id == value))
    raise InvalidError(f"there is no filter {name!r} for trips", fields={name: "unknown"})
