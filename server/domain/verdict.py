"""The six verdicts on a trip: what each says, since when, why, and on what evidence."""

from __future__ import annotations

from typing import Final, Literal

import msgspec

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


class Verdicts(msgspec.Struct, frozen=True):
    """All six, and whether they may still change (INTERFACES ruling 5)."""

    route: Verdict = Verdict()
    time: Verdict = Verdict()
    stops: Verdict = Verdict()
    vehicle: Verdict = Verdict()
    people: Verdict = Verdict()
    marking: Verdict = Verdict()
    final: bool = False
