"""Run the house's regular jobs in exactly one live process: the one that holds the lease.

Two schedulers would run every job twice; a job is idempotent all the same, since a process may be stopped for longer
than its lease and wake up in the middle of one.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from threading import Event
from typing import Protocol

import msgspec
from apscheduler.jobstores.base import JobLookupError
from apscheduler.schedulers.background import BackgroundScheduler

from server.clock import Clock

LEASE = "scheduler"
NUDGE_GAP = timedelta(
    seconds=0.5
)  # own choice: a person doesn't feel it, and a busy morning brings no query for each ride
RENEW_S = 5.0  # a lease lasts three times as long: so soon another takes over from one that died

log = logging.getLogger(__name__)


class Leases(Protocol):
    """One live holder of a name."""

    def take(self, name: str, holder: str, now_ms: int, until_ms: int) -> bool:
        """Take or renew a name; False while another holds it."""

    def release(self, name: str, holder: str) -> None:
        """Give a name back."""


class Job(msgspec.Struct, frozen=True):
    """Something to do at once and then again and again; `every_s` in the school day's seconds."""

    name: str
    every_s: float
    run: Callable[[], object]


class Nudge:
    """Runs a job at once instead of at its next time, where this process runs the jobs; elsewhere it does nothing.

    However often it is told, it brings no more than one run in `NUDGE_GAP`.
    """

    def __init__(self, name: str) -> None:
        self._name = name
        self._run_at = datetime.fromtimestamp(0, UTC)
        self._scheduler: BackgroundScheduler | None = None

    def __call__(self) -> None:
        """Run it now; safe from any thread, and quick."""
        scheduler, now = self._scheduler, datetime.now(UTC)
        if scheduler is None or self._run_at > now:
            return  # nothing runs here, or the run that was brought forward is still to come
        self._run_at = max(now, self._run_at + NUDGE_GAP)
        try:
            scheduler.modify_job(self._name, next_run_time=self._run_at)
        except JobLookupError:
            log.debug("the job %s has ended with its scheduler", self._name)

    def bind(self, scheduler: BackgroundScheduler | None) -> None:
        """Say which scheduler runs the job now; None: this process runs none."""
        self._scheduler = scheduler


def run_scheduler(
    leases: Leases,
    clock: Clock,
    jobs: Sequence[Job],
    *,
    holder: str,
    stop: Event,
    renew_s: float = RENEW_S,
    nudges: Sequence[Nudge] = (),
) -> None:
    """Run jobs whenever this process holds the lease, until `stop` is set; then give the lease back.

    `holder` names this process uniquely. Leases last three times `renew_s` of real time. `nudges` are told while jobs run here.
    """
    running: BackgroundScheduler | None = None
    held_until = 0.0
    try:
        while True:
            held_until = _renew(leases, clock, holder, renew_s, held_until)
            if clock.monotonic() < held_until and running is None:
                log.info("this process runs the regular jobs now")
                running = _start(jobs, clock.speed)
                _bind(nudges, running)
            elif clock.monotonic() >= held_until and running is not None:
                log.warning("another process runs the regular jobs now")
                _bind(nudges, None)
                running.shutdown(wait=False)
                running = None
            if stop.wait(renew_s):
                return
    finally:
        _bind(nudges, None)
        if running is not None:
            running.shutdown(wait=True)
            leases.release(LEASE, holder)


def _renew(leases: Leases, clock: Clock, holder: str, renew_s: float, held_until: float) -> float:
    """Give the instant (monotonic) up to which this process holds the lease; unchanged when nobody could say."""
    began = clock.monotonic()
    now_ms = clock.now_ms()
    # The row's time is the school day's, since all processes share that mapping; its length is real seconds.
    try:
        held = leases.take(LEASE, holder, now_ms, now_ms + round(3000 * renew_s * clock.speed))
    except Exception:
        log.exception("the lease of the regular jobs could not be renewed; trying again")
        return held_until
    return began + 3 * renew_s if held else 0.0


def _bind(nudges: Sequence[Nudge], scheduler: BackgroundScheduler | None) -> None:
    for nudge in nudges:
        nudge.bind(scheduler)


def _start(jobs: Sequence[Job], speed: float) -> BackgroundScheduler:
    # A job that is nudged while it runs, or takes longer than its interval, is skipped once by intent: nothing to warn of.
    logging.getLogger("apscheduler.scheduler").setLevel(logging.ERROR)
    scheduler = BackgroundScheduler(timezone=UTC)
    for job in jobs:
        scheduler.add_job(
            job.run,
            "interval",
            id=job.name,
            seconds=job.every_s / speed,
            next_run_time=datetime.now(UTC),
            coalesce=True,
            max_instances=1,
            misfire_grace_time=None,
        )
    scheduler.start()
    return scheduler
