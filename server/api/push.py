"""The caller's own browser as a place to be told at."""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta

from server.api.endpoint import Ask, Endpoint, Reply
from server.service import policy, push
from server.service.push_words import Language

Url = Annotated[str, Meta(min_length=1, max_length=1000)]
Key = Annotated[str, Meta(min_length=1, max_length=200)]


class Keys(msgspec.Struct, frozen=True):
    """A browser's keys, base64url."""

    p256dh: Key
    auth: Key


class Order(msgspec.Struct, frozen=True):
    """PUT /push-subscription: what `PushSubscription.toJSON()` gives, and the language to be told in."""

    endpoint: Url
    keys: Keys
    lang: Language | None = None


class Ending(msgspec.Struct, frozen=True):
    """DELETE /push-subscription."""

    endpoint: Url


class Subscribed(msgspec.Struct, frozen=True):
    """The subscription's id, which each message names."""

    id: str


def subscribe(ask: Ask) -> Subscribed:
    """Keep it."""
    order: Order = ask.body
    lang: Language = order.lang or ("en" if ask.who.lang == "en" else "zh")
    id_ = push.subscribe(
        ask.deps.store, ask.deps.push, ask.who, endpoint=order.endpoint, p256dh=order.keys.p256dh, auth=order.keys.auth,
        lang=lang, real_ms=ask.real_ms,
    )  # fmt: skip
    ask.note("push_subscribe", id_)
    return Subscribed(id_)


def unsubscribe(ask: Ask) -> Reply:
    """End it."""
    ending: Ending = ask.body
    push.unsubscribe(ask.work, ask.who, ending.endpoint, ask.real_ms)
    ask.note("push_unsubscribe")
    return Reply(status=204)


ENDPOINTS = (
    Endpoint(
        "PUT", "/push-subscription", policy.PUSH, subscribe, Subscribed, "Push to this browser", takes=Order, works="apart"
    ),
    Endpoint(
        "DELETE", "/push-subscription", policy.PUSH, unsubscribe, None, "Push to this browser no more", takes=Ending,
        status=204, works="write",
    ),
)  # fmt: skip
