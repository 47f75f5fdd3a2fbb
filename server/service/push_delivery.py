"""Deliver notices to browsers through their push services: each at least once under one tag, none after its time.

A delivery is a row from before it is first tried until it is accepted, gone, expired or failed; a worker that dies in between
leaves a claim that lapses, and the next one sends it again under the same tag, which a phone shows once.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from queue import SimpleQueue
from random import Random
from threading import Event
from typing import Final, Literal, Protocol
from urllib.parse import urlsplit

import msgspec

from server.clock import Clock
from server.domain.limits import HISTORY_AFTER_MS
from server.service.courier import Waiting
from server.service.push_origins import PLACES, Origins
from server.service.push_words import Language, push_words

State = Literal["accepted", "gone", "expired", "failed"]
# What an attempt may come to, as it is counted.
OUTCOMES: Final = ("accepted", "retried", "gone", "expired", "failed")

# Real seconds all of them: they are between machines.
LOOK_EVERY_S: Final = 5.0
SWEEP_EVERY_S: Final = 60.0
CLAIM_S: Final = (
    15.0  # above a sender's longest answer; so late after a crash what was under way is sent again
)
GATHER_S: Final = 0.02
FIRST_BACKOFF_S: Final = 1.0
LONGEST_BACKOFF_S: Final = 60.0
MOST_FULL: Final = 100  # origins left out of one look

log = logging.getLogger("sixfixed.worker.push")


class Due(msgspec.Struct, frozen=True):
    """A delivery whose time has come, and what its message is made of. `attempts` counts those begun before.

    `until_ms` is by the school day's clock: None while it is of a condition that still holds. `over`: it needs no sending any
    more, or must not be sent, and why.
    """

    notice_id: str
    subscription_id: str
    attempts: int
    kind: str
    at_ms: int
    until_ms: int | None
    rider_id: str | None
    rider_name: str | None
    calls: bool
    endpoint: str
    p256dh: str
    auth: str
    lang: Language
    over: tuple[State, str] | None = None

    @property
    def key(self) -> tuple[str, str]:
        """Give what names the delivery."""
        return (self.notice_id, self.subscription_id)


class Push(msgspec.Struct, frozen=True):
    """One message for one browser; a later one of the same `topic` takes its place at the push service."""

    endpoint: str
    p256dh: str
    auth: str
    payload: bytes
    topic: str
    ttl_s: int


class Answer(msgspec.Struct, frozen=True):
    """What a push service said. `status` None: nothing, for the reason in `words`; `hopeless`: another try would be the same."""

    status: int | None
    words: str
    retry_after_s: float | None = None
    hopeless: bool = False


class Outcome(msgspec.Struct, frozen=True):
    """What became of one attempt: a last `state`, or None and when (real ms) the next one is."""

    notice_id: str
    subscription_id: str
    state: State | None
    next_ms: int | None
    answer: str


class Message(msgspec.Struct, frozen=True, omit_defaults=True):
    """The payload, as the page's worker reads it. `to`: the subscription that it is meant for."""

    id: str
    tag: str
    to: str
    kind: str
    title: str
    body: str
    lang: Language
    at_ms: int
    child: str | None = None


class Deliveries(Protocol):
    """The rows. `real_ms` is the machine's time, `now_ms` the school day's."""

    def enqueue(self, notice_ids: Sequence[str], real_ms: int) -> int:
        """Make a delivery of each notice to each live browser of its user that has none; give how many were made."""

    def list_due(self, limit: int, full: Sequence[str], *, real_ms: int, now_ms: int) -> list[Due]:
        """List waiting deliveries whose time has come, to origins other than `full`, the longest due first."""

    def take(self, dues: Sequence[Due], *, real_ms: int, until_ms: int) -> list[Due]:
        """Hide due deliveries from others until an instant (real) and count the attempt; give those that nobody else took."""

    def record(self, outcomes: Sequence[Outcome], now_ms: int) -> None:
        """Write what became of attempts; a notice's first accepted one marks it as sent, a browser that is gone ends."""

    def next_due_ms(self) -> int | None:
        """Give when (real) the next waiting one is due; None when none waits."""

    def sweep(self, real_ms: int, now_ms: int) -> None:
        """End what nobody looks at: deliveries whose time is over, browsers whose session has ended."""


class Sender(Protocol):
    """The way to a push service."""

    def send(self, push: Push) -> Answer:
        """Send it once; never raises for what the other side does."""


class Pusher:
    """The courier's channel to browsers. `tell` from any thread; `run` in a thread of its own."""

    def __init__(
        self, deliveries: Deliveries, sender: Sender, clock: Clock, real: Clock, random: Random | None = None
    ) -> None:
        self._deliveries = deliveries
        self._sender = sender
        self._clock = clock
        self._real = real
        self._random = random or Random()
        self._origins = Origins()
        self._done: SimpleQueue[tuple[Due, Answer]] = SimpleQueue()
        self._unwritten: list[Outcome] = []
        self._under_way: set[tuple[str, str]] = set()
        self._threads = ThreadPoolExecutor(PLACES, thread_name_prefix="push")
        self._woken = Event()
        self._ended = Event()
        self._swept_s: float | None = None

    def tell(self, notices: Sequence[Waiting]) -> None:
        """Note for each notice which browsers it goes to, and begin; none of them is waited for."""
        if self._deliveries.enqueue([notice.id for notice in notices], self._real.now_ms()):
            self.wake()

    def wake(self) -> None:
        """Look now."""
        self._woken.set()

    def stop(self) -> None:
        """End `run`; what is under way is not waited for."""
        self._ended.set()
        self._woken.set()

    def run(self) -> None:
        """Work until `stop`; a failure is told and tried again."""
        try:
            while True:
                self._woken.clear()
                if self._ended.is_set():
                    return
                try:
                    self.turn()
                    wait_s = self._until_next_s()
                except Exception:
                    log.exception(
                        "push deliveries could not be read or written; they wait and are tried again"
                    )
                    wait_s = LOOK_EVERY_S
                if self._woken.wait(wait_s) and self._under_way:
                    # A transaction for the answers of a moment, not one for each: nearly twice as many a second.
                    self._ended.wait(GATHER_S)
        finally:
            self._threads.shutdown(wait=False, cancel_futures=True)

    def turn(self) -> None:
        """Write what was answered, then begin as many as there is room for."""
        self._write()
        now_s = self._real.monotonic()
        if self._swept_s is None or now_s - self._swept_s >= SWEEP_EVERY_S:
            self._deliveries.sweep(self._real.now_ms(), self._clock.now_ms())
            self._swept_s = now_s
        full = set(self._origins.full())
        while self._origins.places > 0 and len(full) < MOST_FULL and not self._ended.is_set():
            real_ms, now_ms = self._real.now_ms(), self._clock.now_ms()
            found = self._deliveries.list_due(2 * PLACES, sorted(full), real_ms=real_ms, now_ms=now_ms)
            found = [due for due in found if due.key not in self._under_way]
            if over := [
                Outcome(*due.key, due.over[0], None, due.over[1]) for due in found if due.over is not None
            ]:
                self._deliveries.record(over, now_ms)
            chosen = self._choose([due for due in found if due.over is None], full)
            if chosen:
                self._take(chosen, real_ms)
            elif not over:
                return

    def _take(self, chosen: Sequence[Due], real_ms: int) -> None:
        """Begin those that nobody else took. They count as under way from before the claim: there is no moment at which one is neither."""
        keys = {due.key for due in chosen}
        self._under_way |= keys
        begun: set[tuple[str, str]] = set()
        try:
            for due in self._deliveries.take(
                chosen, real_ms=real_ms, until_ms=real_ms + round(CLAIM_S * 1000)
            ):
                begun.add(due.key)
                self._begin(due)
        finally:
            self._under_way -= keys - begun

    def _choose(self, dues: Sequence[Due], full: set[str]) -> list[Due]:
        """Choose what there is room for; what has none fills its origin, and the next look sees what is behind it."""
        chosen: list[Due] = []
        wanted: dict[str, int] = {}
        for due in dues:
            origin = origin_of(due.endpoint)
            if len(chosen) < self._origins.places and self._origins.room(origin, wanted):
                wanted[origin] = wanted.get(origin, 0) + 1
                chosen.append(due)
            else:
                full.add(origin)
        return chosen

    def _begin(self, due: Due) -> None:
        self._origins.began(origin_of(due.endpoint))
        push = self._push(due)

        def send() -> None:
            try:
                answer = self._sender.send(push)
            except Exception as why:
                log.exception("a push could not be sent; it is tried again")
                answer = Answer(None, type(why).__name__)
            self._done.put((due, answer))
            self.wake()

        self._threads.submit(send)

    def _push(self, due: Due) -> Push:
        title, body = push_words(due.kind, due.rider_name, calls=due.calls, lang=due.lang)
        message = Message(
            due.notice_id, due.notice_id, due.subscription_id, due.kind, title, body, due.lang, due.at_ms,
            None if due.calls else due.rider_id,
        )  # fmt: skip
        left_ms = HISTORY_AFTER_MS if due.until_ms is None else due.until_ms - self._clock.now_ms()
        return Push(
            due.endpoint, due.p256dh, due.auth, msgspec.json.encode(message), due.notice_id,
            max(1, round(left_ms / 1000 / self._clock.speed)),
        )  # fmt: skip

    def _write(self) -> None:
        while not self._done.empty():
            due, answer = self._done.get()
            works = answer.status is not None and answer.status < 500 and answer.status != 429
            self._origins.ended(origin_of(due.endpoint), answered=works)
            self._unwritten.append(self._outcome(due, answer))
        if self._unwritten:
            # Kept until they are written: a database that is away must not make the same push go out again and again.
            self._deliveries.record(self._unwritten, self._clock.now_ms())
            self._under_way -= {(one.notice_id, one.subscription_id) for one in self._unwritten}
            self._unwritten = []

    def _outcome(self, due: Due, answer: Answer) -> Outcome:
        state = final_state(answer)
        next_ms = None
        if state is None:
            wait_s = backoff_s(due.attempts + 1, self._random)
            if answer.retry_after_s is not None:
                wait_s = (
                    answer.retry_after_s + wait_s * 0.1
                )  # not all who were told the same in the same instant
            next_ms = self._real.now_ms() + round(wait_s * 1000)
        words = answer.words if answer.status is None else f"{answer.status} {answer.words}"
        if state == "failed":
            log.warning("%s refused a push for good: %s", origin_of(due.endpoint), words)
        return Outcome(*due.key, state, next_ms, words[:200])

    def _until_next_s(self) -> float:
        next_ms = self._deliveries.next_due_ms()
        if next_ms is None:
            return LOOK_EVERY_S
        # One that is due and found no room waits for an answer, which wakes.
        return min(LOOK_EVERY_S, max(0.05, (next_ms - self._real.now_ms()) / 1000))


def final_state(answer: Answer) -> State | None:
    """Say what an answer ends a delivery as; None: to be tried again (RFC 8030, 5 and 7.3).

    >>> [final_state(Answer(status, "")) for status in (201, 410, 429, 503, 413, 301, None)]
    ['accepted', 'gone', None, None, 'failed', 'failed', None]
    """
    status = answer.status
    if answer.hopeless:
        return "failed"
    if status is None or status in (408, 425, 429) or status >= 500:
        return None
    if 200 <= status < 300:
        return "accepted"
    return "gone" if status in (404, 410) else "failed"


def backoff_s(attempts: int, random: Random) -> float:
    """Give how long to wait after so many attempts: doubling, and between half and the whole of it."""
    return float(
        min(LONGEST_BACKOFF_S, FIRST_BACKOFF_S * 2 ** min(attempts - 1, 10)) * random.uniform(0.5, 1.0)
    )


def origin_of(endpoint: str) -> str:
    """Give the part of an endpoint that names its push service."""
    parts = urlsplit(endpoint)
    return f"{parts.scheme}://{parts.netloc}"
