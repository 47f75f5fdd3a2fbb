"""Papers that lapse, their desks, and the notices that warn of them."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select

from server.adapters.db.engine import Database, upsert
from server.adapters.db.permits import PermitsDb
from server.adapters.db.scopes import ScopesDb
from server.adapters.db.tables import notices, users
from server.service.lapses import LapseWarning
from server.service.passwords import LOCKED
from server.service.permits_rows import Lapse
from server.service.policy import Scope

KIND = "message"


class DatabaseLapses:
    """Implements `LapseStore`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def timezone(self) -> str:
        """Give the agency's zone."""
        with self._database.read() as connection:
            return ScopesDb(connection).timezone()

    def list_lapsing(self, from_on: str, until_on: str) -> list[Lapse]:
        """List everybody's papers."""
        with self._database.read() as connection:
            return PermitsDb(connection).lapsing(Scope("all", frozenset(), from_on, 0), from_on, until_on)

    def list_desks(self, operator_id: str) -> list[str]:
        """List the operator's users who can log in."""
        query = select(users.c.id).where(
            users.c.role == "operator",
            users.c.scope_id == operator_id,
            users.c.ended_at_ms.is_(None),
            users.c.password_hash != LOCKED,
        )
        with self._database.read() as connection:
            return list(connection.scalars(query.order_by(users.c.id)))

    def tell(self, warnings: Sequence[LapseWarning], at_ms: int) -> int:
        """Write the notices that aren't there yet."""
        with self._database.read() as connection:
            there = set(
                connection.scalars(select(notices.c.id).where(notices.c.id.in_([one.id for one in warnings])))
            )
        rows = [
            {
                "id": one.id, "user_id": one.user_id, "kind": KIND, "occurrence": 1, "at_ms": at_ms, "made_at_ms": at_ms,
                "text_zh": one.text_zh, "text_en": one.text_en,
            }
            for one in warnings
            if one.id not in there
        ]  # fmt: skip
        if rows:
            with self._database.write() as connection:
                upsert(connection, notices, rows, ["id"])
        return len(rows)
