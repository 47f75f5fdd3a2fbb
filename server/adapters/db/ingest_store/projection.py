"""Rows of a trip made equal to its folded state."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Final

import msgspec
from sqlalchemy import BigInteger, String, and_, bindparam, delete, exists, or_, select, update

from server.adapters.db.ingest_store.absences import AbsenceRows
from server.adapters.db.ingest_store.findings import FindingRows
from server.adapters.db.ingest_store.notices import NoticeRows
from server.adapters.db.ingest_store.waiting import TRIP_COLUMNS, UPDATE_OUR_TRIP, UPDATE_TRIP
from server.adapters.db.tables import findings, rides, trip_riders, trips, visits
from server.domain.trip import OnDuty, Ride, SignOff, TripState
from server.domain.vehicle_day import VehicleState
from server.ids import new_id
from server.service.ingest_ports import Told

DAY_MS: Final = 86_400_000
_INSTANTS: Final = ("assigned_at_ms", "arrived_at_ms", "ended_at_ms", "rear_checked_at_ms", "metre_at_ms")

_after_ms: Final = bindparam("after_ms", type_=BigInteger)
# Built once: to build it takes longer than to run it, and it is run for every bus that comes into memory.
_RUN_SINCE: Final = select(trips.c.id).where(
    trips.c.run_vehicle_id == bindparam("vehicle"),
    trips.c.planned_end_ms > bindparam("day_before_ms", type_=BigInteger),
    or_(
        *(trips.c[name] > _after_ms for name in _INSTANTS),
        exists().where(rides.c.trip_id == trips.c.id, rides.c.at_ms > _after_ms),
        exists().where(findings.c.trip_id == trips.c.id, findings.c.began_ms > _after_ms),
    ),
)
_trip: Final = bindparam("trip", type_=String)
_DROP_VISITS: Final = delete(visits).where(visits.c.trip_id == _trip)
_DROP_OTHER_RIDERS: Final = delete(trip_riders).where(
    trip_riders.c.trip_id == _trip, trip_riders.c.rider_id.not_in(bindparam("kept", expanding=True))
)
_DROP_OTHER_RIDES: Final = delete(rides).where(
    rides.c.trip_id == _trip, rides.c.source.not_in(bindparam("kept", expanding=True))
)
_DROP_LOOSE: Final = delete(rides).where(
    rides.c.trip_id.is_(None), rides.c.vehicle_id == bindparam("vehicle"), rides.c.at_ms > _after_ms
)
_DROP_VERDICTS: Final = (
    update(trips).where(trips.c.id == _trip, trips.c.verdicts.is_not(None)).values(verdicts=None)
)


class ProjectionRows(NoticeRows, FindingRows, AbsenceRows):
    """Writes trips, visits, manifests and rides, with the notices and findings of each."""

    def list_run(self, vehicle_id: str, after_ms: int) -> list[str]:
        """List the trips whose rows tell of something that this vehicle did after an instant."""
        self.flush()
        at = {"vehicle": vehicle_id, "after_ms": after_ms, "day_before_ms": after_ms - DAY_MS}
        return list(self._connection.execute(_RUN_SINCE, at).scalars())

    def project(
        self,
        before: TripState | None,
        trip: TripState,
        told: Sequence[Told],
        now_ms: int,
        *,
        ours: bool = False,
    ) -> bool:
        """Make the rows of a trip equal to its state; `before` is what they are known to be, None when that isn't known.

        False, and nothing written, when another vehicle was assigned to the trip earlier; `ours`: this one has it all the same.
        """
        values = _trip_values(trip)
        if trip.verdicts is not None and (before is None or before.verdicts is not trip.verdicts):
            values["new_verdicts"] = msgspec.json.encode(trip.verdicts)
        elif trip.trip_id in self._trips:
            values["new_verdicts"] = self._trips[trip.trip_id]["new_verdicts"]
        if before is not None and self._holders.get(trip.trip_id) == trip.vehicle_id:
            self._trips[trip.trip_id] = values  # only ingest says who runs a trip, and it said: this vehicle
        else:
            self.flush()
            statement = UPDATE_TRIP if ours else UPDATE_OUR_TRIP
            if not self._connection.execute(statement, values).rowcount:
                return False
            self._holders[trip.trip_id] = trip.vehicle_id
            if trip.verdicts is None:
                self._drop_verdicts(trip.trip_id)
        self._project_visits(before, trip)
        self._project_riders(before, trip)
        self._project_rides(before, trip)
        self._project_notices(before, trip, told)
        self._project_findings(before, trip, now_ms)
        return True

    def unproject(self, trip_id: str, vehicle_id: str, told: Sequence[Told], now_ms: int) -> bool:
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
        self._connection.execute(UPDATE_TRIP, _trip_values(never))
        self._drop_verdicts(trip_id)
        self._project_visits(None, never)
        self._project_rides(None, never)
        self._project_notices(None, never, told)
        self._project_findings(None, never, now_ms)
        self._settle([trips.c.id == trip_id])
        return True

    def _drop_verdicts(self, trip_id: str) -> None:
        self._connection.execute(_DROP_VERDICTS, {"trip": trip_id})

    def put_loose_rides(self, state: VehicleState) -> None:
        """Keep the rides that belong to no trip."""
        self._put_rides(state.vehicle_id, None, state.loose)

    def drop_loose_rides(self, vehicle_id: str, after_ms: int) -> None:
        """Forget a vehicle's rides after an instant that belong to no trip: they are folded again."""
        self.flush()
        self._connection.execute(_DROP_LOOSE, {"vehicle": vehicle_id, "after_ms": after_ms})

    def _project_visits(self, before: TripState | None, trip: TripState) -> None:
        if before is not None and before.visits is trip.visits:
            return
        known = {visit.seq: visit for visit in before.visits} if before else {}
        if before is None or len(known) > len(trip.visits):
            self.flush()
            self._connection.execute(_DROP_VISITS, {"trip": trip.trip_id})
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
            kept = [rider.rider_id for rider in trip.riders]
            self._connection.execute(_DROP_OTHER_RIDERS, {"trip": trip.trip_id, "kept": kept})
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
            sources = [ride.source for ride in trip.rides]
            self._connection.execute(_DROP_OTHER_RIDES, {"trip": trip.trip_id, "kept": sources})
        if trip.vehicle_id is not None:
            first = 0
            for turn in trip.turns:
                there = trip.rides[first : turn.rides]
                self._put_rides(turn.vehicle_id, trip.trip_id, [ride for ride in there if ride not in known])
                first = turn.rides
            here = trip.rides[first:]
            self._put_rides(trip.vehicle_id, trip.trip_id, [ride for ride in here if ride not in known])

    def _put_rides(self, vehicle_id: str, trip_id: str | None, found: Iterable[Ride]) -> None:
        for ride in found:
            row = {
                "id": new_id(),
                "vehicle_id": vehicle_id,
                "trip_id": trip_id,
                **msgspec.structs.asdict(ride),
            }
            self._rides[ride.source,] = row


def _sign_off(trip: TripState) -> bytes | None:
    if trip.delivered is None and trip.received is None:
        return None
    return msgspec.json.encode(SignOff(trip.delivered, trip.received))


def _trip_values(trip: TripState) -> dict[str, Any]:
    values = {f"new_{name}": getattr(trip, name) for name in TRIP_COLUMNS}
    return values | {
        "new_state": trip.state,
        "new_run_vehicle_id": trip.vehicle_id,
        "new_run_device_id": trip.device_id,
        "new_verdicts": None,
        "new_sign_off": _sign_off(trip),
        "new_crew": None if trip.crew == OnDuty() else msgspec.json.encode(trip.crew),
        "new_turns": msgspec.json.encode(trip.turns) if trip.turns else None,
        "missed_stays": trip.state == "scheduled" and trip.assigned_at_ms is not None,
        "trip": trip.trip_id,
    }
