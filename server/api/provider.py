"""Log in at an OpenID Connect provider, where one is set; and which identities my account is linked to."""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta

from server.api.endpoint import Ask, Cookie, Endpoint, Reply
from server.errors import NotFoundError
from server.service import accounts, policy, provider_login
from server.service.account_shapes import IdentityItem, ProviderTrip
from server.service.provider_rows import Provider
from server.service.shapes import Items, Welcome

Value = Annotated[str, Meta(min_length=1, max_length=2048)]


class ComingBack(msgspec.Struct, frozen=True):
    """POST /provider/session, /me/identities: what the provider sent the browser back with, and what the browser kept."""

    code: Value
    state: Value
    keep: Value


def begin(ask: Ask) -> ProviderTrip:
    """Say where the browser goes."""
    return provider_login.begin(ask.deps.store, _provider(ask), ask.deps.settings.base_url, ask.real_ms)


def log_in(ask: Ask) -> Reply:
    """Open a session for whoever came back."""
    body: ComingBack = ask.body
    found = provider_login.log_in(
        ask.deps.store, _provider(ask), ask.deps.settings.second_factor, code=body.code, state=body.state,
        keep=body.keep, base_url=ask.deps.settings.base_url, address=ask.address, agent=ask.agent, now_ms=ask.real_ms,
    )  # fmt: skip
    ask.caller = found.caller
    ask.note("log_in_at_provider")
    with ask.deps.store.read() as work:
        user = accounts.show_user(work, found.caller)
    cookie = Cookie(found.cookie, (found.ends_at_ms - ask.real_ms) // 1000)
    return Reply(Welcome(user, found.caller.csrf), cookie=cookie)


def link(ask: Ask) -> Reply:
    """Link the own account to whoever came back."""
    body: ComingBack = ask.body
    provider_login.link(
        ask.deps.store, _provider(ask), ask.who, code=body.code, state=body.state, keep=body.keep,
        base_url=ask.deps.settings.base_url, address=ask.address, now_ms=ask.real_ms,
    )  # fmt: skip
    ask.note("link_identity")
    return Reply(status=204)


def list_links(ask: Ask) -> Items[IdentityItem]:
    """List what the own account is linked to."""
    return Items(provider_login.list_links(ask.work, ask.who))


def unlink(ask: Ask) -> Reply:
    """End a link."""
    ask.work.provider.unlink(ask.subject)
    ask.note("unlink_identity", ask.subject)
    return Reply(status=204)


def _provider(ask: Ask) -> Provider:
    if ask.deps.provider is None:
        raise NotFoundError("No log-in provider is set here: log in with your password.")
    return ask.deps.provider


ENDPOINTS = (
    Endpoint("POST", "/provider/begin", policy.PUBLIC, begin, ProviderTrip, "Log in at the provider", works="apart"),
    Endpoint("POST", "/provider/session", policy.PUBLIC, log_in, Welcome, "Come back from the provider",
             takes=ComingBack, works="apart"),
    Endpoint("GET", "/me/identities", policy.OWN_ACCOUNT, list_links, Items[IdentityItem], "Identities I am linked to"),
    Endpoint("POST", "/me/identities", policy.OWN_ACCOUNT, link, None, "Link an identity", takes=ComingBack, status=204,
             works="apart"),
    Endpoint("DELETE", "/me/identities/{identity}", policy.OWN_IDENTITY, unlink, None, "End a link", status=204,
             works="write"),
)  # fmt: skip
