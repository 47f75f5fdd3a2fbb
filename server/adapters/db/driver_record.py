"""Drivers, the logs of the buses that they signed on to, and what was found with them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from sqlalchemy import Connection, func, select

from server.adapters.db.ingest_store.log import entry_of
from server.adapters.db.scopes import owned_in
from server.adapters.db.tables import driver_sign_ons, findings, people, records, vehicles
from server.domain.finding import FindingKind
from server.domain.vehicle_day import Entry
from server.service.policy import Scope
from server.service.shapes import Named

AT_ONCE = 2_000


class DriverRecordDb:
    """Implements `DriverStore` on one connection."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def find(self, scope: Scope, ref: str) -> Named | None:
        mine = owned_in(scope, people.c.operator_id) & (people.c.role == "driver")
        for column in (people.c.id, people.c.badge):
            # Somebody who left has a record still; of two with one badge the one who is there.
            query = (
                select(people).where(column == ref, mine).order_by(people.c.ended_at_ms.is_not(None)).limit(1)
            )
            if (row := self._connection.execute(query).one_or_none()) is not None:
                return Named(row.id, row.badge, row.name)
        return None

    def list_buses(self, person: Named, from_ms: int, until_ms: int) -> Sequence[str]:
        query = (
            select(driver_sign_ons.c.vehicle_id)
            .join(vehicles, vehicles.c.id == driver_sign_ons.c.vehicle_id)
            .join(people, people.c.operator_id == vehicles.c.operator_id)
            .where(
                people.c.id == person.id, driver_sign_ons.c.badge == person.code,
                driver_sign_ons.c.at_ms.between(from_ms, until_ms),
            )
            .distinct()
            .order_by(driver_sign_ons.c.vehicle_id)
        )  # fmt: skip
        return list(self._connection.scalars(query))

    def read_log(self, vehicle_id: str, from_ms: int, until_ms: int) -> Iterator[Entry]:
        query = (
            select(records.c.t_ms, records.c.device_id, records.c.epoch, records.c.seq, records.c.kind, records.c.body)
            .where(
                records.c.vehicle_id == vehicle_id, records.c.kind.in_(("pos", "duty")), records.c.t_ms >= from_ms,
                records.c.t_ms < until_ms,
            )
            .order_by(records.c.t_ms, records.c.device_id, records.c.epoch, records.c.seq)
        )  # fmt: skip
        for portion in self._connection.execute(query).partitions(AT_ONCE):
            yield from (entry_of(*row) for row in portion)

    def count_findings(
        self, person_id: str, from_ms: int, until_ms: int
    ) -> Sequence[tuple[FindingKind, int]]:
        query = (
            select(findings.c.kind, func.count())
            .where(
                findings.c.driver_id == person_id, findings.c.withdrawn_at_ms.is_(None), findings.c.began_ms >= from_ms,
                findings.c.began_ms < until_ms,
            )
            .group_by(findings.c.kind)
            .order_by(findings.c.kind)
        )  # fmt: skip
        return [(row[0], row[1]) for row in self._connection.execute(query)]
