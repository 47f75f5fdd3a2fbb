"""Trips projected onto their rows: each as of now, with its deadlines and verdicts, written where its rows aren't known to say so.

Who runs a trip that two buses say they run is decided here too (`turns`), since only a row can belong to one.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable
from typing import Final, Protocol

from msgspec.structs import replace

from server.domain.trip import Announcement, Ride, TripState
from server.service.corrections import corrections
from server.service.ingest_ports import Bus, Catalogue, FoldWork
from server.service.streams import Streams
from server.service.timing import Timing
from server.service.trip_verdicts import TripVerdicts
from server.service.turns import Claim, Revised, Turns
from server.service.vehicle_head import VehicleHead, trip_id_of

FRESH_RIDE_MS: Final = 60_000  # own choice: what a page that was away a moment would miss
PLACE_EVERY_MS: Final = (
    30_000  # own choice, of the bus's time: how old a place a trip's own row may tell (decision 0181) …
)
PLACE_WAITS_S: Final = (
    6.0  # … and for how long, of a bus that says no more: somewhat longer than the usual interval
)

log = logging.getLogger("sixfixed.ingest.fold")


class Revise(Protocol):
    """Has buses folded again from an instant on; `moved`: something was put into their logs."""

    def __call__(self, work: FoldWork, bus: Bus, revised: Revised, *, moved: bool = False) -> None:
        """Have them folded again."""


class Projection:
    """Writes trips; the rides that it added to rows are kept until `take_rides`."""

    def __init__(
        self,
        catalogue: Catalogue,
        streams: Streams,
        turns: Turns,
        now_ms: Callable[[], int],
        now_s: Callable[[], float],
        rule_errors: Counter[str],
        revise: Revise,
    ) -> None:
        """`now_ms` is the school day's clock, `now_s` real seconds; a rule that raises is counted in `rule_errors`."""
        self._catalogue = catalogue
        self._timing = Timing(streams, now_ms, now_s, self._deadline_failed)
        self._verdicts = TripVerdicts(now_ms, self._verdict_failed)
        self._turns = turns
        self._now_ms = now_ms
        self._now_s = now_s
        self._revise = revise
        self._rides: list[tuple[str, Ride]] = []
        self._rule_errors = rule_errors

    def forget(self) -> None:
        """Drop the rides that were not taken: their transaction failed."""
        self._rides.clear()

    def take_rides(self) -> list[tuple[str, Ride]]:
        """Take the rides, with their trips, that were added to rows since last asked."""
        taken, self._rides = self._rides, []
        return taken

    def is_due(self, head: VehicleHead) -> bool:
        """Say whether time alone may have changed one of a vehicle's trips, or its place waits to be written."""
        if head.spared_s is not None and self._now_s() - head.spared_s >= PLACE_WAITS_S:
            return True
        return self._timing.is_due(head, self._now_ms())

    def shown(self, work: FoldWork, head: VehicleHead, trip: TripState) -> TripState:
        """Give a folded trip as it is now; the same value as long as nothing has changed."""
        road = self._catalogue.find_road(trip.trip_id)
        shown = self._timing.advance(work, head, trip, road)
        lookup = self._catalogue.context(head.bus)
        return self._verdicts.judged(
            head, shown, road, lookup, lambda: self._timing.complete_ms(work, head, shown)
        )

    def write(
        self, work: FoldWork, head: VehicleHead, folded: TripState, carried_ms: int | None = None
    ) -> bool:
        """Write what changed of a trip, as of now, since its rows were last written; False: nothing has.

        `carried_ms` is the instant of the trip's place that this transaction writes as the vehicle's last position: where nothing else
        has changed, the trip's own row follows later.
        """
        trip, before = self.shown(work, head, folded), head.projected.get(folded.trip_id)
        if before is None:
            self._write(work, head, None, trip)
            return True
        placed_ms = head.placed_ms.get(trip.trip_id)
        if before is trip and placed_ms == trip.metre_at_ms:
            return False
        if (
            carried_ms is not None
            and carried_ms == trip.metre_at_ms
            and placed_ms is not None
            and carried_ms - placed_ms < PLACE_EVERY_MS
            and _differ_in_place(before, trip)
        ):
            head.projected[trip.trip_id] = trip
            head.spared_s = self._now_s()
            return True
        self._write(work, head, before, trip)
        return True

    def _write(self, work: FoldWork, head: VehicleHead, before: TripState | None, trip: TripState) -> None:
        if trip.trip_id == trip_id_of(head.state):
            head.spared_s = None
        if before is not None and _took_back(before, trip):
            before = None  # what time had made of it is not so after all: the rows are looked at one by one
        road, claim = self._catalogue.find_road(trip.trip_id), Claim(False)
        if road is not None and road.plan.substitutes:
            claim = self._turns.claim(work, road.plan, trip)
            if not claim.ours:
                self._revise(work, head.bus, claim.again)
                head.projected.pop(trip.trip_id, None)
                return
        told = _news(before, trip)
        if before is None:
            told += corrections(work.list_told(trip.trip_id), trip)
        words = self._catalogue.tell(trip, told) if told else ()
        if not work.project(before, trip, words, self._now_ms(), ours=claim.ours):
            head.projected.pop(trip.trip_id, None)
            return  # two buses say that they run it: the first to say so does
        if before is not None:
            known = len(before.rides)
        else:
            # A trip's first rows may hold its first ride; after a restart they hold rides that were told long ago.
            fresh_ms = self._now_ms() - FRESH_RIDE_MS
            known = sum(1 for ride in trip.rides if ride.at_ms < fresh_ms)
        self._rides += [(trip.trip_id, ride) for ride in trip.rides[known:]]
        head.projected[trip.trip_id] = trip
        head.placed_ms[trip.trip_id] = trip.metre_at_ms
        self._revise(work, head.bus, claim.again)
        self._revise(work, head.bus, claim.moved, moved=True)

    def take_back(self, work: FoldWork, head: VehicleHead, trip_id: str) -> bool:
        """Make a trip's rows those of one that this bus never ran; False: another bus has it."""
        never = TripState(trip_id, vehicle_id=head.bus.vehicle_id)
        told = corrections(work.list_told(trip_id), never)
        head.projected.pop(trip_id, None)
        revised = self._turns.drop(work, trip_id, head.bus.vehicle_id)
        if not work.unproject(
            trip_id, head.bus.vehicle_id, self._catalogue.tell(never, told) if told else (), self._now_ms()
        ):
            return False
        self._turns.drop(work, trip_id, head.bus.vehicle_id)  # the row names nobody now
        self._revise(work, head.bus, revised)
        return True

    def _deadline_failed(self, rule: str, error: Exception) -> None:
        self._rule_errors[rule] += 1
        log.error("rule %s failed on a trip: %r; its deadlines are left out", rule, error)

    def _verdict_failed(self, trip: TripState, error: Exception) -> None:
        self._rule_errors["server.rules.verdicts.judge"] += 1
        log.error("the verdicts on trip %s failed: %r; they are left out", trip.trip_id, error)


def _differ_in_place(before: TripState, trip: TripState) -> bool:
    """Say whether two states of a trip differ in nothing but the bus's place."""
    return replace(before, metre=trip.metre, metre_at_ms=trip.metre_at_ms) == trip


def _news(before: TripState | None, trip: TripState) -> list[Announcement]:
    """List what is announced now and was not before."""
    if before is None:
        return list(trip.announcements)
    if _begins_with(trip, before):
        return list(trip.announcements[len(before.announcements) :])
    known = set(before.announcements)
    return [one for one in trip.announcements if one not in known]


def _took_back(before: TripState, trip: TripState) -> bool:
    """Say whether something that was announced is so no more."""
    return not _begins_with(trip, before) and not set(before.announcements) <= set(trip.announcements)


def _begins_with(trip: TripState, before: TripState) -> bool:
    return (
        trip.announcements is before.announcements
        or trip.announcements[: len(before.announcements)] == before.announcements
    )
