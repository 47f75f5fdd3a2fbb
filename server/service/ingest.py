"""Ingest: takes messages, commits them with everything that follows from them, and only then acknowledges.

One batch is one transaction: records, outcomes of trips, notices, watermarks. After the commit come, in this order, the broker's
acknowledgement, `saved` to the devices, and what the live pages and the worker are told. A crash anywhere loses nothing, since
what was not committed is sent again, and doubles nothing, since a record is known by (device, epoch, seq).
"""

from __future__ import annotations

import logging
from collections import Counter, deque
from collections.abc import Callable, Sequence
from threading import Event
from typing import Final

import msgspec

from server.clock import Clock
from server.domain.vehicle_day import Unavailable
from server.service.batch import Batch, Outcome
from server.service.folding import Folder
from server.service.gate import judge
from server.service.housekeeping import Housekeeping
from server.service.ingest_ports import BusMessage, Catalogue, Line, Log, Speaker
from server.service.portions import in_batches, parted
from server.service.streams import Streams

BATCH_MESSAGES: Final = 2000  # of one transaction: what is behind is worked off in few large ones, and rows of a bus fall together
BATCH_WAIT_S: Final = 0.02
DATABASE_PATIENCE_S: Final = 10.0  # half of the broker's ack_wait (ARCHITECTURE, Ingest)
RETRY_S: Final = 0.5
REFOLD_S: Final = (
    0.05  # own choice: what folding again may take of one turn, so that live records wait no longer
)
WAKE_TOPIC: Final = "wake/ingest"

log = logging.getLogger("sixfixed.ingest")


class Counts(msgspec.Struct):
    """What ingest has done since it started, for /metrics and the log."""

    messages: int = 0
    accepted: int = 0
    repeated: int = 0
    batches: int = 0
    failures: int = 0


class Ingest:
    """The loop of the ingest role. Single-threaded: everything happens between two `take`s."""

    def __init__(
        self,
        *,
        line: Line,
        log_: Log,
        catalogue: Catalogue,
        speaker: Speaker,
        clock: Clock,
        real: Clock,
        on_ready: Callable[[], None] = lambda: None,
    ) -> None:
        """Wire the loop; `clock` is the school day's, `real` the machine's (for heartbeats).

        `on_ready` is called once, when the broker keeps messages for ingest and the log has been folded.
        """
        self._on_ready = on_ready
        self._line = line
        self._log = log_
        self._catalogue = catalogue
        self._speaker = speaker
        self._clock = clock
        self._streams = Streams()
        self._folder = Folder(catalogue, self._streams, clock.now_ms, clock.monotonic)
        self._stop = Event()
        self._house = Housekeeping(
            log_, catalogue, self._folder, speaker, clock, real, lambda: self._line.ready
        )
        self._away_until = float("-inf")
        self.counts = Counts()
        self.rejected: Counter[str] = Counter()

    @property
    def rule_errors(self) -> Counter[str]:
        return self._folder.rule_errors

    def stop(self) -> None:
        """End `run` after the batch in hand; safe from a signal handler."""
        self._stop.set()

    def run(self) -> None:
        """Work until `stop`."""
        self.recover()
        waiting_for_line = True
        backlog: deque[list[BusMessage]] = deque()
        while not self._stop.is_set():
            if waiting_for_line and self._line.ready:
                waiting_for_line = False
                self._on_ready()
            messages = self._line.take(BATCH_MESSAGES, 0.0 if backlog else BATCH_WAIT_S)
            live, late = parted(messages)
            backlog += in_batches(late)
            if live:
                self._persist(live)
            if backlog:  # one portion, and then a look at what is live; the broker bounds how many wait
                self._persist(backlog.popleft())
            self.tick()

    def recover(self) -> None:
        """Fold what was committed and not folded before a crash, so that its outcome doesn't wait for the bus's next word."""

        def fold_all() -> None:
            self._catalogue.changed()
            self._catalogue.forget()
            self._folder.expect(self._catalogue.list_active_buses())
            while (due := self._folder.refold_due(self._clock.monotonic())) and not self._stop.is_set():
                with self._log.write() as work:
                    self._folder.refold(work, due[0])
                    self._folder.project(work)

        self._until_saved(fold_all)

    def _persist(self, messages: Sequence[BusMessage]) -> None:
        """Commit and acknowledge messages; wait for a database that is away, and never drop the stream for one bad message."""
        since = self._clock.monotonic()
        while not self._stop.is_set():
            try:
                self.handle(messages)
                return
            except Unavailable as error:
                self._forget()
                self.counts.failures += 1
                log.error("the database did not take %d messages: %s; trying again", len(messages), error)
                if self._clock.monotonic() - since >= DATABASE_PATIENCE_S:
                    self._sit_out()
                    return  # the broker sends them again: nothing of them was acknowledged
                self._stop.wait(RETRY_S)
            except Exception:
                self._forget()
                self.counts.failures += 1
                log.exception(
                    "a batch of %d messages could not be worked; taking them one by one", len(messages)
                )
                self._one_by_one(messages)
                return

    def _one_by_one(self, messages: Sequence[BusMessage]) -> None:
        for message in messages:
            refuse: str | None = None
            since = self._clock.monotonic()
            while not self._stop.is_set():
                try:
                    self.handle([message], refuse=refuse)
                    break
                except Unavailable as error:
                    self._forget()
                    log.error("the database did not take a message: %s; trying again", error)
                    if self._clock.monotonic() - since >= DATABASE_PATIENCE_S:
                        self._sit_out()
                        return
                    self._stop.wait(RETRY_S)
                except Exception as error:
                    self._forget()
                    if refuse is not None:
                        raise  # not even its refusal can be kept: that is no fault of the message
                    log.exception(
                        "a message on %r could not be worked; it is kept as rejected", message.topic[:80]
                    )
                    refuse = f"the server could not work it: {error!r}"

    def _sit_out(self) -> None:
        """Leave the broker while the database is away, so that it keeps the messages instead of sending them over and over."""
        log.error(
            "the database has been away for %d s; leaving the broker until it is back", DATABASE_PATIENCE_S
        )
        self._line.disconnect()
        self._until_saved(lambda: None)
        self._line.connect()
        self._house.listens_anew()
        log.warning("the database is back")

    def _until_saved(self, work: Callable[[], None]) -> None:
        while not self._stop.is_set():
            try:
                with self._log.write():
                    pass
                work()
                return
            except Unavailable as error:
                self._forget()
                log.error("the database is away: %s; trying again", error)
                self._stop.wait(RETRY_S)

    def handle(self, messages: Sequence[BusMessage], *, refuse: str | None = None) -> None:
        """Commit one batch and say so to everybody; raise Unavailable, with nothing acknowledged, when the database is away.

        `refuse` is a reason for which every message is kept as rejected.
        """
        now_ms, now_s = self._clock.now_ms(), self._clock.monotonic()
        batch = Batch(self._catalogue, self._streams, self._folder, now_ms=now_ms, now_s=now_s)
        for message in messages:
            if message.topic == WAKE_TOPIC:
                self._house.wake()
                continue
            device, kind = _device_and_kind(message.topic)
            if refuse is not None or device is None:
                batch.refuse(
                    device or "", message, refuse or f"topic {message.topic[:80]!r} is not a device's"
                )
            else:
                judged = judge(device, kind, message.payload, now_ms)
                batch.add(judged, message.received_ms, said_before=message.retain)
        with self._log.write() as work:
            outcome = batch.write(work)
        self._line.ack(messages)
        self._told(outcome, now_s)
        self.counts.messages += len(messages)
        self.counts.batches += 1
        self.counts.accepted += outcome.accepted
        self.counts.repeated += outcome.repeated
        self.rejected.update(outcome.rejected)

    def tick(self) -> None:
        """Do what time asks for: held and late records, missed trips, a changed catalogue, and `saved`."""
        now_s = self._clock.monotonic()
        try:
            if now_s >= self._away_until:
                self._read_streams(now_s)
                self._fold_what_waited(now_s)
                if self._house.is_due(now_s):
                    self._told(self._house.keep(now_s), now_s)
        except Unavailable as error:
            self._forget()
            self._away_until = self._clock.monotonic() + RETRY_S
            log.error("the database is away: %s; trying again", error)
        for device, answers in self._streams.due(now_s):
            for answer in answers:
                self._speaker.saved(device, answer)
        self._line.flush()

    def _read_streams(self, now_s: float) -> None:
        devices = self._streams.unread(now_s)
        if devices:
            with self._log.write() as work:
                for device in devices:
                    self._streams.read(work, device)

    def _fold_what_waited(self, now_s: float) -> None:
        ready = [
            (vehicle, entries)
            for vehicle, held in self._folder.held()
            if (entries := [e for e in held if not self._streams.awaits_below(e.key, now_s)])
        ]
        refolds = self._folder.refold_due(now_s)
        if not ready and not refolds:
            return
        with self._log.write() as work:
            for vehicle, entries in ready:
                self._folder.release(work, vehicle, entries, now_s)
            trips: set[str] = set()
            for vehicle in refolds:
                trips.update(self._folder.refold(work, vehicle))
                if self._clock.monotonic() - now_s >= REFOLD_S:
                    break
            trips.update(self._folder.project(work))
            rides, found = self._folder.take_rides(), work.take_findings()
        self._told(Outcome(trips=sorted(trips), rides=rides, findings=found), now_s)

    def _told(self, outcome: Outcome, now_s: float) -> None:
        self._streams.touch(outcome.devices, outcome.present, now_s)
        self._house.came(outcome.present)
        if outcome.heads:
            self._speaker.positions(outcome.heads)
        if outcome.trips:
            self._speaker.trips(outcome.trips)
        if outcome.rides:
            self._speaker.rides(outcome.rides)
        if outcome.findings:
            self._speaker.findings(outcome.findings)
        if outcome.trips or outcome.findings:
            self._speaker.wake_notices()

    def _forget(self) -> None:
        """Trust nothing in memory after a failed transaction: it is read back from what was committed."""
        self._folder.forget()
        self._streams.forget()


def _device_and_kind(topic: str) -> tuple[str | None, str]:
    parts = topic.split("/")
    if len(parts) != 3 or parts[0] != "bus" or not _is_device(parts[1]):
        return None, ""
    return parts[1], parts[2]


def _is_device(text: str) -> bool:
    """PROTOCOL: `[A-Za-z0-9_-]{1,32}`."""
    return 0 < len(text) <= 32 and text.isascii() and text.replace("_", "a").replace("-", "a").isalnum()
