"""The six verdicts on a trip: what each says, since when, why, and on what evidence."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final, Literal

import msgspec
from msgspec.structs import replace

from server.domain.finding import Evidence, Fixed

Value = Literal["pass", "fail", "excused", "unknown"]
SIX: Final[tuple[Fixed, ...]] = ("route", "time", "stops", "vehicle", "people", "marking")


class Verdict(msgspec.Struct, frozen=True):
    """One of the six. `reason` is a finding's kind, or a word for what is missing; `not_measured` the signals that the bus lacks."""

    value: Value = "unknown"
    since_ms: int | None = None
    reason: str | None = None
    evidence: tuple[Evidence, ...] = ()
    not_measured: tuple[str, ...] = ()


# What may excuse a trip that isn't what its permit says (PRODUCT, the six fixed, exactly).
LawfulReason = Literal["traffic_control", "road_works", "disaster", "bad_weather", "major_crash"]


class Excuse(msgspec.Struct, frozen=True, gc=False):
    """That one of the six is excused: why, who approved it and when; with no reason, that an excuse is taken back."""

    which: Fixed
    reason: LawfulReason | None
    at_ms: int
    user_id: str
    remarks: str | None = None


class Verdicts(msgspec.Struct, frozen=True):
    """All six, and whether they may still change (INTERFACES ruling 5)."""

    route: Verdict = Verdict()
    time: Verdict = Verdict()
    stops: Verdict = Verdict()
    vehicle: Verdict = Verdict()
    people: Verdict = Verdict()
    marking: Verdict = Verdict()
    final: bool = False

    def of(self, which: Fixed) -> Verdict:
        """Give one of the six."""
        verdict: Verdict = getattr(self, which)
        return verdict


def excused(verdicts: Verdicts, excuses: Iterable[Excuse]) -> Verdicts:
    """Give the verdicts with those that failed excused, where somebody approved it with a lawful reason.

    `excuses` in the order in which they were said: the last word on each of the six holds.

    >>> late = Verdicts(time=Verdict("fail", 1000, "arrived_late"))
    >>> said = [Excuse("time", "road_works", 2000, "U1"), Excuse("route", "disaster", 2000, "U1")]
    >>> told = excused(late, said)
    >>> told.time.value, told.time.reason, told.route.value
    ('excused', 'road_works', 'unknown')
    >>> excused(late, [*said, Excuse("time", None, 3000, "U1")]).time.value
    'fail'
    """
    for excuse in {one.which: one for one in excuses}.values():
        was = verdicts.of(excuse.which)
        if was.value != "fail" or excuse.reason is None:
            continue
        approved = Evidence("excuse", excuse.at_ms, was.reason, source=excuse.user_id)
        now = replace(
            was,
            value="excused",
            since_ms=excuse.at_ms,
            reason=excuse.reason,
            evidence=(approved, *was.evidence),
        )
        verdicts = replace(verdicts, **{excuse.which: now})
    return verdicts
