"""Log in and out, who am I, my password, my sessions, my tokens."""

from __future__ import annotations

from functools import partial
from typing import Annotated

import msgspec
from msgspec import Meta

from server.api.endpoint import Ask, Cookie, Endpoint, Reply, Text
from server.service import accounts, own_sessions, own_tokens, policy
from server.service.account_shapes import SessionItem
from server.service.ended import EndedMessage
from server.service.policy import TokenScope
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
    """POST /tokens: what it is for, for how long (left out: until it is revoked), and what it may do of what its maker may."""

    name: Annotated[str, Meta(max_length=100)] | None = None
    days: Annotated[int, Meta(ge=1, le=3650)] | None = None
    scope: TokenScope = "admin"


def log_in(ask: Ask) -> Reply:
    """Open a session under a new id."""
    wanted: Login = ask.body
    found = accounts.log_in(
        ask.deps.store, ask.deps.vault, ask.deps.settings.second_factor, username=wanted.username,
        password=wanted.password, code=wanted.code, address=ask.address, agent=ask.agent, now_ms=ask.real_ms,
    )  # fmt: skip
    ask.caller = found.caller
    ask.note("log_in")
    with ask.deps.store.read() as work:
        user = accounts.show_user(work, found.caller)
    cookie = Cookie(found.cookie, (found.ends_at_ms - ask.real_ms) // 1000)
    return Reply(Welcome(user, found.caller.csrf, found.caller.limited), cookie=cookie)


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
    return Welcome(accounts.show_user(ask.work, ask.who), ask.who.csrf, ask.who.limited)


def change_password(ask: Ask) -> Reply:
    """Change the own password; every other session, token and socket of the account ends."""
    wanted: NewPassword = ask.body
    who = ask.who
    accounts.change_password(
        ask.deps.store, who, current=wanted.current, new=wanted.new, address=ask.address, now_ms=ask.real_ms,
        leaked=ask.deps.leaked,
    )  # fmt: skip
    ask.after.append(lambda: ask.deps.ended.tell(EndedMessage(user_id=who.user_id, keep=who.session_id)))
    ask.note("change_password")
    return Reply(status=204)


def make_token(ask: Ask) -> NewToken:
    """Make a bearer token for a program."""
    wanted: TokenOrder = ask.body
    made = own_tokens.make_token(
        ask.work, ask.who, name=wanted.name, days=wanted.days, scope=wanted.scope, now_ms=ask.real_ms
    )
    ask.note("make_token", made.id)
    return made


def list_tokens(ask: Ask) -> Items[TokenItem]:
    """List the own tokens."""
    return Items(own_tokens.list_tokens(ask.work, ask.who))


def list_sessions(ask: Ask) -> Items[SessionItem]:
    """List where the caller is logged in."""
    return Items(own_sessions.list_sessions(ask.work, ask.who, ask.real_ms))


def end_session(ask: Ask) -> Reply:
    """End an own session, its sockets and its pushes."""
    session_id = ask.subject
    ask.work.accounts.end_session(session_id)
    ask.after.append(lambda: ask.deps.ended.tell(EndedMessage(session_id=session_id)))
    ask.note("end_session", own_sessions.session_ref(session_id))
    return Reply(status=204)


def end_other_sessions(ask: Ask) -> Reply:
    """End every session of the caller but the one that asks."""
    who = ask.who
    others = [
        row.id
        for row in ask.work.accounts.list_sessions(who.user_id, ask.real_ms)
        if row.id != who.session_id
    ]
    ask.work.accounts.end_sessions(who.user_id, who.session_id)
    for other in others:
        ask.after.append(partial(ask.deps.ended.tell, EndedMessage(session_id=other)))
    ask.note("end_other_sessions")
    return Reply(status=204)


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
        "POST", "/me/password", policy.OWN_ACCOUNT, change_password, None, "Change my password", takes=NewPassword,
        status=204, works="apart",
    ),
    Endpoint("GET", "/me/sessions", policy.OWN_ACCOUNT, list_sessions, Items[SessionItem], "Where I am logged in"),
    Endpoint("DELETE", "/me/sessions", policy.OWN_ACCOUNT, end_other_sessions, None, "Log out everywhere else",
             status=204, works="write"),
    Endpoint("DELETE", "/me/sessions/{session}", policy.OWN_SESSION, end_session, None, "End a session", status=204,
             works="write"),
    Endpoint("GET", "/tokens", policy.OWN_ACCOUNT, list_tokens, Items[TokenItem], "My tokens"),
    Endpoint("POST", "/tokens", policy.OWN_ACCOUNT, make_token, NewToken, "Make a token", takes=TokenOrder, status=201,
             works="write"),
    Endpoint("DELETE", "/tokens/{token}", policy.OWN_TOKEN, revoke_token, None, "Revoke a token", status=204,
             works="write"),
)  # fmt: skip
