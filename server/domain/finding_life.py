"""The life that people give a finding: its states, which step leads where, and how long each severity may wait.

Whether it is still so (ended, withdrawn) is the fold's to say; this says who has answered for it, and how far.
"""

from __future__ import annotations

from typing import Final, Literal

from server.domain.finding import Severity

FindingState = Literal["open", "acknowledged", "rectified", "closed"]
Step = Literal["acknowledge", "rectify", "close", "reopen"]

UNHANDLED: Final[tuple[FindingState, ...]] = ("open", "acknowledged")  # nobody has put it right yet

_FROM: Final[dict[Step, tuple[FindingState, ...]]] = {
    "acknowledge": ("open",),
    "rectify": ("acknowledged",),
    "close": ("rectified",),
    "reopen": ("rectified", "closed"),
}
_TO: Final[dict[Step, FindingState]] = {
    "acknowledge": "acknowledged",
    "rectify": "rectified",
    "close": "closed",
    "reopen": "open",
}
# As a step stands in the record: what was done.
DONE: Final[dict[Step, str]] = {
    "acknowledge": "acknowledged",
    "rectify": "rectified",
    "close": "closed",
    "reopen": "reopened",
}

# Own choice (decision 0105): no rule names a time for rectifying. A danger waits no longer than the next school day's buses,
# what is to be looked at three days, the rest a week.
DEADLINE_MS: Final[dict[Severity, int]] = {
    "act": 24 * 3_600_000,
    "watch": 72 * 3_600_000,
    "info": 7 * 24 * 3_600_000,
}


def after(state: FindingState, step: Step) -> FindingState | None:
    """Give the state that a step leads to; None where it isn't possible from this one.

    >>> after("open", "acknowledge"), after("open", "close"), after("closed", "reopen")
    ('acknowledged', None, 'open')
    """
    return _TO[step] if state in _FROM[step] else None


def possible(state: FindingState) -> tuple[Step, ...]:
    """List the steps that a state allows.

    >>> possible("rectified")
    ('close', 'reopen')
    """
    return tuple(step for step, states in _FROM.items() if state in states)


def deadline_ms(severity: Severity, since_ms: int) -> int:
    """Say until when one that was made, or opened again, at `since_ms` is to be rectified (UTC ms).

    >>> deadline_ms("act", 0)
    86400000
    """
    return since_ms + DEADLINE_MS[severity]
