"""A guardian's child shared with carers until a date."""

from __future__ import annotations

from typing import Annotated

import msgspec

from server.api.endpoint import Ask, Endpoint, Reply, Text
from server.api.invitations import Name, Phone
from server.errors import NotFoundError
from server.service import carers, policy
from server.service.account_shapes import Access, Carer, NewInvitation
from server.service.shapes import Items

Day = Annotated[str, msgspec.Meta(max_length=10)]


class Order(msgspec.Struct, frozen=True):
    """POST /children/{id}/carers."""

    name: Name
    until: Day
    may_change: bool = False
    relation: Text | None = None
    phone: Phone | None = None
    email: Text | None = None


def show_access(ask: Ask) -> Access:
    """Say how the caller holds the child; beside the child's own shape, which everyone who watches it shares."""
    held = ask.work.scopes.find_held(ask.who.user_id, ask.subject)
    if held is None:
        raise NotFoundError("There is no such child among yours: look at the list again.")
    return Access(held.carer, held.may_change, held.until)


def share(ask: Ask) -> NewInvitation:
    """Make the invitation by which a carer takes the child up."""
    body: Order = ask.body
    wanted = carers.Wanted(**msgspec.structs.asdict(body))
    made = carers.share(
        ask.work, ask.scope, ask.who, ask.subject, wanted, ask.deps.settings.base_url, ask.real_ms
    )
    ask.note("share_child", ask.subject)
    return made


def list_them(ask: Ask) -> Items[Carer]:
    """List to whom the child is or was lent."""
    ask.note("read_carers", ask.subject)
    return Items(carers.list_carers(ask.work, ask.scope, ask.subject, ask.real_ms))


def end(ask: Ask) -> Reply:
    """Take the child back."""
    carers.end(ask.work, ask.scope, ask.subject, ask.path["carer"], ask.real_ms)
    ask.note("end_carer", ask.subject)
    return Reply(status=204)


PATH = "/children/{child}/carers"
ENDPOINTS = (
    Endpoint("GET", "/children/{child}/access", policy.CHILD, show_access, Access, "How I hold a child"),
    Endpoint("GET", PATH, policy.CARERS, list_them, Items[Carer], "Carers of a child"),
    Endpoint("POST", PATH, policy.CARERS, share, NewInvitation, "Share a child", takes=Order, status=201, works="write"),
    Endpoint("DELETE", f"{PATH}/{{carer}}", policy.CARERS, end, None, "End a carer", status=204, works="write"),
)  # fmt: skip
