"""What people say about a trip from a page: ticks, counts, checks, sign-offs. Inputs of the same log as a device's records."""

from __future__ import annotations

from typing import Literal

import msgspec

HAND: str = "@hand"  # the log's name for whoever typed it; no device can have it (PROTOCOL: [A-Za-z0-9_-])


class Tick(msgspec.Struct, frozen=True, gc=False):
    """The attendant ticked a rider on or off."""

    t: int
    trip_id: str
    rider_id: str
    dir: Literal["on", "off"]
    client_id: str


class Handed(msgspec.Struct, frozen=True, gc=False):
    """A rider was given to a named adult."""

    t: int
    trip_id: str
    rider_id: str
    to: str


class HeadCount(msgspec.Struct, frozen=True, gc=False):
    """The attendant counted: riders delivered at the school (morning), or aboard when leaving it (afternoon)."""

    t: int
    trip_id: str
    count: int
    user_id: str


class Received(msgspec.Struct, frozen=True, gc=False):
    """The school counted: riders received (morning) or handed out (afternoon)."""

    t: int
    trip_id: str
    count: int
    user_id: str
    remarks: str | None = None


class RearChecked(msgspec.Struct, frozen=True, gc=False):
    """The attendant walked to the rear of the bus and found nobody."""

    t: int
    trip_id: str
    user_id: str


class Synced(msgspec.Struct, frozen=True, gc=False):
    """The attendant's phone has nothing older than `until_ms` left to send."""

    t: int
    trip_id: str
    until_ms: int


class Cancelled(msgspec.Struct, frozen=True, gc=False):
    """The trip won't run, or not to its end."""

    t: int
    trip_id: str
    user_id: str
    reason: str


Hand = Tick | Handed | HeadCount | Received | RearChecked | Synced | Cancelled
HAND_KINDS: dict[str, type[Hand]] = {
    "tick": Tick,
    "handed": Handed,
    "count": HeadCount,
    "received": Received,
    "rear": RearChecked,
    "synced": Synced,
    "cancel": Cancelled,
}
