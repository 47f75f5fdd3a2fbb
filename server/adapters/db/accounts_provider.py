"""Log-ins at a provider and linked identities, in the database."""

from __future__ import annotations

from sqlalchemy import Connection, delete, func, insert, select, union

from server.adapters.db.tables import guardians, identities, provider_logins, users
from server.service.provider_login import LASTS_MS
from server.service.provider_rows import IdentityRow, ProviderLogin


class ProviderDb:
    """Implements `ProviderStore` on one connection."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add_login(self, row: ProviderLogin) -> None:
        # Those that never came back go, so that the table stays as long as ten minutes' log-ins.
        self._connection.execute(
            delete(provider_logins).where(provider_logins.c.made_at_ms < row.made_at_ms - LASTS_MS)
        )
        values = {name: getattr(row, name) for name in ProviderLogin.__struct_fields__}
        self._connection.execute(insert(provider_logins).values(**values))

    def take_login(self, state_digest: str) -> ProviderLogin | None:
        mine = provider_logins.c.id == state_digest
        row = self._connection.execute(select(provider_logins).where(mine).with_for_update()).one_or_none()
        if row is None:
            return None
        self._connection.execute(delete(provider_logins).where(mine))
        return ProviderLogin(row.id, row.browser, row.nonce, row.verifier, row.made_at_ms)

    def find_user(self, issuer: str, subject: str) -> str | None:
        return self._connection.scalar(
            select(identities.c.user_id).where(identities.c.issuer == issuer, identities.c.subject == subject)
        )

    def find_users_by_email(self, email: str) -> list[str]:
        wanted = email.strip().lower()
        own = select(users.c.id).where(func.lower(users.c.email) == wanted, users.c.ended_at_ms.is_(None))
        as_guardian = (
            select(users.c.id)
            .join(guardians, guardians.c.user_id == users.c.id)
            .where(
                func.lower(guardians.c.email) == wanted,
                guardians.c.ended_at_ms.is_(None),
                users.c.ended_at_ms.is_(None),
            )
        )
        return list(self._connection.scalars(union(own, as_guardian)))

    def link(self, link_id: str, user_id: str, issuer: str, subject: str, now_ms: int) -> None:
        self._connection.execute(
            insert(identities).values(
                id=link_id, user_id=user_id, issuer=issuer, subject=subject, made_at_ms=now_ms
            )
        )

    def list_links(self, user_id: str) -> list[IdentityRow]:
        rows = self._connection.execute(
            select(identities).where(identities.c.user_id == user_id).order_by(identities.c.id)
        )
        return [IdentityRow(row.id, row.issuer, row.made_at_ms) for row in rows]

    def unlink(self, link_id: str) -> None:
        self._connection.execute(delete(identities).where(identities.c.id == link_id))
