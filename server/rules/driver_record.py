"""What a driver did at the wheel, read out of the logs of the buses: driving time and distance; and the score that findings leave."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

import msgspec

from server.domain.finding import Severity
from server.domain.geo import distance_m
from server.domain.record import Duty, Position
from server.domain.thresholds import DEFAULTS
from server.domain.vehicle_day import Entry

SEEN_MS: Final = (
    120_000  # own choice: two positions further apart say nothing of what was driven between them
)
FASTEST_KMH: Final = 200.0  # own choice: a bus that was faster was not there
LEAST_M: Final = 10_000.0  # own choice: below it a single finding would say too much
# Own choice: points that a finding takes off at one a hundred kilometres.
WEIGHTS: Final[Mapping[Severity, float]] = {"act": 10.0, "watch": 4.0, "info": 1.0}


class Driven(msgspec.Struct, frozen=True):
    """Time between positions of which one moves (s), and the way between them (m)."""

    seconds: float = 0.0
    metres: float = 0.0

    def __add__(self, other: Driven) -> Driven:
        """Put two together."""
        return Driven(self.seconds + other.seconds, self.metres + other.metres)


def driven(entries: Iterable[Entry], badge: str, from_ms: int, until_ms: int) -> Driven:
    """Sum what a badge drove from one instant until another (UTC ms); `entries` of one bus, in the order of its log.

    It is at the wheel from its sign-on to its sign-off, or to another driver's sign-on.
    """
    at_wheel: str | None = None
    before: Position | None = None
    seconds = metres = 0.0
    for entry in entries:
        said = entry.record
        if isinstance(said, Duty) and said.role == "driver":
            if said.state == "on":
                at_wheel = said.badge
            elif said.badge == at_wheel:
                at_wheel = None
            before = None
        elif isinstance(said, Position) and not (said.lat == 0 and said.lon == 0):
            if at_wheel != badge or not from_ms <= said.t < until_ms:
                before = None
                continue
            if before is not None and 0 < said.t - before.t <= SEEN_MS:
                moving = max(said.spd, before.spd) >= DEFAULTS.moving_off_kmh
                way = distance_m(before.lat, before.lon, said.lat, said.lon)
                gone_s = (said.t - before.t) / 1000
                if moving and way / gone_s * 3.6 <= FASTEST_KMH:
                    seconds += gone_s
                    metres += way
            before = said
    return Driven(seconds, metres)


def per_100_km(count: float, metres: float) -> float | None:
    """Give how many there are on a hundred kilometres; None where too little was driven to say.

    >>> per_100_km(3, 150_000), per_100_km(1, 900)
    (2.0, None)
    """
    return None if metres < LEAST_M else count * 100_000 / metres


def score(found: Mapping[Severity, int], metres: float) -> float | None:
    """Give 100 less the weight of what was found on a hundred kilometres, no less than 0; None where too little was driven.

    >>> score({"act": 1, "watch": 2}, 200_000), score({"act": 90}, 200_000), score({}, 5_000)
    (91.0, 0.0, None)
    """
    weight = per_100_km(sum(WEIGHTS[severity] * count for severity, count in found.items()), metres)
    return None if weight is None else max(0.0, 100.0 - weight)
