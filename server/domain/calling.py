"""Whom a finding calls, in which order, and when: the ladder that a call climbs until a person answers.

PRODUCT, complaint 8: it escalates by the minute, attendant → operator → school → regulator; and its definitions: SOS, collision
and a child left aboard go to the operator's dispatchers and the school at once.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, Literal

import msgspec

from server.domain.finding import KINDS, FindingKind
from server.domain.limits import HISTORY_AFTER_MS
from server.domain.thresholds import Thresholds

Rung = Literal["attendant", "operator", "school", "regulator"]

_EVERYBODY: Final[tuple[frozenset[Rung], ...]] = (
    frozenset({"attendant", "operator", "school"}),
    frozenset({"regulator"}),
)
_DESKS: Final[tuple[frozenset[Rung], ...]] = (frozenset({"operator", "school"}), frozenset({"regulator"}))
_ONE_BY_ONE: Final[tuple[frozenset[Rung], ...]] = (
    frozenset({"attendant"}),
    frozenset({"operator"}),
    frozenset({"school"}),
    frozenset({"regulator"}),
)
_LADDERS: Final[dict[FindingKind, tuple[frozenset[Rung], ...]]] = {
    "sos": _EVERYBODY,
    "collision": _EVERYBODY,
    "left_aboard": _EVERYBODY,
    "rear_check_missing": _ONE_BY_ONE,
}

# Something that happened, and isn't still happening: once it is old it goes to history like every event (decision 0106).
_MOMENTS: Final[frozenset[FindingKind]] = frozenset({"sos", "collision", "alcohol", "wrong_stop", "no_show"})


class Call(msgspec.Struct, frozen=True):
    """One call: the highest rung that it reaches, and all who are called."""

    tier: int
    users: tuple[str, ...]


def ladder(kind: FindingKind) -> tuple[frozenset[Rung], ...]:
    """Give the rungs of a kind, lowest first; empty for one that calls nobody.

    The last rung may have several people's desks above each other (township, county, city): each is a tier of its own.
    """
    return _LADDERS.get(kind, _DESKS) if KINDS[kind].calls else ()


def tier_name(kind: FindingKind, tier: int) -> Rung | None:
    """Name the furthest role that a call of this tier reaches.

    >>> tier_name("left_aboard", 0), tier_name("left_aboard", 3), tier_name("rear_check_missing", 1)
    ('school', 'regulator', 'operator')
    """
    rungs = ladder(kind)
    if not rungs:
        return None
    order: tuple[Rung, ...] = ("attendant", "operator", "school", "regulator")
    return max(rungs[min(tier, len(rungs) - 1)], key=order.index)


def climb(tier: int, calls: int, rungs: Sequence[Sequence[str]]) -> Call:
    """Say whom the next call reaches: one rung more than the last one, and all below it again.

    `rungs` are the users of each rung, lowest first; `calls` how many were made. A rung without anybody is passed at once.

    >>> climb(0, 0, [["attendant"], [], ["gate"]])
    Call(tier=0, users=('attendant',))
    >>> climb(0, 1, [["attendant"], [], ["gate"]])
    Call(tier=2, users=('attendant', 'gate'))
    """
    top = len(rungs) - 1
    reached = 0 if calls == 0 else min(tier + 1, top)
    while reached < top and not rungs[reached]:
        reached += 1
    users = {user: None for rung in rungs[: reached + 1] for user in rung}
    return Call(reached, tuple(users))


def is_over(began_ms: int, ended_ms: int | None) -> bool:
    """Say whether a finding has ended. One that ended as it began was a moment, and stands until a person has answered."""
    return ended_ms is not None and ended_ms > began_ms


def is_history(kind: FindingKind, began_ms: int, ended_ms: int | None, now_ms: int) -> bool:
    """Say whether a finding is too old to begin to call for: an event of more than 15 min ago, not a condition that is still so."""
    moment = kind in _MOMENTS or ended_ms is not None
    return moment and now_ms - began_ms > HISTORY_AFTER_MS


def wait_ms(limits: Thresholds, rung: Rung | None) -> int:
    """Give how long a call that reached this rung waits for an answer until the next one: its own setting.

    >>> from server.domain.thresholds import DEFAULTS
    >>> wait_ms(DEFAULTS, "attendant")
    60000
    """
    by_rung = {
        "attendant": limits.call_attendant_s,
        "operator": limits.call_operator_s,
        "school": limits.call_school_s,
        "regulator": limits.call_regulator_s,
    }
    return round(1000 * by_rung[rung or "operator"])


def next_call_ms(due_ms: int, now_ms: int, after_ms: int) -> int:
    """Say when the call is repeated: so long after it was due, or from now where that has passed (nothing is made up for).

    >>> next_call_ms(0, 1500, 60_000), next_call_ms(0, 600_000, 60_000)
    (60000, 660000)
    """
    return due_ms + after_ms if due_ms + after_ms > now_ms else now_ms + after_ms
