"""Regular jobs run in one live process, and another takes over when it ends or dies."""

import threading
import time
from collections.abc import Callable

from server.adapters.db.engine import Database
from server.adapters.db.leases import DbLeases
from server.clock import SystemClock
from server.jobs.scheduler import Job, run_scheduler
from tests.fakes.clock import FakeClock
from tests.waiting import PATIENCE_S

# A lease lasts three times this long: a process that the machine holds up for less keeps it.
RENEW_S = 2.0


def wait_until(true: Callable[[], bool], seconds: float = PATIENCE_S) -> bool:
    deadline = time.monotonic() + seconds
    met = threading.Event()
    while time.monotonic() < deadline:
        if true():
            return True
        met.wait(0.01)
    return False


def test_a_name_has_one_holder_until_its_time_is_over(db: Database) -> None:
    leases, clock = DbLeases(db), FakeClock()
    now = clock.now_ms()
    assert leases.take("jobs", "one", now, now + 1000)
    assert not leases.take("jobs", "two", now + 999, now + 9999)
    assert leases.take("jobs", "one", now + 500, now + 1500)
    assert not leases.take("jobs", "two", now + 1499, now + 9999)
    assert leases.take("jobs", "two", now + 1500, now + 2500)
    assert not leases.take("jobs", "one", now + 1501, now + 9999)
    leases.release("jobs", "one")
    assert not leases.take("jobs", "one", now + 1502, now + 9999)
    leases.release("jobs", "two")
    assert leases.take("jobs", "one", now + 1503, now + 9999)


class Process:
    """A scheduler in a thread of its own, counting what it ran."""

    def __init__(self, db: Database, name: str, renew_s: float = RENEW_S) -> None:
        self.runs = 0
        self.stop = threading.Event()
        self.thread = threading.Thread(
            target=run_scheduler,
            args=(DbLeases(db), SystemClock(), [Job("count", 0.05, self._run)]),
            kwargs={"holder": name, "stop": self.stop, "renew_s": renew_s},
        )
        self.thread.start()

    def _run(self) -> None:
        self.runs += 1

    def end(self) -> None:
        self.stop.set()
        self.thread.join(PATIENCE_S)
        assert not self.thread.is_alive()


def test_one_process_runs_the_jobs_and_the_next_takes_over(db: Database) -> None:
    first = Process(db, "one")
    assert wait_until(lambda: first.runs > 0)
    second = Process(db, "two")
    try:
        ran = first.runs
        assert wait_until(lambda: first.runs > ran + 10)
        assert second.runs == 0
        first.end()
        ran = first.runs
        assert wait_until(lambda: second.runs > 2)
        assert first.runs == ran
    finally:
        first.end()
        second.end()


def test_a_lease_of_the_dead_is_taken_over(db: Database) -> None:
    now = SystemClock().now_ms()
    assert DbLeases(db).take("scheduler", "dead", now, now + 400)
    heir = Process(db, "heir", renew_s=0.2)
    try:
        assert wait_until(lambda: heir.runs > 0)
        assert SystemClock().now_ms() >= now + 400
    finally:
        heir.end()


def test_a_job_that_fails_is_run_again(db: Database) -> None:
    runs: list[int] = []
    stop = threading.Event()

    def fail() -> None:
        runs.append(1)
        raise RuntimeError("on purpose")

    thread = threading.Thread(
        target=run_scheduler,
        args=(DbLeases(db), SystemClock(), [Job("fail", 0.05, fail)]),
        kwargs={"holder": "one", "stop": stop, "renew_s": RENEW_S},
    )
    thread.start()
    try:
        assert wait_until(lambda: len(runs) >= 3)
    finally:
        stop.set()
        thread.join(PATIENCE_S)
