"""Rows of trips that were given to another bus: who runs them, whose log holds what was said, and who waits for a bus."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Final

import msgspec
from sqlalchemy import BindParameter, and_, bindparam, func, or_, select, union, update

from server.adapters.db.ingest_store.notices import NoticeRows
from server.adapters.db.tables import (
    inputs,
    permits,
    records,
    substitutions,
    trips,
)
from server.domain.hand import HAND
from server.domain.limits import MISSED_AFTER_MS, MOST_SHIFT_S, TRIP_WINDOW_BEFORE_MS
from server.domain.trip import TripState, Turn
from server.service.ingest_ports import Bus, Holder, Told

AHEAD_MS: Final = 86_400_000
MOVED_AT_MOST_MS: Final = 1000 * MOST_SHIFT_S + TRIP_WINDOW_BEFORE_MS
_turns: Final = msgspec.json.Decoder(tuple[Turn, ...])
_covers: Final = and_(
    substitutions.c.timetable_id == trips.c.timetable_id,
    trips.c.service_on.between(substitutions.c.from_on, substitutions.c.until_on),
)
_of_trip: Final = and_(_covers, substitutions.c.vehicle_id.is_not(None))
_moves: Final = or_(substitutions.c.shift_s.is_not(None), substitutions.c.detour.is_not(None))
_changes: Final = or_(substitutions.c.vehicle_id.is_not(None), _moves)

_vehicle: Final[BindParameter[str]] = bindparam("vehicle")
_heirs: Final = (
    select(trips.c.id, trips.c.run_vehicle_id, trips.c.assigned_at_ms)
    .select_from(substitutions)
    .join(trips, _of_trip)
    .where(trips.c.run_vehicle_id.is_not(None), trips.c.run_vehicle_id != _vehicle)
)
# Two ways to be a vehicle's, each from its own few rows: with an `or`, every trip there is would be looked at.
_HEIRS: Final = union(
    _heirs.where(substitutions.c.vehicle_id == _vehicle),
    _heirs.join(permits, permits.c.id == trips.c.permit_id).where(permits.c.vehicle_id == _vehicle),
)


class TurnRows(NoticeRows):
    """Reads and writes what take-overs need."""

    def find_holder(self, trip_id: str) -> Holder | None:
        """Find which bus runs a trip by its row."""
        self.flush()
        row = self._connection.execute(
            select(trips.c.run_vehicle_id, trips.c.assigned_at_ms, trips.c.turns).where(trips.c.id == trip_id)
        ).one_or_none()
        if row is None or row.run_vehicle_id is None:
            return None
        turns = () if row.turns is None else _turns.decode(row.turns)
        return Holder(row.run_vehicle_id, row.assigned_at_ms or 0, turns)

    def find_bus_of_trip(self, trip_id: str, t_ms: int) -> Bus | None:
        """Find the bus that ran a trip at t_ms, else the one that is planned for it."""
        row = self._connection.execute(
            select(trips.c.vehicle_id, trips.c.operator_id).where(trips.c.id == trip_id)
        ).one_or_none()
        if row is None:
            return None
        holder = self.find_holder(trip_id)
        if holder is None:
            return None if row.vehicle_id is None else Bus(row.vehicle_id, row.operator_id)
        ran = [turn.vehicle_id for turn in holder.turns if t_ms < turn.until_ms]
        return Bus(ran[0] if ran else holder.vehicle_id, row.operator_id)

    def list_heirs(self, vehicle_id: str) -> list[tuple[str, str, int]]:
        """List (trip, vehicle, instant) of the trips that another bus took over though they were to be this vehicle's."""
        rows = self._connection.execute(_HEIRS, {"vehicle": vehicle_id})
        return [(row[0], row[1], row[2]) for row in rows]

    def move_hand(self, trip_id: str, turns: Sequence[tuple[str, int]]) -> dict[str, int]:
        """Put what people said of a trip into the log of the bus whose turn it was; give the vehicles concerned, from when on.

        Who signs on isn't moved: that goes to the bus that is approved, whichever has the trip.
        """
        if not turns:
            return {}
        rows = self._connection.execute(
            select(records.c.seq, records.c.vehicle_id, records.c.t_ms)
            .join(inputs, inputs.c.id == records.c.seq)
            .where(
                records.c.device_id == HAND,
                records.c.epoch == 0,
                records.c.kind != "duty",
                records.c.vehicle_id.is_not(None),
                inputs.c.trip_id == trip_id,
            )
        ).all()
        touched: dict[str, int] = {}
        for row in rows:
            begun = [vehicle_id for vehicle_id, from_ms in turns if from_ms <= row.t_ms]
            right = begun[-1] if begun else turns[0][0]
            if right != row.vehicle_id:
                named = and_(records.c.device_id == HAND, records.c.epoch == 0, records.c.seq == row.seq)
                self._connection.execute(update(records).where(named).values(vehicle_id=right))
                for vehicle_id in (right, row.vehicle_id):
                    touched[vehicle_id] = min(row.t_ms, touched.get(vehicle_id, row.t_ms))
        return touched

    def list_given(self, since_ms: int, now_ms: int) -> list[tuple[Bus, int]]:
        """List the buses whose trips were given to another, or back, since an instant, and from when on that holds."""
        at_ms = func.coalesce(substitutions.c.ended_at_ms, substitutions.c.made_at_ms)
        query = (
            select(
                at_ms.label("at_ms"), trips.c.operator_id, trips.c.run_vehicle_id, trips.c.vehicle_id,
                substitutions.c.vehicle_id.label("given"), permits.c.vehicle_id.label("permitted"),
                trips.c.planned_start_ms, _moves.label("moves"),
            )
            .select_from(substitutions)
            .join(
                trips,
                and_(
                    substitutions.c.timetable_id == trips.c.timetable_id,
                    trips.c.service_on.between(substitutions.c.from_on, substitutions.c.until_on),
                ),
            )
            .join(permits, permits.c.id == trips.c.permit_id, isouter=True)
            .where(at_ms >= since_ms, trips.c.planned_start_ms < now_ms + AHEAD_MS)
        )  # fmt: skip
        found: dict[Bus, int] = {}
        for row in self._connection.execute(query):
            # Another time or way is the whole trip's, from before its crew may have signed on.
            from_ms = min(row.at_ms, row.planned_start_ms - MOVED_AT_MOST_MS) if row.moves else row.at_ms
            for vehicle_id in {row.run_vehicle_id, row.vehicle_id, row.given, row.permitted} - {None}:
                bus = Bus(vehicle_id, row.operator_id)
                found[bus] = min(from_ms, found.get(bus, from_ms))
        return sorted(found.items(), key=lambda each: each[0].vehicle_id)

    def list_awaiting(self, now_ms: int) -> list[str]:
        """List the trips of the next day that were given another bus, time or way and that no bus has begun."""
        # From the few substitutions to their trips, not through all trips of a province every two seconds.
        lately = datetime.fromtimestamp(now_ms / 1000, UTC) - timedelta(days=2)
        query = (
            select(trips.c.id)
            .select_from(substitutions)
            .join(trips, and_(_covers, _changes))
            .where(
                substitutions.c.until_on >= f"{lately:%Y-%m-%d}",
                trips.c.run_vehicle_id.is_(None),
                trips.c.state == "scheduled",
                trips.c.planned_start_ms.between(now_ms - MISSED_AFTER_MS, now_ms + AHEAD_MS),
            )
            .distinct()
            .order_by(trips.c.id)
        )
        return list(self._connection.execute(query).scalars())

    def announce(self, trip: TripState, told: Sequence[Told]) -> None:
        """Write notices of a trip that no bus has begun."""
        self._project_notices(trip, trip, told)
