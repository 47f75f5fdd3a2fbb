"""Driving time: how long a stint lasted, how much of it at night, how much in 24 hours, and when that may be too long.

By day 4 h without a rest of 20 min, 2 h at night, 8 h in 24 h (PRODUCT, numbers from the rules). A stint is everything from moving off
to the last standstill before a rest; halts that are shorter than a rest are part of it.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal, NamedTuple

from server.domain.permit_facts import DAY_MS, HOUR_MS
from server.domain.thresholds import Thresholds

Spell = tuple[int, int]  # a stretch at the wheel: from when until when, UTC ms


class TooLong(NamedTuple):
    """Which driving time is over its limit, both in seconds."""

    which: Literal["day", "night", "24h"]
    driven_s: float
    limit_s: float


def within_ms(a_ms: int, b_ms: int, from_ms: int, to_ms: int) -> int:
    """Give how much of from..to lies in a..b.

    >>> within_ms(0, 10, 5, 20), within_ms(0, 10, 11, 20)
    (5, 0)
    """
    return max(0, min(b_ms, to_ms) - max(a_ms, from_ms))


def nights(midnight_ms: int, thresholds: Thresholds, from_ms: int, to_ms: int) -> Iterator[tuple[int, int]]:
    """Give the nights that touch from..to, by the midnight of some day."""
    first = (from_ms - midnight_ms) // DAY_MS - 1
    last = (to_ms - midnight_ms) // DAY_MS
    for day in range(first, last + 1):
        begin = midnight_ms + day * DAY_MS
        yield (
            round(begin + thresholds.night_from_h * HOUR_MS),
            round(begin + DAY_MS + thresholds.night_until_h * HOUR_MS),
        )


def joined(
    since_ms: int, before: tuple[Spell, ...], elsewhere: tuple[Spell, ...], rest_ms: float
) -> tuple[int, tuple[Spell, ...]]:
    """Put together what was driven on this bus and on others: since when the stint lasts, and the spells before it.

    What lies closer together than a rest is one stint, on whichever bus; what lies over one another counts once.

    >>> joined(100, (), ((0, 90), (200, 210)), 20), joined(100, ((0, 10),), ((30, 70),), 20)
    ((0, ()), (100, ((0, 10), (30, 70))))
    """
    if not elsewhere:
        return since_ms, before
    spells: list[Spell] = []
    for from_ms, until_ms in sorted((*before, *elsewhere)):
        if spells and from_ms - spells[-1][1] < rest_ms:
            spells[-1] = spells[-1][0], max(spells[-1][1], until_ms)
        else:
            spells.append((from_ms, until_ms))
    while spells and since_ms - spells[-1][1] < rest_ms:
        since_ms = min(since_ms, spells.pop()[0])
    return since_ms, tuple(spells)


def find_too_long(
    since_ms: int,
    before: tuple[tuple[int, int], ...],
    now_ms: int,
    thresholds: Thresholds,
    midnight_ms: int | None,
) -> TooLong | None:
    """Find the driving time that is over its limit at an instant, in a stint since `since_ms` with others `before` it."""
    stint_s = (now_ms - since_ms) / 1000
    if stint_s > thresholds.driving_day_s:
        return TooLong("day", stint_s, thresholds.driving_day_s)
    if midnight_ms is not None:
        dark = sum(
            within_ms(a, b, since_ms, now_ms) for a, b in nights(midnight_ms, thresholds, since_ms, now_ms)
        )
        if dark / 1000 > thresholds.driving_night_s:
            return TooLong("night", dark / 1000, thresholds.driving_night_s)
    total = stint_s + sum(within_ms(now_ms - DAY_MS, now_ms, a, b) for a, b in before) / 1000
    if total > thresholds.driving_24h_s:
        return TooLong("24h", total, thresholds.driving_24h_s)
    return None


def look_again_ms(
    since_ms: int,
    before: tuple[tuple[int, int], ...],
    now_ms: int,
    thresholds: Thresholds,
    midnight_ms: int | None,
) -> int:
    """Give the instant before which no driving time can be over its limit, whatever the bus does.

    >>> day = Thresholds()
    >>> look_again_ms(0, (), 0, day, 0) // 60_000, look_again_ms(12 * HOUR_MS, (), 12 * HOUR_MS, day, 0) // HOUR_MS
    (120, 16)
    """
    stint_ms = now_ms - since_ms
    left = [since_ms + 1000 * thresholds.driving_day_s]
    total = stint_ms + sum(within_ms(now_ms - DAY_MS, now_ms, a, b) for a, b in before)
    left.append(now_ms + 1000 * thresholds.driving_24h_s - total)
    if midnight_ms is not None:
        dark = 0
        for a, b in nights(midnight_ms, thresholds, since_ms, since_ms + DAY_MS):
            inside = within_ms(a, b, since_ms, since_ms + DAY_MS)
            if dark + inside > 1000 * thresholds.driving_night_s:
                left.append(max(a, since_ms) + 1000 * thresholds.driving_night_s - dark)
                break
            dark += inside
    return round(min(left)) + 1
