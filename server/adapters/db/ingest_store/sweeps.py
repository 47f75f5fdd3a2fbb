"""What the server's clock alone decides, whether or not a bus says anything."""

from __future__ import annotations

from sqlalchemy import and_, bindparam, select, update

from server.adapters.db.counters import put
from server.adapters.db.ingest_store.waiting import WaitingRows
from server.adapters.db.tables import trips
from server.domain.limits import MISSED_AFTER_MS


class SweepRows(WaitingRows):
    """Looks over trips by the clock."""

    def sweep(self, now_ms: int, since_on: str | None) -> list[str]:
        """Let trips that never started be missed; give them. `since_on` is the oldest service date looked at, None for all."""
        query = select(trips.c.id).where(
            trips.c.state == "scheduled", trips.c.planned_start_ms < now_ms - MISSED_AFTER_MS
        )
        self.flush()
        if since_on is not None:
            query = query.where(trips.c.service_on >= since_on)
        late = sorted(self._connection.execute(query).scalars())
        if late:
            where = and_(trips.c.id == bindparam("_trip"), trips.c.state == "scheduled")
            self._connection.execute(
                update(trips).where(where).values(state="missed"), [{"_trip": id_} for id_ in late]
            )
        return late

    def beat(self, name: str, at_ms: int) -> None:
        """Say that this role is alive at a real instant."""
        put(self._connection, name, at_ms)
