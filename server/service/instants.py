"""Instants as people and programs outside read them: RFC 3339 with the agency's offset."""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import lru_cache
from typing import overload
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError


@lru_cache(maxsize=64)
def zone(name: str) -> ZoneInfo:
    """Give a time zone by its IANA name; an unknown one is UTC, since a page must not fail for it (import refuses it)."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError):
        return ZoneInfo("UTC")


@overload
def at(ms: int, timezone: str) -> datetime: ...
@overload
def at(ms: int | None, timezone: str) -> datetime | None: ...
def at(ms: int | None, timezone: str) -> datetime | None:
    """Turn UTC milliseconds into an instant with the zone's offset; None stays None.

    >>> at(1_788_215_400_000, "Asia/Shanghai").isoformat()
    '2026-09-01T06:30:00+08:00'
    """
    if ms is None:
        return None
    # Whole milliseconds: a float's microseconds would show as .123000 or .122999.
    whole, rest = divmod(ms, 1000)
    return datetime.fromtimestamp(whole, zone(timezone)) + timedelta(milliseconds=rest)


def day(ms: int, timezone: str) -> str:
    """Give the calendar date of an instant in a zone, as ISO text.

    >>> day(1_788_215_400_000, "Asia/Shanghai"), day(1_788_192_000_000, "UTC")
    ('2026-09-01', '2026-08-31')
    """
    return datetime.fromtimestamp(ms / 1000, zone(timezone)).date().isoformat()


def day_after(service_on: str, days: int = 1) -> str:
    """Give the date `days` after (negative: before) an ISO date.

    >>> day_after("2026-08-31"), day_after("2026-09-01", -1)
    ('2026-09-01', '2026-08-31')
    """
    return (datetime.fromisoformat(service_on) + timedelta(days=days)).date().isoformat()
