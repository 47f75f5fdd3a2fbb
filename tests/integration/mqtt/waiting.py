"""Waiting on a condition with a deadline, and telling what there was instead when it passes."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from tests.waiting import PATIENCE_S

_PAUSE = threading.Event()


def until(
    holds: Callable[[], bool],
    what: str,
    tell: Callable[[], str] = lambda: "",
    within_s: float = PATIENCE_S,
) -> None:
    """Return when the condition holds; fail, saying what was waited for, when it doesn't within `within_s`."""
    deadline = time.monotonic() + within_s
    while not holds():
        assert time.monotonic() < deadline, f"not within {within_s:g} s: {what}. {tell()}"
        _PAUSE.wait(0.01)
