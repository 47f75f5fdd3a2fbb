"""The life of a permit: what an application goes through, the five legal conditions, and what a permit that was given is on a date.

The conditions are those of State Council decree 617, article 14; validity of six months at most: its local rules (PRODUCT, numbers).
"""

from __future__ import annotations

from datetime import date, timedelta
from typing import Final, Literal, get_args

ApplicationState = Literal["draft", "submitted", "returned", "approved", "withdrawn"]
ApplicationStep = Literal["submit", "return", "approve", "withdraw"]
Condition = Literal["vehicle", "driver", "plan", "safety", "insurance"]
PermitState = Literal["ahead", "in_force", "expired", "revoked"]

CONDITIONS: Final[tuple[Condition, ...]] = get_args(Condition)
STEPS: Final[tuple[ApplicationStep, ...]] = get_args(ApplicationStep)
LONGEST_DAYS: Final = 184  # the longest six months
LAPSE_DAYS: Final = (30, 15, 7, 1)  # how many days before the last one somebody is warned

_FROM: Final[dict[ApplicationStep, tuple[ApplicationState, ...]]] = {
    "submit": ("draft", "returned"),
    "return": ("submitted",),
    "approve": ("submitted",),
    "withdraw": ("draft", "returned", "submitted"),
}
_TO: Final[dict[ApplicationStep, ApplicationState]] = {
    "submit": "submitted",
    "return": "returned",
    "approve": "approved",
    "withdraw": "withdrawn",
}
OPEN_TO_CHANGE: Final[tuple[ApplicationState, ...]] = ("draft", "returned")


def after(state: ApplicationState, step: ApplicationStep) -> ApplicationState | None:
    """Give the state that a step leads to; None where it isn't possible from this one.

    >>> after("draft", "submit"), after("draft", "approve"), after("approved", "withdraw")
    ('submitted', None, None)
    """
    return _TO[step] if state in _FROM[step] else None


def possible(state: ApplicationState) -> tuple[ApplicationStep, ...]:
    """List the steps that a state allows.

    >>> possible("submitted")
    ('return', 'approve', 'withdraw')
    """
    return tuple(step for step in STEPS if state in _FROM[step])


def last_day(valid_from: str) -> str:
    """Give the last day that a permit from a date (ISO text) may have.

    >>> last_day("2026-09-01"), last_day("2026-03-01")
    ('2027-03-03', '2026-08-31')
    """
    return (date.fromisoformat(valid_from) + timedelta(days=LONGEST_DAYS - 1)).isoformat()


def permit_state(valid_from: str, valid_until: str, *, ended: bool, on: str) -> PermitState:
    """Say what a permit is on a date (ISO texts, both ends count).

    >>> permit_state("2026-09-01", "2027-02-28", ended=False, on="2027-03-01")
    'expired'
    """
    if ended:
        return "revoked"
    if on < valid_from:
        return "ahead"
    return "in_force" if on <= valid_until else "expired"
