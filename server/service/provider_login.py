"""Log in at an OpenID Connect provider: only whoever has an account already, by a linked identity or a verified e-mail."""

from __future__ import annotations

import hmac
import secrets
from typing import Final

from server.errors import ConflictError, NotLoggedInError
from server.ids import new_id
from server.service import login_limits, second_factor
from server.service.account_shapes import IdentityItem, ProviderTrip
from server.service.accounts import LoggedIn, digest, open_session
from server.service.instants import at
from server.service.policy import Caller
from server.service.provider_rows import Identity, Provider, ProviderLogin
from server.service.web_ports import WebStore, Work

LASTS_MS: Final = 10 * 60_000  # QUALITY, "Security" 3: a one-time code's ten minutes


def begin(store: WebStore, provider: Provider, base_url: str, now_ms: int) -> ProviderTrip:
    """Give where the browser goes, and what it keeps and brings back with the code."""
    state, keep = secrets.token_urlsafe(32), secrets.token_urlsafe(32)
    nonce, verifier = secrets.token_urlsafe(32), secrets.token_urlsafe(64)
    url = provider.authorization_url(
        redirect_uri=redirect_uri(base_url), state=state, nonce=nonce, verifier=verifier
    )
    with store.write() as work:
        work.provider.add_login(ProviderLogin(digest(state), digest(keep), nonce, verifier, now_ms))
    return ProviderTrip(url, keep)


def redirect_uri(base_url: str) -> str:
    """Give where the provider sends the browser back to; it is what is registered there."""
    return f"{base_url}/"


def log_in(
    store: WebStore,
    provider: Provider,
    setting: second_factor.Setting,
    *,
    code: str,
    state: str,
    keep: str,
    base_url: str,
    address: str,
    agent: str | None,
    now_ms: int,
) -> LoggedIn:
    """Open a session for whoever came back; raise NotLoggedInError or TooManyError. No account is ever made."""
    found = _come_back(store, provider, code, state, keep, base_url, address, now_ms)
    with store.write() as work:
        user_id = _find_user(work, found)
        account = None if user_id is None else work.accounts.find(user_id)
        if account is None or account.ended_at_ms is not None:
            raise NotLoggedInError(
                "Nobody here is known by that log-in: ask for an invitation, or log in with your password and link it.",
                code="no_account",
            )
        wants_more = second_factor.is_on(work, account.id) or second_factor.is_required(setting, account.role)
        if wants_more and setting != "off" and not found.strong:
            raise NotLoggedInError(
                "This account needs a second factor and that log-in used none: log in with your password and code.",
                code="code_needed",
            )
        if work.provider.find_user(found.issuer, found.subject) is None:
            work.provider.link(new_id(), account.id, found.issuer, found.subject, now_ms)
        return open_session(work, account, address=address, agent=agent, limited=False, now_ms=now_ms)


def link(
    store: WebStore,
    provider: Provider,
    caller: Caller,
    *,
    code: str,
    state: str,
    keep: str,
    base_url: str,
    address: str,
    now_ms: int,
) -> None:
    """Link the caller's account to whoever came back; raise ConflictError where that is somebody else's."""
    found = _come_back(store, provider, code, state, keep, base_url, address, now_ms)
    with store.write() as work:
        other = work.provider.find_user(found.issuer, found.subject)
        if other is not None and other != caller.user_id:
            raise ConflictError("That log-in is linked to another account: unlink it there first.")
        if other is None:
            work.provider.link(new_id(), caller.user_id, found.issuer, found.subject, now_ms)


def list_links(work: Work, caller: Caller) -> list[IdentityItem]:
    """List what the caller's account is linked to."""
    timezone = work.scopes.timezone()
    return [
        IdentityItem(row.id, row.issuer, at(row.made_at_ms, timezone))
        for row in work.provider.list_links(caller.user_id)
    ]


def _come_back(
    store: WebStore,
    provider: Provider,
    code: str,
    state: str,
    keep: str,
    base_url: str,
    address: str,
    now_ms: int,
) -> Identity:
    """Take the log-in that this browser began, once, and ask the provider who it is."""
    counted = login_limits.guess_keys(address)
    with store.read() as work:
        login_limits.refuse_early(work.accounts, counted, now_ms)
    with store.write() as work:
        begun = work.provider.take_login(digest(state))
        right = begun is not None and hmac.compare_digest(begun.browser, digest(keep))
        if begun is None or not right or now_ms >= begun.made_at_ms + LASTS_MS:
            work.accounts.add_failure([key for key, _ in counted], now_ms)
            begun = None
    if begun is None:
        raise NotLoggedInError(
            "This log-in was not begun here, is used or too old: begin again.", code="bad_state"
        )
    return provider.exchange(
        code=code, redirect_uri=redirect_uri(base_url), nonce=begun.nonce, verifier=begun.verifier, now_ms=now_ms
    )  # fmt: skip


def _find_user(work: Work, found: Identity) -> str | None:
    linked = work.provider.find_user(found.issuer, found.subject)
    if linked is not None or found.email is None:
        return linked
    by_email = work.provider.find_users_by_email(found.email)
    return by_email[0] if len(by_email) == 1 else None
