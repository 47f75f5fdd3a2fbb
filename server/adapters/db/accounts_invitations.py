"""Invitations in the database, and the guardians and carers that come of them."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, Select, and_, insert, select, update

from server.adapters.db.engine import upsert
from server.adapters.db.scopes import invitations_in
from server.adapters.db.tables import guardians, invitations, people, riders, users
from server.ids import new_id
from server.service.account_shapes import InvitationState
from server.service.invitation_rows import CarerRow, InvitationRow
from server.service.policy import Scope
from server.service.shapes import Named

_BY, _USER = users.alias("by_user"), users.alias("used_user")


class InvitationsDb:
    """Implements `InvitationStore` on one connection."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add(self, row: InvitationRow, digest: str) -> None:
        plain = ("id", "kind", "role", "scope_id", "name", "phone", "email", "relation", "valid_until", "may_change",
                 "owner_id", "made_at_ms", "ends_at_ms")  # fmt: skip
        values = {name: getattr(row, name) for name in plain}
        rider_id = None if row.rider is None else row.rider.id
        self._connection.execute(
            insert(invitations).values(**values, digest=digest, rider_id=rider_id, by_id=row.by.id)
        )

    def find(self, digest: str) -> InvitationRow | None:
        row = self._connection.execute(_select().where(invitations.c.digest == digest)).one_or_none()
        return None if row is None else _row(row)

    def get(self, invitation_id: str) -> InvitationRow:
        return _row(self._connection.execute(_select().where(invitations.c.id == invitation_id)).one())

    def page(
        self, scope: Scope, state: InvitationState | None, now_ms: int, after: str | None, limit: int
    ) -> list[InvitationRow]:
        query = _select().where(invitations_in(scope)).order_by(invitations.c.id.desc()).limit(limit)
        if state is not None:
            query = query.where(_in_state(state, now_ms))
        if after is not None:
            query = query.where(invitations.c.id < after)
        return [_row(row) for row in self._connection.execute(query)]

    def spend(self, invitation_id: str, user_id: str, now_ms: int) -> bool:
        # The condition is in the statement: of two who take it up at once, one changes a row.
        done = self._connection.execute(
            update(invitations)
            .where(invitations.c.id == invitation_id, _in_state("open", now_ms))
            .values(used_at_ms=now_ms, used_by=user_id)
        )
        return done.rowcount == 1

    def revoke(self, invitation_id: str, now_ms: int) -> bool:
        done = self._connection.execute(
            update(invitations)
            .where(invitations.c.id == invitation_id, _in_state("open", now_ms))
            .values(ended_at_ms=now_ms)
        )
        return done.rowcount == 1

    def rider_lives(self, rider_id: str) -> bool:
        query = select(riders.c.id).where(riders.c.id == rider_id, riders.c.ended_at_ms.is_(None))
        return self._connection.scalar(query) is not None

    def operator_of(self, person_id: str) -> str | None:
        return self._connection.scalar(select(people.c.operator_id).where(people.c.id == person_id))

    def put_guardian(self, row: InvitationRow, user_id: str, now_ms: int) -> None:
        if row.rider is None:
            raise ValueError(f"invitation {row.id} names no rider")
        carer = row.kind == "carer"
        upsert(
            self._connection,
            guardians,
            [
                {
                    "id": new_id(), "user_id": user_id, "rider_id": row.rider.id, "name": row.name, "phone": row.phone,
                    "email": row.email, "relation": row.relation, "valid_until": row.valid_until,
                    "shared_by": row.by.id if carer else None, "may_change": row.may_change or not carer,
                    "ended_at_ms": None,
                }
            ],
            ["user_id", "rider_id"],
            ["name", "phone", "email", "relation", "valid_until", "shared_by", "may_change", "ended_at_ms"],
        )  # fmt: skip
        # One carer, one line that is active: what they were given before is over.
        self._connection.execute(
            update(invitations)
            .where(
                invitations.c.kind == "carer",
                invitations.c.rider_id == row.rider.id,
                invitations.c.used_by == user_id,
                invitations.c.id != row.id,
                invitations.c.ended_at_ms.is_(None),
            )
            .values(ended_at_ms=now_ms)
        )

    def list_carers(self, rider_id: str) -> list[CarerRow]:
        query = (
            _select(
                guardians.c.valid_until.label("held_until"), guardians.c.may_change.label("held_may_change")
            )
            .join(
                guardians,
                and_(
                    guardians.c.rider_id == invitations.c.rider_id,
                    guardians.c.user_id == invitations.c.used_by,
                    guardians.c.shared_by.is_not(None),
                    guardians.c.ended_at_ms.is_(None),
                    invitations.c.ended_at_ms.is_(None),
                ),
                isouter=True,
            )
            .where(invitations.c.kind == "carer", invitations.c.rider_id == rider_id)
            .order_by(invitations.c.id.desc())
        )
        return [
            CarerRow(_row(row), row.held_until, row.held_may_change)
            for row in self._connection.execute(query)
        ]

    def end_carer(self, row: InvitationRow, now_ms: int) -> None:
        if row.user is not None and row.rider is not None:
            self._connection.execute(
                update(guardians)
                .where(
                    guardians.c.user_id == row.user.id,
                    guardians.c.rider_id == row.rider.id,
                    guardians.c.shared_by.is_not(None),
                )
                .values(ended_at_ms=now_ms)
            )
        self._connection.execute(
            update(invitations).where(invitations.c.id == row.id).values(ended_at_ms=now_ms)
        )


def _select(*more: ColumnElement[Any]) -> Select[*tuple[Any, ...]]:
    return (
        select(
            invitations, riders.c.code.label("rider_code"), riders.c.name.label("rider_name"),
            _BY.c.username.label("by_username"), _BY.c.name.label("by_name"), _USER.c.username.label("used_username"),
            _USER.c.name.label("used_name"), *more,
        )
        .select_from(invitations)
        .join(_BY, _BY.c.id == invitations.c.by_id)
        .join(_USER, _USER.c.id == invitations.c.used_by, isouter=True)
        .join(riders, riders.c.id == invitations.c.rider_id, isouter=True)
    )  # fmt: skip


def _row(row: Row[*tuple[Any, ...]]) -> InvitationRow:
    rider = None if row.rider_id is None else Named(row.rider_id, row.rider_code, row.rider_name)
    user = None
    if row.used_by is not None:
        user = Named(row.used_by, row.used_username, row.used_name or row.used_username)
    return InvitationRow(
        row.id, row.kind, row.role, row.scope_id, rider, row.name, row.phone, row.email, row.relation,
        row.valid_until, row.may_change, row.owner_id,
        Named(row.by_id, row.by_username, row.by_name or row.by_username), row.made_at_ms, row.ends_at_ms,
        row.used_at_ms, user, row.ended_at_ms,
    )  # fmt: skip


def _in_state(state: InvitationState, now_ms: int) -> ColumnElement[bool]:
    i = invitations.c
    unused = i.used_at_ms.is_(None)
    match state:
        case "used":
            return i.used_at_ms.is_not(None)
        case "revoked":
            return unused & i.ended_at_ms.is_not(None)
        case "open":
            return unused & i.ended_at_ms.is_(None) & (i.ends_at_ms > now_ms)
        case "expired":
            return unused & i.ended_at_ms.is_(None) & (i.ends_at_ms <= now_ms)
