"""Accounts: log in and out, passwords, whose a session or token is.

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
from server.service import login_limits, second_factor
from server.service.passwords import hash_password, is_bundled, refuse_weak, verify_password
from server.service.policy import ROLES, Caller, Role, TokenScope
from server.service.rows import Account, SessionRow
from server.service.shapes import User
from server.service.vault import Vault
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


class LoggedIn(msgspec.Struct, frozen=True):
    """A new session: the cookie's value, shown once, and who it is."""

    cookie: str
    caller: Caller
    ends_at_ms: int


def digest(value: str) -> str:
    """Give what the database holds of a cookie or token: SHA-256 as hex (their 256 random bits need no salt)."""
    return hashlib.sha256(value.encode()).hexdigest()


def log_in(
    store: WebStore,
    vault: Vault,
    setting: second_factor.Setting,
    *,
    username: str,
    password: str,
    code: str | None,
    address: str,
    agent: str | None,
    now_ms: int,
) -> LoggedIn:
    """Open a session; raise NotLoggedInError (one answer for unknown, ended and wrong) or TooManyError.

    Takes as long for an unknown account. With the right password, `code_needed` or `bad_code` is raised where the account has a
    second factor. Runs its own units of work, since hashing must not hold a transaction.
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
    with store.read() as work:
        has_factor = second_factor.is_on(work, account.id)
    if has_factor and setting != "off":
        if not code:
            raise NotLoggedInError("This account has a second factor: send its code too.", code="code_needed")
        second_factor.spend(store, vault, account.id, code, address, now_ms)
    limited = not has_factor and second_factor.is_required(setting, account.role)
    with store.write() as work:
        work.accounts.forget_failures(keys[0][0])
        return open_session(work, account, address=address, agent=agent, limited=limited, now_ms=now_ms)


def open_session(
    work: Work, account: Account, *, address: str, agent: str | None, limited: bool, now_ms: int
) -> LoggedIn:
    """Open a session under a new id for whoever has proved who they are."""
    cookie, csrf = secrets.token_urlsafe(32), secrets.token_urlsafe(32)
    ends_at_ms = now_ms + ABSOLUTE_MS.get(account.role, STAFF_ABSOLUTE_MS)
    row = SessionRow(
        digest(cookie), csrf, now_ms, now_ms, ends_at_ms, account, (agent or "")[:200] or None, address[:64], limited
    )  # fmt: skip
    work.accounts.end_expired_sessions(now_ms, IDLE_MS)
    work.accounts.add_session(row)
    return LoggedIn(cookie, _session_caller(row), ends_at_ms)


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
    return _session_caller(session), now_ms >= session.seen_at_ms + TOUCH_MS


def find_by_token(work: Work, token: str, now_ms: int) -> tuple[Caller, bool] | None:
    """Find whose live bearer token this is, and whether `used_at` is due to be written."""
    return find_by_token_digest(work, digest(token), now_ms)


def find_by_token_digest(work: Work, token_digest: str, now_ms: int) -> tuple[Caller, bool] | None:
    """Find the same by what is stored of the token."""
    row = work.accounts.find_token(token_digest)
    if row is None or row.account.ended_at_ms is not None:
        return None
    if row.ends_at_ms is not None and now_ms >= row.ends_at_ms:
        return None
    scope: TokenScope = msgspec.convert(row.scope, TokenScope)
    due = row.used_at_ms is None or now_ms >= row.used_at_ms + TOUCH_MS
    return caller_of(row.account, token_id=row.id, token_scope=scope), due


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
    store: WebStore,
    caller: Caller,
    *,
    current: str,
    new: str,
    address: str,
    now_ms: int,
    leaked: Callable[[str], bool],
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
    refuse_weak(new, username=account.username, name=account.name, field="new", leaked=leaked)
    fresh = hash_password(new)
    with store.write() as work:
        work.accounts.set_password(account.id, fresh, now_ms)
        work.accounts.end_sessions(account.id, caller.session_id)
        work.accounts.revoke_tokens(account.id, now_ms)


def forget_factor(store: WebStore, *, username: str) -> str:
    """Take an account's second factor away from the command line, end its sessions, and give its id; raise NotFoundError."""
    with store.write() as work:
        account = work.accounts.find_by_name(username)
        if account is None:
            raise NotFoundError(f"there is no user {username!r}: check the name")
        work.factors.drop(account.id)
        work.accounts.end_sessions(account.id, None)
        work.accounts.move_catalog()
    return account.id


def add_user(
    store: WebStore,
    *,
    username: str,
    role: str,
    scope: str | None,
    name: str | None,
    password: str,
    now_ms: int,
    leaked: Callable[[str], bool] = is_bundled,
) -> str:
    """Add an account and give its id; `scope` is a code (jurisdiction, operator, school or badge, by role).

    Raise InvalidError for a bad name, role, scope or password and ConflictError for a name that is taken.
    """
    refuse_username(username)
    if role not in ROLES:
        raise InvalidError(f"role {role!r} is none of {', '.join(ROLES)}", fields={"role": "unknown"})
    refuse_weak(password, username=username, name=name, leaked=leaked)
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


def refuse_username(username: str) -> None:
    """Raise InvalidError for a name that can't be one."""
    if not _USERNAME.fullmatch(username):
        raise InvalidError(
            f"user {username!r}: use 1 to 64 letters, digits or . _ @ -", fields={"username": "malformed"}
        )


def set_password(
    store: WebStore,
    *,
    username: str,
    password: str,
    now_ms: int,
    leaked: Callable[[str], bool] = is_bundled,
) -> str:
    """Set an account's password from the command line, end its sessions and tokens, and give its id.

    Raise NotFoundError or InvalidError. Open sockets end when web sees the catalogue move (at most 2 s).
    """
    with store.read() as work:
        account = work.accounts.find_by_name(username)
    if account is None:
        raise NotFoundError(f"there is no user {username!r}: add it with `sixfixed user add`")
    refuse_weak(password, username=username, name=account.name, leaked=leaked)
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


def caller_of(
    account: Account,
    *,
    session: SessionRow | None = None,
    token_id: str | None = None,
    token_scope: TokenScope | None = None,
) -> Caller:
    """Give an account as whoever asks by a session or a token."""
    role: Role = msgspec.convert(account.role, Role)
    return Caller(
        account.id,
        account.username,
        role,
        account.scope_id,
        account.name,
        account.lang,
        None if session is None else session.id,
        token_id,
        None if session is None else session.csrf,
        session is not None and session.limited,
        token_scope,
    )


def _session_caller(row: SessionRow) -> Caller:
    return caller_of(row.account, session=row)
