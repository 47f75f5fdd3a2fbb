"""Seeded chance whose whole state is one integer, so that a bus can be written down and continued."""

from __future__ import annotations

import hashlib
import math

_MASK = (1 << 64) - 1


def seed_of(*parts: object) -> int:
    """Make a 64-bit seed out of any parts.

    >>> seed_of(1, "a") == seed_of(1, "a"), seed_of(1, "a") == seed_of("1a")
    (True, False)
    """
    text = "\x1f".join(str(part) for part in parts)
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest(), "big")


class Dice:
    """SplitMix64 (Steele, Lea, Flood 2014): enough for a simulation, and its state is `self.state`.

    `random.Random` holds 2.5 kB of state, which would be written with every record of every bus.
    """

    __slots__ = ("state",)

    def __init__(self, state: int) -> None:
        self.state = state & _MASK

    def unit(self) -> float:
        """Draw from [0, 1)."""
        self.state = (self.state + 0x9E3779B97F4A7C15) & _MASK
        z = self.state
        z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & _MASK
        z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & _MASK
        return ((z ^ (z >> 31)) >> 11) / (1 << 53)

    def between(self, low: float, high: float) -> float:
        """Draw evenly from [low, high)."""
        return low + (high - low) * self.unit()

    def normal(self) -> float:
        """Draw from the standard normal distribution (Box-Muller, one of the pair)."""
        return math.sqrt(-2.0 * math.log(1.0 - self.unit())) * math.cos(2.0 * math.pi * self.unit())
