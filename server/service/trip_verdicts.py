"""The verdicts of a vehicle's trips as they are shown, worked out again only when something that they rest on has changed.

A verdict is final when the trip is closed or cancelled, or an hour after its last planned arrival where everything that its bus said
until it arrived is known (INTERFACES, ruling 5).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from msgspec.structs import replace

from server.domain.trip import TripState
from server.domain.vehicle_day import Lookup, Road, Unavailable
from server.domain.verdict import Verdicts
from server.rules import verdicts
from server.service.vehicle_head import Judged, VehicleHead

FINAL_AFTER_MS: Final = 60 * 60_000
NEVER: Final = 2**62


class TripVerdicts:
    """Judges trips as of now; remembers in each head what was judged."""

    def __init__(self, now_ms: Callable[[], int], on_error: Callable[[TripState, Exception], None]) -> None:
        self._now_ms = now_ms
        self._on_error = on_error

    def judged(
        self,
        head: VehicleHead,
        trip: TripState,
        road: Road | None,
        lookup: Lookup,
        complete_ms: Callable[[], int],
    ) -> TripState:
        """Give a trip with its verdicts; the same value as long as nothing has changed.

        `complete_ms` is asked, where it matters, up to which instant all that the bus said is known.
        """
        if road is None:
            return trip
        kept, now_ms = head.judged.get(trip.trip_id), self._now_ms()
        if kept is not None and kept.base is trip and now_ms < kept.look_ms:
            return kept.shown
        final, look_ms = _finality(trip, road, now_ms, complete_ms)
        said: Verdicts | None = None if kept is None else kept.shown.verdicts
        if kept is None or said is None or not verdicts.same_ground(kept.base, trip) or said.final != final:
            said = self._judge(trip, road, lookup, final, said)
        shown = trip if trip.verdicts == said else replace(trip, verdicts=said)
        head.judged[trip.trip_id] = Judged(trip, look_ms, shown)
        return shown

    def _judge(
        self, trip: TripState, road: Road, lookup: Lookup, final: bool, before: Verdicts | None
    ) -> Verdicts | None:
        try:
            found = verdicts.judge(trip, road, lookup)
        except Unavailable:
            raise
        except Exception as error:  # what is shown of a trip must not stop the records of others
            self._on_error(trip, error)
            return before
        found = found if found.final == final else replace(found, final=final)
        return before if found == before else found


def _finality(trip: TripState, road: Road, now_ms: int, complete_ms: Callable[[], int]) -> tuple[bool, int]:
    """Say whether a trip's verdicts are final, and when to look again though nothing more is said."""
    if trip.state in ("closed", "cancelled"):
        return True, NEVER
    final_ms = road.plan.end_ms + FINAL_AFTER_MS
    if now_ms < final_ms:
        return False, final_ms
    needed_ms = trip.arrived_at_ms if trip.arrived_at_ms is not None else road.plan.end_ms
    return (True, NEVER) if complete_ms() >= needed_ms else (False, now_ms)
