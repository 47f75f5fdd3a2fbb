"""The gate: what a device's message holds, each record accepted or rejected with its reason.

It decodes and checks; it knows no plan, no database and no other message. The device of a record is the topic's.
"""

from __future__ import annotations

import json
import zlib
from typing import Any, Final

import msgspec

from server.domain.record import Duty, Epoch, Event, Gap, Position, Record, RideRecord, Seq, UtcMs

MAX_MESSAGE_B: Final = 8 * 1024  # PROTOCOL, Conventions
MAX_BATCH_B: Final = 48 * 1024
MAX_INFLATED_B: Final = 1024 * 1024
MAX_REJECTED_B: Final = 4 * 1024  # what is kept of a refused payload: enough to see what it was
MAX_NESTING: Final = 32
FUTURE_MS: Final = 60_000  # PROTOCOL, Time
EARLIEST_MS: Final = 1_577_836_800_000  # 2020-01-01T00:00:00Z (PROTOCOL, Time)
MAX_RECORDS: Final = (
    20_000  # of a batch: 1 MiB of records of 52 bytes, shorter than any that has its required fields
)
GZIP_MAGIC: Final = b"\x1f\x8b"
OTHER: Final = "other"  # the kind under which is kept and counted what has a kind of its own invention

RECORD_KINDS: Final[dict[str, type[Record]]] = {
    "pos": Position,
    "ride": RideRecord,
    "duty": Duty,
    "event": Event,
    "gap": Gap,
}
KNOWN_KINDS: Final = frozenset((*RECORD_KINDS, "batch", "online", "ack"))


class Accepted(msgspec.Struct, frozen=True, gc=False):
    """A record that passed, with its own bytes as the device sent them."""

    device: str
    kind: str
    record: Record
    body: bytes


class Rejected(msgspec.Struct, frozen=True, gc=False):
    """Something that did not pass. `seq` None: not even that could be read, so nothing counts as saved."""

    device: str
    kind: str
    reason: str
    payload: bytes
    epoch: int = 0
    seq: int | None = None


class Online(msgspec.Struct, frozen=True):
    """`online`: what a device says of itself. It is no record."""

    v: int
    online: int
    t: UtcMs | None = None
    epoch: Epoch = 0
    oldest: Seq | None = None
    next: Seq | None = None
    buffered: int | None = None
    fw: str | None = None
    model: str | None = None
    boot: int | None = None


class Presence(msgspec.Struct, frozen=True):
    """A device's `online` message, with its bytes."""

    device: str
    online: Online
    body: bytes


class Answer(msgspec.Struct, frozen=True):
    """A device's `ack` of a command: which, whether it obeyed, and the message's bytes."""

    device: str
    command_id: str
    ok: bool
    body: bytes


Judged = Accepted | Rejected | Presence | Answer


class _Batch(msgspec.Struct):
    v: int
    records: list[msgspec.Raw]


class _Kind(msgspec.Struct):
    k: str
    v: int | None = None


_record_decoders: Final = {kind: msgspec.json.Decoder(type_) for kind, type_ in RECORD_KINDS.items()}
_batch_decoder: Final = msgspec.json.Decoder(_Batch)
_kind_decoder: Final = msgspec.json.Decoder(_Kind)
_online_decoder: Final = msgspec.json.Decoder(Online)
_any_decoder: Final = msgspec.json.Decoder()


def judge(device: str, kind: str, payload: bytes, now_ms: int) -> list[Judged]:
    """Judge one message of a device.

    `kind` is the topic's last level; `now_ms` the server's clock (UTC ms). Never raises for anything that a device can send.
    """
    if kind == "batch":
        return _judge_batch(device, payload, now_ms)
    if len(payload) > MAX_MESSAGE_B:
        reason = f"message of {len(payload)} bytes, at most {MAX_MESSAGE_B} are allowed"
        return [_refused(device, kind if kind in KNOWN_KINDS else OTHER, payload, reason)]
    if kind == "online":
        return [_judge_online(device, payload)]
    if kind == "ack":
        return [_judge_answer(device, payload)]
    if kind not in RECORD_KINDS or kind == "gap":
        return [_refused(device, OTHER, payload, f"topic kind {kind[:64]!r} is not one that a device sends")]
    return [_judge_record(device, kind, payload, now_ms)]


def _judge_record(device: str, kind: str, body: bytes, now_ms: int) -> Accepted | Rejected:
    try:
        record = _record_decoders[kind].decode(body)
    except msgspec.ValidationError as error:
        return _refused(device, kind, body, str(error))
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError, ValueError) as error:
        return _refused(device, kind, body, f"not JSON: {error}")
    if isinstance(record, Gap):
        if record.to < record.seq or record.to - record.seq > 10_000_000:
            return _refused(device, kind, body, f"gap from {record.seq} to {record.to} is no range")
        return Accepted(device, kind, record, body)
    if record.t > now_ms + FUTURE_MS:
        return _refused(device, kind, body, f"t is {(record.t - now_ms) // 1000} s in the future")
    if record.t < EARLIEST_MS:
        return _refused(device, kind, body, "t is before 2020: the device's clock was not set")
    if kind == "event" and not _shallow(record):
        return _refused(device, kind, body, f"data is nested deeper than {MAX_NESTING} levels")
    return Accepted(device, kind, record, body)


def _judge_batch(device: str, payload: bytes, now_ms: int) -> list[Judged]:
    if len(payload) > MAX_BATCH_B:
        reason = f"batch of {len(payload)} bytes on the wire, at most {MAX_BATCH_B} are allowed"
        return [_refused(device, "batch", payload, reason, named=False)]
    if payload[:2] == GZIP_MAGIC:
        try:
            inflater = zlib.decompressobj(wbits=31)
            inflated = inflater.decompress(payload, MAX_INFLATED_B + 1)
        except zlib.error as error:
            return [_refused(device, "batch", payload, f"not gzip: {error}", named=False)]
        if len(inflated) > MAX_INFLATED_B:
            reason = f"batch inflates to more than {MAX_INFLATED_B} bytes"
            return [_refused(device, "batch", payload, reason, named=False)]
        if not inflater.eof:
            return [_refused(device, "batch", payload, "gzip ends too early", named=False)]
        if inflater.unused_data:
            return [_refused(device, "batch", payload, "something follows the gzip member", named=False)]
        payload = inflated
    try:
        batch = _batch_decoder.decode(payload)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError, ValueError) as error:
        return [_refused(device, "batch", payload, f"no batch: {error}", named=False)]
    if batch.v != 1:
        return [_refused(device, "batch", payload, f"version {batch.v} is not known, 1 is", named=False)]
    if len(batch.records) > MAX_RECORDS:
        reason = f"batch of {len(batch.records)} records, at most {MAX_RECORDS} are allowed"
        return [_refused(device, "batch", payload, reason, named=False)]
    return [_judge_entry(device, bytes(raw), now_ms) for raw in batch.records]


def _judge_entry(device: str, body: bytes, now_ms: int) -> Accepted | Rejected:
    try:
        head = _kind_decoder.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError, ValueError) as error:
        return _refused(device, "batch", body, f"record without its kind `k`: {error}")
    if head.k not in RECORD_KINDS:
        return _refused(device, OTHER, body, f"record kind {head.k[:32]!r} is not known")
    if head.v is None:
        body = b'{"v":1,' + body.lstrip()[1:]  # the batch's version is its records'
    return _judge_record(device, head.k, body, now_ms)


def _judge_online(device: str, payload: bytes) -> Presence | Rejected:
    try:
        online = _online_decoder.decode(payload)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError, ValueError) as error:
        return _refused(device, "online", payload, f"no `online`: {error}", named=False)
    if online.v != 1 or online.online not in (0, 1):
        return _refused(device, "online", payload, "v must be 1 and online 0 or 1", named=False)
    return Presence(device, online, payload)


def _judge_answer(device: str, payload: bytes) -> Answer | Rejected:
    try:
        fields = _any_decoder.decode(payload)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError, ValueError) as error:
        return _refused(device, "ack", payload, f"not JSON: {error}", named=False)
    if not isinstance(fields, dict) or not isinstance(fields.get("id"), str):
        return _refused(device, "ack", payload, "an answer needs the command's id", named=False)
    if not isinstance(fields.get("ok"), bool):
        return _refused(device, "ack", payload, "an answer needs ok, true or false", named=False)
    return Answer(device, fields["id"], fields["ok"], payload)


def _refused(device: str, kind: str, payload: bytes, reason: str, *, named: bool = True) -> Rejected:
    """Refuse a payload; its epoch and seq are read where that is still possible, so that it counts as saved."""
    epoch, seq = _name(payload) if named and len(payload) <= MAX_BATCH_B else (0, None)
    return Rejected(device, kind, reason[:500], payload[:MAX_REJECTED_B], epoch, seq)


def _name(payload: bytes) -> tuple[int, int | None]:
    """Read epoch and seq of a record that is otherwise broken; the lenient parser takes NaN and Infinity too."""
    try:
        fields = json.loads(payload)
    except (UnicodeDecodeError, RecursionError, ValueError):
        return 0, None
    if not isinstance(fields, dict):
        return 0, None
    seq, epoch = fields.get("seq"), fields.get("epoch", 0)
    if type(seq) is not int or type(epoch) is not int or not 1 <= seq <= 2**53 or not 0 <= epoch < 2**31:
        return 0, None
    return epoch, seq


def _shallow(record: Position | RideRecord | Duty | Event) -> bool:
    level: list[Any] = [record.data] if isinstance(record, Event) else []
    for _ in range(MAX_NESTING):
        level = [
            inner
            for value in level
            for inner in (
                value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
            )
            if isinstance(inner, dict | list)
        ]
        if not level:
            return True
    return False
