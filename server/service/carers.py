"""Carers: a guardian lends the sight of a child to somebody until a date, and takes it back."""

from __future__ import annotations

from datetime import date
from typing import Final

import msgspec

from server.errors import ConflictError, InvalidError, NotFoundError
from server.ids import new_id
from server.service.account_shapes import Carer, CarerState, NewInvitation
from server.service.instants import at, day_after
from server.service.invitation_rows import CarerRow, InvitationRow
from server.service.invitations import DAY_MS, DAYS, put
from server.service.policy import Caller, Scope
from server.service.shapes import Named
from server.service.web_ports import Work

MAX_DAYS: Final = 366  # own choice: what lasts longer is no favour but a guardianship, which the school gives


class Wanted(msgspec.Struct, frozen=True):
    """To whom, and until which date (inclusive)."""

    name: str
    until: str
    may_change: bool = False
    relation: str | None = None
    phone: str | None = None
    email: str | None = None


def share(
    work: Work, scope: Scope, caller: Caller, rider_id: str, wanted: Wanted, base_url: str, now_ms: int
) -> NewInvitation:
    """Make the invitation by which a carer takes a child up; raise InvalidError for a date that can't be."""
    held = work.scopes.find_held(caller.user_id, rider_id)
    last = day_after(scope.on, MAX_DAYS)
    if held is not None and held.until is not None:
        last = min(last, held.until)
    _refuse_date(wanted.until, scope.on, last)
    child = work.children.get(rider_id)
    row = InvitationRow(
        id=new_id(), kind="carer", role="guardian", scope_id=None, rider=Named(child.id, child.code, child.name),
        name=wanted.name, phone=wanted.phone, email=wanted.email, relation=wanted.relation, valid_until=wanted.until,
        may_change=wanted.may_change, owner_id=caller.user_id,
        by=Named(caller.user_id, caller.username, caller.username), made_at_ms=now_ms, ends_at_ms=now_ms + DAYS * DAY_MS,
    )  # fmt: skip
    return put(work, row, base_url)


def list_carers(work: Work, scope: Scope, rider_id: str, now_ms: int) -> list[Carer]:
    """List to whom a child is or was lent, by whichever guardian, the newest first."""
    timezone = work.scopes.timezone()
    return [
        Carer(
            id=row.invitation.id,
            name=row.invitation.name,
            relation=row.invitation.relation,
            username=None if row.invitation.user is None else row.invitation.user.code,
            until=row.until or row.invitation.valid_until or "",
            may_change=row.invitation.may_change if row.may_change is None else row.may_change,
            state=_state(row, scope.on, now_ms),
            made_at=at(row.invitation.made_at_ms, timezone),
        )
        for row in work.invitations.list_carers(rider_id)
    ]


def end(work: Work, scope: Scope, rider_id: str, carer_id: str, now_ms: int) -> None:
    """Take a child back from a carer, or an invitation that nobody took up; raise NotFoundError or ConflictError."""
    row = next(
        (each for each in work.invitations.list_carers(rider_id) if each.invitation.id == carer_id), None
    )
    if row is None:
        raise NotFoundError("There is no such carer of this child: look at the list again.")
    state = _state(row, scope.on, now_ms)
    if state not in ("invited", "active"):
        raise ConflictError(f"This carer's time is over already ({state}).", fields={"state": state})
    work.invitations.end_carer(row.invitation, now_ms)
    # Watches are looked at again, and ingest forgets whom it told, when the number moves.
    work.accounts.move_catalog()


def _state(row: CarerRow, on: str, now_ms: int) -> CarerState:
    match row.invitation.state(now_ms):
        case "used":
            if row.until is None:
                return "ended"
            return "active" if row.until >= on else "expired"
        case "revoked":
            return "ended"
        case "expired":
            return "expired"
        case "open":
            return "invited"


def _refuse_date(until: str, first: str, last: str) -> None:
    try:
        right = date.fromisoformat(until).isoformat() == until
    except ValueError:
        right = False
    if not right:
        raise InvalidError(f"until {until!r} is no date: write YYYY-MM-DD.", fields={"until": "malformed"})
    if not first <= until <= last:
        raise InvalidError(
            f"until {until} must lie between today ({first}) and {last}.", fields={"until": "out of range"}
        )
