"""Which bus runs a trip that was given to another one, since when, and what the bus before it left.

A trip belongs to the first bus that says so until one that is approved to takes it over (decision 0115). Each bus is folded from its
own log alone; what the next bus needs of the one before is folded out of that one's log when it is asked for, up to the instant of
the take-over, so that neither depends on which log was read first.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, Protocol

import msgspec

from server.domain.driving import Spell
from server.domain.plan import TripPlan
from server.domain.trip import TripState
from server.domain.vehicle_day import Context, Entry, Lookup, VehicleState
from server.rules.pipeline import fold
from server.service.ingest_ports import Bus, Catalogue, FoldWork, Holder

CHUNK: Final = 500
Revised = dict[str, int]  # vehicle -> from which instant (UTC ms) it has to be folded again


class ListDriven(Protocol):
    """Lists when a badge was at the wheel of other buses than this one in the day before t_ms."""

    def __call__(
        self, work: FoldWork, bus: Bus, badge: str, t_ms: int, rest_s: float
    ) -> tuple[Spell, ...]: ...


class Claim(msgspec.Struct, frozen=True):
    """Whether a bus has the trip that it says it runs; who has to be folded again for it, and into whose logs something was moved."""

    ours: bool
    again: Revised = {}
    moved: Revised = {}


class Turns:
    """The turns of trips that were given to another bus; kept as the rows say until `forget`."""

    def __init__(self, catalogue: Catalogue, list_driven: ListDriven) -> None:
        """`list_driven` says what a badge drove on other buses."""
        self._catalogue = catalogue
        self.list_driven = list_driven
        self._holders: dict[str, Holder | None] = {}
        self._ticked: dict[str, bool] = {}
        self._claims: dict[str, set[str]] = {}
        self._heirs: dict[str, dict[tuple[str, str], int]] = {}
        self._asked: dict[Bus, _Asked] = {}

    def forget(self) -> None:
        """Drop everything: memory may differ from what was committed."""
        self._holders.clear()
        self._ticked.clear()
        self._claims.clear()
        self._heirs.clear()

    def context(self, work: FoldWork, bus: Bus) -> Context:
        """Give what the fold of this bus may ask, within the caller's transaction."""
        asked = self._asked.get(bus)
        if asked is None:
            asked = self._asked[bus] = _Asked(self, work, bus, self._catalogue.context(bus))
        asked.work = work
        return asked

    def inherit(self, work: FoldWork, vehicle_id: str) -> None:
        """Read which trips were taken over from a vehicle that comes into memory."""
        for trip_id, heir, from_ms in work.list_heirs(vehicle_id):
            self._heirs.setdefault(vehicle_id, {})[heir, trip_id] = from_ms

    def heirs(self, vehicle_id: str, t_ms: int) -> Revised:
        """Give the buses whose trip rests on what this vehicle did at t_ms, and since when it is theirs."""
        found = self._heirs.get(vehicle_id)
        if not found:
            return {}
        return {heir: from_ms for (heir, _), from_ms in found.items() if t_ms < from_ms}

    def list_turns(self, work: FoldWork, trip_id: str) -> list[tuple[str, int]]:
        """List (vehicle, instant) of each turn, the one that runs last."""
        holder = self._holder(work, trip_id)
        if holder is None:
            return []
        return [
            *((turn.vehicle_id, turn.from_ms) for turn in holder.turns),
            (holder.vehicle_id, holder.from_ms),
        ]

    def find_run(
        self, work: FoldWork, bus: Bus, trip_id: str, vehicle_id: str, t_ms: int
    ) -> TripState | None:
        """Find the trip as the bus that had it at t_ms left it, where `vehicle_id` may take it over."""
        road = self._catalogue.find_road(trip_id)
        if road is None:
            return None
        holder = self._holder(work, trip_id)
        known = {turn.vehicle_id for turn in holder.turns} | {holder.vehicle_id} if holder else set()
        others = (road.plan.buses | known | self._claims.get(trip_id, set())) - {vehicle_id}
        best: TripState | None = None
        for other in sorted(others):
            self._heirs.setdefault(other, {})[vehicle_id, trip_id] = t_ms
            run = self._run(work, Bus(other, bus.operator_id), trip_id, t_ms)
            if run is not None and (best is None or _wins(road.plan, run, best)):
                best = run
        if best is None or not road.plan.takes_over(vehicle_id, t_ms, best.assigned_at_ms or 0):
            return None
        return best

    def claim(self, work: FoldWork, plan: TripPlan, trip: TripState) -> Claim:
        """Say whether a bus that says it runs a trip has it, and which buses have to be folded again for it.

        Only for a trip that was given to another bus than its permit's.
        """
        holder = self._holder(work, trip.trip_id)
        before = self.list_turns(work, trip.trip_id)
        known = self._claims.setdefault(trip.trip_id, set())
        new, me = trip.vehicle_id not in known, trip.vehicle_id or ""
        known.add(me)
        if holder is not None and holder.vehicle_id != me and not self._beats(plan, trip, holder):
            named = {turn.vehicle_id for turn in holder.turns}
            late = new and me not in named and (trip.assigned_at_ms or 0) <= holder.from_ms
            return Claim(False, {holder.vehicle_id: holder.from_ms} if late and me not in plan.buses else {})
        self._holders[trip.trip_id] = Holder(me, trip.assigned_at_ms or 0, trip.turns)
        self._ticked[trip.trip_id] = trip.by_tick
        return self._moved(work, trip.trip_id, before)

    def drop(self, work: FoldWork, trip_id: str, vehicle_id: str) -> Revised:
        """Note that a bus doesn't run a trip after all; give which buses have to be folded again for it."""
        turns, claims = self.list_turns(work, trip_id), self._claims.get(trip_id, set())
        claims.discard(vehicle_id)
        self._holders.pop(trip_id, None)
        self._ticked.pop(trip_id, None)
        revised: Revised = {}
        for mine, from_ms in turns:
            if mine == vehicle_id:
                for other in ({each for each, _ in turns} | claims) - {vehicle_id}:
                    _keep_first(revised, other, from_ms)
        return revised

    def _beats(self, plan: TripPlan, trip: TripState, holder: Holder) -> bool:
        held = TripState(
            trip.trip_id, vehicle_id=holder.vehicle_id, assigned_at_ms=holder.from_ms,
            by_tick=self._ticked.get(trip.trip_id, False),
        )  # fmt: skip
        return _wins(plan, trip, held)

    def _moved(self, work: FoldWork, trip_id: str, before: Sequence[tuple[str, int]]) -> Claim:
        """Say who has to be folded again now that the turns aren't what they were; move what people said to the bus of its instant."""
        after = self.list_turns(work, trip_id)
        revised: Revised = {}
        if after == before:
            return Claim(True)
        for vehicle_id, from_ms in set(before) ^ set(after):
            for other in {each for each, _ in (*before, *after)} | self._claims.get(trip_id, set()):
                if other != vehicle_id:
                    _keep_first(revised, other, from_ms)
        return Claim(True, revised, work.move_hand(trip_id, after))

    def _holder(self, work: FoldWork, trip_id: str) -> Holder | None:
        if trip_id not in self._holders:
            self._holders[trip_id] = work.find_holder(trip_id)
        return self._holders[trip_id]

    def _run(self, work: FoldWork, bus: Bus, trip_id: str, until_ms: int) -> TripState | None:
        """Fold a bus's log up to an instant and give the trip as it was then; None when it was not this bus's."""
        state = work.find_checkpoint(bus.vehicle_id, until_ms) or VehicleState(bus.vehicle_id)
        context, complete = self.context(work, bus), False
        while not complete:
            entries, complete = work.load_log(bus.vehicle_id, state, CHUNK)
            for entry in entries:
                if entry.key.t >= until_ms:
                    complete = True
                    break
                state = fold(state, entry, context, _unheard)
        return next(
            (trip for trip in (state.trip, *state.earlier) if trip is not None and trip.trip_id == trip_id),
            None,
        )


class _Asked:
    """What the fold of one bus may ask; kept, since it is asked for with every record, and given each transaction anew."""

    def __init__(self, turns: Turns, work: FoldWork, bus: Bus, lookup: Lookup) -> None:
        self._turns = turns
        self.work = work
        self._bus = bus
        self.find_road = lookup.find_road
        self.list_roads = lookup.list_roads
        self.find_rider = lookup.find_rider
        self.find_vehicle = lookup.find_vehicle
        self.find_person = lookup.find_person

    def list_turns(self, trip_id: str) -> Sequence[tuple[str, int]]:
        """List the turns of a trip."""
        return self._turns.list_turns(self.work, trip_id)

    def find_run(self, trip_id: str, vehicle_id: str, t_ms: int) -> TripState | None:
        """Find what the bus before left of a trip."""
        return self._turns.find_run(self.work, self._bus, trip_id, vehicle_id, t_ms)

    def list_driven(self, badge: str, vehicle_id: str, t_ms: int, rest_s: float) -> tuple[Spell, ...]:
        """List what a badge drove on other buses in the day before t_ms."""
        return self._turns.list_driven(self.work, Bus(vehicle_id, self._bus.operator_id), badge, t_ms, rest_s)


def _wins(plan: TripPlan, one: TripState, other: TripState) -> bool:
    """Say whether of two buses that say they run a trip the one has it."""
    if _order(one) <= _order(other):
        return not _follows(plan, other, one)
    return _follows(plan, one, other)


def _follows(plan: TripPlan, later: TripState, earlier: TripState) -> bool:
    """Say whether the later one takes over; a mere tick takes nothing over, since it goes to the bus that has the trip."""
    return not later.by_tick and plan.takes_over(
        later.vehicle_id or "", later.assigned_at_ms or 0, earlier.assigned_at_ms or 0
    )


def _order(trip: TripState) -> tuple[int, str]:
    return trip.assigned_at_ms or 0, trip.vehicle_id or ""


def _keep_first(revised: Revised, vehicle_id: str, from_ms: int) -> None:
    revised[vehicle_id] = min(from_ms, revised.get(vehicle_id, from_ms))


def _unheard(rule: str, entry: Entry, error: Exception) -> None:
    """A rule that fails on this entry fails in its own bus's fold too, and is counted there."""
