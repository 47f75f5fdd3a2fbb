"""What the benches' recorders say on a morning: a sign-on, then positions, with doors and cards at the stops."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random
from typing import Any, NamedTuple

import msgspec

from device_sim.loadplan import Feed
from device_sim.pack import Device
from device_sim.rawmqtt import publish_packet
from tests.bench.county import SECRET, START_MS, boards_at, card, device_id, starts_s
from tests.bench.roads import DWELL_S, SEGMENT_M, SPEED_MPS, STOPS, Road, make_road

_BEFORE_S = 60
_encode = msgspec.json.Encoder().encode


class Said(NamedTuple):
    """One record as the recorder writes it: the topic's kind and the payload."""

    kind: str
    body: bytes


def say_morning(bus: int, riders: int, interval_s: float = 5.0) -> Iterator[Said]:
    """Give a bus's records in order, from the sign-on to the doors' closing at the school.

    `interval_s` between positions; `riders` = 0 leaves the cards out, then all but one record are positions.
    """
    road, dice = make_road(bus), Random(-bus)
    begin_ms = START_MS + 1000 * starts_s(bus)
    recorder = _Recorder(road, dice)
    sign_on = {"badge": f"D{bus}", "role": "driver", "state": "on", "trip": f"T{bus}", "tag": f"TAG{bus}"}
    yield recorder.say("duty", begin_ms - 1000 * _BEFORE_S, **sign_on)
    for stop in range(STOPS):
        metre = road.stops[stop] * SEGMENT_M
        here_ms = begin_ms + 1000 * (road.arrival_s(stop) - (DWELL_S if stop == 0 else 0))
        yield recorder.pos(here_ms, metre, 0.0, door=1)
        leaving = stop == STOPS - 1
        cards = [card(bus, n) for n in range(riders) if leaving or boards_at(n) == stop]
        for n, number in enumerate(cards):
            at_ms = here_ms + 1000 + n * 28_000 // len(cards)
            yield recorder.say("ride", at_ms, card=number, dir=None, by="card")
        here_ms += 1000 * DWELL_S
        yield recorder.pos(here_ms, metre, 0.0, door=0)
        if leaving:
            return
        leg_m = road.stops[stop + 1] * SEGMENT_M - metre
        for n in range(1, int(leg_m / SPEED_MPS / interval_s) + 1):
            driven_m = n * interval_s * SPEED_MPS
            if driven_m < leg_m:
                at_ms = here_ms + round(1000 * n * interval_s)
                yield recorder.pos(at_ms, metre + driven_m, SPEED_MPS * 3.6, door=0)


def make_feed(bus: int, riders: int, count: int | None = None, interval_s: float = 5.0) -> Feed:
    """Make the packets of a bus's first `count` records (all when None) for the loader."""
    device = Device(device_id(bus), f"V{bus}", SECRET)
    said = list(say_morning(bus, riders, interval_s))[:count]
    return Feed(
        device,
        [
            publish_packet(f"bus/{device.id}/{one.kind}", one.body, n % 65535 + 1)
            for n, one in enumerate(said)
        ],
    )


class _Recorder:
    def __init__(self, road: Road, dice: Random) -> None:
        self._road = road
        self._dice = dice
        self._seq = 0

    def say(self, kind: str, t: int, **fields: Any) -> Said:  # noqa: ANN401 - any field
        self._seq += 1
        return Said(kind, _encode({"v": 1, "seq": self._seq, "t": t, **fields}))

    def pos(self, t: int, metre: float, kmh: float, door: int) -> Said:
        lat, lon = self._road.at(metre)
        north, east = self._dice.uniform(-3e-5, 3e-5), self._dice.uniform(-3e-5, 3e-5)
        return self.say(
            "pos", t, lat=round(lat + north, 6), lon=round(lon + east, 6), spd=kmh, hdg=92.0, acc=3.8, sat=17,
            odo=48_211_903 + round(metre), ign=1, door=door, lamp=door, arm=door,
        )  # fmt: skip
