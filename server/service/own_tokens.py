"""Bearer tokens, by which programs act as an account: made with a scope and an end, listed, revoked."""

from __future__ import annotations

import secrets

from server.errors import NotFoundError
from server.ids import new_id
from server.service.accounts import HOUR_MS, digest
from server.service.instants import at
from server.service.policy import Caller, TokenScope
from server.service.rows import Account, TokenRow
from server.service.shapes import NewToken, TokenItem
from server.service.web_ports import WebStore, Work


def make_token(
    work: Work, caller: Caller, *, name: str | None, days: int | None, scope: TokenScope, now_ms: int
) -> NewToken:
    """Make a bearer token; its value is in this answer and nowhere else. A token's own ends no later than it."""
    ends_at_ms = None if days is None else now_ms + days * 24 * HOUR_MS
    if caller.token_id is not None:
        asking = next(row for row in work.accounts.list_tokens(caller.user_id) if row.id == caller.token_id)
        ends_at_ms = min(filter(None, (ends_at_ms, asking.ends_at_ms)), default=None)
    account = work.accounts.find(caller.user_id)
    if account is None:
        raise NotFoundError("This account is gone: log in again.")
    return _make(work, account, name, ends_at_ms, scope, now_ms)


def make_token_for(store: WebStore, *, username: str, name: str | None, now_ms: int) -> NewToken:
    """Make a bearer token for an account from the command line; raise NotFoundError."""
    with store.write() as work:
        account = work.accounts.find_by_name(username)
        if account is None:
            raise NotFoundError(f"there is no user {username!r}: add it with `sixfixed user add`")
        return _make(work, account, name, None, "admin", now_ms)


def list_tokens(work: Work, caller: Caller) -> list[TokenItem]:
    """List the caller's live tokens, without their values."""
    timezone = work.scopes.timezone()
    return [
        TokenItem(
            row.id,
            row.name,
            at(row.made_at_ms, timezone),
            at(row.ends_at_ms, timezone),
            row.scope,
            at(row.used_at_ms, timezone),
        )
        for row in work.accounts.list_tokens(caller.user_id)
    ]


def _make(
    work: Work, account: Account, name: str | None, ends_at_ms: int | None, scope: TokenScope, now_ms: int
) -> NewToken:
    token, token_id = secrets.token_urlsafe(32), new_id()
    work.accounts.add_token(TokenRow(token_id, name, now_ms, ends_at_ms, account, scope), digest(token))
    return NewToken(token_id, token)
