"""Second factors and recovery codes in the database."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection, delete, func, insert, select, update

from server.adapters.db.tables import recovery_codes, second_factors
from server.service.second_factor_rows import FactorRow


class FactorsDb:
    """Implements `FactorStore` on one connection."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def find(self, user_id: str) -> FactorRow | None:
        row = self._connection.execute(
            select(second_factors).where(second_factors.c.user_id == user_id)
        ).one_or_none()
        return None if row is None else FactorRow(row.secret, row.made_at_ms, row.confirmed_at_ms)

    def begin(self, user_id: str, secret: bytes, now_ms: int) -> None:
        self.drop(user_id)
        self._connection.execute(
            insert(second_factors).values(user_id=user_id, secret=secret, made_at_ms=now_ms, last_step=0)
        )

    def confirm(self, user_id: str, now_ms: int) -> None:
        self._connection.execute(
            update(second_factors).where(second_factors.c.user_id == user_id).values(confirmed_at_ms=now_ms)
        )

    def drop(self, user_id: str) -> None:
        for table in (second_factors, recovery_codes):
            self._connection.execute(delete(table).where(table.c.user_id == user_id))

    def spend_step(self, user_id: str, step: int) -> bool:
        # The condition is in the statement: of two that bring the same code at once, one changes a row.
        done = self._connection.execute(
            update(second_factors)
            .where(second_factors.c.user_id == user_id, second_factors.c.last_step < step)
            .values(last_step=step)
        )
        return done.rowcount == 1

    def put_recovery(self, user_id: str, digests: Sequence[str]) -> None:
        self._connection.execute(delete(recovery_codes).where(recovery_codes.c.user_id == user_id))
        self._connection.execute(
            insert(recovery_codes), [{"user_id": user_id, "digest": digest} for digest in digests]
        )

    def spend_recovery(self, user_id: str, digest: str, now_ms: int) -> bool:
        done = self._connection.execute(
            update(recovery_codes)
            .where(
                recovery_codes.c.user_id == user_id,
                recovery_codes.c.digest == digest,
                recovery_codes.c.used_at_ms.is_(None),
            )
            .values(used_at_ms=now_ms)
        )
        return done.rowcount == 1

    def recovery_left(self, user_id: str) -> int:
        unused = (recovery_codes.c.user_id == user_id) & recovery_codes.c.used_at_ms.is_(None)
        return self._connection.scalar(select(func.count()).where(unused)) or 0
