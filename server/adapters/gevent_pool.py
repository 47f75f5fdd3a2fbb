"""Run blocking work on gevent's native threads, one whole unit of work for each call."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

import gevent
from gevent.threadpool import ThreadPool

T = TypeVar("T")

WORK_THREADS = 10
SLOW_THREADS = 2  # argon2id takes 64 MiB and a core each: a burst of log-ins must not take all of either


class GeventPool:
    """Two small pools of native threads, made at the first use on the loop that uses them."""

    def __init__(self) -> None:
        self._work: ThreadPool | None = None
        self._slow: ThreadPool | None = None

    def run(self, job: Callable[[], T]) -> T:
        """Run one whole unit of work (statement by statement would starve the pool against itself)."""
        if self._work is None:
            self._work = ThreadPool(WORK_THREADS)
        return _result(self._work, job)

    def run_slow(self, job: Callable[[], T]) -> T:
        """Run password hashing, apart from the rest."""
        if self._slow is None:
            self._slow = ThreadPool(SLOW_THREADS)
        return _result(self._slow, job)

    def later(self, seconds: float, job: Callable[[], None]) -> None:
        """Run `job` in a greenlet after so many real seconds."""
        gevent.spawn_later(seconds, job)


def _result(pool: ThreadPool, job: Callable[[], T]) -> T:
    # gevent prints the traceback of whatever a pool's job raises, expected or not; so nothing is raised in there.
    def caught() -> tuple[T | None, BaseException | None]:
        try:
            return job(), None
        except BaseException as error:
            return None, error

    value, error = pool.spawn(caught).get()
    if error is not None:
        raise error
    return value  # type: ignore[no-any-return]
