"""Turn GTFS service times into instants: seconds after noon minus 12 h on a service date, times over 24:00 too.

Noon minus 12 h, not midnight: on the two days a year when clocks change, a bus planned for 07:30 leaves when
clocks on the wall show 07:30 (GTFS reference, "Time").
"""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

LONGEST_S = 100 * 3600  # a service day that runs past the fourth midnight is a slip of the pen


def parse_service_time(text: str) -> int:
    """Read H:MM:SS or HH:MM:SS as seconds after noon minus 12 h; raise ValueError.

    >>> parse_service_time("7:05:09"), parse_service_time("25:10:00")
    (25509, 90600)
    """
    parts = text.split(":")
    if len(parts) != 3 or not all(part.isascii() and part.isdigit() for part in parts):
        raise ValueError("a time is written H:MM:SS")
    hours, minutes, seconds = map(int, parts)
    if len(parts[0]) > 3 or len(parts[1]) != 2 or len(parts[2]) != 2 or minutes > 59 or seconds > 59:
        raise ValueError("a time is written H:MM:SS with minutes and seconds up to 59")
    found_s = hours * 3600 + minutes * 60 + seconds
    if found_s >= LONGEST_S:
        raise ValueError(f"a time is below {LONGEST_S // 3600}:00:00")
    return found_s


def format_service_time(service_s: int) -> str:
    """Write seconds after noon minus 12 h as HH:MM:SS.

    >>> format_service_time(90600)
    '25:10:00'
    """
    minutes, seconds = divmod(service_s, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours:02}:{minutes:02}:{seconds:02}"


def service_start_ms(on: date, zone: ZoneInfo) -> int:
    """Give the instant of noon minus 12 h on a service date, in UTC milliseconds.

    >>> zone = ZoneInfo("America/New_York")  # clocks go forward on 8 March 2026
    >>> datetime.fromtimestamp(service_start_ms(date(2026, 3, 8), zone) / 1000, zone).isoformat()
    '2026-03-07T23:00:00-05:00'
    """
    noon = datetime(on.year, on.month, on.day, 12, tzinfo=zone).astimezone(UTC)
    return round((noon - timedelta(hours=12)).timestamp()) * 1000


def instant_ms(on: date, service_s: int, zone: ZoneInfo) -> int:
    """Give the instant of a service time on a service date, in UTC milliseconds.

    >>> zone = ZoneInfo("America/New_York")
    >>> def wall(on, text):
    ...     at_ms = instant_ms(on, parse_service_time(text), zone)
    ...     return datetime.fromtimestamp(at_ms / 1000, zone).isoformat()
    >>> wall(date(2026, 3, 8), "7:30:00")  # the morning after clocks went forward
    '2026-03-08T07:30:00-04:00'
    >>> wall(date(2026, 11, 1), "24:10:00")  # after midnight of the day on which they go back
    '2026-11-02T00:10:00-05:00'
    """
    return service_start_ms(on, zone) + service_s * 1000


def local_date(at_ms: int, zone: ZoneInfo) -> date:
    """Give the calendar date that a wall clock of the zone shows at an instant.

    >>> local_date(1_790_000_000_000, ZoneInfo("Asia/Shanghai"))
    datetime.date(2026, 9, 21)
    """
    return datetime.fromtimestamp(at_ms / 1000, zone).date()


def dates_around(at_ms: int, zone: ZoneInfo) -> tuple[date, date, date]:
    """Give yesterday, today and tomorrow by the zone's wall clock."""
    today = local_date(at_ms, zone)
    return today - timedelta(days=1), today, today + timedelta(days=1)
