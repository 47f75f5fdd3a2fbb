"""Findings that call for a person: which are due, whom they can reach, and the calls that were made, in the database."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec
from sqlalchemy import Connection, Row, or_, select, update

from server.adapters.db.engine import Database, upsert
from server.adapters.db.findings import FindingsDb, withdraw_unsent
from server.adapters.db.on_duty import read_crew, read_people
from server.adapters.db.papers import PaperReader
from server.adapters.db.tables import (
    findings,
    jurisdictions,
    notices,
    operators,
    plans,
    riders,
    trip_riders,
    trips,
    users,
)
from server.domain.finding import KINDS
from server.domain.limits import HISTORY_AFTER_MS
from server.domain.plan import PlanVersion
from server.service.calls import CallFacts, MadeCall, Reachable, StopPoint
from server.service.findings_rows import Called, FindingRow
from server.service.passwords import LOCKED
from server.service.policy import Role

_MOST_LEVELS = 8  # city, county, township are three; a tree that is linked to itself must end

_CALLING = [kind for kind, facts in KINDS.items() if facts.calls]
_GRAVE = sorted({KINDS[kind].severity for kind in _CALLING})
_STANDS = (
    findings.c.state == "open",
    findings.c.answered_at_ms.is_(None),
    findings.c.withdrawn_at_ms.is_(None),
    or_(findings.c.ended_ms.is_(None), findings.c.ended_ms <= findings.c.began_ms),
)


class DatabaseCalls:
    """Implements `CallStore`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def list_due(self, now_ms: int, limit: int) -> list[str]:
        """List the findings whose next call is due, the longest overdue first."""
        due = (
            select(findings.c.id)
            .where(findings.c.call_next_ms <= now_ms)
            .order_by(findings.c.call_next_ms, findings.c.id)
            .limit(limit)
        )
        # Folded again, what had ended or was withdrawn may stand after all: then its calls go on. Two queries, since each has an
        # index of its own (the second by state and severity), which one with OR would not use.
        stands_again = (
            select(findings.c.id)
            .where(
                findings.c.severity.in_(_GRAVE),
                findings.c.call_next_ms.is_(None),
                findings.c.kind.in_(_CALLING),
                or_(findings.c.calls > 0, findings.c.began_ms >= now_ms - HISTORY_AFTER_MS),
                *_STANDS,
            )
            .limit(limit)
        )
        with self._database.read() as connection:
            found = [*connection.scalars(due), *connection.scalars(stands_again)]
        return found[:limit]

    def find(self, finding_id: str) -> CallFacts | None:
        """Read one with all who could be called; None where it calls no more."""
        with self._database.read() as connection:
            standing = select(findings).where(findings.c.id == finding_id, *_STANDS)
            row = connection.execute(standing).one_or_none()
            if row is None:
                return None
            trip = connection.execute(select(trips).where(trips.c.id == row.trip_id)).one_or_none()
            crew = [] if trip is None else _attendant(connection, trip)
            return CallFacts(
                FindingsDb(connection).get(finding_id),
                _people(connection, "attendant", crew),
                _people(connection, "operator", [row.operator_id]),
                _people(connection, "school", _schools(connection, row.trip_id, row.rider_id)),
                _regulators(connection, row.operator_id),
                [] if trip is None else _stops(connection, trip.plan_id),
                PaperReader().resolved(
                    connection,
                    operator_id=row.operator_id,
                    permit_id=None if trip is None else trip.permit_id,
                    route_id=None if trip is None else trip.route_id,
                ),
            )

    def make(self, call: MadeCall) -> bool:
        """Write a call and its notices in one transaction; False where the finding has changed since it was looked at."""
        row = call.finding
        with self._database.write() as connection:
            moved = connection.execute(
                update(findings)
                .where(
                    findings.c.id == row.id,
                    findings.c.calls == row.calls,
                    findings.c.call_next_ms.is_not_distinct_from(row.call_next_ms),
                    *_STANDS,
                )
                .values(calls=call.times, tier=call.tier, call_next_ms=call.next_ms)
            )
            if moved.rowcount == 0:
                return False
            # Rider and trip are the finding's: a call stays when the fold makes the trip's own notices anew.
            rows = [
                {
                    "id": each.id, "user_id": each.user_id, "finding_id": row.id, "kind": row.kind,
                    "occurrence": call.times, "at_ms": call.at_ms, "made_at_ms": call.at_ms,
                    "text_zh": each.text_zh, "text_en": each.text_en,
                }
                for each in call.notices
            ]  # fmt: skip
            upsert(connection, notices, rows, ["user_id", "finding_id", "occurrence"])
        return True

    def put_off(self, finding: FindingRow, next_ms: int) -> None:
        """Say when a call that reached nobody is tried again."""
        with self._database.write() as connection:
            connection.execute(
                update(findings)
                .where(
                    findings.c.id == finding.id,
                    findings.c.call_next_ms.is_not_distinct_from(finding.call_next_ms),
                )
                .values(call_next_ms=next_ms)
            )

    def end(self, finding_id: str, now_ms: int) -> list[Called]:
        """Call no more; take back what nobody was told of yet, and give who was called."""
        with self._database.write() as connection:
            connection.execute(update(findings).where(findings.c.id == finding_id).values(call_next_ms=None))
            withdraw_unsent(connection, finding_id, now_ms)
            return FindingsDb(connection).called(finding_id)


def _attendant(connection: Connection, trip: Row[*tuple[Any, ...]]) -> list[str]:
    """Give the attendant who is signed on to the bus that runs a trip; while nobody is, who is to: a substitute, or the permit's."""
    badge = read_crew(trip.crew).attendant
    if badge is not None:
        there = read_people(connection, [(trip.operator_id, badge)])
        # A badge that is nobody's reaches nobody, and who is planned is not on that bus: the next rung is called at once.
        return [one.id for one in there.values()]
    return [] if trip.attendant_id is None else [trip.attendant_id]


def _people(connection: Connection, role: Role, scope_ids: Sequence[str]) -> list[Reachable]:
    """List the users of a role and scope who can log in."""
    query = (
        select(users.c.id)
        .where(
            users.c.role == role,
            users.c.scope_id.in_(scope_ids),
            users.c.ended_at_ms.is_(None),
            users.c.password_hash != LOCKED,
        )
        .order_by(users.c.id)
    )
    return [Reachable(user_id, role) for user_id in connection.scalars(query)] if scope_ids else []


def _schools(connection: Connection, trip_id: str | None, rider_id: str | None) -> list[str]:
    """Give whose children it is about: the rider's school; without a rider, every school that the trip serves."""
    if rider_id is not None:
        return list(connection.scalars(select(riders.c.school_id).where(riders.c.id == rider_id)))
    own = select(trips.c.school_id).where(trips.c.id == trip_id, trips.c.school_id.is_not(None))
    aboard = (
        select(riders.c.school_id)
        .join(trip_riders, trip_riders.c.rider_id == riders.c.id)
        .where(trip_riders.c.trip_id == trip_id)
    )
    return list(connection.scalars(own.union(aboard)))


def _regulators(connection: Connection, operator_id: str) -> list[list[Reachable]]:
    """List the regulators who can log in, level by level from the operator's own place upwards."""
    at = connection.scalar(select(operators.c.jurisdiction_id).where(operators.c.id == operator_id))
    levels: list[list[Reachable]] = []
    for _ in range(_MOST_LEVELS):
        if at is None:
            break
        people = _people(connection, "regulator", [at])
        if people:
            levels.append(people)
        at = connection.scalar(select(jurisdictions.c.parent_id).where(jurisdictions.c.id == at))
    return levels


def _stops(connection: Connection, plan_id: str) -> list[StopPoint]:
    body = connection.scalar(select(plans.c.body).where(plans.c.id == plan_id))
    version = None if body is None else msgspec.json.decode(body, type=PlanVersion)
    return [] if version is None else [StopPoint(stop.name, stop.lat, stop.lon) for stop in version.stops]
