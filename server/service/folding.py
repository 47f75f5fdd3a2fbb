"""The fold of every vehicle: heads in memory, late records folded again from a checkpoint, trips projected onto their rows.

The only writer of trips' outcomes. After an error nothing in memory is trusted: `forget` drops it, and it is read back from the
log, which is complete.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Final

from server.domain.record import Position
from server.domain.trip import Announcement, NoticeKind, Ride, TripState
from server.domain.vehicle_day import Entry, VehicleState
from server.rules.pipeline import fold
from server.service.ingest_ports import Bus, Catalogue, LogWork

CHECKPOINT_MS: Final = 10 * 60_000
REFOLD_AFTER_S: Final = 0.3  # late records come in bunches: fold again once for a bunch
REFOLD_EVERY_S: Final = 1.0

RIDE_NOTICES: Final[tuple[NoticeKind, ...]] = ("boarded", "alighted", "arrived")

log = logging.getLogger("sixfixed.ingest.fold")


class VehicleHead:
    """One vehicle's state after everything folded, what its rows are known to be, and what is still to be folded."""

    def __init__(self, bus: Bus, state: VehicleState) -> None:
        self.bus = bus
        self.state = state
        self.checkpoint_ms: int | None = state.key.t if state.key else None
        self.projected: dict[str, TripState] = {}
        self.held: list[Entry] = []
        self.late_ms: int | None = None
        self.refold_at = 0.0
        self.refolded_at = 0.0
        self.shown: tuple[int, float] | None = None  # instant and interval of the position that maps show


class Folder:
    """Folds entries into vehicles and projects the trips that changed, within the caller's transaction."""

    def __init__(self, catalogue: Catalogue) -> None:
        self._catalogue = catalogue
        self._heads: dict[str, VehicleHead] = {}
        self._folded: set[str] = set()
        self._rides: list[tuple[str, Ride]] = []
        self.rule_errors: Counter[str] = Counter()

    def forget(self) -> None:
        """Drop every head: memory may differ from what was committed."""
        self._heads.clear()
        self._folded.clear()
        self._rides.clear()

    def head(self, work: LogWork, bus: Bus) -> VehicleHead:
        """Give a vehicle's head, read from its checkpoint and log when it is not in memory.

        Must be called before new records of the vehicle are inserted. Rows are made equal to what was read, since a record
        may have been committed and not folded.
        """
        found = self._heads.get(bus.vehicle_id)
        if found is None:
            base = work.find_checkpoint(bus.vehicle_id, None)
            found = VehicleHead(bus, base or VehicleState(bus.vehicle_id))
            self._heads[bus.vehicle_id] = found
            self._refold_from(work, found, base)
        return found

    def current(self, vehicle_id: str) -> VehicleState | None:
        """Give the folded state of a vehicle that is in memory."""
        head = self._heads.get(vehicle_id)
        return head.state if head else None

    def take(self, work: LogWork, head: VehicleHead, entry: Entry, *, hold: bool, now_s: float) -> None:
        """Fold a stored entry now, or keep it for later: held while a lower seq is on its way, or late."""
        key = head.state.key
        if head.late_ms is not None or (key is not None and entry.key < key):
            self._late(work, head, entry, now_s)
        elif hold:
            head.held.append(entry)
        else:
            self._fold_on(work, head, [entry])

    def release(self, work: LogWork, vehicle_id: str, ready: Iterable[Entry], now_s: float) -> None:
        """Fold entries that were held and need to wait no more."""
        head = self._heads[vehicle_id]
        done = sorted(ready, key=lambda entry: entry.key)
        names = {entry.key for entry in done}
        head.held = [entry for entry in head.held if entry.key not in names]
        key = head.state.key
        for entry in done:
            if head.late_ms is not None or (key is not None and entry.key < key):
                self._late(work, head, entry, now_s)
            else:
                self._fold_on(work, head, [entry])

    def held(self) -> Iterable[tuple[str, list[Entry]]]:
        """List what is held, by vehicle."""
        return [(vehicle, head.held) for vehicle, head in self._heads.items() if head.held]

    def refold_due(self, now_s: float) -> list[str]:
        """List the vehicles with late records that should be folded again now."""
        return [
            vehicle
            for vehicle, head in self._heads.items()
            if head.late_ms is not None and now_s >= max(head.refold_at, head.refolded_at + REFOLD_EVERY_S)
        ]

    def refold(self, work: LogWork, vehicle_id: str, now_s: float) -> list[str]:
        """Fold a vehicle again from the checkpoint below its oldest late record; give the trips it touched."""
        head = self._heads[vehicle_id]
        base = work.find_checkpoint(vehicle_id, head.late_ms)
        head.late_ms, head.refolded_at = None, now_s
        return self._refold_from(work, head, base)

    def project(self, work: LogWork) -> list[str]:
        """Write the trips that changed since their rows were last written; give their ids."""
        written: list[str] = []
        for vehicle_id in sorted(self._folded):
            head = self._heads[vehicle_id]
            trip = head.state.trip
            if trip is not None and head.projected.get(trip.trip_id) is not trip:
                self._project(work, head, trip)
                written.append(trip.trip_id)
        self._folded.clear()
        return written

    def take_rides(self) -> list[tuple[str, Ride]]:
        """Take the rides, with their trips, that were added to rows since last asked."""
        taken, self._rides = self._rides, []
        return taken

    def _late(self, work: LogWork, head: VehicleHead, entry: Entry, now_s: float) -> None:
        work.drop_checkpoints(head.bus.vehicle_id, entry.key.t)
        if head.late_ms is None:
            head.late_ms, head.refold_at = entry.key.t, now_s + REFOLD_AFTER_S
        else:
            head.late_ms = min(head.late_ms, entry.key.t)

    def _fold_on(self, work: LogWork, head: VehicleHead, entries: Sequence[Entry]) -> dict[str, TripState]:
        """Fold entries that follow the head; give the last state of each trip that ran."""
        context = self._catalogue.context(head.bus)
        touched: dict[str, TripState] = {}
        loose = head.state.loose
        self._folded.add(head.bus.vehicle_id)
        for entry in entries:
            before = head.state
            after = fold(before, entry, context, self._failed)
            cut = _trip_id(before) != _trip_id(after)
            if cut or self._checkpoint_due(head, before):
                self._checkpoint(work, head, before)
            if cut and before.trip is not None:
                self._project(work, head, before.trip)
            head.state = after
            if after.trip is not None:
                touched[after.trip.trip_id] = after.trip
        if head.state.loose and head.state.loose is not loose:
            work.put_loose_rides(head.state)
        return touched

    def _checkpoint_due(self, head: VehicleHead, state: VehicleState) -> bool:
        if state.key is None:
            return False
        return head.checkpoint_ms is None or state.key.t - head.checkpoint_ms >= CHECKPOINT_MS

    def _checkpoint(self, work: LogWork, head: VehicleHead, state: VehicleState) -> None:
        # While something older waits to be folded, a checkpoint would keep it out for ever.
        if state.key is None or head.late_ms is not None or head.held:
            return
        work.put_checkpoint(state)
        head.checkpoint_ms = state.key.t

    def _refold_from(self, work: LogWork, head: VehicleHead, base: VehicleState | None) -> list[str]:
        vehicle_id = head.bus.vehicle_id
        after_ms = base.key.t if base and base.key else -1
        stale = set(work.list_assigned(vehicle_id, after_ms))
        head.held.clear()
        head.state = base or VehicleState(vehicle_id)
        head.checkpoint_ms = base.key.t if base and base.key else None
        head.projected = {}
        touched = self._fold_on(work, head, work.load_log(vehicle_id, base))
        for trip in touched.values():
            self._project(work, head, trip)
        for trip_id in stale - touched.keys() - {_trip_id(head.state)}:
            work.unproject(trip_id)
        return sorted(stale | touched.keys())

    def _project(self, work: LogWork, head: VehicleHead, trip: TripState) -> None:
        before = head.projected.get(trip.trip_id)
        if before is trip:
            return
        if before is None:
            holder, since = work.holder_of(trip.trip_id)
            if holder not in (None, head.bus.vehicle_id) and (since, holder) < (
                trip.assigned_at_ms,
                trip.vehicle_id,
            ):
                return  # two buses say that they run it: the first to say so does
        told: list[Announcement] = list(trip.announcements)
        if before is not None and trip.announcements[: len(before.announcements)] == before.announcements:
            told = told[len(before.announcements) :]
        if before is not None and len(trip.rides) > len(before.rides):
            self._rides += [(trip.trip_id, ride) for ride in trip.rides[len(before.rides) :]]
        if before is None:
            told += _corrections(work.list_told(trip.trip_id), trip)
        work.project(before, trip, self._catalogue.tell(trip, told) if told else ())
        head.projected[trip.trip_id] = trip

    def _failed(self, rule: str, entry: Entry, error: Exception) -> None:
        self.rule_errors[rule] += 1
        kind = "position" if isinstance(entry.record, Position) else type(entry.record).__name__.lower()
        log.error("rule %s failed on a %s of %s: %r; the record is kept", rule, kind, entry.key.device, error)


def _corrections(told: set[tuple[str, NoticeKind, int]], trip: TripState) -> list[Announcement]:
    """What must be taken back: rides that guardians were told of and that, folded again, did not happen."""
    holds = {(one.rider_id, one.kind, one.occurrence) for one in trip.announcements}
    at_ms = trip.metre_at_ms or trip.assigned_at_ms or 0
    return [
        Announcement(rider_id, "correction", 100 * RIDE_NOTICES.index(kind) + occurrence, at_ms)
        for rider_id, kind, occurrence in sorted(told - holds)
        if kind in RIDE_NOTICES
    ]


def _trip_id(state: VehicleState) -> str | None:
    return state.trip.trip_id if state.trip else None
