"""How a list of records is asked for: searched, sorted, filtered, ended ones or not, from a cursor on."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from typing import Any, Literal

import msgspec

from server.errors import InvalidError

Cursor = tuple[str | int | float | None, str]


class Listing(msgspec.Struct, frozen=True):
    """What a list is to hold; `cursor` is the sorted-by value and the id of the last record before."""

    code: str | None = None
    q: str | None = None
    sort: str | None = None
    descending: bool = False
    ended: Literal["false", "true", "all"] = "false"
    filters: Mapping[str, str] = {}
    cursor: Cursor | None = None


def write_cursor(value: Any, id_: str) -> str:  # noqa: ANN401 - whatever a list is sorted by
    """Give the `next` of a page."""
    return base64.urlsafe_b64encode(msgspec.json.encode([value, id_])).decode().rstrip("=")


def read_cursor(text: str) -> Cursor:
    """Take the `next` of the page before; raise InvalidError.

    >>> read_cursor(write_cursor("张小雨", "01"))
    ('张小雨', '01')
    """
    try:
        raw = base64.b64decode(text + "=" * (-len(text) % 4), b"-_", validate=True)
        found: Cursor = msgspec.json.decode(raw, type=Cursor)
    except (binascii.Error, msgspec.DecodeError, UnicodeError, ValueError):
        raise InvalidError(
            "`after` is none of this list's cursors: take `next` of the page before.",
            fields={"after": "no cursor"},
        ) from None
    return found
