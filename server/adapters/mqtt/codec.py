"""Payloads that the server publishes: `saved` to devices, and what the roles tell one another."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, Literal

import msgspec

# PROTOCOL "saved": at most 20 ranges.
MAX_MISSING: Final = 20


class Saved(msgspec.Struct, frozen=True):
    """What of a device's epoch is committed; `missing` are inclusive ranges of seq, oldest first."""

    epoch: int
    upto: int
    missing: tuple[tuple[int, int], ...] = ()
    v: Literal[1] = 1


class LivePosition(msgspec.Struct, frozen=True):
    """A bus's last position; km/h, degrees, UTC ms, seconds, metres along the shape."""

    vehicle_id: str
    operator_id: str
    trip_id: str | None
    lat: float
    lon: float
    spd: float
    hdg: float | None
    at_ms: int
    interval_s: float
    metre: float | None


class LivePositions(msgspec.Struct, frozen=True):
    """`live/positions`: every bus that moved since the last one."""

    items: tuple[LivePosition, ...]


class LiveTrips(msgspec.Struct, frozen=True):
    """`live/trips`: ids of trips that changed."""

    ids: tuple[str, ...]


class LiveFindings(msgspec.Struct, frozen=True):
    """`live/findings`: ids of findings that were stated, changed, ended or withdrawn."""

    ids: tuple[str, ...]


class LiveRide(msgspec.Struct, frozen=True):
    """One boarding or alighting; UTC ms."""

    trip_id: str
    rider_id: str
    dir: Literal["on", "off"]
    at_ms: int
    stop_id: str | None


class LiveRides(msgspec.Struct, frozen=True):
    """`live/rides`."""

    items: tuple[LiveRide, ...]


class LiveNotice(msgspec.Struct, frozen=True):
    """A notice that a user now has."""

    id: str
    user_id: str


class LiveNotices(msgspec.Struct, frozen=True):
    """`live/notices`."""

    items: tuple[LiveNotice, ...]


class LiveEnded(msgspec.Struct, frozen=True, omit_defaults=True):
    """`live/ended`: whose sockets close; one of the two is said."""

    user_id: str | None = None
    session_id: str | None = None


class WakeIngest(msgspec.Struct, frozen=True):
    """`wake/ingest`: read the plan or the inputs again, for these vehicles (all of them where empty)."""

    why: Literal["catalog", "inputs"]
    vehicles: tuple[str, ...] = ()


HousePayload = LivePositions | LiveTrips | LiveRides | LiveFindings | LiveNotices | LiveEnded | WakeIngest

_encoder = msgspec.json.Encoder()


def encode_saved(epoch: int, upto: int, missing: Sequence[tuple[int, int]] = ()) -> bytes:
    """Write a `saved` payload; with more than 20 holes `upto` stops before the 21st (PROTOCOL "saved")."""
    if len(missing) > MAX_MISSING:
        upto = min(upto, missing[MAX_MISSING][0] - 1)
        missing = missing[:MAX_MISSING]
    return _encoder.encode(Saved(epoch=epoch, upto=upto, missing=tuple(missing)))


def encode_command(command_id: str, until_ms: int, kind: str, args: bytes) -> bytes:
    """Write a `cmd` payload (PROTOCOL, Server → device); `args` is JSON already."""
    body = {"v": 1, "id": command_id, "until": until_ms, "kind": kind, "args": msgspec.Raw(args)}
    return _encoder.encode(body)


def encode(payload: HousePayload) -> bytes:
    """Write a payload of a `live/` or `wake/` topic as JSON."""
    return _encoder.encode(payload)
