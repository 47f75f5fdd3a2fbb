"""What replay reads, on one snapshot: the log by ingest's own reading of it, and the rows of trips as the states that they show."""

from __future__ import annotations

from typing import Any, Final, TypeVar

import msgspec
from sqlalchemy import Connection, Row, Select, func, select

from server.adapters.db.ingest_store.findings import FOLD
from server.adapters.db.ingest_store.log import LogRows, entry_of
from server.adapters.db.ingest_store.turns import TurnRows
from server.adapters.db.ingest_store.waiting import TRIP_COLUMNS, OpenByClock
from server.adapters.db.tables import (
    findings,
    inputs,
    operators,
    records,
    rides,
    trip_riders,
    trips,
    vehicle_heads,
    vehicles,
    visits,
)
from server.domain.finding import Evidence, Finding
from server.domain.hand import HAND
from server.domain.record import Duty
from server.domain.trip import OnDuty, Ride, RiderState, SignOff, TripState, Turn, Visit
from server.domain.vehicle_day import Entry
from server.domain.verdict import Excuse, Verdicts
from server.service.ingest_ports import Bus
from server.service.replay_ports import PlannedTrip, StoredTrip

_PLANNED: Final[Select[Any]] = (
    select(
        trips.c.id, trips.c.code, trips.c.service_on, trips.c.operator_id, trips.c.planned_start_ms, trips.c.planned_end_ms,
        operators.c.timezone, func.coalesce(trips.c.run_vehicle_id, trips.c.vehicle_id).label("bus_id"),
    )
    .join(operators, operators.c.id == trips.c.operator_id)
    .order_by(trips.c.planned_start_ms, trips.c.id)
)  # fmt: skip
S = TypeVar("S", bound=msgspec.Struct)
_evidence: Final = msgspec.json.Decoder(tuple[Evidence, ...])
_duty: Final = msgspec.json.Decoder(Duty)


class ReplayRows(LogRows):
    """Implements `service.replay.Stored` on a connection that only reads."""

    def __init__(self, connection: Connection) -> None:
        super().__init__(connection, {}, OpenByClock())
        self._turns = TurnRows(connection, {}, OpenByClock())
        self.find_holder = self._turns.find_holder

    def list_said(self, trip_id: str) -> list[tuple[str, Entry]]:
        """List (vehicle, input) of what people said of a trip, but for who signed on."""
        query = (
            select(
                records.c.vehicle_id, records.c.t_ms, records.c.device_id, records.c.epoch, records.c.seq, records.c.kind,
                records.c.body,
            )
            .join(inputs, inputs.c.id == records.c.seq)
            .where(
                records.c.device_id == HAND, records.c.epoch == 0, records.c.kind != "duty",
                records.c.vehicle_id.is_not(None), inputs.c.trip_id == trip_id,
            )
        )  # fmt: skip
        return [(row[0], entry_of(*row[1:])) for row in self._connection.execute(query)]

    def find_trip(self, trip_id: str) -> PlannedTrip | None:
        """Find a trip by its id."""
        row = self._connection.execute(_PLANNED.where(trips.c.id == trip_id)).one_or_none()
        return None if row is None else _planned(row)

    def list_trips(self, service_on: str, code: str | None = None) -> list[PlannedTrip]:
        """List the trips of a service date, those of one timetable where its code is given, in the order of their start."""
        query = _PLANNED.where(trips.c.service_on == service_on)
        if code is not None:
            query = query.where(trips.c.code == code)
        return [_planned(row) for row in self._connection.execute(query)]

    def list_buses(self, operator_id: str, from_ms: int, to_ms: int) -> list[Bus]:
        """List an operator's vehicles in whose log something stands between two instants."""
        said = (
            select(records.c.id)
            .where(records.c.vehicle_id == vehicles.c.id, records.c.t_ms.between(from_ms, to_ms))
            .exists()
        )
        query = select(vehicles.c.id).where(vehicles.c.operator_id == operator_id, said)
        return [Bus(vehicle_id, operator_id) for vehicle_id in self._connection.scalars(query)]

    def list_sign_ons(self, operator_id: str, from_ms: int, to_ms: int) -> list[tuple[Bus, Duty]]:
        """List who signed on or off on an operator's buses between two instants."""
        query = (
            select(records.c.vehicle_id, records.c.body)
            .join(vehicles, vehicles.c.id == records.c.vehicle_id)
            .where(
                vehicles.c.operator_id == operator_id, records.c.t_ms.between(from_ms, to_ms), records.c.kind == "duty"
            )
        )  # fmt: skip
        return [
            (Bus(row.vehicle_id, operator_id), _duty.decode(row.body))
            for row in self._connection.execute(query)
        ]

    def read_trip(self, trip_id: str) -> StoredTrip:
        """Read the rows of a trip."""
        row = self._connection.execute(select(trips).where(trips.c.id == trip_id)).one()
        ridden = self._connection.execute(
            select(rides).where(rides.c.trip_id == trip_id).order_by(rides.c.source)
        ).all()
        return StoredTrip(
            self._state(row, [_row(Ride, each) for each in ridden]),
            {each.source: each.vehicle_id for each in ridden},
            self._cancelled_ms(trip_id),
            self._excuses(trip_id),
        )

    def list_found(self, vehicle_id: str, from_ms: int, to_ms: int) -> list[Finding]:
        """List what the rows say was found of a vehicle, began between two instants and belongs to no trip."""
        query = select(findings).where(
            findings.c.vehicle_id == vehicle_id, findings.c.trip_id.is_(None), findings.c.began_ms.between(from_ms, to_ms)
        )  # fmt: skip
        return self._findings(query)

    def _state(self, row: Row[Any], ridden: list[Ride]) -> TripState:
        """Give the state whose projection the rows are; what no row keeps is left at its beginning."""
        trip_id: str = row.id
        signed = SignOff() if row.sign_off is None else msgspec.json.decode(row.sign_off, type=SignOff)
        seen = self._connection.execute(
            select(visits).where(visits.c.trip_id == trip_id).order_by(visits.c.seq)
        )
        manifest = self._connection.execute(select(trip_riders).where(trip_riders.c.trip_id == trip_id))
        return TripState(
            trip_id,
            state=row.state,
            vehicle_id=row.run_vehicle_id,
            device_id=row.run_device_id,
            **({name: getattr(row, name) for name in TRIP_COLUMNS} | self._place(row)),
            delivered=signed.delivered,
            received=signed.received,
            crew=OnDuty() if row.crew is None else msgspec.json.decode(row.crew, type=OnDuty),
            turns=() if row.turns is None else msgspec.json.decode(row.turns, type=tuple[Turn, ...]),
            verdicts=None if row.verdicts is None else msgspec.json.decode(row.verdicts, type=Verdicts),
            visits=tuple(_row(Visit, each) for each in seen),
            riders=tuple(_row(RiderState, each) for each in manifest),
            rides=tuple(ridden),
            findings=tuple(self._findings(select(findings).where(findings.c.trip_id == trip_id))),
        )

    def _place(self, row: Row[Any]) -> dict[str, Any]:
        """Give the place of a trip that its bus's last position tells, where that is newer than its own row's (decision 0181)."""
        head = vehicle_heads
        query = select(head.c.metre, head.c.at_ms).where(
            head.c.vehicle_id == row.run_vehicle_id, head.c.trip_id == row.id, head.c.metre.is_not(None),
            head.c.at_ms > (row.metre_at_ms or 0),
        )  # fmt: skip
        found = self._connection.execute(query).one_or_none()
        return {} if found is None else {"metre": found.metre, "metre_at_ms": found.at_ms}

    def _findings(self, query: Select[Any]) -> list[Finding]:
        stated = query.where(findings.c.origin == FOLD, findings.c.withdrawn_at_ms.is_(None))
        return [
            Finding(
                row.kind, row.began_ms, row.ended_ms, row.key.split(":", 3)[3], row.rider_id, row.stop_id,
                measured=row.measured, limit=row.limit, evidence=_evidence.decode(row.evidence),
            )
            for row in self._connection.execute(stated.order_by(findings.c.key))
        ]  # fmt: skip

    def _cancelled_ms(self, trip_id: str) -> int | None:
        """Give when a trip was first called off, as far as ingest has heard of it."""
        query = (
            select(func.min(records.c.t_ms))
            .join(inputs, inputs.c.id == records.c.seq)
            .where(
                records.c.device_id == HAND, records.c.epoch == 0, records.c.kind == "cancel",
                inputs.c.trip_id == trip_id,
            )
        )  # fmt: skip
        at_ms: int | None = self._connection.scalar(query)
        return at_ms

    def _excuses(self, trip_id: str) -> tuple[Excuse, ...]:
        query = select(inputs.c.body).where(inputs.c.trip_id == trip_id, inputs.c.kind == "excuse")
        return tuple(
            msgspec.json.decode(body, type=Excuse)
            for body in self._connection.scalars(query.order_by(inputs.c.id))
        )


def _planned(row: Row[Any]) -> PlannedTrip:
    bus = None if row.bus_id is None else Bus(row.bus_id, row.operator_id)
    return PlannedTrip(
        row.id,
        row.code,
        row.service_on,
        row.operator_id,
        row.planned_start_ms,
        row.planned_end_ms,
        row.timezone,
        bus,
    )


def _row(type_: type[S], row: Row[Any]) -> S:
    return type_(**{name: getattr(row, name) for name in type_.__struct_fields__})
