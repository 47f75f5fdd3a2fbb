"""What a GNSS receiver makes of the truth: an error that wanders, and how sure it says it is."""

from __future__ import annotations

import math

import msgspec

from device_sim.dice import Dice
from device_sim.geo import METRES_PER_DEGREE

# First-order Gauss-Markov error of a single-frequency receiver under open sky: 2 m an axis, correlated over 40 s
# (the usual model: Brown & Hwang, Introduction to Random Signals, ch. 9; 2 m is what such receivers reach).
SIGMA_M = 2.0
CORRELATION_S = 40.0


class Gps(msgspec.Struct):
    """The error now (metres east and north), the accuracy said, the satellites used, and what spoils the place besides.

    `blind`: without a fix it says its last place again, `held`. The `off`s are those of a jump or a drift; `at_zero`: it says 0, 0.
    """

    east_m: float = 0.0
    north_m: float = 0.0
    acc_m: float = 3.5
    sat: int = 16
    blind: bool = False
    held: tuple[float, float] | None = None
    east_off_m: float = 0.0
    north_off_m: float = 0.0
    drift_m: float = 0.0
    at_zero: bool = False

    def step(self, dt_s: float, dice: Dice) -> None:
        """Let the error wander for `dt_s`."""
        keep = math.exp(-dt_s / CORRELATION_S)
        fresh = SIGMA_M * math.sqrt(1.0 - keep * keep)
        self.east_m = keep * self.east_m + fresh * dice.normal()
        self.north_m = keep * self.north_m + fresh * dice.normal()

    def look(self, dice: Dice) -> None:
        """Renew the said accuracy and satellite count, which move slowly too."""
        self.acc_m = min(6.0, max(2.4, self.acc_m + dice.between(-0.3, 0.3)))
        if dice.unit() < 0.2:
            self.sat = min(22, max(11, self.sat + (1 if dice.unit() < 0.5 else -1)))

    def fix(self, lat: float, lon: float) -> tuple[float, float]:
        """Where it says that a bus at (lat, lon) is, to the centimetre."""
        if self.blind and self.held is not None:
            return self.held
        if self.at_zero:
            return 0.0, 0.0
        north = (self.north_m + self.north_off_m) / METRES_PER_DEGREE
        east = (self.east_m + self.east_off_m) / (METRES_PER_DEGREE * math.cos(math.radians(lat)))
        self.held = round(lat + north, 7), round(lon + east, 7)
        return self.held
