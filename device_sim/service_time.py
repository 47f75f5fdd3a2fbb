"""GTFS time: which instant '25:10:00' of a service date is, in the agency's zone."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from device_sim.errors import SimError


def parse_seconds(text: str) -> int:
    """Seconds of a GTFS time, which may pass 24:00; raises ValueError.

    >>> parse_seconds("25:10:05")
    90605
    """
    hours, minutes, seconds = (int(part) for part in text.split(":"))
    if hours < 0 or not 0 <= minutes < 60 or not 0 <= seconds < 60:
        raise ValueError(text)
    return hours * 3600 + minutes * 60 + seconds


def parse_date(text: str) -> date:
    """A date written YYYYMMDD (GTFS) or YYYY-MM-DD; raises ValueError."""
    return datetime.strptime(text, "%Y-%m-%d" if "-" in text else "%Y%m%d").date()


def origin_ms(on: date, zone: ZoneInfo) -> int:
    """The instant from which times of that service date count: local noon minus 12 h (GTFS), in UTC ms.

    >>> origin_ms(date(2026, 9, 1), ZoneInfo("Asia/Shanghai"))
    1788192000000
    """
    noon = datetime.combine(on, time(12), zone).astimezone(UTC) - timedelta(hours=12)
    return round(noon.timestamp() * 1000)


def date_at(at_ms: int, zone: ZoneInfo) -> date:
    """The local calendar date at an instant."""
    return datetime.fromtimestamp(at_ms / 1000, zone).date()


def find_zone(name: str) -> ZoneInfo:
    """The time zone of that IANA name; raises SimError."""
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        raise SimError(f"agency.txt: '{name}' is no known time zone; write one like Asia/Shanghai") from None
