"""Ingest's side of the database: the log, and the rows that are a projection of the fold."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from typing import Any, Final

import msgspec
from sqlalchemy import (
    Boolean,
    ColumnElement,
    Connection,
    Insert,
    String,
    and_,
    bindparam,
    case,
    delete,
    exists,
    func,
    or_,
    select,
    update,
)
from sqlalchemy.dialects import postgresql, sqlite

from server.adapters.db.away import AWAY
from server.adapters.db.counters import put
from server.adapters.db.engine import Database, upsert
from server.adapters.db.tables import (
    checkpoints,
    device_epochs,
    device_status,
    exceptions,
    inputs,
    notices,
    records,
    rejected,
    rides,
    trip_riders,
    trips,
    vehicle_heads,
    visits,
)
from server.domain.hand import HAND, HAND_KINDS, Hand
from server.domain.limits import MISSED_AFTER_MS, TRIP_WINDOW_AFTER_MS
from server.domain.record import Duty, Event, Folded, Position, RideRecord
from server.domain.seq_ranges import SeqRanges
from server.domain.trip import NoticeKind, Ride, SignOff, TripState
from server.domain.vehicle_day import Entry, Key, VehicleState
from server.ids import new_id
from server.service.gate import Accepted, Rejected
from server.service.ingest_ports import Bus, HandInput, Head, LogUnavailable, Told

_Rows = dict[tuple[object, ...], dict[str, Any]]  # by what names the row

_KINDS: Final[dict[str, type[Folded]]] = {"pos": Position, "ride": RideRecord, "duty": Duty, "event": Event}
_SAID: Final[dict[str, type[Hand | Duty]]] = {**HAND_KINDS, "duty": Duty}
_decoders: Final = {kind: msgspec.json.Decoder(type_) for kind, type_ in {**_KINDS, **HAND_KINDS}.items()}
_said_decoders: Final = {kind: msgspec.json.Decoder(type_) for kind, type_ in _SAID.items()}
HAND_BACK: Final = 1000  # ids may be committed out of order: look back that far for one that came late
_state_decoder: Final = msgspec.json.Decoder(VehicleState)
_ranges_decoder: Final = msgspec.json.Decoder(list[tuple[int, int]])

TRIP_COLUMNS: Final = (
    "assigned_at_ms", "started_at_ms", "arrived_at_ms", "ended_at_ms", "rear_checked_at_ms", "next_seq",
    "metre", "metre_at_ms", "delay_s",
)  # fmt: skip

DAY_MS: Final = 86_400_000
_OF_VISIT: Final = ("arrived_at_ms", "departed_at_ms", "passed_at_ms", "by_door")
_OF_RIDER: Final = ("stop_id", "stranger", "state", "since_ms")
_OF_RIDE: Final = ("trip_id", "rider_id", "card", "dir", "at_ms", "stop_id", "by")
_NOTICE_KEY: Final = ("user_id", "rider_id", "trip_id", "kind", "occurrence")
_INSTANTS: Final = ("assigned_at_ms", "arrived_at_ms", "ended_at_ms", "rear_checked_at_ms", "metre_at_ms")
_LOG: Final = select(
    records.c.t_ms, records.c.device_id, records.c.epoch, records.c.seq, records.c.kind, records.c.body
).where(records.c.kind != "gap")

# Built once, since to build a statement costs many times what it costs to run it.
_UPDATE_TRIP: Final = (
    update(trips)
    .where(trips.c.id == bindparam("trip"))
    .values(
        # A trip that was cancelled stays so, and one that is missed until the bus departs.
        state=case(
            (
                or_(
                    trips.c.state == "cancelled",
                    and_(trips.c.state == "missed", bindparam("missed_stays", type_=Boolean)),
                ),
                trips.c.state,
            ),
            else_=bindparam("new_state", type_=String),
        ),
        **{
            name: bindparam(f"new_{name}")
            for name in (*TRIP_COLUMNS, "run_vehicle_id", "run_device_id", "sign_off")
        },
    )
)
# Unless another vehicle was assigned to the trip earlier (at one instant: the lower id).
_UPDATE_OUR_TRIP: Final = _UPDATE_TRIP.where(
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


class DatabaseLog:
    """The database as ingest sees it."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._holders: dict[str, str | None] = {}

    @contextmanager
    def write(self) -> Iterator[DatabaseLogWork]:
        """Begin a writing transaction; LogUnavailable when the database doesn't take it."""
        try:
            with self._database.write() as connection:
                work = DatabaseLogWork(connection, self._holders)
                yield work
                work.flush()
        except BaseException as error:
            self._holders.clear()
            if isinstance(error, AWAY):
                raise LogUnavailable(str(error.orig)) from error
            raise


class DatabaseLogWork:
    """One writing transaction of ingest.

    Rows of trips, visits, manifests, rides and notices wait until `flush`, so that a batch writes each table once, not once for
    every bus; whatever reads or deletes those rows flushes before.
    """

    def __init__(self, connection: Connection, holders: dict[str, str | None]) -> None:
        """`holders` says which vehicle runs a trip by what this process wrote; it is kept from one transaction to the next."""
        self._connection = connection
        self._holders = holders
        self._trips: dict[str, dict[str, Any]] = {}
        self._visits: _Rows = {}
        self._riders: _Rows = {}
        self._rides: _Rows = {}
        self._notices: _Rows = {}

    def flush(self) -> None:
        """Write the rows that wait."""
        if self._trips:
            self._connection.execute(_UPDATE_OUR_TRIP, list(self._trips.values()))
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
            self._connection.execute(statement, list(self._notices.values()))
            self._notices.clear()

    # --- the log -------------------------------------------------------------------------------------------------

    def insert_records(self, accepted: Sequence[tuple[Accepted, str | None, int]]) -> None:
        """Store records with their vehicle and the instant of receipt; those known stay as they are."""
        rows = [
            {
                "device_id": one.device,
                "epoch": one.record.epoch,
                "seq": one.record.seq,
                "vehicle_id": vehicle_id,
                "kind": one.kind if isinstance(one.record, tuple(_KINDS.values())) else "gap",
                "t_ms": getattr(one.record, "t", received_ms),
                "received_ms": received_ms,
                "body": one.body,
            }
            for one, vehicle_id, received_ms in accepted
        ]
        if rows:
            upsert(self._connection, records, rows, ("device_id", "epoch", "seq"))

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

    def find_bus_of_trip(self, trip_id: str) -> Bus | None:
        """Find the bus that runs a trip, else the one that is planned for it."""
        row = self._connection.execute(
            select(func.coalesce(trips.c.run_vehicle_id, trips.c.vehicle_id), trips.c.operator_id).where(
                trips.c.id == trip_id
            )
        ).one_or_none()
        return None if row is None or row[0] is None else Bus(row[0], row[1])

    def cancel(self, trip: TripState, told: Sequence[Told]) -> None:
        """Write a cancellation onto a trip that no bus has taken."""
        self._connection.execute(
            update(trips)
            .where(trips.c.id == trip.trip_id, trips.c.state.in_(("scheduled", "missed")))
            .values(state="cancelled", ended_at_ms=trip.ended_at_ms)
        )
        self._project_notices(trip, trip, told)

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
        rows = self._connection.execute(
            select(device_epochs.c.epoch, device_epochs.c.ranges, device_epochs.c.origin).where(
                device_epochs.c.device_id == device_id
            )
        )
        return {epoch: (SeqRanges(_ranges_decoder.decode(ranges)), origin) for epoch, ranges, origin in rows}

    def put_epochs(self, rows: Iterable[tuple[str, int, SeqRanges, int | None]]) -> None:
        """Keep what has been received."""
        values = [
            {
                "device_id": device_id,
                "epoch": epoch,
                "ranges": msgspec.json.encode(ranges.pairs()),
                "origin": origin,
            }
            for device_id, epoch, ranges, origin in rows
        ]
        if values:
            upsert(self._connection, device_epochs, values, ("device_id", "epoch"), ("ranges", "origin"))

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
        query = _LOG.where(records.c.vehicle_id == vehicle_id, records.c.t_ms > from_ms)
        rows = self._connection.execute(query.order_by(records.c.t_ms).limit(at_most)).all()
        complete = len(rows) < at_most
        if not complete:
            last_ms = rows[-1].t_ms
            found += [_entry(*row) for row in rows if row.t_ms < last_ms]
            found += self._load_instant(vehicle_id, last_ms)
        else:
            found += [_entry(*row) for row in rows]
        found.sort(key=lambda entry: entry.key)
        return found, complete

    def _load_instant(self, vehicle_id: str, t_ms: int) -> list[Entry]:
        query = _LOG.where(records.c.vehicle_id == vehicle_id, records.c.t_ms == t_ms)
        return [_entry(*row) for row in self._connection.execute(query)]

    def put_presence(
        self, device_id: str, online: bool, at_ms: int, skew_ms: int | None, body: bytes
    ) -> None:
        """Keep what a device says of itself; a last will says only that it went."""
        values: dict[str, Any] = {"device_id": device_id, "online": online, "changed_at_ms": at_ms}
        if online:
            values |= {"seen_at_ms": at_ms, "body": body}
        if online and skew_ms is not None:
            values["skew_ms"] = skew_ms
        upsert(self._connection, device_status, [values], ("device_id",), tuple(values)[1:])

    # --- heads and checkpoints -----------------------------------------------------------------------------------

    def put_heads(self, heads: Iterable[Head]) -> None:
        """Keep last positions."""
        values = [
            {name: value for name, value in msgspec.structs.asdict(head).items() if name != "operator_id"}
            for head in heads
        ]
        if values:
            upsert(self._connection, vehicle_heads, values, ("vehicle_id",), tuple(values[0])[1:])

    def load_head(self, vehicle_id: str) -> tuple[int, float] | None:
        """Load the instant of a vehicle's last position, and its interval."""
        row = self._connection.execute(
            select(vehicle_heads.c.at_ms, vehicle_heads.c.interval_s).where(
                vehicle_heads.c.vehicle_id == vehicle_id
            )
        ).one_or_none()
        return (row.at_ms, row.interval_s) if row else None

    def find_checkpoint(self, vehicle_id: str, below_ms: int | None) -> VehicleState | None:
        """Find the newest checkpoint whose input is older than below_ms (the newest of all when None)."""
        query = select(checkpoints.c.body).where(checkpoints.c.vehicle_id == vehicle_id)
        if below_ms is not None:
            query = query.where(checkpoints.c.t_ms < below_ms)
        body = self._connection.execute(
            query.order_by(checkpoints.c.t_ms.desc(), checkpoints.c.source.desc()).limit(1)
        ).scalar_one_or_none()
        return None if body is None else _state_decoder.decode(body)

    def put_checkpoint(self, state: VehicleState) -> None:
        """Keep a state to fold on from."""
        key = state.key
        assert key is not None
        row = {
            "vehicle_id": state.vehicle_id,
            "t_ms": key.t,
            "source": f"{key.device}:{key.epoch}:{key.seq:020d}",
            "body": msgspec.json.encode(state),
        }
        upsert(self._connection, checkpoints, [row], ("vehicle_id", "t_ms", "source"), ("body",))

    def drop_checkpoints(self, vehicle_id: str, from_ms: int) -> None:
        """Forget the checkpoints at or after an instant: an older record has come."""
        self._connection.execute(
            delete(checkpoints).where(checkpoints.c.vehicle_id == vehicle_id, checkpoints.c.t_ms >= from_ms)
        )

    # --- the projection ------------------------------------------------------------------------------------------

    def list_run(self, vehicle_id: str, after_ms: int) -> list[str]:
        """List the trips whose rows tell of something that this vehicle did after an instant."""
        self.flush()
        later = exists().where(rides.c.trip_id == trips.c.id, rides.c.at_ms > after_ms)
        query = select(trips.c.id).where(
            trips.c.run_vehicle_id == vehicle_id,
            trips.c.planned_end_ms > after_ms - DAY_MS,
            or_(*(trips.c[name] > after_ms for name in _INSTANTS), later),
        )
        return list(self._connection.execute(query).scalars())

    def project(self, before: TripState | None, trip: TripState, told: Sequence[Told]) -> bool:
        """Make the rows of a trip equal to its state; `before` is what they are known to be, None when that isn't known.

        False, and nothing written, when another vehicle was assigned to the trip earlier.
        """
        values = _trip_values(trip)
        if before is not None and self._holders.get(trip.trip_id) == trip.vehicle_id:
            self._trips[trip.trip_id] = values  # only ingest says who runs a trip, and it said: this vehicle
        else:
            self.flush()
            if not self._connection.execute(_UPDATE_OUR_TRIP, values).rowcount:
                return False
            self._holders[trip.trip_id] = trip.vehicle_id
        self._project_visits(before, trip)
        self._project_riders(before, trip)
        self._project_rides(before, trip)
        self._project_notices(before, trip, told)
        return True

    def list_told(self, trip_id: str) -> set[tuple[str, NoticeKind, int]]:
        """List (rider, kind, occurrence) of the notices of a trip that were sent."""
        self.flush()
        rows = self._connection.execute(
            select(notices.c.rider_id, notices.c.kind, notices.c.occurrence).where(
                notices.c.trip_id == trip_id, notices.c.sent_at_ms.is_not(None)
            )
        )
        return {(row.rider_id, row.kind, row.occurrence) for row in rows}

    def unproject(self, trip_id: str, vehicle_id: str, told: Sequence[Told]) -> bool:
        """Make the rows of a trip that this vehicle ran those of one that never ran; `told` is what has to be taken back.

        False, and nothing written, when another vehicle runs it.
        """
        self.flush()
        ours = select(trips.c.id).where(trips.c.id == trip_id, trips.c.run_vehicle_id == vehicle_id)
        if self._connection.scalar(ours) is None:
            return False
        for rider in self._connection.execute(
            select(trip_riders.c.rider_id, trip_riders.c.stranger).where(trip_riders.c.trip_id == trip_id)
        ).all():
            where = and_(trip_riders.c.trip_id == trip_id, trip_riders.c.rider_id == rider.rider_id)
            if rider.stranger:
                self._connection.execute(delete(trip_riders).where(where))
            else:
                self._connection.execute(
                    update(trip_riders).where(where).values(state="expected", since_ms=None)
                )
        never = TripState(trip_id)
        self._holders.pop(trip_id, None)
        self._connection.execute(_UPDATE_TRIP, _trip_values(never))
        self._project_visits(None, never)
        self._project_rides(None, never)
        self._project_notices(None, never, told)
        self._settle([trips.c.id == trip_id])
        return True

    def put_loose_rides(self, state: VehicleState) -> None:
        """Keep the rides that belong to no trip."""
        self._put_rides(state.vehicle_id, None, state.loose)

    def drop_loose_rides(self, vehicle_id: str, after_ms: int) -> None:
        """Forget a vehicle's rides after an instant that belong to no trip: they are folded again."""
        self.flush()
        self._connection.execute(
            delete(rides).where(
                rides.c.trip_id.is_(None), rides.c.vehicle_id == vehicle_id, rides.c.at_ms > after_ms
            )
        )

    def _project_visits(self, before: TripState | None, trip: TripState) -> None:
        if before is not None and before.visits is trip.visits:
            return
        known = {visit.seq: visit for visit in before.visits} if before else {}
        if before is None or len(known) > len(trip.visits):
            self.flush()
            self._connection.execute(delete(visits).where(visits.c.trip_id == trip.trip_id))
            known = {}
        for visit in trip.visits:
            if known.get(visit.seq) != visit:
                row = {"trip_id": trip.trip_id, **msgspec.structs.asdict(visit)}
                self._visits[trip.trip_id, visit.seq] = row

    def _project_riders(self, before: TripState | None, trip: TripState) -> None:
        if before is not None and before.riders is trip.riders:
            return
        known = {rider.rider_id: rider for rider in before.riders} if before else {}
        if before is None and trip.riders:
            self.flush()
            self._connection.execute(
                delete(trip_riders).where(
                    trip_riders.c.trip_id == trip.trip_id,
                    trip_riders.c.rider_id.not_in([rider.rider_id for rider in trip.riders]),
                )
            )
        for rider in trip.riders:
            if known.get(rider.rider_id) != rider:
                row = {"trip_id": trip.trip_id, **msgspec.structs.asdict(rider)}
                self._riders[trip.trip_id, rider.rider_id] = row

    def _project_rides(self, before: TripState | None, trip: TripState) -> None:
        if before is not None and before.rides is trip.rides:
            return
        known = set(before.rides) if before else set()
        if before is None:
            self.flush()
            self._connection.execute(
                delete(rides).where(
                    rides.c.trip_id == trip.trip_id,
                    rides.c.source.not_in([ride.source for ride in trip.rides]),
                )
            )
        if trip.vehicle_id is not None:
            self._put_rides(trip.vehicle_id, trip.trip_id, [ride for ride in trip.rides if ride not in known])

    def _put_rides(self, vehicle_id: str, trip_id: str | None, found: Iterable[Ride]) -> None:
        for ride in found:
            row = {
                "id": new_id(),
                "vehicle_id": vehicle_id,
                "trip_id": trip_id,
                **msgspec.structs.asdict(ride),
            }
            self._rides[ride.source,] = row

    def _project_notices(self, before: TripState | None, trip: TripState, told: Sequence[Told]) -> None:
        """Insert what is new; where a fold again took the ground from a notice, withdraw it or, when it was sent, correct it."""
        for one in told:
            row = _notice_row(one)
            self._notices[tuple(row[name] for name in _NOTICE_KEY)] = row
        if before is None:
            self._withdraw(trip, told)

    def _withdraw(self, trip: TripState, told: Sequence[Told]) -> None:
        said = (
            *trip.announcements,
            *(one.announcement for one in told),
        )  # corrections are no part of the trip
        holds = {(one.rider_id, one.kind, one.occurrence) for one in said}
        self.flush()
        rows = self._connection.execute(
            select(notices.c.id, notices.c.rider_id, notices.c.kind, notices.c.occurrence).where(
                notices.c.trip_id == trip.trip_id,
                notices.c.withdrawn_at_ms.is_(None),
                notices.c.sent_at_ms.is_(None),
            )
        )
        gone = [row.id for row in rows if (row.rider_id, row.kind, row.occurrence) not in holds]
        if gone:
            self._connection.execute(
                update(notices).where(notices.c.id.in_(gone)).values(withdrawn_at_ms=notices.c.made_at_ms)
            )

    # --- housekeeping --------------------------------------------------------------------------------------------

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

    def settle_exceptions(self, now_ms: int) -> list[str]:
        """Bring the manifests of trips that no bus has taken yet in line with the exceptions; a running trip's are the fold's."""
        return self._settle(
            [trips.c.planned_end_ms > now_ms - TRIP_WINDOW_AFTER_MS, trips.c.assigned_at_ms.is_(None)]
        )

    def _settle(self, which: Sequence[ColumnElement[bool]]) -> list[str]:
        self.flush()
        excepted = exists().where(
            exceptions.c.rider_id == trip_riders.c.rider_id,
            exceptions.c.service_on == trips.c.service_on,
            exceptions.c.direction == trips.c.direction,
            exceptions.c.withdrawn_at_ms.is_(None),
        )
        query = (
            select(trip_riders.c.trip_id, trip_riders.c.rider_id, trip_riders.c.state)
            .join(trips, trips.c.id == trip_riders.c.trip_id)
            .where(
                *which,
                or_(
                    and_(trip_riders.c.state == "expected", excepted),
                    and_(trip_riders.c.state == "absent", ~excepted),
                ),
            )
        )
        rows = [
            {
                "_trip": row.trip_id,
                "_rider": row.rider_id,
                "state": "expected" if row.state == "absent" else "absent",
            }
            for row in self._connection.execute(query)
        ]
        if rows:
            where = and_(
                trip_riders.c.trip_id == bindparam("_trip"), trip_riders.c.rider_id == bindparam("_rider")
            )
            self._connection.execute(update(trip_riders).where(where).values(state=bindparam("state")), rows)
        return sorted({row["_trip"] for row in rows})


def _sign_off(trip: TripState) -> bytes | None:
    if trip.delivered is None and trip.received is None:
        return None
    return msgspec.json.encode(SignOff(trip.delivered, trip.received))


def _entry(t_ms: int, device: str, epoch: int, seq: int, kind: str, body: bytes) -> Entry:
    return Entry(Key(t_ms, device, epoch, seq), _decoders[kind].decode(body))


def _trip_values(trip: TripState) -> dict[str, Any]:
    values = {f"new_{name}": getattr(trip, name) for name in TRIP_COLUMNS}
    return values | {
        "new_state": trip.state,
        "new_run_vehicle_id": trip.vehicle_id,
        "new_run_device_id": trip.device_id,
        "new_sign_off": _sign_off(trip),
        "missed_stays": trip.state == "scheduled" and trip.assigned_at_ms is not None,
        "trip": trip.trip_id,
    }


@cache
def _put_notice(dialect: str) -> Insert:
    """Build the statement: what was not sent yet takes the newer words, what was sent stays as it was told."""
    statement = (postgresql.insert if dialect == "postgresql" else sqlite.insert)(notices)
    newer = {name: statement.excluded[name] for name in ("at_ms", "stop_id", "text_zh", "text_en")}
    return statement.on_conflict_do_update(
        index_elements=list(_NOTICE_KEY),
        set_=newer | {"withdrawn_at_ms": None},
        where=notices.c.sent_at_ms.is_(None),
    )


def _notice_row(told: Told) -> dict[str, Any]:
    announcement = told.announcement
    return {
        "id": new_id(),
        "user_id": told.user_id,
        "rider_id": announcement.rider_id,
        "trip_id": told.trip_id,
        "kind": announcement.kind,
        "occurrence": announcement.occurrence,
        "stop_id": announcement.stop_id,
        "at_ms": announcement.at_ms,
        "made_at_ms": told.made_at_ms,
        "text_zh": told.text_zh,
        "text_en": told.text_en,
    }
