"""The fold's side of the database, in memory: the log is read, and what the fold makes of it is kept here and written nowhere."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from typing import Final

from server.domain.finding import Finding, FindingKind
from server.domain.hand import HAND
from server.domain.seq_ranges import SeqRanges
from server.domain.trip import NoticeKind, TripState
from server.domain.vehicle_day import Entry, Key, VehicleState
from server.service.ingest_ports import Bus, Holder, Told
from server.service.replay_ports import StoredLog

CHECKPOINTS_KEPT: Final = 1000  # of a vehicle: days of them; further back it is folded from the beginning
INSTANTS: Final = ("assigned_at_ms", "arrived_at_ms", "ended_at_ms", "rear_checked_at_ms", "metre_at_ms")
FindingKey = tuple[FindingKind, int, str]


class ReplayWork:
    """Implements `FoldWork` over a stored log; `trips` and `found` are what the rows would be.

    Where turns came out otherwise than stored, what people said is moved between logs as ingest does it, but here alone. Trips of
    buses that are not folded here are held by whom the rows name.
    """

    def __init__(self, log: StoredLog, since_ms: int | None = None) -> None:
        """Begin each log with its first record, or with the first at or after `since_ms`."""
        self._log = log
        self._since_ms = since_ms
        self._checkpoints: dict[str, deque[VehicleState]] = {}
        self._moved: dict[
            Key, tuple[str, Entry]
        ] = {}  # what people said: the vehicle in whose log it is here
        self._folded: set[str] = set()
        self.trips: dict[str, TripState] = {}
        self.found: dict[str, dict[FindingKey, Finding]] = {}

    def load_epochs(self, device_id: str) -> dict[int, tuple[SeqRanges, int | None]]:
        """Load what has been received from a device and where its stream begins, by epoch."""
        return self._log.load_epochs(device_id)

    def find_instant(self, device_id: str, epoch: int, upto_seq: int) -> int | None:
        """Find the instant of a device's newest record up to a seq."""
        return self._log.find_instant(device_id, epoch, upto_seq)

    def load_log(self, vehicle_id: str, after: VehicleState, at_most: int) -> tuple[list[Entry], bool]:
        """Load some of a vehicle's inputs after a state's key, in the order of the log; say whether they reach its end."""
        base = after
        if self._since_ms is not None and (after.key is None or after.key.t < self._since_ms):
            base = VehicleState(vehicle_id, Key(self._since_ms, "", -1, -1))
        read, complete = self._log.load_log(vehicle_id, base, at_most)
        if not self._moved:
            return read, complete
        here = [entry for entry in read if entry.key not in self._moved]
        for key, (owner, entry) in self._moved.items():
            if (
                owner == vehicle_id
                and (base.key is None or base.key < key)
                and (complete or key <= read[-1].key)
            ):
                here.append(entry)
        return sorted(here, key=lambda entry: entry.key), complete

    def list_signed_on(self, bus: Bus, badge: str, from_ms: int, until_ms: int) -> list[tuple[str, int]]:
        """List (vehicle, instant) of a driver's sign-ons to other buses of the operator, from from_ms and before until_ms."""
        return self._log.list_signed_on(bus, badge, max(from_ms, self._since_ms or from_ms), until_ms)

    def list_signed_on_later(self, vehicle_id: str, since_ms: int, within_ms: int) -> list[tuple[str, int]]:
        """Give nothing: it is asked for when a record comes later than the fold, and here the log is whole."""
        return []

    def list_run(self, vehicle_id: str, after_ms: int) -> list[str]:
        """List the trips that tell of something that this vehicle did after an instant."""
        self._folded.add(vehicle_id)
        return [
            trip.trip_id
            for trip in self.trips.values()
            if trip.vehicle_id == vehicle_id and _tells_of(trip, after_ms)
        ]

    def find_checkpoint(self, vehicle_id: str, below_ms: int | None) -> VehicleState | None:
        """Find the newest checkpoint whose input is older than below_ms (the newest of all when None)."""
        for state in reversed(self._checkpoints.get(vehicle_id, ())):
            if state.key is not None and (below_ms is None or state.key.t < below_ms):
                return state
        return None

    def put_checkpoint(self, state: VehicleState) -> None:
        """Keep a state to fold on from."""
        self._checkpoints.setdefault(state.vehicle_id, deque(maxlen=CHECKPOINTS_KEPT)).append(state)

    def drop_checkpoints(self, vehicle_id: str, from_ms: int) -> None:
        """Forget the checkpoints at or after an instant."""
        kept = self._checkpoints.get(vehicle_id)
        while kept and kept[-1].key is not None and kept[-1].key.t >= from_ms:
            kept.pop()

    def project(
        self,
        before: TripState | None,
        trip: TripState,
        told: Sequence[Told],
        now_ms: int,
        *,
        ours: bool = False,
    ) -> bool:
        """Keep a trip's state; False when another vehicle was assigned to it earlier, unless this one has it all the same."""
        held = self.find_holder(trip.trip_id)
        if not ours and held is not None and held.vehicle_id != trip.vehicle_id:
            mine = trip.assigned_at_ms or 0, trip.vehicle_id or ""
            if (held.from_ms, held.vehicle_id) <= mine:
                return False
        self.trips[trip.trip_id] = trip
        return True

    def unproject(self, trip_id: str, vehicle_id: str, told: Sequence[Told], now_ms: int) -> bool:
        """Forget a trip that this vehicle did not run after all; False when another vehicle runs it."""
        trip = self.trips.get(trip_id)
        if trip is None or trip.vehicle_id != vehicle_id:
            return False
        del self.trips[trip_id]
        return True

    def list_told(self, trip_id: str) -> dict[tuple[str, NoticeKind, int], str | None]:
        """Give nothing: nobody is told of a replay, so nothing has to be corrected."""
        return {}

    def project_found(
        self, bus: Bus, before: Sequence[Finding], after: Sequence[Finding], now_ms: int
    ) -> None:
        """Keep what was found of a vehicle and belongs to no trip."""
        self.found.setdefault(bus.vehicle_id, {}).update({one.key: one for one in after})

    def reconcile_found(self, bus: Bus, found: Sequence[Finding], from_ms: int, now_ms: int) -> None:
        """Make what was found of a vehicle after an instant equal to `found`."""
        kept = {
            key: one for key, one in self.found.get(bus.vehicle_id, {}).items() if one.began_ms <= from_ms
        }
        self.found[bus.vehicle_id] = kept | {one.key: one for one in found}

    def put_loose_rides(self, state: VehicleState) -> None:
        """Leave out rides that belong to no trip: they are not compared."""

    def drop_loose_rides(self, vehicle_id: str, after_ms: int) -> None:
        """Leave out rides that belong to no trip."""

    def find_holder(self, trip_id: str) -> Holder | None:
        """Find which bus runs a trip: by this fold, or by its row where that bus isn't folded here."""
        trip = self.trips.get(trip_id)
        if trip is not None and trip.vehicle_id is not None:
            return Holder(trip.vehicle_id, trip.assigned_at_ms or 0, trip.turns)
        stored = self._log.find_holder(trip_id)
        return None if stored is None or stored.vehicle_id in self._folded else stored

    def list_heirs(self, vehicle_id: str) -> list[tuple[str, str, int]]:
        """Give nothing: heirs are asked for when a record comes later than the fold, and here the log is whole."""
        return []

    def move_hand(self, trip_id: str, turns: Sequence[tuple[str, int]]) -> dict[str, int]:
        """Put what people said of a trip into the log of the bus whose turn it was; give the vehicles concerned, from when on."""
        touched: dict[str, int] = {}
        for stored, entry in self._log.list_said(trip_id) if turns else ():
            assert entry.key.device == HAND
            owner = self._moved[entry.key][0] if entry.key in self._moved else stored
            begun = [vehicle_id for vehicle_id, from_ms in turns if from_ms <= entry.key.t]
            right = begun[-1] if begun else turns[0][0]
            if right != owner:
                self._moved[entry.key] = right, entry
                for vehicle_id in (right, owner):
                    touched[vehicle_id] = min(entry.key.t, touched.get(vehicle_id, entry.key.t))
        return touched


def _tells_of(trip: TripState, after_ms: int) -> bool:
    instants = (getattr(trip, name) for name in INSTANTS)
    return (
        any(at_ms is not None and at_ms > after_ms for at_ms in instants)
        or any(ride.at_ms > after_ms for ride in trip.rides)
        or any(one.began_ms > after_ms for one in trip.findings)
    )
