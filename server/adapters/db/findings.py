"""Findings with the names around them, their steps, and who was called to them, in the database."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import msgspec
from sqlalchemy import ColumnElement, Connection, Row, Select, func, insert, or_, select, tuple_, update

from server.adapters.db.on_duty import Badge, Person, read_crew, read_people
from server.adapters.db.scopes import wide_in
from server.adapters.db.tables import (
    finding_steps,
    findings,
    notices,
    operators,
    people,
    riders,
    routes,
    schools,
    stops,
    trips,
    users,
    vehicles,
)
from server.domain.finding import Evidence, FindingKind
from server.domain.finding_life import UNHANDLED
from server.errors import InvalidError, NotFoundError
from server.service.findings_rows import Advance, Called, FindingFilter, FindingRow, NeedRow, RingRow, StepRow
from server.service.policy import Scope
from server.service.shapes import Named, RingRole

_attendants: Final = people.alias("attendants")
_evidence: Final = msgspec.json.Decoder(tuple[Evidence, ...])


def _select() -> Select[*tuple[Any, ...]]:
    return (
        select(
            findings, operators.c.timezone,
            operators.c.name.label("operator_name"), operators.c.phone.label("operator_phone"),
            trips.c.code.label("trip_code"), trips.c.crew, routes.c.long_name, routes.c.short_name,
            vehicles.c.code.label("bus_code"), vehicles.c.plate,
            people.c.id.label("person_id"), people.c.badge, people.c.name.label("driver_name"),
            people.c.phone.label("driver_phone"),
            _attendants.c.name.label("attendant_name"), _attendants.c.phone.label("attendant_phone"),
            riders.c.code.label("rider_code"), riders.c.name.label("rider_name"),
            stops.c.code.label("stop_code"), stops.c.name.label("stop_name"),
            schools.c.name.label("school_name"), schools.c.phone.label("school_phone"),
            users.c.username, users.c.name.label("owner_name"),
        )
        .join(operators, operators.c.id == findings.c.operator_id)
        .join(trips, trips.c.id == findings.c.trip_id, isouter=True)
        .join(routes, routes.c.id == trips.c.route_id, isouter=True)
        .join(vehicles, vehicles.c.id == findings.c.vehicle_id, isouter=True)
        .join(people, people.c.id == func.coalesce(findings.c.driver_id, trips.c.driver_id), isouter=True)
        .join(_attendants, _attendants.c.id == trips.c.attendant_id, isouter=True)
        .join(riders, riders.c.id == findings.c.rider_id, isouter=True)
        .join(stops, stops.c.id == findings.c.stop_id, isouter=True)
        .join(schools, schools.c.id == func.coalesce(riders.c.school_id, trips.c.school_id), isouter=True)
        .join(users, users.c.id == findings.c.owner_id, isouter=True)
    )  # fmt: skip


def _read(connection: Connection, query: Select[*tuple[Any, ...]]) -> list[FindingRow]:
    rows = connection.execute(query).all()
    there = _on_duty(connection, rows)
    return [_row(row, there) for row in rows]


def _on_duty(connection: Connection, rows: Sequence[Row[*tuple[Any, ...]]]) -> Mapping[Badge, Person]:
    """Read who is signed on to the buses of these findings' trips."""
    crews = [(row.operator_id, read_crew(row.crew)) for row in rows]
    return read_people(
        connection,
        [
            (operator_id, badge)
            for operator_id, crew in crews
            for badge in (crew.driver, crew.attendant)
            if badge
        ],
    )


def _row(row: Row[*tuple[Any, ...]], there: Mapping[Badge, Person]) -> FindingRow:
    return FindingRow(
        id=row.id, kind=row.kind, severity=row.severity, fixed=row.fixed, operator_id=row.operator_id,
        timezone=row.timezone,
        trip=_named(row.trip_id, row.trip_code, row.long_name or row.short_name),
        vehicle=_named(row.vehicle_id, row.bus_code, row.plate),
        driver=_named(row.person_id, row.badge, row.driver_name),
        rider=_named(row.rider_id, row.rider_code, row.rider_name),
        stop=_named(row.stop_id, row.stop_code, row.stop_name),
        began_ms=row.began_ms, ended_ms=row.ended_ms, measured=row.measured, limit=row.limit,
        evidence=_evidence.decode(row.evidence), made_at_ms=row.made_at_ms, withdrawn_at_ms=row.withdrawn_at_ms,
        state=row.state, owner=_named(row.owner_id, row.username, row.owner_name or row.username),
        deadline_ms=row.deadline_ms, answered_at_ms=row.answered_at_ms, tier=row.tier, calls=row.calls,
        call_next_ms=row.call_next_ms, around=_around(row, there),
    )  # fmt: skip


def _around(row: Row[*tuple[Any, ...]], there: Mapping[Badge, Person]) -> tuple[RingRow, ...]:
    """Give whom to ring: of the crew who is signed on to the bus, else who is to be on it."""
    crew = read_crew(row.crew)

    def aboard(badge: str | None, name: str | None, phone: str | None) -> tuple[str | None, str | None]:
        person = there.get((row.operator_id, badge or ""))
        return (name, phone) if person is None else (person.name, person.phone)

    every: tuple[tuple[RingRole, str | None, str | None], ...] = (
        ("attendant", *aboard(crew.attendant, row.attendant_name, row.attendant_phone)),
        ("driver", *aboard(crew.driver, row.driver_name, row.driver_phone)),
        ("school", row.school_name, row.school_phone),
        ("operator", row.operator_name, row.operator_phone),
    )
    return tuple(RingRow(role, name, phone) for role, name, phone in every if name is not None)


def _named(id_: str | None, code: str | None, name: str | None) -> Named | None:
    return None if id_ is None else Named(id_, code or "", name or "")


class FindingsDb:
    """Implements `FindingStore` on one connection."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def page(self, scope: Scope, wanted: FindingFilter, after: str | None, limit: int) -> list[FindingRow]:
        mine = wide_in(scope, findings.c.operator_id)
        query = _select().where(mine, *_filters(wanted))
        if after is not None:
            last_ms = self._connection.scalar(select(findings.c.began_ms).where(findings.c.id == after, mine))
            if last_ms is None:
                raise InvalidError("`after` is none of this list's cursors: take `next` of the page before.")
            query = query.where(tuple_(findings.c.began_ms, findings.c.id) < (last_ms, after))
        query = query.order_by(findings.c.began_ms.desc(), findings.c.id.desc()).limit(limit)
        return _read(self._connection, query)

    def get(self, finding_id: str) -> FindingRow:
        found = _read(self._connection, _select().where(findings.c.id == finding_id))
        if not found:
            raise NotFoundError(f"There is no finding {finding_id}: check its id.")
        return found[0]

    def steps(self, finding_id: str) -> list[StepRow]:
        query = (
            select(finding_steps, users.c.username, users.c.name)
            .join(users, users.c.id == finding_steps.c.user_id, isouter=True)
            .where(finding_steps.c.finding_id == finding_id)
            .order_by(finding_steps.c.id)
        )
        return [
            StepRow(
                row.at_ms, Named(row.user_id, row.username or "", row.name or row.username or ""), row.step, row.remark
            )
            for row in self._connection.execute(query)
        ]  # fmt: skip

    def needs(self, trip_ids: Sequence[str]) -> dict[str, list[NeedRow]]:
        found: dict[str, list[NeedRow]] = {}
        query = select(
            findings.c.trip_id, findings.c.kind, findings.c.severity, findings.c.state, findings.c.began_ms
        ).where(findings.c.trip_id.in_(trip_ids), findings.c.withdrawn_at_ms.is_(None))
        for row in self._connection.execute(query):
            # Not in the query: SQLite would take the index by state, and read every open finding there is.
            if row.state not in UNHANDLED:
                continue
            found.setdefault(row.trip_id, []).append(NeedRow(row.kind, row.severity, row.state, row.began_ms))
        return found

    def by_clock(self, trip_id: str) -> dict[FindingKind, int]:
        """Give since when each kind that goes by the clock is found of a trip, whatever people did of it."""
        query = select(findings.c.kind, findings.c.began_ms).where(
            findings.c.trip_id == trip_id,
            findings.c.origin == "clock",
            findings.c.withdrawn_at_ms.is_(None),
        )
        return {row.kind: row.began_ms for row in self._connection.execute(query)}

    def advance(self, step: Advance) -> bool:
        """Write a step; False, and nothing written, where the finding isn't in the step's first state any more."""
        changes: dict[str, Any] = {"state": step.to_state, "call_next_ms": None}
        if step.owner_id is not None:
            changes["owner_id"] = step.owner_id
        if step.answered:
            changes["answered_at_ms"] = step.at_ms
        if step.deadline_ms is not None:
            changes["deadline_ms"] = step.deadline_ms
        changes["closed_at_ms"] = step.at_ms if step.to_state == "closed" else None
        moved = self._connection.execute(
            update(findings)
            .where(
                findings.c.id == step.finding_id,
                findings.c.state == step.from_state,
                findings.c.withdrawn_at_ms.is_(None),
            )
            .values(**changes)
        )
        if moved.rowcount == 0:
            return False
        self._connection.execute(
            insert(finding_steps).values(
                finding_id=step.finding_id, at_ms=step.at_ms, user_id=step.user_id, step=step.step, remark=step.remark
            )
        )  # fmt: skip
        withdraw_unsent(self._connection, step.finding_id, step.at_ms)
        return True

    def around(self, finding_ids: Sequence[str]) -> dict[str, tuple[RingRow, ...]]:
        if not finding_ids:
            return {}
        rows = self._connection.execute(_select().where(findings.c.id.in_(finding_ids))).all()
        there = _on_duty(self._connection, rows)
        return {row.id: _around(row, there) for row in rows}

    def called(self, finding_id: str) -> list[Called]:
        newest = func.max(notices.c.occurrence).label("newest")
        last = (
            select(notices.c.user_id, newest)
            .where(notices.c.finding_id == finding_id, notices.c.withdrawn_at_ms.is_(None))
            .group_by(notices.c.user_id)
            .subquery()
        )
        query = select(notices.c.id, notices.c.user_id).join(
            last, (last.c.user_id == notices.c.user_id) & (last.c.newest == notices.c.occurrence)
        )
        return [
            (row.id, row.user_id)
            for row in self._connection.execute(query.where(notices.c.finding_id == finding_id))
        ]


def withdraw_unsent(connection: Connection, finding_id: str, now_ms: int) -> None:
    """Take back the calls to a finding that nobody has been told of yet: somebody answered, or it isn't so any more."""
    unsent = update(notices).where(
        notices.c.finding_id == finding_id,
        notices.c.sent_at_ms.is_(None),
        notices.c.expired_at_ms.is_(None),
        notices.c.withdrawn_at_ms.is_(None),
    )
    # Who found it in their list before it was sent has been told, and may be answering it.
    connection.execute(unsent.where(notices.c.read_at_ms.is_not(None)).values(sent_at_ms=now_ms))
    connection.execute(unsent.values(withdrawn_at_ms=now_ms))


def _filters(wanted: FindingFilter) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = []
    if not wanted.withdrawn:
        found.append(findings.c.withdrawn_at_ms.is_(None))
    for name in ("state", "kind", "severity"):
        value = getattr(wanted, name)
        if value is not None:
            found.append(findings.c[name] == value)
    if wanted.from_ms is not None:
        found.append(findings.c.began_ms >= wanted.from_ms)
    if wanted.to_ms is not None:
        found.append(findings.c.began_ms < wanted.to_ms)
    if wanted.trip is not None:
        found.append(findings.c.trip_id == wanted.trip)
    if wanted.vehicle is not None:
        named = or_(vehicles.c.id == wanted.vehicle, vehicles.c.code == wanted.vehicle)
        found.append(findings.c.vehicle_id.in_(select(vehicles.c.id).where(named)))
    return found
