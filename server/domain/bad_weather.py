"""When bad weather is declared: its begin and end as settings write them, a day or an instant, and the span of time that they mean.

A day is YYMMDD, an instant YYMMDDhhmm by the operator's clock; 0 says nothing. Written, they may also be `2026-11-23` and
`2026-11-23T14:30`.
"""

from __future__ import annotations

import re
from datetime import date
from typing import Final

from server.domain.permit_facts import DAY_MS

MINUTE_MS: Final = 60_000
_INSTANTS: Final = 10**8  # more digits than a day has
_FORM: Final = re.compile(
    r"(?:20)?(?P<year>\d\d)-?(?P<month>0[1-9]|1[0-2])-?(?P<day>0[1-9]|[12]\d|3[01])"
    r"(?:[T ]?(?P<hour>[01]\d|2[0-3]):?(?P<minute>[0-5]\d))?"
)


def read_moment(text: str) -> int | None:
    """Read a day or an instant as its number; None where it is neither.

    >>> read_moment("2026-11-23"), read_moment("261123"), read_moment("2026-11-23T14:30"), read_moment("2611231430")
    (261123, 261123, 2611231430, 2611231430)
    >>> read_moment("0"), read_moment("261323"), read_moment("tomorrow")
    (0, None, None)
    """
    if text == "0":
        return 0
    found = _FORM.fullmatch(text)
    if found is None:
        return None
    return int("".join(digits for digits in found.groups() if digits is not None))


def span_ms(begin: int, end: int, on: str, day_ms: int) -> tuple[int, int] | None:
    """Give from when until when (UTC ms, the end excluded) it is declared; `day_ms` is the midnight of the date `on`.

    A begin that is a day begins with it, an end that is a day lasts to its last minute; without an end the begin's own day ends it. Days
    have 24 hours here: across a change of the clocks the span is an hour off.

    >>> span_ms(260921, 0, "2026-09-21", 0), span_ms(2609211430, 2609211600, "2026-09-21", 0)
    ((0, 86400000), (52200000, 57600000))
    >>> span_ms(260920, 2609220600, "2026-09-21", 0), span_ms(0, 260922, "2026-09-21", 0)
    ((-86400000, 108000000), None)
    """
    if not begin:
        return None
    from_ms, _ = _instants(begin, on, day_ms)
    _, until_ms = _instants(end or _day_of(begin), on, day_ms)
    return (from_ms, until_ms) if from_ms < until_ms else None


def _day_of(moment: int) -> int:
    return moment // 10_000 if moment >= _INSTANTS else moment


def _instants(moment: int, on: str, day_ms: int) -> tuple[int, int]:
    """Give the first instant of a moment, and the first that is no more of it."""
    day = _day_of(moment)
    # A day that the month doesn't have is one of the next month.
    first = date(2000 + day // 10_000, day // 100 % 100, 1).toordinal() + day % 100 - 1
    begin_ms = day_ms + (first - date.fromisoformat(on).toordinal()) * DAY_MS
    if moment < _INSTANTS:
        return begin_ms, begin_ms + DAY_MS
    at_ms = begin_ms + (moment // 100 % 100 * 60 + moment % 100) * MINUTE_MS
    return at_ms, at_ms
