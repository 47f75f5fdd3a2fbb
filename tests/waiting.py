"""Wait on a condition with a deadline, which is how a test waits for another process, and hold a promised time against what it took."""

import os
import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")

# Only a test that fails waits so long: it says "never", not "late", on a machine that is slow and shared.
PATIENCE_S = 90.0
# How much longer than promised a thing may take where other work goes on beside it.
ROOM = 6.0
STRICT = "STRICT_TIMES"


def until(condition: Callable[[], T], what: str, within_s: float = PATIENCE_S) -> T:
    """Give the condition's first true value; fail with `what` was waited for."""
    deadline = time.monotonic() + within_s
    while not (value := condition()):
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {within_s:g} s: {what}")
        time.sleep(0.01)
    return value


def promised(what: str, took_s: float, limit_s: float) -> None:
    """Print what took how long (s), and fail where that is far over the promise; any bit over it where STRICT_TIMES=1 (`make soak`)."""
    strict = os.environ.get(STRICT) == "1"
    print(f"\n{what}: {took_s:.1f} s, promised are {limit_s:g} s")
    allowed_s = limit_s if strict else limit_s * ROOM
    assert took_s < allowed_s, (
        f"{what} took {took_s:.1f} s; {limit_s:g} s are promised, {allowed_s:g} s allowed here"
    )
