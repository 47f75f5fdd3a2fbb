"""Hold names for a while: one live holder each."""

from __future__ import annotations

from sqlalchemy import delete, or_, update

from server.adapters.db.engine import Database, upsert
from server.adapters.db.tables import leases


class DbLeases:
    """Satisfies `server.jobs.scheduler.Leases`."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def take(self, name: str, holder: str, now_ms: int, until_ms: int) -> bool:
        """Take or renew a name until an instant; False while another holds it."""
        with self._db.write() as connection:
            # An expired row to begin with, so that one statement decides.
            upsert(connection, leases, [{"name": name, "holder": "", "until_ms": 0}], ["name"])
            done = connection.execute(
                update(leases)
                .where(leases.c.name == name, or_(leases.c.holder == holder, leases.c.until_ms <= now_ms))
                .values(holder=holder, until_ms=until_ms)
            )
            return done.rowcount > 0

    def release(self, name: str, holder: str) -> None:
        """Give a name back, if it is still the holder's."""
        with self._db.write() as connection:
            connection.execute(delete(leases).where(leases.c.name == name, leases.c.holder == holder))
