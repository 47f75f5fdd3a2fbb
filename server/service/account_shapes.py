"""The shapes of accounts over HTTP (docs/http.md, Accounts): second factor, sessions, invitations, carers."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

import msgspec

from server.service.shapes import Named

InvitationKind = Literal["guardian", "staff", "carer"]
InvitationState = Literal["open", "used", "expired", "revoked"]
CarerState = Literal["invited", "active", "ended", "expired"]


class SessionItem(msgspec.Struct, frozen=True):
    """Where the caller is logged in; `current` is the session that asks."""

    id: str
    device: str | None
    address: str | None
    made_at: datetime
    seen_at: datetime
    ends_at: datetime
    current: bool


class ProviderTrip(msgspec.Struct, frozen=True):
    """Where a browser goes to log in at the provider, and what it keeps (sessionStorage) and brings back with the code."""

    url: str
    keep: str


class IdentityItem(msgspec.Struct, frozen=True):
    """An identity at a provider that the caller's account is linked to."""

    id: str
    issuer: str
    made_at: datetime


class Factor(msgspec.Struct, frozen=True):
    """Whether the caller has a second factor, and whether the server's setting wants one."""

    setting: Literal["off", "optional", "required-for-staff"]
    on: bool
    made_at: datetime | None
    recovery_left: int
    required: bool


class NewFactor(msgspec.Struct, frozen=True):
    """What an authenticator is given, shown once: base32, the same as a URL, the URL as a drawing."""

    secret: str
    url: str
    qr_svg: str


class RecoveryCodes(msgspec.Struct, frozen=True):
    """Codes for whoever lost the authenticator, shown once; each is good for one log-in."""

    recovery_codes: list[str]


class NewInvitation(msgspec.Struct, frozen=True):
    """An invitation with what is shown of it once."""

    id: str
    url: str
    code: str
    ends_at: datetime


class Invitation(msgspec.Struct, frozen=True):
    """An invitation as whoever may revoke it sees it; `user` is who took it up."""

    id: str
    kind: InvitationKind
    role: str
    scope: Named | None
    rider: Named | None
    name: str
    phone: str | None
    email: str | None
    state: InvitationState
    made_at: datetime
    ends_at: datetime
    used_at: datetime | None
    by: Named
    user: Named | None


class InvitationLook(msgspec.Struct, frozen=True, rename={"from_": "from"}):
    """What an invitation says to whoever holds its code."""

    kind: InvitationKind
    role: str
    name: str
    from_: str
    ends_at: datetime
    until: str | None


class Accepted(msgspec.Struct, frozen=True):
    """What an invitation became: a new account, or (`linked`) a child of one that was there."""

    username: str
    role: str
    linked: bool


class Access(msgspec.Struct, frozen=True):
    """How the caller holds a child: a carer until a date (inclusive), who may or may not say "not riding"."""

    carer: bool
    may_change: bool
    until: str | None


class Carer(msgspec.Struct, frozen=True):
    """Somebody to whom a child is lent until a date (inclusive)."""

    id: str
    name: str
    relation: str | None
    username: str | None
    until: str
    may_change: bool
    state: CarerState
    made_at: datetime
