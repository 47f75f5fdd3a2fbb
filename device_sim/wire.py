"""The bytes of PROTOCOL.md as this device writes and reads them."""

from __future__ import annotations

import gzip
from collections.abc import Iterable
from typing import Any, Literal

import msgspec

MESSAGE_LIMIT = 8 * 1024
BATCH_LIMIT = 48 * 1024
INFLATED_LIMIT = 1024 * 1024

Flag = Literal[0, 1]


class Pos(msgspec.Struct, kw_only=True, frozen=True):
    """A position as the recorder notes it; `v`, `epoch` and `seq` are put before it when it is logged."""

    t: int
    lat: float
    lon: float
    spd: float
    hdg: float
    acc: float
    sat: int
    fix: Literal[0, 1, 2]
    odo: int
    ign: Flag
    door: Flag
    lamp: Flag
    arm: Flag


class Ride(msgspec.Struct, kw_only=True, frozen=True, omit_defaults=True):
    """A card at the reader by the door, which cannot tell the direction."""

    t: int
    card: str
    dir: Literal["on", "off"] | None = None
    by: Literal["card", "attendant"] | None = None
    lat: float
    lon: float


class Duty(msgspec.Struct, kw_only=True, frozen=True, omit_defaults=True):
    """A person signs on or off."""

    t: int
    badge: str
    role: Literal["driver", "attendant"]
    state: Literal["on", "off"]
    trip: str | None = None
    alcohol: float | None = None
    tag: str | None = None


class Event(msgspec.Struct, kw_only=True, frozen=True):
    """Something happened."""

    t: int
    kind: str
    lat: float
    lon: float
    data: dict[str, Any] = {}


Record = Pos | Ride | Duty | Event


class Online(msgspec.Struct, kw_only=True, frozen=True):
    """What the device says of itself when it connects; retained."""

    v: int = 1
    online: Flag = 1
    t: int
    epoch: int
    oldest: int
    next: int
    buffered: int
    fw: str
    model: str
    boot: int


class Saved(msgspec.Struct, frozen=True):
    """What the server has committed."""

    v: int
    upto: int
    epoch: int = 0
    missing: list[tuple[int, int]] = []


class Command(msgspec.Struct, frozen=True):
    """What the server asks of the device."""

    v: int
    id: str
    kind: str
    until: int | None = None
    args: dict[str, Any] = {}


class Answer(msgspec.Struct, kw_only=True, frozen=True, omit_defaults=True):
    """The device's answer to a command; `v` is put before it."""

    id: str
    ok: bool
    data: dict[str, Any] = {}
    error: str | None = None


KINDS: dict[type, str] = {Pos: "pos", Ride: "ride", Duty: "duty", Event: "event"}
OFFLINE = b'{"v":1,"online":0}'

_encode = msgspec.json.Encoder().encode
decode_saved = msgspec.json.Decoder(Saved).decode
decode_command = msgspec.json.Decoder(Command).decode


def encode_record(record: Record, epoch: int, seq: int) -> bytes:
    """The record's message; an event whose data would pass 8 KiB goes without them, and says so."""
    head = b'{"v":1,"epoch":%d,"seq":%d,' % (epoch, seq) if epoch else b'{"v":1,"seq":%d,' % seq
    body = head + _encode(record)[1:]
    if len(body) > MESSAGE_LIMIT and isinstance(record, Event):
        return encode_record(msgspec.structs.replace(record, data={"cut": len(body)}), epoch, seq)
    return body


def encode_online(online: Online) -> bytes:
    """The `online` message with all its fields."""
    return _encode(online)


def encode_answer(answer: Answer) -> bytes:
    """The `ack` message; data that would pass 8 KiB are left out, and it says so."""
    body = b'{"v":1,' + _encode(answer)[1:]
    if len(body) > MESSAGE_LIMIT:
        return b'{"v":1,' + _encode(msgspec.structs.replace(answer, data={"cut": len(body)}))[1:]
    return body


def batch_item(kind: str, body: bytes) -> bytes:
    """A logged record as it stands in a `batch`: with its kind, a position marked late."""
    return b'{"k":"%s",%s' % (kind.encode(), b'"late":1,' + body[1:] if kind == "pos" else body[1:])


def gap_item(epoch: int, first: int, last: int) -> bytes:
    """A range of records that the device has lost for ever."""
    said = b'"epoch":%d,' % epoch if epoch else b""
    return b'{"k":"gap","v":1,%s"seq":%d,"to":%d}' % (said, first, last)


def encode_batch(items: Iterable[bytes]) -> bytes:
    """The `batch` message, zipped when that is shorter; the caller checks the size with `fits_batch`."""
    plain = b'{"v":1,"records":[' + b",".join(items) + b"]}"
    zipped = gzip.compress(plain, 5, mtime=0)
    return zipped if len(zipped) < len(plain) else plain


def fits_batch(wire: bytes, items: list[bytes]) -> bool:
    """Whether a batch is within 48 KiB on the wire and 1 MiB inflated."""
    return len(wire) <= BATCH_LIMIT and sum(len(item) + 1 for item in items) + 24 <= INFLATED_LIMIT


def topic(device: str, kind: str) -> str:
    """The topic of one device's kind of message."""
    return f"bus/{device}/{kind}"
