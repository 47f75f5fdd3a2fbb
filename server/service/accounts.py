"""Accounts: log in and out, sessions, tokens, passwords.

Sessions and limits go by real time, whatever clock the school day goes by; every `now_ms` here is the real one.
"""

from __future__ import annotations

import hashlib
import re
import secrets
from collections.abc import Callable

import msgspec

from server.errors import ConflictError, InvalidError, NotFoundError, NotLoggedInError
from server.ids import new_id
from server.service import login_limits
from server.service.instants import at
from server.service.passwords import hash_password, refuse_weak, verify_password
from server.service.policy import ROLES, Caller, Role
from server.service.rows import Account
from server.service.shapes import NewToken, TokenItem, User
from server.service.web_ports import WebStore, Work

HOUR_MS = 3_600_000
IDLE_MS = 12 * HOUR_MS
ABSOLUTE_MS = {"guardian": 30 * 24 * HOUR_MS}  # a parent's phone; every other role logs in each working day
STAFF_ABSOLUTE_MS = 12 * HOUR_MS
TOUCH_MS = 60_000  # `seen_at` is exact to a minute: a write on each request would be the busiest of the house
_USERNAME = re.compile(r"[A-Za-z0-9._@-]{1,64}")
_SCOPED = {
    "regulator": "jurisdiction",
    "operator": "operator",
    "school": "school",
    "attendant": "badge",
    "driver": "badge",
}

Publish = Callable[[str, dict[str, object]], None]


class LoggedIn(msgspec.Struct, frozen=True):
    """A new session: the cookie's value, shown once, and who it is."""

    cookie: str
    caller: Caller
    ends_at_ms: int


def digest(value: str) -> str:
    """Give what the database holds of a cookie or token: SHA-256 as hex (their 256 random bits need no salt)."""
    return hashlib.sha256(value.encode()).hexdigest()


def log_in(
    store: WebStore, *, username: str, password: str, address: str, agent: str | None, now_ms: int
) -> LoggedIn:
    """Open a session; raise NotLoggedInError (one answer for unknown, ended and wrong) or TooManyError.

    Takes as long for an unknown account. Runs its own units of work, since hashing must not hold a transaction.
    """
    keys = login_limits.keys(username, address)
    with store.read() as work:
        login_limits.refuse_early(work.accounts, keys, now_ms)
        account = work.accounts.find_by_name(username)
    live = account is not None and account.ended_at_ms is None
    right = verify_password(account.password_hash if account is not None and live else None, password)
    if account is None or not right:
        with store.write() as work:
            work.accounts.add_failure([key for key, _ in keys], now_ms)
        raise NotLoggedInError(
            "The user name or the password is wrong: check both and try again.", code="bad_credentials"
        )
    cookie, csrf = secrets.token_urlsafe(32), secrets.token_urlsafe(32)
    ends_at_ms = now_ms + ABSOLUTE_MS.get(account.role, STAFF_ABSOLUTE_MS)
    with store.write() as work:
        work.accounts.forget_failures(keys[0][0])
        work.accounts.end_expired_sessions(now_ms, IDLE_MS)
        work.accounts.add_session(
            digest(cookie), account.id, csrf, now_ms, ends_at_ms, (agent or "")[:200] or None
        )
    return LoggedIn(cookie, _caller(account, session_id=digest(cookie), csrf=csrf), ends_at_ms)


def find_by_cookie(work: Work, cookie: str, now_ms: int) -> tuple[Caller, bool] | None:
    """Find whose live session this cookie is, and whether `seen_at` is due to be written."""
    return find_by_session(work, digest(cookie), now_ms)


def find_by_session(work: Work, session_id: str, now_ms: int) -> tuple[Caller, bool] | None:
    """Find whose live session this is by its stored id."""
    session = work.accounts.find_session(session_id)
    if session is None or session.account.ended_at_ms is not None:
        return None
    if now_ms >= session.ends_at_ms or now_ms >= session.seen_at_ms + IDLE_MS:
        return None
    caller = _caller(session.account, session_id=session.id, csrf=session.csrf)
    return caller, now_ms >= session.seen_at_ms + TOUCH_MS


def find_by_token(work: Work, token: str, now_ms: int) -> Caller | None:
    """Find whose live bearer token this is."""
    return find_by_token_digest(work, digest(token), now_ms)


def find_by_token_digest(work: Work, token_digest: str, now_ms: int) -> Caller | None:
    """Find whose live bearer token this is by what is stored of it."""
    row = work.accounts.find_token(token_digest)
    if row is None or row.account.ended_at_ms is not None:
        return None
    if row.ends_at_ms is not None and now_ms >= row.ends_at_ms:
        return None
    return _caller(row.account, token_id=row.id)


def show_user(work: Work, caller: Caller) -> User:
    """Give the account as its owner sees it."""
    return User(
        id=caller.user_id,
        username=caller.username,
        name=caller.name or work.accounts.person_name(caller.role, caller.scope_id) or caller.username,
        role=caller.role,
        scope=work.accounts.scope_named(caller.role, caller.scope_id),
        lang=caller.lang,
    )


def change_password(
    store: WebStore, caller: Caller, *, current: str, new: str, address: str, now_ms: int
) -> None:
    """Change the caller's own password and end their other sessions and tokens.

    Raise InvalidError for a wrong current or a weak new one, TooManyError after too many wrong ones.
    """
    keys = login_limits.keys(caller.username, address)
    with store.read() as work:
        login_limits.refuse_early(work.accounts, keys, now_ms)
        account = work.accounts.find(caller.user_id)
    if account is None or not verify_password(account.password_hash, current):
        with store.write() as work:
            work.accounts.add_failure([key for key, _ in keys], now_ms)
        raise InvalidError(
            "The present password is wrong: check it and try again.", fields={"current": "wrong"}
        )
    refuse_weak(new, username=account.username, name=account.name, field="new")
    fresh = hash_password(new)
    with store.write() as work:
        work.accounts.set_password(account.id, fresh, now_ms)
        work.accounts.end_sessions(account.id, caller.session_id)
        work.accounts.revoke_tokens(account.id, now_ms)


def make_token(work: Work, caller: Caller, *, name: str | None, days: int | None, now_ms: int) -> NewToken:
    """Make a bearer token; its value is in this answer and nowhere else."""
    token, token_id = secrets.token_urlsafe(32), new_id()
    ends_at_ms = None if days is None else now_ms + days * 24 * HOUR_MS
    work.accounts.add_token(token_id, caller.user_id, digest(token), name, now_ms, ends_at_ms)
    return NewToken(token_id, token)


def make_token_for(store: WebStore, *, username: str, name: str | None, now_ms: int) -> NewToken:
    """Make a bearer token for an account from the command line; raise NotFoundError."""
    with store.write() as work:
        account = work.accounts.find_by_name(username)
        if account is None:
            raise NotFoundError(f"there is no user {username!r}: add it with `sixfixed user add`")
        return make_token(work, _caller(account), name=name, days=None, now_ms=now_ms)


def list_tokens(work: Work, caller: Caller) -> list[TokenItem]:
    """List the caller's live tokens, without their values."""
    timezone = work.scopes.timezone()
    return [
        TokenItem(row.id, row.name, at(row.made_at_ms, timezone), at(row.ends_at_ms, timezone))
        for row in work.accounts.list_tokens(caller.user_id)
    ]


def add_user(
    store: WebStore,
    *,
    username: str,
    role: str,
    scope: str | None,
    name: str | None,
    password: str,
    now_ms: int,
) -> str:
    """Add an account and give its id; `scope` is a code (jurisdiction, operator, school or badge, by role).

    Raise InvalidError for a bad name, role, scope or password and ConflictError for a name that is taken.
    """
    if not _USERNAME.fullmatch(username):
        raise InvalidError(
            f"user {username!r}: use 1 to 64 letters, digits or . _ @ -", fields={"username": "malformed"}
        )
    if role not in ROLES:
        raise InvalidError(f"role {role!r} is none of {', '.join(ROLES)}", fields={"role": "unknown"})
    refuse_weak(password, username=username, name=name)
    fresh = hash_password(password)
    with store.write() as work:
        if work.accounts.find_by_name(username) is not None:
            raise ConflictError(
                f"user {username!r} is there already: choose another name, or set its password"
            )
        account = Account(new_id(), username, role, _scope_id(work, role, scope), name, None, fresh, None)
        work.accounts.add(account, now_ms)
        work.accounts.move_catalog()
    return account.id


def set_password(store: WebStore, *, username: str, password: str, now_ms: int) -> str:
    """Set an account's password from the command line, end its sessions and tokens, and give its id.

    Raise NotFoundError or InvalidError. Open sockets end when web sees the catalogue move (at most 2 s).
    """
    with store.read() as work:
        account = work.accounts.find_by_name(username)
    if account is None:
        raise NotFoundError(f"there is no user {username!r}: add it with `sixfixed user add`")
    refuse_weak(password, username=username, name=account.name)
    fresh = hash_password(password)
    with store.write() as work:
        work.accounts.set_password(account.id, fresh, now_ms)
        work.accounts.end_sessions(account.id, None)
        work.accounts.revoke_tokens(account.id, now_ms)
        work.accounts.move_catalog()
    return account.id


def _scope_id(work: Work, role: str, scope: str | None) -> str | None:
    kind = _SCOPED.get(role)
    if kind is None:
        if scope:
            raise InvalidError(
                f"the role {role} takes no scope: leave {scope!r} out", fields={"scope": "not taken"}
            )
        return None
    if not scope:
        raise InvalidError(f"the role {role} needs a scope: name its {kind}", fields={"scope": "missing"})
    found = work.accounts.find_scope(role, scope)
    if found is None:
        raise InvalidError(
            f"there is no {kind} {scope!r} for the role {role}: check its code", fields={"scope": "unknown"}
        )
    return found


def _caller(
    account: Account, *, session_id: str | None = None, token_id: str | None = None, csrf: str | None = None
) -> Caller:
    role: Role = msgspec.convert(account.role, Role)
    return Caller(
        account.id,
        account.username,
        role,
        account.scope_id,
        account.name,
        account.lang,
        session_id,
        token_id,
        csrf,
    )
