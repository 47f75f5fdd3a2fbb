"""Users, sessions, tokens and failed log-ins in the database."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Column, Connection, Row, Table, and_, delete, exists, func, insert, or_, select, update

from server.adapters.db.house import HouseDb
from server.adapters.db.tables import (
    jurisdictions,
    login_failures,
    operators,
    people,
    push_subscriptions,
    schools,
    sessions,
    tokens,
    users,
)
from server.service.login_limits import LOOK_BACK_MS
from server.service.rows import Account, SessionRow, TokenRow
from server.service.shapes import Named

_SCOPES: dict[str, tuple[Table, Column[str]]] = {
    "regulator": (jurisdictions, jurisdictions.c.code),
    "operator": (operators, operators.c.code),
    "school": (schools, schools.c.code),
    "attendant": (people, people.c.badge),
    "driver": (people, people.c.badge),
}
_ACCOUNT = (
    users.c.id.label("account_id"), users.c.username, users.c.role, users.c.scope_id, users.c.name.label("user_name"),
    users.c.lang, users.c.password_hash, users.c.ended_at_ms.label("user_ended"),
    users.c.email,
)  # fmt: skip


def _account(row: Row[*tuple[Any, ...]]) -> Account:
    return Account(
        row.account_id,
        row.username,
        row.role,
        row.scope_id,
        row.user_name,
        row.lang,
        row.password_hash,
        row.user_ended,
        row.email,
    )


def _session(row: Row[*tuple[Any, ...]]) -> SessionRow:
    return SessionRow(
        row.id, row.csrf, row.made_at_ms, row.seen_at_ms, row.ends_at_ms, _account(row), row.agent, row.address,
        row.limited,
    )  # fmt: skip


def _token(row: Row[*tuple[Any, ...]]) -> TokenRow:
    return TokenRow(
        row.id, row.name, row.made_at_ms, row.ends_at_ms, _account(row), row.scope, row.used_at_ms
    )


class AccountsDb:
    """Implements `AccountStore` on one connection."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def find_by_name(self, username: str) -> Account | None:
        row = self._connection.execute(select(*_ACCOUNT).where(users.c.username == username)).one_or_none()
        return None if row is None else _account(row)

    def find(self, user_id: str) -> Account | None:
        row = self._connection.execute(select(*_ACCOUNT).where(users.c.id == user_id)).one_or_none()
        return None if row is None else _account(row)

    def scope_named(self, role: str, scope_id: str | None) -> Named | None:
        if role not in _SCOPES or scope_id is None:
            return None
        table, code = _SCOPES[role]
        row = self._connection.execute(select(code, table.c.name).where(table.c.id == scope_id)).one_or_none()
        return None if row is None else Named(scope_id, row[0], row[1])

    def person_name(self, role: str, scope_id: str | None) -> str | None:
        if role not in ("attendant", "driver") or scope_id is None:
            return None
        name: str | None = self._connection.scalar(select(people.c.name).where(people.c.id == scope_id))
        return name

    def find_scope(self, role: str, code: str) -> str | None:
        table, column = _SCOPES[role]
        named = or_(column == code, table.c.id == code)
        query = select(table.c.id).where(named, table.c.ended_at_ms.is_(None)).limit(2)
        if table is people:
            query = query.where(people.c.role == role)
        found = list(self._connection.scalars(query))
        return found[0] if len(found) == 1 else None

    def add(self, account: Account, now_ms: int) -> None:
        self._connection.execute(
            insert(users).values(
                id=account.id, username=account.username, role=account.role, scope_id=account.scope_id,
                name=account.name, lang=account.lang, password_hash=account.password_hash,
                email=account.email, made_at_ms=now_ms, changed_at_ms=now_ms,
            )
        )  # fmt: skip

    def set_password(self, user_id: str, password_hash: str, now_ms: int) -> None:
        self._connection.execute(
            update(users)
            .where(users.c.id == user_id)
            .values(password_hash=password_hash, changed_at_ms=now_ms)
        )

    def find_session(self, digest: str) -> SessionRow | None:
        row = self._connection.execute(
            select(sessions, *_ACCOUNT)
            .join(users, users.c.id == sessions.c.user_id)
            .where(sessions.c.id == digest)
        ).one_or_none()
        if row is None:
            return None
        return _session(row)

    def list_sessions(self, user_id: str, now_ms: int) -> list[SessionRow]:
        found = self._connection.execute(
            select(sessions, *_ACCOUNT)
            .join(users, users.c.id == sessions.c.user_id)
            .where(sessions.c.user_id == user_id, sessions.c.ends_at_ms > now_ms)
            .order_by(sessions.c.seen_at_ms.desc(), sessions.c.id)
        )
        return [_session(row) for row in found]

    def add_session(self, row: SessionRow) -> None:
        self._connection.execute(
            insert(sessions).values(
                id=row.id, user_id=row.account.id, csrf=row.csrf, made_at_ms=row.made_at_ms, seen_at_ms=row.seen_at_ms,
                ends_at_ms=row.ends_at_ms, agent=row.agent, address=row.address, limited=row.limited,
            )
        )  # fmt: skip

    def lift_limit(self, digest: str) -> None:
        self._connection.execute(update(sessions).where(sessions.c.id == digest).values(limited=False))

    def touch_session(self, digest: str, seen_at_ms: int) -> None:
        self._connection.execute(
            update(sessions).where(sessions.c.id == digest).values(seen_at_ms=seen_at_ms)
        )

    def end_session(self, digest: str) -> None:
        self._connection.execute(delete(sessions).where(sessions.c.id == digest))

    def end_sessions(self, user_id: str, keep: str | None) -> None:
        self._connection.execute(
            delete(sessions).where(sessions.c.user_id == user_id, sessions.c.id != (keep or ""))
        )

    def end_expired_sessions(self, now_ms: int, idle_ms: int) -> None:
        pushed_to = exists().where(
            push_subscriptions.c.session_id == sessions.c.id, push_subscriptions.c.ended_at_ms.is_(None)
        )
        self._connection.execute(
            delete(sessions).where(
                or_(
                    sessions.c.ends_at_ms <= now_ms,
                    # An idle one lets nobody in, but a phone is told until its real end (decision 0126).
                    and_(sessions.c.seen_at_ms <= now_ms - idle_ms, ~pushed_to),
                )
            )
        )

    def find_token(self, digest: str) -> TokenRow | None:
        row = self._connection.execute(
            select(tokens, *_ACCOUNT)
            .join(users, users.c.id == tokens.c.user_id)
            .where(tokens.c.digest == digest, tokens.c.revoked_at_ms.is_(None))
        ).one_or_none()
        return None if row is None else _token(row)

    def list_tokens(self, user_id: str) -> list[TokenRow]:
        rows = self._connection.execute(
            select(tokens, *_ACCOUNT)
            .join(users, users.c.id == tokens.c.user_id)
            .where(tokens.c.user_id == user_id, tokens.c.revoked_at_ms.is_(None))
            .order_by(tokens.c.id)
        )
        return [_token(row) for row in rows]

    def add_token(self, row: TokenRow, digest: str) -> None:
        self._connection.execute(
            insert(tokens).values(
                id=row.id, user_id=row.account.id, digest=digest, name=row.name, made_at_ms=row.made_at_ms,
                ends_at_ms=row.ends_at_ms, scope=row.scope,
            )
        )  # fmt: skip

    def touch_token(self, token_id: str, used_at_ms: int) -> None:
        self._connection.execute(update(tokens).where(tokens.c.id == token_id).values(used_at_ms=used_at_ms))

    def revoke_token(self, token_id: str, now_ms: int) -> None:
        self._connection.execute(update(tokens).where(tokens.c.id == token_id).values(revoked_at_ms=now_ms))

    def revoke_tokens(self, user_id: str, now_ms: int) -> None:
        self._connection.execute(
            update(tokens)
            .where(tokens.c.user_id == user_id, tokens.c.revoked_at_ms.is_(None))
            .values(revoked_at_ms=now_ms)
        )

    def failures(self, key: str, since_ms: int) -> tuple[int, int]:
        count, last_ms = self._connection.execute(
            select(func.count(), func.max(login_failures.c.at_ms)).where(
                login_failures.c.key == key, login_failures.c.at_ms > since_ms
            )
        ).one()
        return count, last_ms or 0

    def add_failure(self, keys: Sequence[str], now_ms: int) -> None:
        self._connection.execute(insert(login_failures), [{"key": key, "at_ms": now_ms} for key in keys])
        # Nothing older is ever looked at, so the table stays as long as a quarter of an hour's failures.
        self._connection.execute(delete(login_failures).where(login_failures.c.at_ms < now_ms - LOOK_BACK_MS))

    def forget_failures(self, key: str) -> None:
        self._connection.execute(delete(login_failures).where(login_failures.c.key == key))

    def move_catalog(self) -> None:
        HouseDb(self._connection).move_counter("catalog")
