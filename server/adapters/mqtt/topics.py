"""The names of topics: built here, taken apart here, and listed for who subscribes to what."""

from __future__ import annotations

import re
from typing import Final, NamedTuple

DEVICE_PATTERN: Final = r"[A-Za-z0-9_-]{1,32}"
_DEVICE: Final = re.compile(DEVICE_PATTERN)
_BUS_TOPIC: Final = re.compile(rf"bus/({DEVICE_PATTERN})/([a-z]+)")

# PROTOCOL "Device -> server" and "Server -> device".
KINDS_FROM_DEVICE: Final = ("pos", "ride", "duty", "event", "batch", "online", "ack")
KINDS_TO_DEVICE: Final = ("cmd", "saved")

# One subscription a kind, never `bus/+/+`: that would bring ingest its own `saved` and `cmd` back.
INGEST_TOPICS: Final = tuple(f"bus/+/{kind}" for kind in KINDS_FROM_DEVICE)

LIVE_POSITIONS: Final = "live/positions"
LIVE_TRIPS: Final = "live/trips"
LIVE_FINDINGS: Final = "live/findings"
LIVE_RIDES: Final = "live/rides"
LIVE_NOTICES: Final = "live/notices"
LIVE_ENDED: Final = "live/ended"
LIVE_ALL: Final = "live/#"
WAKE_INGEST: Final = "wake/ingest"
WAKE_NOTICES: Final = "wake/notices"


class BusTopic(NamedTuple):
    """A topic of a device: which device, which kind."""

    device: str
    kind: str


def is_device_id(text: str) -> bool:
    """Say whether the text may name a device (PROTOCOL: `[A-Za-z0-9_-]{1,32}`)."""
    return _DEVICE.fullmatch(text) is not None


def device_client_id(device: str) -> str:
    """Name the only MQTT client id that a device may connect with."""
    return f"bus-{device}"


def bus_topic(device: str, kind: str) -> str:
    """Build `bus/{device}/{kind}`; raises ValueError where the device's id is not one."""
    if not is_device_id(device):
        raise ValueError(f"device id {device!r}: must match {DEVICE_PATTERN}; correct the device's code")
    return f"bus/{device}/{kind}"


def parse_bus_topic(topic: str) -> BusTopic | None:
    """Take `bus/{device}/{kind}` apart, for kinds that a device sends; None for every other topic."""
    found = _BUS_TOPIC.fullmatch(topic)
    if found is None or found[2] not in KINDS_FROM_DEVICE:
        return None
    return BusTopic(found[1], found[2])


def nats_subject(topic: str) -> str:
    """Write a topic of this house as the NATS subject that the embedded broker checks rights on.

    Only for topics without dots and empty levels, which all of ours are.
    """
    return topic.replace("/", ".").replace("+", "*").replace("#", ">")
