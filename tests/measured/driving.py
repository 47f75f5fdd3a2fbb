"""Drive one bus of the county as fast as it goes, by the second, and keep what its recorder wrote beside what truly was."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

import msgspec

from device_sim.deviations import AnyDeviation
from device_sim.fleet import Fleet
from device_sim.wire import Pos, Record
from tests.measured.county import County, device

BEFORE_MS = (
    450_000  # a bus is ready five minutes and a half before its start, and writes from seven before on
)
AFTER_MS = 400_000  # what is found after a trip, a child left aboard or a rear nobody checked, is found within five minutes
LONGEST_MS = 4 * 3_600_000


class Moment(NamedTuple):
    """The bus at an instant (UTC ms) of its trip: where it truly is, how fast (km/h), and whether its door's contact says open."""

    t: int
    lat: float
    lon: float
    kmh: float
    door: bool


class Drive(NamedTuple):
    """One trip of a bus: its number, what its recorder wrote, and the truth by the second."""

    bus: int
    records: list[Record]
    truth: list[Moment]


def drive(
    county: County,
    bus: int,
    deviations: Iterable[AnyDeviation] = (),
    *,
    every_s: int,
    seed: int,
    truth: bool = False,
) -> Drive:
    """Drive a bus from its sign-on until six minutes after it was free again, noting a position every `every_s`."""
    begin_ms = county.start_ms - BEFORE_MS
    fleet = Fleet(
        county.pack, [county.pack.devices[device(bus)]], seed, begin_ms, 0.0, deviations=list(deviations)
    )
    one = fleet.buses[device(bus)]
    one.state.moving_s = every_s
    records: list[Record] = []
    moments: list[Moment] = []
    now_ms, until_ms = begin_ms, begin_ms + LONGEST_MS
    while now_ms < until_ms:
        now_ms += 1000 if truth else 10_000
        records += one.advance(now_ms)
        if truth and one.state.road == "trip":
            lat, lon, _ = one.place()
            moments.append(Moment(one.state.t_ms, lat, lon, one.state.speed * 3.6, one.state.door_seen))
        if one.state.runs_done and until_ms > now_ms + AFTER_MS:
            until_ms = now_ms + AFTER_MS
    assert one.state.runs_done, "the run came to an end"
    return Drive(bus, records, moments)


def thinned(records: Iterable[Record], every_s: int, *, door: bool) -> list[Record]:
    """Give what a recorder that notes a position every `every_s` would have written of a drive noted every second.

    With a door signal also at each change of it; without one no message names a door, lamps or a sign.
    """
    kept: list[Record] = []
    last_ms: int | None = None
    was: tuple[object, object] | None = None
    for record in records:
        if not isinstance(record, Pos):
            kept.append(record)
            continue
        signals = record.ign, record.door if door else None
        if last_ms is None or record.t - last_ms >= every_s * 1000 or signals != was:
            last_ms, was = record.t, signals
            kept.append(record if door else _without_signals(record))
    return kept


def _without_signals(record: Pos) -> Pos:
    return msgspec.structs.replace(record, door=None, lamp=None, arm=None)
