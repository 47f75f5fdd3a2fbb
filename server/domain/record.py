"""What a device says, decoded and checked: the wire's records as frozen values (PROTOCOL, version 1).

Field names are the wire's, since these Structs are its schema; ranges are msgspec constraints, so that a value out of
range never becomes a record.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

Seq = Annotated[int, Meta(ge=1, le=2**53)]
Epoch = Annotated[int, Meta(ge=0, le=2**31 - 1)]
UtcMs = Annotated[int, Meta(ge=0, le=2**53)]
Lat = Annotated[float, Meta(ge=-90, le=90)]
Lon = Annotated[float, Meta(ge=-180, le=180)]
Bit = Annotated[int, Meta(ge=0, le=1)]
Badge = Annotated[str, Meta(min_length=1, max_length=64)]
Card = Annotated[str, Meta(pattern=r"^[0-9A-Za-z]{1,32}\Z")]  # `$` would let a line break pass

EVENT_KINDS = (
    "sos", "collision", "rollover", "power_on", "power_off", "tamper", "param_change", "harsh_brake", "harsh_accel",
    "harsh_turn", "child_check", "dms_fatigue", "dms_phone", "dms_smoking", "dms_distraction", "camera_blocked",
    "gnss_lost", "gnss_back",
)  # fmt: skip
EventKind = Literal[
    "sos", "collision", "rollover", "power_on", "power_off", "tamper", "param_change", "harsh_brake", "harsh_accel",
    "harsh_turn", "child_check", "dms_fatigue", "dms_phone", "dms_smoking", "dms_distraction", "camera_blocked",
    "gnss_lost", "gnss_back",
]  # fmt: skip


class Position(msgspec.Struct, frozen=True, gc=False):
    """`pos`: where the bus was. lat, lon in degrees WGS-84; spd km/h; acc m (1 sigma); odo m."""

    v: Literal[1]
    seq: Seq
    t: UtcMs
    lat: Lat
    lon: Lon
    spd: Annotated[float, Meta(ge=0, le=220)]
    epoch: Epoch = 0
    hdg: Annotated[float, Meta(ge=0, le=360)] | None = None
    acc: Annotated[float, Meta(ge=0)] | None = None
    sat: Annotated[int, Meta(ge=0)] | None = None
    fix: Annotated[int, Meta(ge=0, le=2)] = 1
    odo: Annotated[int, Meta(ge=0)] | None = None
    ign: Bit | None = None
    door: Bit | None = None
    lamp: Bit | None = None
    arm: Bit | None = None
    late: Bit = 0


class RideRecord(msgspec.Struct, frozen=True, gc=False):
    """`ride`: a card was read, or the attendant ticked. `dir` None: the fold infers it."""

    v: Literal[1]
    seq: Seq
    t: UtcMs
    card: Card
    epoch: Epoch = 0
    dir: Literal["on", "off"] | None = None
    by: Literal["card", "attendant"] = "card"
    lat: Lat | None = None
    lon: Lon | None = None


class Duty(msgspec.Struct, frozen=True, gc=False):
    """`duty`: a person signs on or off. `trip` is the timetable's code; alcohol in mg per litre of breath."""

    v: Literal[1]
    seq: Seq
    t: UtcMs
    badge: Badge
    role: Literal["driver", "attendant"]
    state: Literal["on", "off"]
    epoch: Epoch = 0
    trip: Annotated[str, Meta(min_length=1, max_length=64)] | None = None
    alcohol: Annotated[float, Meta(ge=0)] | None = None
    tag: Annotated[str, Meta(min_length=1, max_length=64)] | None = None


class Event(msgspec.Struct, frozen=True):
    """`event`: something happened; `data` by kind."""

    v: Literal[1]
    seq: Seq
    t: UtcMs
    kind: EventKind
    epoch: Epoch = 0
    lat: Lat | None = None
    lon: Lon | None = None
    data: dict[str, Any] | None = None


class Gap(msgspec.Struct, frozen=True, gc=False):
    """`gap`: the device names records seq..to as lost for ever."""

    v: Literal[1]
    seq: Seq
    to: Seq
    epoch: Epoch = 0


Record = Position | RideRecord | Duty | Event | Gap
Folded = Position | RideRecord | Duty | Event
