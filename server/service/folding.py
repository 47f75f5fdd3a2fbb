"""The fold of every vehicle: heads in memory, and late records folded again from a checkpoint. What comes out is `projection`'s.

The only writer of trips' outcomes. After an error nothing in memory is trusted: `forget` drops it, and it is read back from the
log, which is complete. What has to be folded again is folded in chunks, so that no vehicle's history stops the stream of others.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Final

from server.domain.record import Position
from server.domain.trip import Ride, TripState
from server.domain.vehicle_day import Entry, VehicleState
from server.rules import absences, substituting
from server.rules.pipeline import fold
from server.service.ingest_ports import Bus, Catalogue, FoldWork
from server.service.projection import Projection
from server.service.refolds import Refolds
from server.service.streams import Streams
from server.service.turns import Turns
from server.service.vehicle_head import VehicleHead, trip_id_of
from server.service.wheels import Wheels

CHUNK: Final = 500  # inputs folded again at once: some 20 ms
REFOLD_EVERY_S: Final = 1.0
REST: Final = 20  # a vehicle rests that many times as long as its folding again took, lest one bad clock take the whole ingest

NOTHING: Final[Mapping[str, int]] = {}

log = logging.getLogger("sixfixed.ingest.fold")


class Folder:
    """Folds entries into vehicles and projects the trips that changed, within the caller's transaction."""

    def __init__(
        self, catalogue: Catalogue, streams: Streams, now_ms: Callable[[], int], now_s: Callable[[], float]
    ) -> None:
        """`now_ms` is the school day's clock, for deadlines and what people said; `now_s` real seconds, for what folding again costs."""
        self._catalogue = catalogue
        self._heads: dict[str, VehicleHead] = {}
        self._refolds = Refolds(self._heads, now_s)
        self._wheels = Wheels()
        self._turns = Turns(catalogue, self._wheels.driven)
        self.rule_errors: Counter[str] = Counter()
        self._rows = Projection(
            catalogue, streams, self._turns, now_ms, now_s, self.rule_errors, self._refolds.revise
        )
        self._now_ms = now_ms
        self._now_s = now_s
        self._holding: dict[str, None] = {}
        self._folded: set[str] = set()

    def forget(self) -> None:
        """Drop every head: memory may differ from what was committed."""
        self._refolds.forget()
        self._heads.clear()
        self._turns.forget()
        self._wheels.forget()
        self._holding.clear()
        self._folded.clear()
        self._rows.forget()

    def expect(self, buses: Iterable[Bus]) -> None:
        """Have vehicles read and folded to the end of their log, though no record of theirs comes."""
        self._refolds.expect(buses)

    def again(self, now_s: float) -> None:
        """Fold every vehicle again from its newest checkpoint, one after another: plans or people have changed."""
        self._refolds.again(now_s)

    def revise(self, work: FoldWork, buses: Iterable[tuple[Bus, int]]) -> None:
        """Fold buses again from an instant on: what was approved of their trips is not what it was."""
        for bus, from_ms in buses:
            self._refolds.revise(work, bus, {bus.vehicle_id: from_ms})

    @property
    def is_behind(self) -> bool:
        """Say whether some vehicle's log isn't folded to its end."""
        return bool(self._refolds.lost or self._refolds.due)

    def head(self, work: FoldWork, bus: Bus) -> VehicleHead:
        """Give a vehicle's head, read from its checkpoint and log when it is not in memory.

        Must be called before new records of the vehicle are inserted. Rows are made equal to what was read, since a record
        may have been committed and not folded.
        """
        found = self._heads.get(bus.vehicle_id)
        if found is None:
            self._refolds.lost.pop(bus.vehicle_id, None)
            found = self._heads[bus.vehicle_id] = VehicleHead(bus)
            self._turns.inherit(work, bus.vehicle_id)
            self._wheels.inherit(work, bus, self._now_ms())
            self._go_back(work, found, work.find_checkpoint(bus.vehicle_id, None))
            self._step(work, found)
        found.bus = bus
        return found

    def take(self, work: FoldWork, head: VehicleHead, entry: Entry, *, hold: bool, now_s: float) -> None:
        """Fold a stored entry now, or leave it in the log for later: held while a lower seq is on its way, or late."""
        vehicle_id, at_ms = head.bus.vehicle_id, entry.key.t
        self._refolds.revise(work, head.bus, self._turns.heirs(vehicle_id, at_ms))
        if tired := self._wheels.resting(work, head.bus, entry):
            self._refolds.revise_once(work, head.bus, tired)
        key = head.state.key
        if head.late_ms is not None or head.behind or (key is not None and entry.key < key):
            self._refolds.late(work, head, entry, now_s)
        elif (
            hold or head.held
        ):  # behind one that is held it waits too, or that one would be late when it is released
            head.held.append(entry)
            self._holding[head.bus.vehicle_id] = None
        else:
            self._fold_on(work, head, [entry])

    def release(self, work: FoldWork, vehicle_id: str, ready: Iterable[Entry], now_s: float) -> None:
        """Fold entries that were held and need to wait no more."""
        head = self._heads[vehicle_id]
        done = sorted(ready, key=lambda entry: entry.key)
        names = {entry.key for entry in done}
        head.held = [entry for entry in head.held if entry.key not in names]
        if not head.held:
            self._holding.pop(vehicle_id, None)
        for entry in done:
            key = head.state.key
            if head.late_ms is not None or head.behind or (key is not None and entry.key < key):
                self._refolds.late(work, head, entry, now_s)
            else:
                self._fold_on(work, head, [entry])

    def held(self) -> Iterable[tuple[str, list[Entry]]]:
        """List what is held, by vehicle."""
        return [(vehicle, self._heads[vehicle].held) for vehicle in self._holding]

    def refold_due(self, now_s: float) -> list[str]:
        """List the vehicles that should be folded on or again now, the longest waiting first."""
        return self._refolds.ready(now_s)

    def refold(self, work: FoldWork, vehicle_id: str) -> list[str]:
        """Fold a chunk of what a vehicle has to fold again, from the checkpoint below its oldest late record on.

        Give the trips it touched, once the end of the log is reached; until then the vehicle stays due.
        """
        lost = self._refolds.lost.get(vehicle_id)
        if lost is not None:
            return self.head(work, lost).finished_now()
        head = self._heads[vehicle_id]
        self._refolds.due.pop(vehicle_id, None)
        if head.late_ms is not None:
            self._go_back(work, head, work.find_checkpoint(vehicle_id, head.late_ms))
        self._step(work, head)
        return head.finished_now()

    def settle(self, work: FoldWork) -> None:
        """Bring running trips in line with who was said to be absent, though their bus may say nothing more."""
        for head in self._heads.values():
            self._settle(head)

    def look(self) -> None:
        """Have the trips written of which time alone may have made something else."""
        self._folded.update(vehicle for vehicle, head in self._heads.items() if self._rows.is_due(head))

    def project(self, work: FoldWork, carried: Mapping[str, int] = NOTHING) -> list[str]:
        """Write what changed of vehicles and their trips, as of now, since their rows were last written; give the trips' ids.

        `carried` are the instants (UTC ms) of the running trips' places that this transaction writes as last positions, by vehicle.
        """
        written: list[str] = []
        for vehicle_id in sorted(self._folded):
            head = self._heads[vehicle_id]
            if head.behind:
                continue
            for trip in (*head.state.earlier, head.state.trip):
                if trip is None or (trip is not head.state.trip and trip.trip_id not in head.projected):
                    continue
                carried_ms = carried.get(vehicle_id) if trip is head.state.trip else None
                if self._rows.write(work, head, trip, carried_ms):
                    written.append(trip.trip_id)
            if head.found is not head.state.findings:
                work.project_found(head.bus, head.found, head.state.findings, self._now_ms())
                head.found = head.state.findings
        self._folded.clear()
        return written

    def take_rides(self) -> list[tuple[str, Ride]]:
        """Take the rides, with their trips, that were added to rows since last asked."""
        return self._rows.take_rides()

    def _go_back(self, work: FoldWork, head: VehicleHead, base: VehicleState | None) -> None:
        vehicle_id = head.bus.vehicle_id
        after_ms = base.key.t if base and base.key else -1
        head.go_back(base, work.list_run(vehicle_id, after_ms))
        work.drop_loose_rides(vehicle_id, after_ms)
        self._holding.pop(vehicle_id, None)

    def _step(self, work: FoldWork, head: VehicleHead) -> None:
        """Fold one chunk of a vehicle that is behind; at the end of the log write every trip that was touched."""
        vehicle_id, began_s = head.bus.vehicle_id, self._now_s()
        entries, complete = work.load_log(vehicle_id, head.state, CHUNK)
        self._fold_on(work, head, entries)
        head.spent_s += self._now_s() - began_s
        if not complete:
            self._refolds.due[vehicle_id] = None
            head.refold_at = 0.0
            return
        pending, stale = head.finish()
        self._settle(head)
        for trip in head.state.earlier:
            if trip.trip_id not in pending and self._rows.shown(work, head, trip) is not trip:
                pending[trip.trip_id] = trip  # time went on after its turn
        if head.state.trip is not None and head.state.trip.trip_id in pending:
            pending[head.state.trip.trip_id] = head.state.trip
        for trip in pending.values():
            self._rows.write(work, head, trip)
        for trip_id in stale - pending.keys():
            self._take_back(work, head, trip_id)
        again = head.found_again | {one.key: one for one in head.state.findings}
        work.reconcile_found(head.bus, list(again.values()), head.found_from_ms, self._now_ms())
        head.found, head.found_again = head.state.findings, {}
        head.touched = sorted(stale | pending.keys())
        head.rest_until = self._now_s() + max(REFOLD_EVERY_S, REST * head.spent_s)
        head.spent_s = 0.0

    def _fold_on(self, work: FoldWork, head: VehicleHead, entries: Sequence[Entry]) -> None:
        """Fold entries that follow the head; while it is behind, trips are kept back until the end of the log."""
        context = self._turns.context(work, head.bus)
        loose = head.state.loose
        self._folded.add(head.bus.vehicle_id)
        for entry in entries:
            before = head.state
            after = fold(before, entry, context, self._failed)
            cut = trip_id_of(before) != trip_id_of(after)
            if cut or head.wants_checkpoint(before):
                self._checkpoint(work, head, before)
            if cut and before.loose and before.loose is not loose:
                work.put_loose_rides(before)
            head.state = after
            if head.behind and after.findings is not before.findings:
                head.found_again |= {one.key: one for one in after.findings}
            if head.behind and after.trip is not None and after.trip is not before.trip:
                head.pending[after.trip.trip_id] = after.trip
            if after.earlier is not before.earlier:
                known = {id(trip) for trip in (*before.earlier, before.trip)}
                changed = [trip for trip in after.earlier if id(trip) not in known]
                if head.behind:
                    head.pending |= {trip.trip_id: trip for trip in changed}
                else:
                    self._project_again(work, head, changed)
            if cut and before.trip is not None:
                self._end_turn(work, head, before.trip)
        if head.state.loose and head.state.loose is not loose:
            work.put_loose_rides(head.state)

    def _project_again(self, work: FoldWork, head: VehicleHead, changed: Iterable[TripState]) -> None:
        """Write trips of before of which something was said; `project` sees those alone whose rows are known."""
        for trip in changed:
            if trip.trip_id not in head.projected:
                self._rows.write(work, head, trip)

    def _end_turn(self, work: FoldWork, head: VehicleHead, trip: TripState) -> None:
        """Write a trip for the last time; one that the crew left before it began is anybody's again."""
        # As it is kept: what ends with its turn is ended there.
        kept = next((old for old in head.state.earlier if old.trip_id == trip.trip_id), None)
        if head.behind:
            if kept is None:
                head.pending.pop(trip.trip_id, None)
                head.stale.add(trip.trip_id)
            else:
                head.pending[trip.trip_id] = kept
        elif kept is None:
            self._take_back(work, head, trip.trip_id)
        else:
            self._rows.write(work, head, kept)
            head.forget_projected()

    def _take_back(self, work: FoldWork, head: VehicleHead, trip_id: str) -> None:
        """Take back a trip that, folded again, this bus did not run; another of the buses that said so too has it then."""
        if not self._rows.take_back(work, head, trip_id):
            return
        for other in list(self._heads.values()):
            for trip in (*other.state.earlier, other.state.trip):
                if other is not head and trip is not None and trip.trip_id == trip_id:
                    self._rows.write(work, other, trip)

    def _checkpoint(self, work: FoldWork, head: VehicleHead, state: VehicleState) -> None:
        # While something older waits to be folded, a checkpoint would keep it out for ever.
        if state.key is None or head.late_ms is not None or head.held:
            return
        work.put_checkpoint(state)
        head.checkpoint_ms = state.key.t

    def _settle(self, head: VehicleHead) -> None:
        trip = head.state.trip
        if trip is None or head.behind:
            return
        road = self._catalogue.find_road(trip.trip_id)
        if road is None:
            return
        now_ms = self._now_ms()
        after = substituting.settle(absences.settle(trip, road.plan, now_ms), road.plan, now_ms)
        if after is not trip:
            head.set_trip(after)
            self._folded.add(head.bus.vehicle_id)

    def _failed(self, rule: str, entry: Entry, error: Exception) -> None:
        self.rule_errors[rule] += 1
        kind = "position" if isinstance(entry.record, Position) else type(entry.record).__name__.lower()
        log.error("rule %s failed on a %s of %s: %r; the record is kept", rule, kind, entry.key.device, error)
