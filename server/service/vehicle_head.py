"""One vehicle in memory: its state after everything folded, what its rows are known to be, and what is still to be folded."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

import msgspec
from msgspec.structs import replace

from server.domain.finding import Finding
from server.domain.trip import TripState
from server.domain.vehicle_day import Entry, VehicleState
from server.service.ingest_ports import Bus

CHECKPOINT_MS: Final = 10 * 60_000


class Timed(msgspec.Struct, frozen=True, gc=False):
    """A trip as folded (`base`) and as it is shown, with the deadlines that were reached; until `look_ms` time alone changes nothing."""

    base: TripState
    ahead: tuple[Finding, ...]
    look_ms: int
    reached: tuple[Finding, ...]
    shown: TripState


class Judged(msgspec.Struct, frozen=True, gc=False):
    """A trip before it was judged (`base`), and as it is shown, with its verdicts; until `look_ms` time alone changes nothing."""

    base: TripState
    look_ms: int
    shown: TripState


class VehicleHead:
    """The end of one vehicle's fold.

    `late_ms`: a record of that instant is stored below the head, so the fold must go back. `behind`: the log after the head's key
    isn't folded yet; until it is, `pending` keeps the trips that were touched and `stale` names those whose rows may be wrong.
    """

    def __init__(self, bus: Bus) -> None:
        self.bus = bus
        self.state = VehicleState(bus.vehicle_id)
        self.checkpoint_ms: int | None = None
        self.projected: dict[str, TripState] = {}
        self.placed_ms: dict[str, int | None] = {}  # the instant of the place that a trip's own row tells …
        self.spared_s: float | None = (
            None  # … and when (real seconds) the running trip's was last left as it is
        )
        self.timed: dict[str, Timed] = {}
        self.judged: dict[str, Judged] = {}
        self.found: tuple[Finding, ...] = ()  # what the rows of the vehicle's own findings are known to be
        self.found_again: dict[tuple[str, int, str], Finding] = {}  # what was found while behind …
        self.found_from_ms = -1  # … after this instant
        self.held: list[Entry] = []
        self.late_ms: int | None = None
        self.behind = False
        self.pending: dict[str, TripState] = {}
        self.stale: set[str] = set()
        self.touched: list[str] = []
        self.refold_at = 0.0
        self.rest_until = 0.0
        self.spent_s = 0.0
        self.shown: tuple[int, float] | None = None  # instant and interval of the position that maps show

    def go_back(self, base: VehicleState | None, run_since: Iterable[str]) -> None:
        """Take the state of a checkpoint; `run_since` are the trips whose rows tell of something after it."""
        self.state = base or VehicleState(self.bus.vehicle_id)
        self.checkpoint_ms = base.key.t if base and base.key else None
        self.stale |= set(run_since)
        if (running := self.state.trip) is not None and _is_carried(self.state):
            self.stale.add(running.trip_id)  # its row may tell an older place than this state
        self.pending = {
            trip.trip_id: trip
            for trip in (*self.state.earlier, self.state.trip)
            if trip is not None and trip.trip_id in self.stale
        }
        self.projected = {}
        self.placed_ms, self.spared_s = {}, None
        self.timed = {}
        self.judged = {}
        self.found_again, self.found_from_ms = (
            {},
            self.checkpoint_ms if self.checkpoint_ms is not None else -1,
        )
        self.held.clear()
        self.late_ms, self.behind = None, True

    def finish(self) -> tuple[dict[str, TripState], set[str]]:
        """End a fold that was behind; take the trips to be written and the ids of those that may have to be taken back."""
        pending, stale = self.pending, self.stale
        self.pending, self.stale, self.behind = {}, set(), False
        return pending, stale

    def finished_now(self) -> list[str]:
        """Take the trips that the last fold to the end of the log has written."""
        touched, self.touched = self.touched, []
        return touched

    def wants_checkpoint(self, state: VehicleState) -> bool:
        """Say whether it is time to keep a state to fold on from."""
        if state.key is None:
            return False
        return self.checkpoint_ms is None or state.key.t - self.checkpoint_ms >= CHECKPOINT_MS

    def set_trip(self, trip: TripState) -> None:
        """Replace the running trip's state."""
        self.state = replace(self.state, trip=trip)

    def forget_projected(self) -> None:
        """Drop what is known of the rows of trips that this vehicle has long ended."""
        kept = {trip.trip_id for trip in self.state.earlier} | {trip_id_of(self.state)}
        self.projected = {id_: trip for id_, trip in self.projected.items() if id_ in kept}
        self.placed_ms = {id_: at_ms for id_, at_ms in self.placed_ms.items() if id_ in kept}
        self.timed = {id_: timed for id_, timed in self.timed.items() if id_ in kept}
        self.judged = {id_: judged for id_, judged in self.judged.items() if id_ in kept}


def _is_carried(state: VehicleState) -> bool:
    """Say whether the vehicle's last position tells the running trip's place, so that the trip's own row need not."""
    trip, fix = state.trip, state.fix
    return trip is not None and fix is not None and trip.state != "closed" and trip.metre_at_ms == fix.t


def trip_id_of(state: VehicleState) -> str | None:
    """Give the running trip's id."""
    return state.trip.trip_id if state.trip else None
