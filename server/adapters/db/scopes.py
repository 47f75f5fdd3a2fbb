"""A caller's scope as conditions of queries; what a scope is, `service/policy` decides."""

from __future__ import annotations

from sqlalchemy import ColumnElement, Connection, Select, and_, exists, false, func, or_, select, true

from server.adapters.db.tables import (
    devices,
    findings,
    guardians,
    identities,
    invitations,
    jurisdictions,
    notices,
    operators,
    permit_applications,
    ride_plans,
    riders,
    schools,
    sessions,
    timetables,
    tokens,
    trip_riders,
    trips,
    vehicles,
)
from server.service.instants import day_after
from server.service.own_sessions import session_ref
from server.service.policy import AFTER_PLAN_MS, BEFORE_MS, Held, Scope

FEW_OPERATORS = 3


def guards(scope: Scope, rider_id: ColumnElement[str]) -> ColumnElement[bool]:
    """Say that the scope's user is now a guardian of the rider, or one's carer."""
    # Not `exists`: SQLite would look at each of a province's riders.
    theirs = select(guardians.c.rider_id).where(guardians.c.user_id.in_(scope.ids), holds_on(scope.on))
    return rider_id.in_(theirs)


def holds_on(on: str) -> ColumnElement[bool]:
    """Say that a row of `guardians` holds on a date (inclusive); a carer's as long as the giver's own does."""
    giver = guardians.alias("giver")
    given = exists().where(
        giver.c.user_id == guardians.c.shared_by,
        giver.c.rider_id == guardians.c.rider_id,
        giver.c.shared_by.is_(None),
        giver.c.ended_at_ms.is_(None),
        or_(giver.c.valid_until.is_(None), giver.c.valid_until >= on),
    )
    return and_(
        guardians.c.ended_at_ms.is_(None),
        or_(guardians.c.valid_until.is_(None), guardians.c.valid_until >= on),
        or_(guardians.c.shared_by.is_(None), given),
    )


def trips_in(scope: Scope) -> ColumnElement[bool]:
    """Say that a row of `trips` is in the scope."""
    match scope.kind:
        case "all":
            return true()
        case "operators":
            return trips.c.operator_id.in_(scope.ids)
        case "school":
            mine = _ridden(riders.c.school_id.in_(scope.ids))
            return or_(
                trips.c.school_id.in_(scope.ids), mine.where(trip_riders.c.trip_id == trips.c.id).exists()
            )
        case "person":
            named = or_(trips.c.driver_id.in_(scope.ids), trips.c.attendant_id.in_(scope.ids))
            return named & _of_the_day(scope)
        case "guardian":
            return _ridden(_ward(scope)).where(trip_riders.c.trip_id == trips.c.id).exists()
        case "nobody":
            return false()


def trips_among(scope: Scope) -> ColumnElement[bool]:
    """Say the same for a list: worked out from the riders, where `trips_in` would ask each trip for all of its own."""
    match scope.kind:
        case "school":
            mine = _ridden(riders.c.school_id.in_(scope.ids))
            return or_(trips.c.school_id.in_(scope.ids), trips.c.id.in_(mine))
        case "guardian":
            return trips.c.id.in_(_ridden(_ward(scope)))
        case "operators":
            return wide_in(scope, trips.c.operator_id)
    return trips_in(scope)


def wide_in(scope: Scope, operator_id: ColumnElement[str]) -> ColumnElement[bool]:
    """Say for a list in an order of its own that a row is of the scope's operators.

    Of many operators (a regulator's) it is worded so that SQLite takes the index of that order: with the operators' it would read
    and sort the rows of all of them for a page of fifty.
    """
    column = operator_id if len(scope.ids) <= FEW_OPERATORS else func.coalesce(operator_id, "")
    return owned_in(scope, column)


def _ridden(by: ColumnElement[bool]) -> Select[tuple[str]]:
    joined = trip_riders.c.rider_id == riders.c.id
    return select(trip_riders.c.trip_id).join(riders, joined).where(by)


def _ward(scope: Scope) -> ColumnElement[bool]:
    return riders.c.ended_at_ms.is_(None) & guards(scope, trip_riders.c.rider_id)


def _of_the_day(scope: Scope) -> ColumnElement[bool]:
    """Say that a crew's trip is of today, still to be driven from yesterday (times over 24:00), or about to begin tomorrow."""
    return or_(
        trips.c.service_on == scope.on,
        and_(
            trips.c.service_on == day_after(scope.on, -1),
            trips.c.planned_end_ms >= scope.now_ms - AFTER_PLAN_MS,
        ),
        and_(trips.c.service_on == day_after(scope.on), trips.c.planned_start_ms <= scope.now_ms + BEFORE_MS),
    )


def riders_in(scope: Scope) -> ColumnElement[bool]:
    """Say that a row of `riders` is in the scope; a crew knows riders by a trip's manifest only."""
    match scope.kind:
        case "all":
            return true()
        case "operators":
            return exists().where(
                ride_plans.c.rider_id == riders.c.id,
                ride_plans.c.timetable_id == timetables.c.id,
                ride_plans.c.ended_at_ms.is_(None),
                timetables.c.operator_id.in_(scope.ids),
            )
        case "school":
            return riders.c.school_id.in_(scope.ids)
        case "guardian":
            return guards(scope, riders.c.id)
        case "person" | "nobody":
            return false()


def notices_of(scope: Scope, user_id: str) -> ColumnElement[bool]:
    """Say that a row of `notices` is the user's; a guardian's only of children who are theirs now."""
    mine = (notices.c.user_id == user_id) & notices.c.withdrawn_at_ms.is_(None)
    return mine & guards(scope, notices.c.rider_id) if scope.kind == "guardian" else mine


def invitations_in(scope: Scope) -> ColumnElement[bool]:
    """Say that a row of `invitations` is in the scope; a family's own, by which it shares a child, is in nobody else's."""
    match scope.kind:
        case "all":
            return invitations.c.kind != "carer"
        case "operators" | "school":
            return (invitations.c.kind != "carer") & invitations.c.owner_id.in_(scope.ids)
        case _:
            return false()


def owned_in(scope: Scope, operator_id: ColumnElement[str]) -> ColumnElement[bool]:
    """Say that what this operator owns is in the scope."""
    match scope.kind:
        case "all":
            return true()
        case "operators":
            return operator_id.in_(scope.ids)
        case _:
            return false()


def under(jurisdiction_id: str) -> ColumnElement[bool]:
    """Say that a row of `jurisdictions` is this one or below it."""
    tree = select(jurisdictions.c.id).where(jurisdictions.c.id == jurisdiction_id).cte("tree", recursive=True)
    child = jurisdictions.alias("child")
    tree = tree.union(select(child.c.id).where(child.c.parent_id == tree.c.id))
    return jurisdictions.c.id.in_(select(tree.c.id))


class ScopesDb:
    """Answers what the policy asks."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def timezone(self) -> str:
        found = self._connection.scalar(
            select(func.min(operators.c.timezone)).where(operators.c.ended_at_ms.is_(None))
        )
        return found or "UTC"

    def operators_under(self, jurisdiction_id: str) -> frozenset[str]:
        areas = select(jurisdictions.c.id).where(under(jurisdiction_id))
        return frozenset(
            self._connection.scalars(select(operators.c.id).where(operators.c.jurisdiction_id.in_(areas)))
        )

    def find_trip_id(self, scope: Scope, ref: str) -> str | None:
        return self._connection.scalar(select(trips.c.id).where(trips.c.id == ref, trips_in(scope)))

    def find_child_id(self, scope: Scope, ref: str) -> str | None:
        mine = riders_in(scope) & riders.c.ended_at_ms.is_(None)
        return self._one(riders.c.id, riders.c.code, mine, ref)

    def find_device_id(self, scope: Scope, ref: str) -> str | None:
        return self._connection.scalar(
            select(devices.c.id)
            .join(vehicles, vehicles.c.id == devices.c.vehicle_id)
            .where(devices.c.id == ref, owned_in(scope, vehicles.c.operator_id))
        )

    def find_school_id(self, scope: Scope, ref: str) -> str | None:
        mine = (
            true() if scope.kind == "all" else schools.c.id.in_(scope.ids if scope.kind == "school" else ())
        )
        return self._one(schools.c.id, schools.c.code, mine, ref)

    def find_notice_id(self, scope: Scope, user_id: str, ref: str) -> str | None:
        return self._connection.scalar(
            select(notices.c.id).where(notices.c.id == ref, notices_of(scope, user_id))
        )

    def find_token_id(self, user_id: str, ref: str) -> str | None:
        return self._connection.scalar(
            select(tokens.c.id).where(
                tokens.c.id == ref, tokens.c.user_id == user_id, tokens.c.revoked_at_ms.is_(None)
            )
        )

    def find_application_id(self, scope: Scope, ref: str) -> str | None:
        mine = owned_in(scope, permit_applications.c.operator_id)
        return self._connection.scalar(
            select(permit_applications.c.id).where(permit_applications.c.id == ref, mine)
        )

    def find_finding_id(self, scope: Scope, ref: str) -> str | None:
        mine = owned_in(scope, findings.c.operator_id)
        return self._connection.scalar(select(findings.c.id).where(findings.c.id == ref, mine))

    def find_session_id(self, user_id: str, ref: str) -> str | None:
        own = self._connection.scalars(select(sessions.c.id).where(sessions.c.user_id == user_id))
        return next((id_ for id_ in own if session_ref(id_) == ref), None)

    def find_identity_id(self, user_id: str, ref: str) -> str | None:
        return self._connection.scalar(
            select(identities.c.id).where(identities.c.id == ref, identities.c.user_id == user_id)
        )

    def find_invitation_id(self, scope: Scope, ref: str) -> str | None:
        mine = invitations_in(scope) & (invitations.c.id == ref)
        return self._connection.scalar(select(invitations.c.id).where(mine))

    def find_held(self, user_id: str, rider_id: str) -> Held | None:
        row = self._connection.execute(
            select(guardians.c.shared_by, guardians.c.may_change, guardians.c.valid_until).where(
                guardians.c.user_id == user_id,
                guardians.c.rider_id == rider_id,
                guardians.c.ended_at_ms.is_(None),
            )
        ).one_or_none()
        if row is None:
            return None
        return Held(row.shared_by is not None, row.shared_by is None or row.may_change, row.valid_until)

    def _one(
        self, id_: ColumnElement[str], code: ColumnElement[str], mine: ColumnElement[bool], ref: str
    ) -> str | None:
        """Find by id, else by a code that names exactly one."""
        found = self._connection.scalar(select(id_).where(id_ == ref, mine))
        if found is not None:
            return found
        named = list(self._connection.scalars(select(id_).where(code == ref, mine).limit(2)))
        return named[0] if len(named) == 1 else None
