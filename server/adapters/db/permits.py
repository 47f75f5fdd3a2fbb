"""Applications for permits, their documents and cards, and permits as their life goes on."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

import msgspec
from sqlalchemy import Connection, Row, Select, Table, insert, select, update
from sqlalchemy.sql import ColumnElement

from server.adapters.db.counters import bump
from server.adapters.db.scopes import owned_in
from server.adapters.db.substitutions_store import SubstitutionsDb
from server.adapters.db.tables import (
    documents,
    jurisdictions,
    operators,
    people,
    permit_applications,
    permit_cards,
    permit_steps,
    permits,
    plans,
    routes,
    timetables,
    users,
    vehicles,
)
from server.domain.permit_life import ApplicationState, Condition
from server.domain.plan import PlanVersion
from server.rules.permit_conditions import Papers, Wish
from server.service.permits_rows import (
    ApplicationRow,
    Asked,
    DocumentRow,
    Lapse,
    NewPermit,
    PermitRow,
    StepRow,
)
from server.service.policy import Scope
from server.service.shapes import Named

_DRIVER, _ATTENDANT = people.alias("permit_driver"), people.alias("permit_attendant")


class PermitsDb:
    """Implements `PermitStore` on one connection."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def find_in(self, what: str, operator_id: str | None, scope: Scope, ref: str) -> tuple[Named, str] | None:
        table, code, name = _KINDS[what]
        mine = owned_in(scope, table.c.operator_id) & table.c.ended_at_ms.is_(None)
        if operator_id is not None:
            mine &= table.c.operator_id == operator_id
        if table is people:
            mine &= table.c.role == what
        for column in (table.c.id, table.c[code]):
            found = self._connection.execute(select(table).where(column == ref, mine).limit(2)).all()
            if len(found) == 1:
                row = found[0]._mapping
                return Named(row["id"], row[code], row[name]), row["operator_id"]
        return None

    def page(self, scope: Scope, state: str | None, after: str | None, limit: int) -> list[ApplicationRow]:
        query = _applications().where(owned_in(scope, permit_applications.c.operator_id))
        if state is not None:
            query = query.where(permit_applications.c.state == state)
        if after is not None:
            query = query.where(permit_applications.c.id < after)
        return list(self._rows(query.order_by(permit_applications.c.id.desc()).limit(limit)))

    def find(self, scope: Scope, application_id: str) -> ApplicationRow | None:
        mine = owned_in(scope, permit_applications.c.operator_id)
        return next(self._rows(_applications().where(permit_applications.c.id == application_id, mine)), None)

    def add(self, application_id: str, operator_id: str, asked: Asked, user_id: str, now_ms: int) -> None:
        self._connection.execute(
            insert(permit_applications).values(
                id=application_id,
                operator_id=operator_id,
                state="draft",
                by_id=user_id,
                made_at_ms=now_ms,
                changed_at_ms=now_ms,
                **_columns(asked),
            )
        )

    def change(self, application_id: str, asked: Asked, now_ms: int) -> None:
        self._set(application_id, changed_at_ms=now_ms, **_columns(asked))

    def move(self, application_id: str, state: ApplicationState, permit_id: str | None, now_ms: int) -> None:
        self._set(application_id, state=state, permit_id=permit_id, changed_at_ms=now_ms)

    def add_step(
        self,
        application_id: str | None,
        permit_id: str | None,
        step: str,
        remarks: str | None,
        user_id: str,
        at_ms: int,
    ) -> None:
        self._connection.execute(
            insert(permit_steps).values(
                application_id=application_id,
                permit_id=permit_id,
                step=step,
                remarks=remarks,
                by_id=user_id,
                at_ms=at_ms,
            )
        )

    def steps(self, application_id: str) -> list[StepRow]:
        query = (
            select(permit_steps, users.c.username, users.c.name)
            .join(users, users.c.id == permit_steps.c.by_id)
            .where(permit_steps.c.application_id == application_id)
            .order_by(permit_steps.c.id)
        )
        return [
            StepRow(
                row.at_ms, Named(row.by_id, row.username, row.name or row.username), row.step, row.remarks
            )
            for row in self._connection.execute(query)
        ]

    def wish(self, asked: Asked) -> Wish:
        bus = self._connection.execute(select(vehicles).where(vehicles.c.id == asked.vehicle_id)).one()
        target = SubstitutionsDb(self._connection).find_target(
            Scope("all", frozenset(), asked.valid_from, 0), asked.timetable_id
        )
        body = self._connection.scalar(
            select(plans.c.body)
            .join(timetables, timetables.c.plan_id == plans.c.id)
            .where(timetables.c.id == asked.timetable_id)
        )
        stops = 0 if body is None else len(msgspec.json.decode(body, type=PlanVersion).stops)
        others = (
            select(permits.c.code, permits.c.valid_until)
            .where(
                permits.c.timetable_id == asked.timetable_id,
                permits.c.ended_at_ms.is_(None),
                permits.c.valid_from <= asked.valid_until,
                permits.c.valid_until >= asked.valid_from,
            )
            .order_by(permits.c.valid_from)
        )
        return Wish(
            asked.valid_from, asked.valid_until, bus.plate, bus.seats, bus.inspection_until, bus.insurance_until,
            self._papers(asked.driver_id),
            None if asked.attendant_id is None else self._papers(asked.attendant_id),
            target.riders if target else 0,
            stops,
            tuple((row.code, row.valid_until) for row in self._connection.execute(others)),
        )  # fmt: skip

    def documents(self, application_id: str) -> list[DocumentRow]:
        query = (
            select(documents, users.c.username, users.c.name.label("user_name"))
            .join(users, users.c.id == documents.c.by_id)
            .where(documents.c.application_id == application_id, documents.c.ended_at_ms.is_(None))
            .order_by(documents.c.id)
        )
        return [
            DocumentRow(
                row.id, row.application_id, row.condition, row.name, row.content_type, row.size, row.sha256,
                Named(row.by_id, row.username, row.user_name or row.username), row.made_at_ms,
            )
            for row in self._connection.execute(query)
        ]  # fmt: skip

    def add_document(self, row: DocumentRow, user_id: str) -> None:
        values = msgspec.structs.asdict(row)
        del values["by"]
        self._connection.execute(insert(documents).values(by_id=user_id, **values))

    def end_document(self, document_id: str, now_ms: int) -> None:
        self._connection.execute(
            update(documents).where(documents.c.id == document_id).values(ended_at_ms=now_ms)
        )

    def area_name(self, jurisdiction_id: str | None) -> str | None:
        return self._connection.scalar(
            select(jurisdictions.c.name).where(jurisdictions.c.id == jurisdiction_id)
        )

    def find_permit(self, scope: Scope, ref: str) -> PermitRow | None:
        for column in (permits.c.id, permits.c.code):
            query = _permits().where(column == ref, owned_in(scope, permits.c.operator_id)).limit(2)
            found = self._connection.execute(query).all()
            if len(found) == 1:
                return _permit(found[0])
        return None

    def permit_code_taken(self, operator_id: str, code: str) -> bool:
        query = select(permits.c.id).where(permits.c.operator_id == operator_id, permits.c.code == code)
        return self._connection.scalar(query) is not None

    def give(self, permit: NewPermit) -> None:
        values = _columns(permit.asked)
        del values["conditions"]
        self._connection.execute(
            insert(permits).values(
                id=permit.id, code=permit.code, operator_id=permit.operator_id, issuer=permit.issuer, **values
            )
        )
        bump(self._connection, "catalog")

    def end_before(self, timetable_id: str, valid_from: str, now_ms: int) -> None:
        reaching = (
            permits.c.timetable_id == timetable_id,
            permits.c.ended_at_ms.is_(None),
            permits.c.valid_until >= valid_from,
        )
        found = self._connection.execute(select(permits.c.id, permits.c.valid_from).where(*reaching)).all()
        eve = (date.fromisoformat(valid_from) - timedelta(days=1)).isoformat()
        for row in found:
            change: dict[str, Any] = (
                {"valid_until": eve} if row.valid_from <= eve else {"ended_at_ms": now_ms}
            )
            self._connection.execute(update(permits).where(permits.c.id == row.id).values(change))

    def revoke(self, permit_id: str, now_ms: int) -> None:
        self._connection.execute(update(permits).where(permits.c.id == permit_id).values(ended_at_ms=now_ms))
        bump(self._connection, "catalog")

    def card_of(self, permit_id: str) -> str | None:
        return self._connection.scalar(
            select(permit_cards.c.token)
            .where(permit_cards.c.permit_id == permit_id)
            .order_by(permit_cards.c.made_at_ms.desc())
            .limit(1)
        )

    def add_card(self, token: str, permit_id: str, now_ms: int) -> None:
        self._connection.execute(
            insert(permit_cards).values(token=token, permit_id=permit_id, made_at_ms=now_ms)
        )

    def find_by_card(self, token: str) -> PermitRow | None:
        query = _permits().join(permit_cards, permit_cards.c.permit_id == permits.c.id)
        row = self._connection.execute(query.where(permit_cards.c.token == token)).one_or_none()
        return None if row is None else _permit(row)

    def lapsing(self, scope: Scope, from_on: str, until_on: str) -> list[Lapse]:
        return [
            Lapse(what, Named(row.id, row.code, row.name), Named(row.operator_id, row.operator_code, row.operator_name), row.until)
            for what, table, code, name, until in _LAPSING
            for row in self._connection.execute(
                select(
                    table.c.id, table.c[code].label("code"), table.c[name].label("name"), table.c[until].label("until"),
                    operators.c.id.label("operator_id"), operators.c.code.label("operator_code"),
                    operators.c.name.label("operator_name"),
                )
                .join(operators, operators.c.id == table.c.operator_id)
                .where(
                    owned_in(scope, table.c.operator_id),
                    table.c.ended_at_ms.is_(None),
                    table.c[until].between(from_on, until_on),
                )
            )
        ]  # fmt: skip

    def _papers(self, person_id: str) -> Papers:
        row = self._connection.execute(select(people).where(people.c.id == person_id)).one()
        return Papers(row.name, row.qualified_until, row.born, row.licence_since)

    def _set(self, application_id: str, **values: Any) -> None:  # noqa: ANN401 - any column
        mine = permit_applications.c.id == application_id
        self._connection.execute(update(permit_applications).where(mine).values(values))

    def _rows(self, query: Select[*tuple[Any, ...]]) -> Iterator[ApplicationRow]:
        for row in self._connection.execute(query):
            yield _application(row)


# Where what an application names is found: its table, and the columns of its code and name.
_KINDS: dict[str, tuple[Table, str, str]] = {
    "timetable": (timetables, "code", "code"),
    "vehicle": (vehicles, "code", "plate"),
    "driver": (people, "badge", "name"),
    "attendant": (people, "badge", "name"),
}
_LAPSING: tuple[tuple[str, Table, str, str, str], ...] = (
    ("permit", permits, "code", "code", "valid_until"),
    ("inspection", vehicles, "code", "plate", "inspection_until"),
    ("insurance", vehicles, "code", "plate", "insurance_until"),
    ("qualification", people, "badge", "name", "qualified_until"),
)


def _columns(asked: Asked) -> dict[str, Any]:
    values = msgspec.structs.asdict(asked)
    values["conditions"] = msgspec.json.encode(asked.conditions).decode()
    return values


def _around(table: Table) -> Select[*tuple[Any, ...]]:
    """Select rows that name a timetable, a bus and a crew, with the names around them."""
    return (
        select(
            table,
            operators.c.code.label("operator_code"), operators.c.name.label("operator_name"),
            timetables.c.code.label("timetable_code"), routes.c.id.label("route_id"), routes.c.code.label("route_code"),
            routes.c.short_name, routes.c.long_name, vehicles.c.code.label("bus_code"), vehicles.c.plate,
            _DRIVER.c.badge.label("driver_badge"), _DRIVER.c.name.label("driver_name"),
            _ATTENDANT.c.badge.label("attendant_badge"), _ATTENDANT.c.name.label("attendant_name"),
        )
        .join(operators, operators.c.id == table.c.operator_id)
        .join(timetables, timetables.c.id == table.c.timetable_id)
        .join(routes, routes.c.id == timetables.c.route_id)
        .join(vehicles, vehicles.c.id == table.c.vehicle_id)
        .join(_DRIVER, _DRIVER.c.id == table.c.driver_id)
        .join(_ATTENDANT, _ATTENDANT.c.id == table.c.attendant_id, isouter=True)
    )  # fmt: skip


def _applications() -> Select[*tuple[Any, ...]]:
    given: ColumnElement[Any] = permits.c.code
    return (
        _around(permit_applications)
        .add_columns(users.c.username, users.c.name.label("user_name"), given.label("permit_code"))
        .join(users, users.c.id == permit_applications.c.by_id)
        .join(permits, permits.c.id == permit_applications.c.permit_id, isouter=True)
    )


def _permits() -> Select[*tuple[Any, ...]]:
    return _around(permits)


def _application(row: Row[*tuple[Any, ...]]) -> ApplicationRow:
    conditions = msgspec.json.decode(row.conditions, type=dict[Condition, str])
    return ApplicationRow(
        **_names(row),
        id=row.id,
        state=row.state,
        permit=None if row.permit_id is None else Named(row.permit_id, row.permit_code, row.permit_code),
        asked=Asked(
            row.timetable_id, row.vehicle_id, row.driver_id, row.attendant_id, row.tag, row.valid_from, row.valid_until,
            conditions,
        ),
        by=Named(row.by_id, row.username, row.user_name or row.username),
        made_at_ms=row.made_at_ms,
        changed_at_ms=row.changed_at_ms,
    )  # fmt: skip


def _permit(row: Row[*tuple[Any, ...]]) -> PermitRow:
    return PermitRow(
        **_names(row),
        id=row.id,
        code=row.code,
        route=Named(row.route_id, row.route_code, row.long_name or row.short_name),
        tag=row.tag,
        issuer=row.issuer,
        valid_from=row.valid_from,
        valid_until=row.valid_until,
        ended=row.ended_at_ms is not None,
    )


def _names(row: Row[*tuple[Any, ...]]) -> dict[str, Any]:
    attendant = None
    if row.attendant_id is not None:
        attendant = Named(row.attendant_id, row.attendant_badge, row.attendant_name)
    return {
        "operator": Named(row.operator_id, row.operator_code, row.operator_name),
        "timetable": Named(row.timetable_id, row.timetable_code, row.long_name or row.short_name),
        "vehicle": Named(row.vehicle_id, row.bus_code, row.plate),
        "driver": Named(row.driver_id, row.driver_badge, row.driver_name),
        "attendant": attendant,
    }
