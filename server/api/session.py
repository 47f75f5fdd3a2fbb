"""Log in and out, who am I, my password, my tokens."""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta

from server.api.endpoint import Ask, Cookie, Endpoint, Reply, Text
from server.service import accounts, policy
from server.service.ended import EndedMessage
from server.service.shapes import Items, NewToken, TokenItem, Welcome

Secret = Annotated[str, Meta(max_length=1024)]


class Login(msgspec.Struct, frozen=True):
    """POST /session. `code` is the second factor's, once an account has one."""

    username: Annotated[str, Meta(max_length=64)]
    password: Secret
    code: Text | None = None


class NewPassword(msgspec.Struct, frozen=True):
    """POST /me/password."""

    current: Secret
    new: Secret


class TokenOrder(msgspec.Struct, frozen=True):
    """POST /tokens: what it is for, and for how long (left out: until it is revoked)."""

    name: Annotated[str, Meta(max_length=100)] | None = None
    days: Annotated[int, Meta(ge=1, le=3650)] | None = None


def log_in(ask: Ask) -> Reply:
    """Open a session under a new id."""
    wanted: Login = ask.body
    found = accounts.log_in(
        ask.deps.store, username=wanted.username, password=wanted.password, address=ask.address, agent=ask.agent,
        now_ms=ask.real_ms,
    )  # fmt: skip
    ask.caller = found.caller
    ask.note("log_in")
    with ask.deps.store.read() as work:
        user = accounts.show_user(work, found.caller)
    cookie = Cookie(found.cookie, (found.ends_at_ms - ask.real_ms) // 1000)
    return Reply(Welcome(user, found.caller.csrf), cookie=cookie)


def log_out(ask: Ask) -> Reply:
    """End this session and its sockets; with a bearer token there is none to end."""
    session_id = ask.who.session_id
    if session_id is not None:
        ask.work.accounts.end_session(session_id)
        ask.after.append(lambda: ask.deps.ended.tell(EndedMessage(session_id=session_id)))
        ask.note("log_out")
    return Reply(status=204, cookie=Cookie("", 0))


def show_me(ask: Ask) -> Welcome:
    """Say who asks."""
    return Welcome(accounts.show_user(ask.work, ask.who), ask.who.csrf)


def change_password(ask: Ask) -> Reply:
    """Change the own password; every other session, token and socket of the account ends."""
    wanted: NewPassword = ask.body
    who = ask.who
    accounts.change_password(
        ask.deps.store, who, current=wanted.current, new=wanted.new, address=ask.address, now_ms=ask.real_ms
    )
    ask.after.append(lambda: ask.deps.ended.tell(EndedMessage(user_id=who.user_id, keep=who.session_id)))
    ask.note("change_password")
    return Reply(status=204)


def make_token(ask: Ask) -> NewToken:
    """Make a bearer token for a program."""
    wanted: TokenOrder = ask.body
    ask.note("make_token")
    return accounts.make_token(ask.work, ask.who, name=wanted.name, days=wanted.days, now_ms=ask.real_ms)


def list_tokens(ask: Ask) -> Items[TokenItem]:
    """List the own tokens."""
    return Items(accounts.list_tokens(ask.work, ask.who))


def revoke_token(ask: Ask) -> Reply:
    """Revoke an own token, and end its sockets."""
    token_id = ask.subject
    ask.work.accounts.revoke_token(token_id, ask.real_ms)
    ask.after.append(lambda: ask.deps.ended.tell(EndedMessage(token_id=token_id)))
    ask.note("revoke_token", token_id)
    return Reply(status=204)


ENDPOINTS = (
    Endpoint("POST", "/session", policy.PUBLIC, log_in, Welcome, "Log in", takes=Login, works="apart"),
    Endpoint("DELETE", "/session", policy.SELF, log_out, None, "Log out", status=204, works="write"),
    Endpoint("GET", "/me", policy.SELF, show_me, Welcome, "Who am I"),
    Endpoint(
        "POST", "/me/password", policy.SELF, change_password, None, "Change my password", takes=NewPassword,
        status=204, works="apart",
    ),
    Endpoint("GET", "/tokens", policy.SELF, list_tokens, Items[TokenItem], "My tokens"),
    Endpoint("POST", "/tokens", policy.SELF, make_token, NewToken, "Make a token", takes=TokenOrder, status=201,
             works="write"),
    Endpoint("DELETE", "/tokens/{token}", policy.OWN_TOKEN, revoke_token, None, "Revoke a token", status=204,
             works="write"),
)  # fmt: skip
