"""Invitations: made, listed, revoked, looked at and taken up."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from server.api.endpoint import Ask, Endpoint, Page, Reply, Text
from server.errors import InvalidError
from server.service import invitations, policy
from server.service.account_shapes import Accepted, Invitation, InvitationLook, InvitationState, NewInvitation
from server.service.shapes import Items

Name = Annotated[str, Meta(min_length=1, max_length=100)]
Phone = Annotated[str, Meta(max_length=32)]


class Order(msgspec.Struct, frozen=True):
    """POST /invitations."""

    kind: Literal["guardian", "staff"]
    name: Name
    role: Text | None = None
    scope_id: Text | None = None
    rider_id: Text | None = None
    relation: Text | None = None
    phone: Phone | None = None
    email: Text | None = None
    days: Annotated[int, Meta(ge=1, le=invitations.MAX_DAYS)] | None = None


class Query(Page, frozen=True):
    """GET /invitations."""

    state: InvitationState | None = None


class Code(msgspec.Struct, frozen=True):
    """POST /invitations/look."""

    code: Text


class Acceptance(msgspec.Struct, frozen=True):
    """POST /invitations/accept: with a name and a password for a new account, without for the one that is logged in."""

    code: Text
    username: Annotated[str, Meta(max_length=64)] | None = None
    password: Annotated[str, Meta(max_length=1024)] | None = None


def invite(ask: Ask) -> NewInvitation:
    """Make one; its code is in this answer and nowhere else."""
    body: Order = ask.body
    wanted = invitations.Wanted(**msgspec.structs.asdict(body))
    made = invitations.invite(ask.work, ask.scope, ask.who, wanted, ask.deps.settings.base_url, ask.real_ms)
    ask.note("invite", made.id)
    return made


def list_them(ask: Ask) -> Items[Invitation]:
    """List those of the scope."""
    query: Query = ask.query
    ask.note("list_invitations")
    return invitations.list_invitations(
        ask.work, ask.scope, query.state, query.after, query.limit, ask.real_ms
    )


def revoke(ask: Ask) -> Reply:
    """End one that nobody took up."""
    invitations.revoke(ask.work, ask.subject, ask.real_ms)
    ask.note("revoke_invitation", ask.subject)
    return Reply(status=204)


def look(ask: Ask) -> InvitationLook:
    """Say what an invitation is to; by POST, so that its code is in no address."""
    body: Code = ask.body
    return invitations.look(ask.deps.store, body.code, ask.address, ask.real_ms)


def accept(ask: Ask) -> Accepted:
    """Take one up: for a new account, or for the guardian who is logged in."""
    body: Acceptance = ask.body
    if body.username is None and body.password is None and ask.caller is not None:
        done = invitations.link(
            ask.deps.store, ask.caller, code=body.code, address=ask.address, now_ms=ask.real_ms
        )
    elif body.username is None or body.password is None:
        missing = "username" if body.username is None else "password"
        raise InvalidError(f"{missing}: missing.", fields={missing: "missing"})
    else:
        done = invitations.accept(
            ask.deps.store, code=body.code, username=body.username, password=body.password, address=ask.address,
            now_ms=ask.real_ms, leaked=ask.deps.leaked,
        )  # fmt: skip
    ask.note("accept_invitation", done.username)
    return done


ENDPOINTS = (
    Endpoint("POST", "/invitations", policy.INVITATIONS, invite, NewInvitation, "Invite somebody", takes=Order,
             status=201, works="write"),
    Endpoint("GET", "/invitations", policy.INVITATIONS, list_them, Items[Invitation], "Invitations", query=Query),
    Endpoint("DELETE", "/invitations/{invitation}", policy.INVITATION, revoke, None, "Revoke an invitation",
             status=204, works="write"),
    Endpoint("POST", "/invitations/look", policy.PUBLIC, look, InvitationLook, "What an invitation is to",
             takes=Code, works="apart"),
    Endpoint("POST", "/invitations/accept", policy.ACCEPT, accept, Accepted, "Take an invitation up",
             takes=Acceptance, status=201, works="apart"),
)  # fmt: skip
