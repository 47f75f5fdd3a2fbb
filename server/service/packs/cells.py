"""Read and write one cell of a pack's file: text to a checked value and back, each kind of column once."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date
from typing import Annotated
from zoneinfo import ZoneInfo, available_timezones

import msgspec

from server.domain.service_time import format_service_time, parse_service_time

LONGEST_TEXT = 500
_FORMULA = "=+-@"  # what a spreadsheet runs; such a text travels behind an apostrophe, which it hides


class Cell(msgspec.Struct, frozen=True):
    """How a column is read (raises ValueError with what to do) and written."""

    read: Callable[[str], object]
    write: Callable[[object], str] = str
    hidden: bool = False  # a secret: a fault never shows it
    dates: bool = False  # a workbook's date may stand here; anywhere else a spreadsheet made it of an id


def read_text(text: str) -> str:
    """Take a text as it is, but for a spreadsheet's leading apostrophe.

    >>> read_text("'+86 955 1"), read_text("'tis")
    ('+86 955 1', "'tis")
    """
    if text[:1] == "'" and text[1:2] and text[1] in _FORMULA:
        text = text[1:]
    if len(text) > LONGEST_TEXT:
        raise ValueError(f"this is {len(text)} characters long; shorten it to {LONGEST_TEXT}")
    if not text.isprintable():
        raise ValueError(
            "this holds a character that can't be printed (a line break, a tab, a control); delete it"
        )
    return text


def write_text(value: object) -> str:
    """Write a text so that no spreadsheet runs it.

    >>> write_text("=1+1"), write_text("中卫")
    ("'=1+1", '中卫')
    """
    text = str(value)
    return f"'{text}" if text[:1] in _FORMULA and text else text


def read_code(text: str) -> str:
    """Take an id: a text of at most 64 characters."""
    code = read_text(text)
    if len(code) > 64:
        raise ValueError(f"an id has at most 64 characters, this has {len(code)}")
    return code


def pattern(expression: str, advice: str) -> Callable[[str], str]:
    """Make a reader of texts that match a whole expression."""
    compiled = re.compile(expression)

    def read(text: str) -> str:
        if compiled.fullmatch(text) is None:
            raise ValueError(advice)
        return text

    return read


def one_of(*words: str) -> Callable[[str], str]:
    """Make a reader of a closed list of words."""

    def read(text: str) -> str:
        if text not in words:
            raise ValueError(f"write one of {', '.join(words)}")
        return text

    return read


def whole(low: int, high: int) -> Callable[[str], int]:
    """Make a reader of whole numbers in a range."""

    def read(text: str) -> int:
        if re.fullmatch(r"[+-]?[0-9]{1,12}", text) is None or not low <= int(text) <= high:
            raise ValueError(f"write a whole number from {low} to {high}")
        return int(text)

    return read


def degrees(limit: int) -> Callable[[str], float]:
    """Make a reader of degrees from -limit to limit."""

    def read(text: str) -> float:
        if re.fullmatch(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]{1,3})?", text) is None:
            raise ValueError("write a number of degrees, such as 37.51427")
        found = float(text)
        if -limit <= found <= limit:
            return found
        hint = "; latitude and longitude may be swapped" if limit == 90 and abs(found) <= 180 else ""
        raise ValueError(f"degrees run from -{limit} to {limit}{hint}")

    return read


def read_iso_date(text: str) -> str:
    """Take a date written YYYY-MM-DD."""
    if re.fullmatch(r"\d{4}-\d\d-\d\d", text, re.ASCII) is None:
        raise ValueError("write a date as YYYY-MM-DD")
    return _real_date(text)


def read_gtfs_date(text: str) -> str:
    """Take a date written YYYYMMDD, as ISO text."""
    if re.fullmatch(r"\d{8}", text, re.ASCII) is None:
        raise ValueError("write a date as YYYYMMDD")
    return _real_date(f"{text[:4]}-{text[4:6]}-{text[6:]}")


def _real_date(iso: str) -> str:
    try:
        return date.fromisoformat(iso).isoformat()
    except ValueError:
        raise ValueError(f"there is no day {iso} in the calendar") from None


def read_timezone(text: str) -> str:
    """Take a zone of the tz database."""
    if text not in available_timezones():
        raise ValueError("write a time zone of the tz database, such as Asia/Shanghai")
    ZoneInfo(text)
    return text


def read_phone(text: str) -> str:
    """Take a telephone number as people write it."""
    number = read_text(text)
    if re.fullmatch(r"[-+0-9 ()./,;#*a-zA-Z]{1,32}", number) is None:
        raise ValueError("write a telephone number of at most 32 characters")
    return number


def read_secret(text: str) -> str:
    """Take a password or a device's secret; its owner's rules of length are those of QUALITY, Security 2."""
    if not 12 <= len(text) <= 128 or not text.isprintable():
        raise ValueError("a password or secret has 12 to 128 characters; leave it blank to have one made")
    return text


def read_weekdays(text: str) -> str:
    """Take weekdays as digits, Monday 1; give them in order."""
    if re.fullmatch(r"[1-7]{1,7}", text) is None or len(set(text)) != len(text):
        raise ValueError("write each weekday's digit once, Monday 1 to Sunday 7, such as 12345")
    return "".join(sorted(text))


Text = Annotated[str, Cell(read_text, write_text)]
Code = Annotated[str, Cell(read_code, write_text)]
Phone = Annotated[str, Cell(read_phone, write_text)]
Secret = Annotated[str, Cell(read_secret, hidden=True)]
Email = Annotated[
    str, Cell(pattern(r"[^@\s]{1,64}@[^@\s]{1,190}", "write an address such as name@example.org"))
]
Lat = Annotated[float, Cell(degrees(90), repr)]
Lon = Annotated[float, Cell(degrees(180), repr)]
Day = Annotated[str, Cell(read_iso_date, dates=True)]
GtfsDay = Annotated[str, Cell(read_gtfs_date, lambda value: str(value).replace("-", ""))]
TimeZone = Annotated[str, Cell(read_timezone)]
Weekdays = Annotated[str, Cell(read_weekdays)]
Flag = Annotated[int, Cell(whole(0, 1))]
Sequence = Annotated[int, Cell(whole(0, 10**9))]
ServiceTime = Annotated[int, Cell(parse_service_time, lambda value: format_service_time(int(str(value))))]
Card = Annotated[str, Cell(pattern(r"[0-9A-Za-z]{1,32}", "use 1 to 32 of 0-9, A-Z, a-z"))]
DeviceId = Annotated[str, Cell(pattern(r"[A-Za-z0-9_-]{1,32}", "use 1 to 32 of A-Z, a-z, 0-9, _ and -"))]
Username = Annotated[
    str,
    Cell(
        pattern(r"[^\W_][\w.@+-]{0,63}", "use 1 to 64 letters, digits and . _ @ + -, a letter or digit first")
    ),
]
