"""The rows of one transaction that wait, so that a batch writes each table once and not once for every bus."""

from __future__ import annotations

from functools import cache
from typing import Any, Final

from sqlalchemy import (
    Boolean,
    Connection,
    Insert,
    LargeBinary,
    String,
    and_,
    bindparam,
    case,
    func,
    literal_column,
    null,
    or_,
    update,
)
from sqlalchemy.dialects import postgresql, sqlite

from server.adapters.db.engine import upsert
from server.adapters.db.many import execute_many
from server.adapters.db.tables import notices, rides, trip_riders, trips, visits

_Rows = dict[tuple[object, ...], dict[str, Any]]  # by what names the row


TRIP_COLUMNS: Final = (
    "assigned_at_ms", "started_at_ms", "arrived_at_ms", "ended_at_ms", "rear_checked_at_ms", "next_seq",
    "metre", "metre_at_ms", "delay_s",
)  # fmt: skip

_OF_VISIT: Final = ("arrived_at_ms", "departed_at_ms", "passed_at_ms", "by_door")
_OF_RIDER: Final = ("stop_id", "stranger", "state", "since_ms")
_OF_RIDE: Final = ("vehicle_id", "trip_id", "rider_id", "card", "dir", "at_ms", "stop_id", "by")
NOTICE_KEY: Final = ("user_id", "rider_id", "trip_id", "kind", "occurrence")

UPDATE_TRIP: Final = (
    update(trips)
    .where(trips.c.id == bindparam("trip"))
    .values(
        # A trip that was cancelled stays so, and one that is missed until the bus departs.
        state=case(
            (
                or_(
                    trips.c.state == literal_column("'cancelled'"),
                    and_(
                        trips.c.state == literal_column("'missed'"), bindparam("missed_stays", type_=Boolean)
                    ),
                ),
                trips.c.state,
            ),
            else_=bindparam("new_state", type_=String),
        ),
        **{
            name: bindparam(f"new_{name}")
            for name in (*TRIP_COLUMNS, "run_vehicle_id", "run_device_id", "sign_off", "crew", "turns")
        },
        # Long, and the same from one position to the next: NULL leaves it as it is.
        verdicts=func.coalesce(bindparam("new_verdicts", type_=LargeBinary), trips.c.verdicts),
    )
)
# Unless another vehicle was assigned to the trip earlier (at one instant: the lower id).
UPDATE_OUR_TRIP: Final = UPDATE_TRIP.where(
    or_(
        trips.c.run_vehicle_id.is_(None),
        trips.c.run_vehicle_id == bindparam("new_run_vehicle_id"),
        trips.c.assigned_at_ms > bindparam("new_assigned_at_ms"),
        and_(
            trips.c.assigned_at_ms == bindparam("new_assigned_at_ms"),
            trips.c.run_vehicle_id > bindparam("new_run_vehicle_id"),
        ),
    )
)


class OpenByClock:
    """The ids of what was found by the clock and is not over, as this process has written it; None: not read yet."""

    def __init__(self) -> None:
        self.ids: set[str] | None = None


class WaitingRows:
    """One writing transaction; rows of trips, visits, manifests, rides and notices wait in it until `flush`.

    Whatever reads or deletes those rows flushes before.
    """

    def __init__(
        self, connection: Connection, holders: dict[str, str | None], open_by_clock: OpenByClock
    ) -> None:
        """`holders` says which vehicle runs a trip by what this process wrote; both are kept from one transaction to the next."""
        self._open_by_clock = open_by_clock
        self._connection = connection
        self._holders = holders
        self._trips: dict[str, dict[str, Any]] = {}
        self._visits: _Rows = {}
        self._riders: _Rows = {}
        self._rides: _Rows = {}
        self._notices: _Rows = {}
        self._changed_findings: set[str] = set()

    def flush(self) -> None:
        """Write the rows that wait."""
        if self._trips:
            execute_many(self._connection, UPDATE_OUR_TRIP, list(self._trips.values()))
            self._trips.clear()
        for table, rows, key, changes in (
            (visits, self._visits, ("trip_id", "seq"), _OF_VISIT),
            (trip_riders, self._riders, ("trip_id", "rider_id"), _OF_RIDER),
            (rides, self._rides, ("source",), _OF_RIDE),
        ):
            upsert(self._connection, table, rows.values(), key, changes)
            rows.clear()
        if self._notices:
            statement = _put_notice(self._connection.dialect.name)
            execute_many(self._connection, statement, list(self._notices.values()))
            self._notices.clear()


@cache
def _put_notice(dialect: str) -> Insert:
    """Build the statement: what was not sent yet takes the newer words, what was sent stays as it was told."""
    statement = (postgresql.insert if dialect == "postgresql" else sqlite.insert)(notices)
    newer = {name: statement.excluded[name] for name in ("at_ms", "stop_id", "text_zh", "text_en", "muted")}
    return statement.on_conflict_do_update(
        index_elements=list(NOTICE_KEY),
        set_=newer | {"withdrawn_at_ms": null()},
        where=notices.c.sent_at_ms.is_(None),
    )
