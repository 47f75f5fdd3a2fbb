"""What ingest looks after every two seconds, or when it is woken: what was changed or said on pages, and what the clock alone brings.

Everything of one look is one transaction.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from typing import Final

from server.clock import Clock
from server.service.batch import Outcome
from server.service.clock_watch import tell_absences, watch
from server.service.commanding import Commanding
from server.service.folding import Folder
from server.service.hand_inputs import take_hand_inputs, tell_substitutions
from server.service.ingest_ports import Catalogue, Log, Speaker

HOUSEKEEPING_S: Final = 2.0  # catalogue, missed trips, heartbeat
SWEPT_DAYS: Final = 15  # a trip is swept as long as a recorder's backlog may still take its run back (PROTOCOL: 7 days), twice
LISTEN_FIRST_S: Final = (
    10.0  # own choice: what waited at the broker is here by then, so silence is the bus's own
)
WATCH_MS: Final = (
    5_000  # own choice, of the school day: what is found by the clock takes minutes to come true
)
GIVEN_BACK_MS: Final = 120_000  # own choice: substitutions are looked at again so far back, lest one that was committed late be missed


class Housekeeping:
    """Looks; remembers when it last did."""

    def __init__(
        self,
        log_: Log,
        catalogue: Catalogue,
        folder: Folder,
        speaker: Speaker,
        clock: Clock,
        real: Clock,
        is_ready: Callable[[], bool],
    ) -> None:
        """`clock` is the school day's, `real` the machine's (for heartbeats); `is_ready` says whether the broker keeps messages for us."""
        self._log = log_
        self._catalogue = catalogue
        self._folder = folder
        self._speaker = speaker
        self._clock = clock
        self._real = real
        self._is_ready = is_ready
        self._woken = True
        self._swept = False
        self._told_ahead: dict[str, int] = {}
        self._given_ms = clock.now_ms() - GIVEN_BACK_MS
        self._listens_since = clock.monotonic()
        self._watched_ms = 0
        self._commanding = Commanding(clock.now_ms())
        self._kept_at = float("-inf")

    def wake(self) -> None:
        """Look at the next occasion: somebody says that there is something."""
        self._woken = True

    def listens_anew(self) -> None:
        """Note that ingest was away from the broker until now, so that no bus is blamed for its silence."""
        self._listens_since = self._clock.monotonic()

    def came(self, device_ids: Iterable[str]) -> None:
        """Note recorders that came (back) to the broker."""
        self._commanding.came(device_ids)

    def is_due(self, now_s: float) -> bool:
        """Say whether it is time to look."""
        return self._woken or now_s - self._kept_at >= HOUSEKEEPING_S

    def keep(self, now_s: float) -> Outcome:
        """Look, and give what is to be told of it; raise Unavailable when the database is away."""
        changed = self._catalogue.changed()
        if changed:
            self._catalogue.forget(changed)
        if changed - {"inputs", "substitutions"}:
            self._folder.again(now_s)
        now_ms = self._clock.now_ms()
        since = datetime.fromtimestamp(now_ms / 1000, UTC) - timedelta(days=SWEPT_DAYS)
        concerned: list[str] = []
        with self._log.write() as work:
            if "substitutions" in changed:
                given = work.list_given(self._given_ms, now_ms)
                self._folder.revise(work, given)
                concerned = [bus.vehicle_id for bus, _ in given]
                self._given_ms = now_ms - GIVEN_BACK_MS
            cancelled = take_hand_inputs(work, self._catalogue, self._folder, now_ms, now_s)
            cancelled |= tell_substitutions(work, self._catalogue, self._told_ahead, now_ms)
            trips = set(work.sweep(now_ms, f"{since:%Y-%m-%d}" if self._swept else None))
            if changed or not self._swept:
                trips.update(work.settle_exceptions(now_ms))
                self._folder.settle(work)
                tell_absences(work, self._catalogue, now_ms)
            if self._has_listened(now_s) and abs(now_ms - self._watched_ms) >= WATCH_MS:
                watch(work, self._catalogue, now_ms)
                self._watched_ms = now_ms
            self._folder.look()
            trips.update(cancelled, self._folder.project(work))
            rides, found = self._folder.take_rides(), work.take_findings()
            commands = self._commanding.look(work, changed, concerned, now_ms)
            work.beat("alive.ingest", self._real.now_ms())
        self._commanding.committed(commands, self._speaker, now_ms)
        self._kept_at, self._woken, self._swept = now_s, False, True
        return Outcome(trips=sorted(trips), rides=rides, findings=found)

    def _has_listened(self, now_s: float) -> bool:
        """Say whether buses that say nothing may be blamed for it: else it may be ingest that has not been listening."""
        if not self._is_ready() or self._folder.is_behind:
            self._listens_since = now_s
        return now_s - self._listens_since >= LISTEN_FIRST_S
