"""Sends a recorded log again, in another order or several times: the server must come to the same result."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Iterator
from typing import Literal

import msgspec

from device_sim.dice import Dice
from device_sim.errors import SimError
from device_sim.load import run_load
from device_sim.loadplan import Feed
from device_sim.logbook import Entry
from device_sim.pack import Device
from device_sim.rawmqtt import publish_packet
from device_sim.wire import batch_item, encode_batch, fits_batch, topic

BATCH_RECORDS = 100

Order = Literal["log", "shuffled", "reversed"]


class Sent(msgspec.Struct, frozen=True):
    """What a replay sent and how long it took."""

    devices: int
    records: int
    messages: int
    seconds: float


def replay(
    entries: list[Entry],
    secrets: dict[str, str],
    host: str,
    port: int,
    order: Order,
    times: int,
    backlog: float,
    seed: int,
    rate: float,
) -> Sent:
    """Send every entry `times` times in an order, the first `backlog` share of each device's in batches; raises SimError."""
    begin = time.monotonic()
    by_device: dict[str, list[Entry]] = defaultdict(list)
    for entry in entries:
        by_device[entry.device].append(entry)
    unknown = sorted(set(by_device) - set(secrets))
    if unknown:
        raise SimError(
            f"replay: no secret for {', '.join(unknown[:5])}; name a file with --secrets or a pack with --pack"
        )
    if not by_device:
        raise SimError("replay: the log is empty; record one with `device-sim run`")
    feeds = []
    for device, own in by_device.items():
        messages = list(_messages(own, order, times, backlog, Dice(seed)))
        packets = [
            publish_packet(topic(device, kind), body, at % 65535 + 1)
            for at, (kind, body) in enumerate(messages)
        ]
        feeds.append(Feed(Device(device, "", secrets[device]), packets))
    result = run_load(feeds, host, port, rate)
    return Sent(len(feeds), len(entries) * times, result.acked, round(time.monotonic() - begin, 3))


def _messages(
    own: list[Entry], order: Order, times: int, backlog: float, dice: Dice
) -> Iterator[tuple[str, bytes]]:
    own = [entry for entry in own for _ in range(times)]
    if order == "shuffled":
        for at in range(len(own) - 1, 0, -1):
            other = int(dice.unit() * (at + 1))
            own[at], own[other] = own[other], own[at]
    elif order == "reversed":
        own.reverse()
    late = own[: round(len(own) * backlog)]
    for begin in range(0, len(late), BATCH_RECORDS):
        items = [batch_item(entry.kind, bytes(entry.body)) for entry in late[begin : begin + BATCH_RECORDS]]
        body = encode_batch(items)
        if not fits_batch(body, items):
            raise SimError(
                f"replay: {len(items)} records of {own[0].device} don't fit a batch; the log is damaged"
            )
        yield "batch", body
    for entry in own[len(late) :]:
        yield entry.kind, bytes(entry.body)
