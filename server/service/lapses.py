"""Warn a company's desks 30, 15, 7 and 1 days before a permit, an inspection, an insurance or a qualification lapses, and when it has."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Callable, Sequence
from datetime import date, timedelta
from typing import Final, Protocol

import msgspec

from server.domain.permit_life import LAPSE_DAYS
from server.service.instants import day
from server.service.permits_rows import Lapse

EVERY_S: Final = 3600.0
NAMED: Final = 3
_WHAT_ZH: Final = {
    "permit": "校车标牌",
    "inspection": "车辆检验",
    "insurance": "车辆保险",
    "qualification": "从业资格",
}


class LapseWarning(msgspec.Struct, frozen=True):
    """What one user is told; the id follows from what it says, so that it is told once."""

    id: str
    user_id: str
    text_zh: str
    text_en: str


class LapseStore(Protocol):
    """Papers that lapse, whose they are, and what was told of them."""

    def timezone(self) -> str:
        """Give the agency's zone."""

    def list_lapsing(self, from_on: str, until_on: str) -> list[Lapse]:
        """List papers by their last day, both ends inclusive."""

    def list_desks(self, operator_id: str) -> list[str]:
        """List the users of an operator who can log in."""

    def tell(self, warnings: Sequence[LapseWarning], at_ms: int) -> int:
        """Write what wasn't told yet; give how many."""


class Lapses:
    """The hourly look. `wake` tells the courier that there is something."""

    def __init__(self, store: LapseStore, now_ms: Callable[[], int], wake: Callable[[], None]) -> None:
        self._store = store
        self._now_ms = now_ms
        self._wake = wake

    def run(self) -> int:
        """Look once; give how many were told."""
        now_ms = self._now_ms()
        today = date.fromisoformat(day(now_ms, self._store.timezone()))
        # What has lapsed is said on the day after, and for a week to a desk that was away.
        found = self._store.list_lapsing(
            (today - timedelta(days=7)).isoformat(), (today + timedelta(days=max(LAPSE_DAYS))).isoformat()
        )
        told = self._store.tell(self._warnings(found, today), now_ms)
        if told:
            self._wake()
        return told

    def _warnings(self, found: Sequence[Lapse], today: date) -> list[LapseWarning]:
        together: dict[tuple[str, str, str], list[Lapse]] = defaultdict(list)
        for one in found:
            together[one.operator.id, one.what, one.until].append(one)
        return [
            _warn(user_id, alike, days_left, stage)
            for (operator_id, _, until), alike in together.items()
            for days_left in [(date.fromisoformat(until) - today).days]
            for stage in [stage_of(days_left)]
            for user_id in self._store.list_desks(operator_id)
        ]


def stage_of(days_left: int) -> int:
    """Give the stage of warning that so many days are in: 30, 15, 7, 1, or -1 when it is over.

    >>> [stage_of(days) for days in (30, 16, 15, 2, 1, 0, -1)]
    [30, 30, 15, 7, 1, 1, -1]
    """
    return -1 if days_left < 0 else min(days for days in LAPSE_DAYS if days >= days_left)


def _warn(user_id: str, alike: Sequence[Lapse], days_left: int, stage: int) -> LapseWarning:
    first = alike[0]
    ids = sorted(one.of.id for one in alike)
    digest = hashlib.sha256(
        "|".join([user_id, first.what, first.until, str(stage), *ids]).encode()
    ).hexdigest()
    names = [one.of.name for one in alike[:NAMED]]
    more = len(alike) - len(names)
    zh = "、".join(names) + (f" 等 {len(alike)} 项" if more else "")
    en = ", ".join(names) + (f" and {more} more" if more else "")
    what_zh, what_en = _WHAT_ZH[first.what], first.what
    if days_left < 0:
        return LapseWarning(
            digest[:32], user_id,
            f"{zh}的{what_zh}已于 {first.until} 到期，请立即处理；到期期间的行程按不合格判定。",
            f"The {what_en} of {en} lapsed on {first.until}: see to it now; trips fail for it until then.",
        )  # fmt: skip
    days_zh = "今天" if days_left == 0 else f"还有 {days_left} 天"
    days_en = (
        "today is its last day" if days_left == 0 else f"{days_left} day{'' if days_left == 1 else 's'} left"
    )
    return LapseWarning(
        digest[:32], user_id,
        f"{zh}的{what_zh}将于 {first.until} 到期（{days_zh}），请及时续办。",
        f"The {what_en} of {en} lapses after {first.until} ({days_en}): renew it in time.",
    )  # fmt: skip
