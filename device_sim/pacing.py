"""How long a device waits before it knocks again."""

from __future__ import annotations

from device_sim.dice import Dice


class Backoff:
    """Doubling waits with a seeded spread, so that a fleet doesn't knock in step; never the last one."""

    def __init__(self, dice: Dice, first_s: float = 1.0, most_s: float = 30.0) -> None:
        self._dice = dice
        self._first = first_s
        self._most = most_s
        self._failures = 0

    def wait_s(self) -> float:
        """The next wait, longer each time until `reset`."""
        full = min(self._first * 2.0**self._failures, self._most)
        self._failures = min(self._failures + 1, 10)
        return full * self._dice.between(0.5, 1.0)

    def reset(self) -> None:
        """It worked: begin small again."""
        self._failures = 0
