"""What time makes of a vehicle's trips: the folded state with every deadline that was reached by the school day's clock.

Nothing is worked out for a position unless something is due: deadlines are kept with what they were worked out from, and the next
instant at which to look again with them.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from msgspec.structs import replace

from server.domain.finding import Finding
from server.domain.trip import TripState
from server.domain.vehicle_day import Road
from server.rules import deadlines
from server.service.ingest_ports import FoldWork
from server.service.streams import Streams
from server.service.vehicle_head import Timed, VehicleHead

NEVER: Final = 2**62


class Timing:
    """Advances trips to now; remembers in each head what was reached."""

    def __init__(
        self,
        streams: Streams,
        now_ms: Callable[[], int],
        now_s: Callable[[], float],
        on_error: deadlines.OnError,
    ) -> None:
        """`on_error` is told of a rule that raised, by its name."""
        self._on_error = on_error
        self._streams = streams
        self._now_ms = now_ms
        self._now_s = now_s

    def advance(self, work: FoldWork, head: VehicleHead, trip: TripState, road: Road | None) -> TripState:
        """Give a folded trip as it is now; the same value as long as nothing has changed."""
        now_ms, kept = self._now_ms(), head.timed.get(trip.trip_id)
        if kept is not None and kept.base is trip and now_ms < kept.look_ms:
            return kept.shown
        if kept is not None and deadlines.same_ground(kept.base, trip):
            ahead = kept.ahead
        else:
            ahead, kept = (), None
            if road is not None:
                ahead = deadlines.ahead(trip, road.plan, road.thresholds, self._on_error)
        if not ahead or ahead[0].began_ms > now_ms:
            look_ms = ahead[0].began_ms if ahead else NEVER
            head.timed[trip.trip_id] = Timed(trip, ahead, look_ms, (), trip)
            return trip
        reached = deadlines.reach(ahead, now_ms, self.complete_ms(work, head, trip))
        again_ms = deadlines.look_again_ms(ahead, reached, now_ms)
        look_ms = NEVER if again_ms is None else again_ms
        shown = self._shown(kept, trip, reached.findings)
        head.timed[trip.trip_id] = Timed(trip, ahead, look_ms, reached.findings, shown)
        return shown

    def is_due(self, head: VehicleHead, now_ms: int) -> bool:
        """Say whether time alone may have changed one of a vehicle's trips."""
        return any(timed.look_ms <= now_ms for timed in head.timed.values()) or any(
            judged.look_ms <= now_ms for judged in head.judged.values()
        )

    def _shown(self, kept: Timed | None, trip: TripState, reached: tuple[Finding, ...]) -> TripState:
        if kept is None or kept.reached != reached:
            return deadlines.advanced(trip, reached)
        if kept.base is trip:
            return kept.shown
        # The same riders are missing: the manifest stays the very value that it was, so that its rows aren't compared anew.
        return replace(deadlines.advanced(trip, reached), riders=kept.shown.riders)

    def complete_ms(self, work: FoldWork, head: VehicleHead, trip: TripState) -> int:
        """Give the instant up to which all that the bus and the attendant's phone have said is known (PRODUCT, definitions)."""
        fix = head.state.fix
        if fix is None:
            return -1
        complete_ms = fix.t if head.late_ms is None else min(fix.t, head.late_ms - 1)
        if head.held:
            complete_ms = min(complete_ms, head.held[0].key.t - 1)
        if trip.by_phone:
            complete_ms = min(complete_ms, trip.synced_ms or -1)
        return self._streams.complete_ms(work, fix.device, complete_ms, self._now_s())
