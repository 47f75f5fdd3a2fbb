"""The log's rows: what devices and people said, what was refused, and what of each device's stream has been received."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

import msgspec
from sqlalchemy import BigInteger, BindParameter, Integer, and_, bindparam, exists, func, or_, select

from server.adapters.db.engine import upsert, upsert_rows
from server.adapters.db.ingest_store.waiting import WaitingRows
from server.adapters.db.tables import (
    device_epochs,
    driver_sign_ons,
    inputs,
    records,
    rejected,
    trips,
    vehicles,
)
from server.domain.hand import HAND, HAND_KINDS, Hand
from server.domain.record import Duty, Event, Folded, Position, RideRecord
from server.domain.seq_ranges import SeqRanges
from server.domain.vehicle_day import Entry, Key, VehicleState
from server.service.gate import Accepted, Rejected
from server.service.ingest_ports import Bus, HandInput

_KINDS: Final[dict[str, type[Folded]]] = {"pos": Position, "ride": RideRecord, "duty": Duty, "event": Event}
_FOLDED: Final = frozenset(_KINDS.values())
_NAME: Final = ("device_id", "epoch", "seq")
_COLUMNS: Final = (*_NAME, "vehicle_id", "kind", "t_ms", "received_ms", "body")
_EPOCH_COLUMNS: Final = ("device_id", "epoch", "ranges", "origin")
_encode: Final = msgspec.json.Encoder().encode
_SAID: Final[dict[str, type[Hand | Duty]]] = {**HAND_KINDS, "duty": Duty}
_decoders: Final = {kind: msgspec.json.Decoder(type_) for kind, type_ in {**_KINDS, **HAND_KINDS}.items()}
_said_decoders: Final = {kind: msgspec.json.Decoder(type_) for kind, type_ in _SAID.items()}
HAND_BACK: Final = 1000  # ids may be committed out of order: look back that far for one that came late
_ranges_decoder: Final = msgspec.json.Decoder(list[tuple[int, int]])
_LOG: Final = select(
    records.c.t_ms, records.c.device_id, records.c.epoch, records.c.seq, records.c.kind, records.c.body
).where(records.c.kind != "gap")

# Built once: to build a statement takes longer than to run it, and these are run for every bus that comes into memory.
_vehicle: Final[BindParameter[str]] = bindparam("vehicle")
_EPOCHS: Final = select(device_epochs.c.epoch, device_epochs.c.ranges, device_epochs.c.origin).where(
    device_epochs.c.device_id == bindparam("device")
)
_LOG_AFTER: Final = (
    _LOG.where(records.c.vehicle_id == _vehicle, records.c.t_ms > bindparam("after_ms", type_=BigInteger))
    .order_by(records.c.t_ms)
    .limit(bindparam("at_most", type_=Integer))
)
_LOG_AT: Final = _LOG.where(
    records.c.vehicle_id == _vehicle, records.c.t_ms == bindparam("at_ms", type_=BigInteger)
)
_SIGNED_ON: Final = (
    select(driver_sign_ons.c.vehicle_id, driver_sign_ons.c.at_ms)
    .join(vehicles, vehicles.c.id == driver_sign_ons.c.vehicle_id)
    .where(
        driver_sign_ons.c.badge == bindparam("badge"),
        driver_sign_ons.c.at_ms >= bindparam("from_ms"),
        driver_sign_ons.c.at_ms < bindparam("until_ms"),
        driver_sign_ons.c.vehicle_id != _vehicle,
        vehicles.c.operator_id == bindparam("operator"),
    )
)

_before = driver_sign_ons.alias()
_own, _other = vehicles.alias(), vehicles.alias()
_LATER: Final = (
    select(driver_sign_ons.c.vehicle_id, driver_sign_ons.c.at_ms)
    .select_from(_before)
    .join(driver_sign_ons, driver_sign_ons.c.badge == _before.c.badge)
    .join(_own, _own.c.id == _before.c.vehicle_id)
    .join(_other, _other.c.id == driver_sign_ons.c.vehicle_id)
    .where(
        _before.c.vehicle_id == bindparam("vehicle"),
        _before.c.at_ms >= bindparam("since"),
        driver_sign_ons.c.vehicle_id != bindparam("vehicle"),
        driver_sign_ons.c.at_ms > _before.c.at_ms,
        driver_sign_ons.c.at_ms <= _before.c.at_ms + bindparam("within", type_=BigInteger),
        _other.c.operator_id == _own.c.operator_id,
    )
    .distinct()
)


class LogRows(WaitingRows):
    """Writes and reads the log."""

    def insert_records(self, accepted: Sequence[tuple[Accepted, str | None, int]]) -> None:
        """Store records with their vehicle and the instant of receipt; those known stay as they are."""
        rows = [
            (
                one.device,
                one.record.epoch,
                one.record.seq,
                vehicle_id,
                one.kind if type(one.record) in _FOLDED else "gap",
                getattr(one.record, "t", received_ms),
                received_ms,
                one.body,
            )
            for one, vehicle_id, received_ms in accepted
        ]
        upsert_rows(self._connection, records, _COLUMNS, rows, _NAME)
        duties = [(one.record, vehicle_id) for one, vehicle_id, _ in accepted if one.kind == "duty"]
        if duties:
            self._put_sign_ons(duties)

    def list_hand_inputs(self, at_most: int) -> list[HandInput]:
        """List what people said and nobody folded, in the order in which it was said; of a trip without a bus, cancellations alone."""
        own = and_(records.c.device_id == HAND, records.c.epoch == 0)
        newest = self._connection.scalar(select(func.max(records.c.seq)).where(own)) or 0
        query = (
            select(inputs.c.id, inputs.c.trip_id, inputs.c.kind, inputs.c.body)
            .join(trips, trips.c.id == inputs.c.trip_id)
            .where(
                inputs.c.id > newest - HAND_BACK,
                inputs.c.kind.in_(_SAID),
                or_(
                    inputs.c.kind == "cancel",
                    func.coalesce(trips.c.run_vehicle_id, trips.c.vehicle_id).is_not(None),
                ),
                ~exists().where(own, records.c.seq == inputs.c.id),
            )
            .order_by(inputs.c.id)
            .limit(at_most)
        )
        return [
            HandInput(row.id, row.trip_id, row.kind, _said_decoders[row.kind].decode(row.body), row.body)
            for row in self._connection.execute(query)
        ]

    def insert_hand(self, said: HandInput, vehicle_id: str | None, received_ms: int) -> None:
        """Put what a person said into a vehicle's log; None: it was heard, and is of no vehicle."""
        row = {
            "device_id": HAND,
            "epoch": 0,
            "seq": said.id,
            "vehicle_id": vehicle_id,
            "kind": said.kind,
            "t_ms": said.record.t,
            "received_ms": received_ms,
            "body": said.body,
        }
        upsert(self._connection, records, [row], ("device_id", "epoch", "seq"))
        self._put_sign_ons([(said.record, vehicle_id)])

    def insert_rejected(self, refused: Sequence[tuple[Rejected, int]]) -> None:
        """Store what was refused, with the instant of receipt."""
        rows = [
            {
                "device_id": one.device,
                "epoch": one.epoch,
                "seq": one.seq,
                "kind": one.kind,
                "reason": one.reason,
                "received_ms": received_ms,
                "payload": one.payload,
            }
            for one, received_ms in refused
        ]
        if rows:
            upsert(self._connection, rejected, rows, ("device_id", "epoch", "seq"))

    def load_epochs(self, device_id: str) -> dict[int, tuple[SeqRanges, int | None]]:
        """Load what has been received from a device and where its stream begins, by epoch."""
        rows = self._connection.execute(_EPOCHS, {"device": device_id})
        return {epoch: (SeqRanges(_ranges_decoder.decode(ranges)), origin) for epoch, ranges, origin in rows}

    def put_epochs(self, rows: Iterable[tuple[str, int, SeqRanges, int | None]]) -> None:
        """Keep what has been received."""
        values = [
            (device_id, epoch, _encode(ranges.pairs()), origin) for device_id, epoch, ranges, origin in rows
        ]
        upsert_rows(
            self._connection,
            device_epochs,
            _EPOCH_COLUMNS,
            values,
            ("device_id", "epoch"),
            ("ranges", "origin"),
        )

    def load_log(self, vehicle_id: str, after: VehicleState, at_most: int) -> tuple[list[Entry], bool]:
        """Load some of a vehicle's inputs after a state's key, in the order of the log; say whether they reach its end.

        A few more than at_most when many have one instant: within it the order is ours and not the database's collation.
        """
        key = after.key
        found: list[Entry] = []
        from_ms = -1
        if key is not None:
            from_ms = key.t
            found = [entry for entry in self._load_instant(vehicle_id, key.t) if entry.key > key]
        asked = {"vehicle": vehicle_id, "after_ms": from_ms, "at_most": at_most}
        rows = self._connection.execute(_LOG_AFTER, asked).all()
        complete = len(rows) < at_most
        if not complete:
            last_ms = rows[-1].t_ms
            found += [entry_of(*row) for row in rows if row.t_ms < last_ms]
            found += self._load_instant(vehicle_id, last_ms)
        else:
            found += [entry_of(*row) for row in rows]
        found.sort(key=lambda entry: entry.key)
        return found, complete

    def find_instant(self, device_id: str, epoch: int, upto_seq: int) -> int | None:
        """Find the instant of a device's newest record up to a seq; a gap has none of its own."""
        query = select(records.c.t_ms).where(
            records.c.device_id == device_id,
            records.c.epoch == epoch,
            records.c.seq <= upto_seq,
            records.c.kind != "gap",
        )
        return self._connection.scalar(query.order_by(records.c.seq.desc()).limit(1))

    def list_signed_on(self, bus: Bus, badge: str, from_ms: int, until_ms: int) -> list[tuple[str, int]]:
        """List (vehicle, instant) of a driver's sign-ons to other buses of the operator, from from_ms and before until_ms."""
        asked = {
            "badge": badge, "from_ms": from_ms, "until_ms": until_ms, "vehicle": bus.vehicle_id, "operator": bus.operator_id,
        }  # fmt: skip
        return [(row[0], row[1]) for row in self._connection.execute(_SIGNED_ON, asked)]

    def list_signed_on_later(self, vehicle_id: str, since_ms: int, within_ms: int) -> list[tuple[str, int]]:
        """List (vehicle, instant) of the sign-ons to other buses that came so soon after one of the same badge to this vehicle."""
        values = {"vehicle": vehicle_id, "since": since_ms, "within": within_ms}
        return [(row[0], row[1]) for row in self._connection.execute(_LATER, values)]

    def _put_sign_ons(self, duties: Iterable[tuple[object, str | None]]) -> None:
        """Keep on which bus and when a driver signed on."""
        rows = [
            {"badge": duty.badge, "at_ms": duty.t, "vehicle_id": vehicle_id}
            for duty, vehicle_id in duties
            if isinstance(duty, Duty)
            and duty.role == "driver"
            and duty.state == "on"
            and vehicle_id is not None
        ]
        if rows:
            upsert(self._connection, driver_sign_ons, rows, ("badge", "at_ms", "vehicle_id"))

    def _load_instant(self, vehicle_id: str, t_ms: int) -> list[Entry]:
        rows = self._connection.execute(_LOG_AT, {"vehicle": vehicle_id, "at_ms": t_ms})
        return [entry_of(*row) for row in rows]


def entry_of(t_ms: int, device: str, epoch: int, seq: int, kind: str, body: bytes) -> Entry:
    """Read a row of the log."""
    return Entry(Key(t_ms, device, epoch, seq), _decoders[kind].decode(body))
