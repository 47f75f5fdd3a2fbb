"""A measured figure with its spread: the middle of several runs, and between which values they lay."""

from __future__ import annotations

import statistics
from typing import NamedTuple


class Spread(NamedTuple):
    """One figure over several runs, in its own unit."""

    name: str
    unit: str
    runs: list[float]

    @property
    def median(self) -> float:
        """Give the middle run."""
        return statistics.median(self.runs)

    def line(self) -> str:
        """Say it for people, with the number of runs and the lowest and highest of them.

        >>> Spread("decode", "us", [2.0, 1.0, 4.0]).line()
        'decode                                            2.00 us  (median of 3: 1.00 .. 4.00)'
        """
        low, middle, high = (_say(value) for value in (min(self.runs), self.median, max(self.runs)))
        return f"{self.name:<44}{middle:>10} {self.unit}  (median of {len(self.runs)}: {low} .. {high})"


def _say(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:,.1f}" if abs(value) >= 100 else f"{value:.2f}"


def rank(values: list[float], share: float) -> float:
    """Give the value that `share` (0 to 1) of the values don't exceed.

    >>> rank([3.0, 1.0, 2.0], 0.5), rank([3.0, 1.0, 2.0], 0.99)
    (2.0, 3.0)
    """
    ordered = sorted(values)
    return ordered[min(int(share * len(ordered)), len(ordered) - 1)]
