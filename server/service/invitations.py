"""Invitations: a link with 128 random bits by which somebody gets an account, or a child, once and until a date."""

from __future__ import annotations

import base64
import re
import secrets
from collections.abc import Callable
from typing import Final

import msgspec

from server.errors import ConflictError, ForbiddenError, InvalidError, NotFoundError
from server.ids import new_id
from server.service import login_limits
from server.service.account_shapes import Accepted, Invitation, InvitationLook, InvitationState, NewInvitation
from server.service.accounts import digest, refuse_username
from server.service.instants import at
from server.service.invitation_rows import InvitationRow
from server.service.passwords import hash_password, refuse_weak
from server.service.policy import Caller, Scope
from server.service.rows import Account
from server.service.shapes import Items, Named
from server.service.web_ports import WebStore, Work

DAY_MS: Final = 24 * 3_600_000
DAYS: Final = 14  # unless it is said: a letter from school comes back within two weeks
MAX_DAYS: Final = 90
_CODE: Final = 16  # bytes: QUALITY, "Security" 8: 128 random bits
# Whom each role may invite beside guardians; None: everybody.
_STAFF: Final = {"admin": None, "operator": frozenset({"operator", "attendant", "driver"})}
_INVITES_GUARDIANS: Final = frozenset({"admin", "school"})


class Wanted(msgspec.Struct, frozen=True):
    """Who is invited to what: a `rider_id`, or a `role` with its scope, each by id or code."""

    kind: str
    name: str
    role: str | None = None
    scope_id: str | None = None
    rider_id: str | None = None
    relation: str | None = None
    phone: str | None = None
    email: str | None = None
    days: int | None = None


def invite(
    work: Work, scope: Scope, caller: Caller, wanted: Wanted, base_url: str, now_ms: int
) -> NewInvitation:
    """Make an invitation to what the caller may give; raise ForbiddenError or InvalidError."""
    rider: Named | None = None
    place: tuple[str, str | None, str | None] | None = None
    if wanted.kind == "guardian":
        rider, school_id = _to_rider(work, scope, caller, wanted)
        place = "guardian", None, school_id
    role, scope_id, owner_id = place or _to_role(work, caller, wanted)
    row = InvitationRow(
        id=new_id(), kind="guardian" if rider else "staff", role=role, scope_id=scope_id, rider=rider, name=wanted.name,
        phone=wanted.phone, email=wanted.email, relation=wanted.relation, valid_until=None, may_change=False,
        owner_id=owner_id, by=Named(caller.user_id, caller.username, caller.username), made_at_ms=now_ms,
        ends_at_ms=now_ms + (wanted.days or DAYS) * DAY_MS,
    )  # fmt: skip
    return put(work, row, base_url)


def put(work: Work, row: InvitationRow, base_url: str) -> NewInvitation:
    """Store an invitation and give what is shown of it once."""
    code = base64.b32encode(secrets.token_bytes(_CODE)).decode().rstrip("=").casefold()
    work.invitations.add(row, digest(code))
    # Behind the number sign: what stands there is sent to no server, so that no log and no proxy keeps it.
    url = f"{base_url}/#invitation={code}"
    return NewInvitation(row.id, url, code, at(row.ends_at_ms, work.scopes.timezone()))


def list_invitations(
    work: Work, scope: Scope, state: InvitationState | None, after: str | None, limit: int, now_ms: int
) -> Items[Invitation]:
    """List invitations of the scope, the newest first."""
    timezone = work.scopes.timezone()
    found = work.invitations.page(scope, state, now_ms, after, limit + 1)
    shown = [_show(work, row, timezone, now_ms) for row in found[:limit]]
    return Items(shown, shown[-1].id if len(found) > limit else None)


def revoke(work: Work, invitation_id: str, now_ms: int) -> None:
    """End one that nobody took up; raise ConflictError."""
    row = work.invitations.get(invitation_id)
    state = row.state(now_ms)
    if state != "open" or not work.invitations.revoke(row.id, now_ms):
        raise ConflictError(
            f"This invitation is {state} already: there is nothing to revoke.", fields={"state": state}
        )


def look(store: WebStore, code: str, address: str, now_ms: int) -> InvitationLook:
    """Say what an invitation is to, to whoever holds its code; raise NotFoundError or TooManyError."""
    row = _find(store, code, address, now_ms)
    with store.read() as work:
        timezone = work.scopes.timezone()
        if row.kind == "carer":
            account = work.accounts.find(row.by.id)
            source = (account.name if account is not None else None) or row.by.name
        elif row.rider is not None:
            source = work.children.get(row.rider.id).school.name
        else:
            named = work.accounts.scope_named(row.role, row.scope_id)
            source = "SixFixed" if named is None else named.name
    return InvitationLook(row.kind, row.role, row.name, source, at(row.ends_at_ms, timezone), row.valid_until)


def accept(
    store: WebStore,
    *,
    code: str,
    username: str,
    password: str,
    address: str,
    now_ms: int,
    leaked: Callable[[str], bool],
) -> Accepted:
    """Make the account that an invitation is to, and spend it.

    Raise NotFoundError, InvalidError, ConflictError for a name that is taken, TooManyError. Runs its own units of work.
    """
    row = _find(store, code, address, now_ms)
    refuse_username(username)
    refuse_weak(password, username=username, name=row.name, leaked=leaked)
    fresh = hash_password(password)
    user_id = new_id()
    with store.write() as work:
        if work.accounts.find_by_name(username) is not None:
            raise ConflictError(
                f"The user name {username!r} is taken: choose another.", fields={"username": "taken"}
            )
        row = _usable(work, row.id, now_ms)
        account = Account(user_id, username, row.role, row.scope_id, row.name, None, fresh, None, row.email)
        work.accounts.add(account, now_ms)
        _spend(work, row, user_id, now_ms)
    return Accepted(username, row.role, linked=False)


def link(store: WebStore, caller: Caller, *, code: str, address: str, now_ms: int) -> Accepted:
    """Give the child of an invitation to the guardian who is logged in, and spend it; raise as `accept` does."""
    if caller.token_scope not in (None, "admin"):
        raise ForbiddenError("This token's scope takes up no invitation: log in.", code="token_scope")
    row = _find(store, code, address, now_ms)
    if caller.role != "guardian" or row.rider is None:
        raise ConflictError(
            "This invitation makes an account of its own: choose a user name and a password for it."
        )
    with store.write() as work:
        row = _usable(work, row.id, now_ms)
        held = None if row.rider is None else work.scopes.find_held(caller.user_id, row.rider.id)
        if held is not None and not held.carer:
            raise ConflictError("This child is yours already: the invitation stays open for someone else.")
        _spend(work, row, caller.user_id, now_ms)
    return Accepted(caller.username, caller.role, linked=True)


def _to_rider(work: Work, scope: Scope, caller: Caller, wanted: Wanted) -> tuple[Named, str]:
    """Give the rider, and in whose list the invitation is: the school's."""
    if caller.role not in _INVITES_GUARDIANS:
        raise ForbiddenError(f"The role {caller.role} invites no guardians: ask the school.")
    found = None if wanted.rider_id is None else work.scopes.find_child_id(scope, wanted.rider_id)
    if found is None:
        why = "missing" if wanted.rider_id is None else "unknown"
        raise InvalidError(f"rider_id is {why}: name one of your riders.", fields={"rider_id": why})
    child = work.children.get(found)
    return Named(child.id, child.code, child.name), child.school.id


def _to_role(work: Work, caller: Caller, wanted: Wanted) -> tuple[str, str | None, str | None]:
    """Give role, scope and whose list it is in."""
    if caller.role not in _STAFF:
        raise ForbiddenError(f"The role {caller.role} invites no staff: ask the company or an administrator.")
    role = wanted.role or ""
    may = _STAFF[caller.role]
    if role not in ("admin", "regulator", "operator", "school", "attendant", "driver") or (
        may is not None and role not in may
    ):
        raise InvalidError(
            f"role {role!r} is none that you may invite: choose one that is.", fields={"role": "unknown"}
        )
    if role == "admin":
        if wanted.scope_id is not None:
            raise InvalidError(
                "An administrator has no scope: leave it out.", fields={"scope_id": "not taken"}
            )
        return role, None, None
    ref = wanted.scope_id or (caller.scope_id if role == caller.role == "operator" else None)
    scope_id = None if ref is None else work.accounts.find_scope(role, ref)
    owner_id = scope_id
    if scope_id is not None and role in ("attendant", "driver"):
        owner_id = work.invitations.operator_of(scope_id)
    if scope_id is None or (caller.role == "operator" and owner_id != caller.scope_id):
        why = "missing" if ref is None else "unknown"
        raise InvalidError(
            f"scope_id is {why}: name whom or what the {role} account is for.", fields={"scope_id": why}
        )
    return role, scope_id, owner_id


def _find(store: WebStore, code: str, address: str, now_ms: int) -> InvitationRow:
    """Find what an open invitation's code names; guesses are limited for each address."""
    counted = login_limits.guess_keys(address)
    plain = re.sub(r"[\s-]", "", code).casefold()
    with store.read() as work:
        login_limits.refuse_early(work.accounts, counted, now_ms)
        row = work.invitations.find(digest(plain))
        if row is not None and row.state(now_ms) == "open":
            return row
    with store.write() as work:
        work.accounts.add_failure([key for key, _ in counted], now_ms)
    raise _gone()


def _usable(work: Work, invitation_id: str, now_ms: int) -> InvitationRow:
    """Give an invitation that is still open, and whose rider, place and giver still are; raise NotFoundError."""
    row = work.invitations.get(invitation_id)
    if row.state(now_ms) != "open":
        raise _gone()
    if row.kind == "staff":
        if row.scope_id is not None and work.accounts.find_scope(row.role, row.scope_id) is None:
            raise _gone()
        return row
    if row.rider is None or not work.invitations.rider_lives(row.rider.id):
        raise _gone()
    if row.kind == "carer":
        giver = work.scopes.find_held(row.by.id, row.rider.id)
        if giver is None or giver.carer:
            raise _gone()
    return row


def _spend(work: Work, row: InvitationRow, user_id: str, now_ms: int) -> None:
    if not work.invitations.spend(row.id, user_id, now_ms):
        raise _gone()
    if row.rider is not None:
        work.invitations.put_guardian(row, user_id, now_ms)
    # Ingest keeps who is told of which child until the number moves.
    work.accounts.move_catalog()


def _gone() -> NotFoundError:
    return NotFoundError(
        "There is no such invitation, or it was used, revoked or is too old: ask whoever sent it for another."
    )


def _show(work: Work, row: InvitationRow, timezone: str, now_ms: int) -> Invitation:
    return Invitation(
        id=row.id, kind=row.kind, role=row.role, scope=work.accounts.scope_named(row.role, row.scope_id),
        rider=row.rider, name=row.name, phone=row.phone, email=row.email, state=row.state(now_ms),
        made_at=at(row.made_at_ms, timezone), ends_at=at(row.ends_at_ms, timezone), used_at=at(row.used_at_ms, timezone),
        by=row.by, user=row.user,
    )  # fmt: skip
