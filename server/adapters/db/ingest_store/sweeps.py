"""What the server's clock alone decides, whether or not a bus says anything: missed, not started, silent, and who is told of an absence."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any, Final

from msgspec.structs import replace
from sqlalchemy import ColumnElement, Row, and_, bindparam, exists, func, select, update

from server.adapters.db.counters import put, value_of
from server.adapters.db.ingest_store.findings import FindingRows
from server.adapters.db.papers import PaperReader
from server.adapters.db.tables import exceptions, findings, trip_riders, trips, vehicle_heads
from server.domain.finding import Finding, FindingKind
from server.domain.limits import HISTORY_AFTER_MS
from server.domain.thresholds import DEFAULTS, Thresholds
from server.domain.trip import TripState
from server.service.ingest_ports import Overdue, SaidAbsent

CLOCK: Final = "clock"
DAY_MS: Final = 86_400_000
KEPT_MS: Final = 8 * DAY_MS
WATCHED_FROM: Final = "watch.from"


class SweepRows(FindingRows):
    """Looks over trips by the clock."""

    def sweep(self, now_ms: int, since_on: str | None) -> list[str]:
        """Let trips that never started be missed; give them. `since_on` is the oldest service date looked at, None for all."""
        papers = PaperReader()
        least_s, _ = papers.span(self._connection, "missed_after_s")
        query = select(trips.c.id, trips.c.planned_start_ms, *_SCOPES).where(
            trips.c.state == "scheduled", trips.c.planned_start_ms < now_ms - 1000 * least_s
        )
        self.flush()
        if since_on is not None:
            query = query.where(trips.c.service_on >= since_on)
        late = sorted(
            row.id
            for row in self._connection.execute(query).all()
            if row.planned_start_ms < now_ms - 1000 * papers.thresholds(self._connection, row).missed_after_s
        )
        if late:
            where = and_(trips.c.id == bindparam("_trip"), trips.c.state == "scheduled")
            self._connection.execute(
                update(trips).where(where).values(state="missed"), [{"_trip": id_} for id_ in late]
            )
        return late

    def beat(self, name: str, at_ms: int) -> None:
        """Say that this role is alive at a real instant."""
        put(self._connection, name, at_ms)

    def list_overdue(self, now_ms: int) -> list[Overdue]:
        """List the trips that are not started, missed or silent by now and of which that isn't found yet.

        Trips that were due before anybody watched here are left out: nobody knows whether they ran.
        """
        papers, watched_ms = PaperReader(), self._watched_from(now_ms)
        overdue_s, longest_s = papers.span(self._connection, "departure_overdue_s")
        silent_s, _ = papers.span(self._connection, "silent_s")
        from_ms = max(now_ms - DAY_MS, watched_ms - 1000 * longest_s)
        since = datetime.fromtimestamp(from_ms / 1000, UTC) - timedelta(
            days=1
        )  # a service date may end after midnight
        due = and_(
            trips.c.service_on >= f"{since:%Y-%m-%d}",
            trips.c.planned_start_ms > from_ms,
            trips.c.planned_start_ms <= now_ms,
        )
        idle = trips.c.started_at_ms.is_(None)
        heard_ms = func.coalesce(vehicle_heads.c.received_ms, 0)
        asked: tuple[tuple[FindingKind, ColumnElement[bool]], ...] = (
            (
                "not_started",
                and_(
                    trips.c.state.in_(("scheduled", "missed")),
                    idle,
                    trips.c.planned_start_ms <= now_ms - 1000 * overdue_s,
                ),
            ),
            ("missed_trip", and_(trips.c.state == "missed", idle)),
            (
                "silent",
                and_(trips.c.state.in_(("scheduled", "en_route")), heard_ms < now_ms - 1000 * silent_s),
            ),
        )
        self.flush()
        found: list[Overdue] = []
        for kind, where in asked:
            query = _OVERDUE.where(due, where, ~exists().where(_open(trips.c.id, kind))).order_by(
                trips.c.planned_start_ms, trips.c.id
            )
            for row in self._connection.execute(query).all():
                limits = papers.thresholds(self._connection, row)
                after_ms = 1000 * limits.departure_overdue_s
                due_ms = row.planned_start_ms + (after_ms if kind == "not_started" else 0)
                if due_ms <= now_ms and row.planned_start_ms + after_ms > watched_ms:
                    found.append(_overdue(kind, None, row, limits))
        return found

    def list_clock_findings(self, now_ms: int) -> list[Overdue]:
        """List what was found by the clock in the last days and is not over."""
        query = _OVERDUE.add_columns(findings.c.kind, findings.c.began_ms, findings.c.id).join(
            findings, findings.c.trip_id == trips.c.id
        )
        known = self._open_by_clock.ids
        if known is not None and not known:
            return []
        if known is None:
            query = query.where(findings.c.began_ms > now_ms - KEPT_MS, findings.c.origin == CLOCK)
        else:
            query = query.where(findings.c.id.in_(known))
        self.flush()
        rows = self._connection.execute(
            query.where(findings.c.ended_ms.is_(None), findings.c.withdrawn_at_ms.is_(None))
        ).all()
        # A trip's records may come as late as a recorder keeps them; what is older stays open until a person closes it.
        kept = [row for row in rows if row[-2] > now_ms - KEPT_MS]
        self._open_by_clock.ids = {row[-1] for row in kept}
        return [_overdue(row[-3], row[-2], row) for row in kept]

    def state_by_clock(self, trip_id: str, vehicle_id: str | None, one: Finding, now_ms: int) -> None:
        """State a finding of a trip that goes by the server's clock."""
        of = self._of_trip(TripState(trip_id, vehicle_id=vehicle_id))
        self._state(of, [one], now_ms, origin=CLOCK)
        self._open_by_clock.ids = None

    def end_by_clock(self, trip_id: str, kind: FindingKind, ended_ms: int) -> None:
        """End what the clock found of a trip and is so no more."""
        self._change(_open(trip_id, kind), ended_ms=ended_ms)

    def withdraw_by_clock(self, trip_id: str, kind: FindingKind, now_ms: int) -> None:
        """Withdraw what the clock found of a trip and records that came later show not to have been so."""
        self._change(_open(trip_id, kind), withdrawn_at_ms=now_ms)

    def _change(self, where: ColumnElement[bool], **values: int) -> None:
        ids = list(self._connection.execute(select(findings.c.id).where(where)).scalars())
        if ids:
            self._connection.execute(update(findings).where(findings.c.id.in_(ids)).values(values))
            self._changed_findings.update(ids)

    def list_said_absent(self, now_ms: int) -> list[SaidAbsent]:
        """List the absences that were said lately, with their trips; `occurrence` counts what was said of a rider and a trip."""
        other = exceptions.alias()
        nth = (
            select(func.count())
            .select_from(other)
            .where(
                other.c.rider_id == exceptions.c.rider_id,
                other.c.service_on == exceptions.c.service_on,
                other.c.direction == exceptions.c.direction,
                other.c.made_at_ms <= exceptions.c.made_at_ms,
            )
            .scalar_subquery()
        )
        query = (
            select(trips.c.id, exceptions.c.rider_id, exceptions.c.user_id, exceptions.c.made_at_ms, nth)
            .join(trip_riders, trip_riders.c.rider_id == exceptions.c.rider_id)
            .join(trips, trips.c.id == trip_riders.c.trip_id)
            .where(
                exceptions.c.made_at_ms >= now_ms - HISTORY_AFTER_MS,
                exceptions.c.withdrawn_at_ms.is_(None),
                trips.c.service_on == exceptions.c.service_on,
                trips.c.direction == exceptions.c.direction,
            )
            .order_by(exceptions.c.made_at_ms, exceptions.c.id, trips.c.id)
        )
        return [SaidAbsent(*row) for row in self._connection.execute(query)]

    def _watched_from(self, now_ms: int) -> int:
        """Give since when this database has been watched by the clock; a clock that was set back watches from then on."""
        known = value_of(self._connection, WATCHED_FROM)
        if known and known <= now_ms:
            return known
        put(self._connection, WATCHED_FROM, now_ms)
        return now_ms


_VEHICLE: Final = func.coalesce(trips.c.run_vehicle_id, trips.c.vehicle_id)
_SCOPES: Final = (trips.c.permit_id, trips.c.route_id, trips.c.operator_id)
_OVERDUE: Final = (
    select(
        trips.c.id, _VEHICLE, trips.c.state, trips.c.planned_start_ms,
        trips.c.started_at_ms, trips.c.ended_at_ms, vehicle_heads.c.received_ms, vehicle_heads.c.at_ms,
        vehicle_heads.c.interval_s, vehicle_heads.c.lat, vehicle_heads.c.lon, *_SCOPES,
    )
    .select_from(trips)
    .join(vehicle_heads, vehicle_heads.c.vehicle_id == _VEHICLE, isouter=True)
)  # fmt: skip


def _overdue(
    kind: FindingKind, began_ms: int | None, row: Row[*tuple[Any, ...]], limits: Thresholds = DEFAULTS
) -> Overdue:
    known: tuple[Any, ...] = tuple(row)[:11]
    return replace(Overdue(kind, began_ms, *known), limits=limits)


def _open(trip_id: str | ColumnElement[str], kind: FindingKind) -> ColumnElement[bool]:
    return and_(
        findings.c.trip_id == trip_id,
        findings.c.kind == kind,
        findings.c.origin == CLOCK,
        findings.c.ended_ms.is_(None),
        findings.c.withdrawn_at_ms.is_(None),
    )
