"""Riders as their guardians and schools see them, in the database."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection, insert, select, update

from server.adapters.db.scopes import riders_in
from server.adapters.db.tables import (
    exceptions,
    inputs,
    operators,
    permits,
    riders,
    rides,
    routes,
    schools,
    stops,
    trip_riders,
    trips,
    vehicles,
)
from server.adapters.db.trips_read import select_trips, trip_row
from server.errors import NotFoundError
from server.service.policy import Scope
from server.service.rows import ChildRow, ChildTripRow, ExceptionRow, RideRow
from server.service.shapes import Named


class ChildrenDb:
    """Implements `ChildStore` on one connection."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def list_ids(self, scope: Scope) -> list[str]:
        query = (
            select(riders.c.id)
            .where(riders_in(scope), riders.c.ended_at_ms.is_(None))
            .order_by(riders.c.name)
        )
        return list(self._connection.scalars(query))

    def get(self, rider_id: str) -> ChildRow:
        row = self._connection.execute(
            select(
                riders.c.id, riders.c.code, riders.c.name, riders.c.grade, schools.c.id.label("school_id"),
                schools.c.code.label("school_code"), schools.c.name.label("school_name"),
                schools.c.phone.label("school_phone"),
            )
            .join(schools, schools.c.id == riders.c.school_id)
            .where(riders.c.id == rider_id)
        ).one_or_none()  # fmt: skip
        if row is None:
            raise NotFoundError(f"There is no child {rider_id}: check the id.")
        return ChildRow(
            row.id, row.code, row.name, row.grade, Named(row.school_id, row.school_code, row.school_name),
            row.school_phone,
        )  # fmt: skip

    def list_trips(self, rider_id: str, days: Sequence[str]) -> list[ChildTripRow]:
        permitted = vehicles.alias("permitted")
        query = (
            select_trips(
                trip_riders.c.stop_id.label("rider_stop"), trip_riders.c.state.label("rider_state"),
                permitted.c.id.label("permitted_id"), permitted.c.code.label("permitted_code"),
                permitted.c.plate.label("permitted_plate"), operators.c.code.label("operator_code"),
                operators.c.name.label("operator_name"), operators.c.phone.label("operator_phone"),
            )
            .join(trip_riders, trip_riders.c.trip_id == trips.c.id)
            .join(permits, permits.c.id == trips.c.permit_id, isouter=True)
            .join(permitted, permitted.c.id == permits.c.vehicle_id, isouter=True)
            .where(trip_riders.c.rider_id == rider_id, trips.c.service_on.in_(days))
            .order_by(trips.c.planned_start_ms, trips.c.id)
        )  # fmt: skip
        return [
            ChildTripRow(
                trip_row(row), row.rider_stop, row.rider_state,
                None if row.permitted_id is None else Named(row.permitted_id, row.permitted_code, row.permitted_plate),
                Named(row.operator_id, row.operator_code, row.operator_name), row.operator_phone,
            )
            for row in self._connection.execute(query)
        ]  # fmt: skip

    def list_rides(self, rider_id: str, since_ms: int) -> list[RideRow]:
        query = (
            select(
                rides.c.dir, rides.c.at_ms, trips.c.id.label("trip_id"), trips.c.code.label("trip_code"),
                routes.c.long_name, routes.c.short_name,
                stops.c.id.label("stop_id"), stops.c.code.label("stop_code"), stops.c.name.label("stop_name"),
            )
            .select_from(rides)
            .join(trips, trips.c.id == rides.c.trip_id, isouter=True)
            .join(routes, routes.c.id == trips.c.route_id, isouter=True)
            .join(stops, stops.c.id == rides.c.stop_id, isouter=True)
            .where(rides.c.rider_id == rider_id, rides.c.at_ms >= since_ms)
            .order_by(rides.c.at_ms.desc(), rides.c.id.desc())
        )  # fmt: skip
        return [
            RideRow(
                row.dir, row.at_ms,
                None if row.trip_id is None else Named(row.trip_id, row.trip_code, row.long_name or row.short_name),
                None if row.stop_id is None else Named(row.stop_id, row.stop_code, row.stop_name),
            )
            for row in self._connection.execute(query)
        ]  # fmt: skip

    def list_exceptions(self, rider_id: str, from_on: str) -> list[ExceptionRow]:
        query = (
            select(exceptions)
            .where(
                exceptions.c.rider_id == rider_id, exceptions.c.service_on >= from_on,
                exceptions.c.withdrawn_at_ms.is_(None),
            )
            .order_by(exceptions.c.service_on, exceptions.c.id)
        )  # fmt: skip
        return [
            ExceptionRow(row.id, row.rider_id, row.service_on, row.direction)
            for row in self._connection.execute(query)
        ]

    def find_exception(self, rider_id: str, exception_id: str) -> ExceptionRow | None:
        row = self._connection.execute(
            select(exceptions).where(
                exceptions.c.id == exception_id, exceptions.c.rider_id == rider_id,
                exceptions.c.withdrawn_at_ms.is_(None),
            )
        ).one_or_none()  # fmt: skip
        return None if row is None else ExceptionRow(row.id, row.rider_id, row.service_on, row.direction)

    def add_exception(self, row: ExceptionRow, user_id: str, now_ms: int) -> None:
        self._connection.execute(
            insert(exceptions).values(
                id=row.id, rider_id=row.rider_id, service_on=row.service_on, direction=row.direction, kind="absent",
                user_id=user_id, made_at_ms=now_ms,
            )
        )  # fmt: skip

    def withdraw_exception(self, exception_id: str, now_ms: int) -> None:
        self._connection.execute(
            update(exceptions).where(exceptions.c.id == exception_id).values(withdrawn_at_ms=now_ms)
        )

    def add_input(
        self, trip_id: str, kind: str, source: str, user_id: str, body: bytes, at_ms: int, now_ms: int
    ) -> None:
        self._connection.execute(
            insert(inputs).values(
                trip_id=trip_id,
                kind=kind,
                at_ms=at_ms,
                source=source,
                user_id=user_id,
                body=body,
                made_at_ms=now_ms,
            )
        )
