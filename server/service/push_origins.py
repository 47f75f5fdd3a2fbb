"""Share the places for sending among push services, so that a slow or dead one holds up nobody but its own."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Final

PLACES: Final = 32  # messages on their way at once
FOR_A_PROVEN: Final = 16  # of these, for a service that answers
FOR_A_NEW: Final = 2  # for one of which nothing is known yet
FOR_ALL_UNPROVEN: Final = 16  # together: names cost a stranger nothing, and each could be made to hang
FAILING_AFTER: Final = 3  # failures in a row; then one message at a time tries whether it is back
REMEMBERED: Final = 1000


class Origins:
    """Which services answer, and how much is on its way to each. For one thread."""

    def __init__(self) -> None:
        self._under_way: dict[str, int] = {}
        self._failures: dict[str, int] = {}  # in a row; present once it has answered or failed

    @property
    def places(self) -> int:
        """Give how many more messages may be on their way at all."""
        return PLACES - sum(self._under_way.values())

    def room(self, origin: str, besides: Mapping[str, int] | None = None) -> bool:
        """Say whether one more may be sent there now, `besides` these that are about to be."""
        counts = Counter(self._under_way)
        counts.update(besides or {})
        if counts.total() >= PLACES or counts[origin] >= self._limit(origin):
            return False
        unproven = sum(count for name, count in counts.items() if not self._proven(name))
        return self._proven(origin) or unproven < FOR_ALL_UNPROVEN

    def full(self) -> list[str]:
        """List those with something on its way and room for nothing more."""
        return [origin for origin in self._under_way if not self.room(origin)]

    def began(self, origin: str) -> None:
        """Count one in."""
        self._under_way[origin] = self._under_way.get(origin, 0) + 1

    def ended(self, origin: str, *, answered: bool) -> None:
        """Count one out; `answered`: the service works, whatever it thinks of the message."""
        left = self._under_way.get(origin, 1) - 1
        if left > 0:
            self._under_way[origin] = left
        else:
            self._under_way.pop(origin, None)
        if len(self._failures) >= REMEMBERED and origin not in self._failures:
            self._failures.clear()
        self._failures[origin] = 0 if answered else self._failures.get(origin, 0) + 1

    def _proven(self, origin: str) -> bool:
        return self._failures.get(origin, FAILING_AFTER) < FAILING_AFTER

    def _limit(self, origin: str) -> int:
        if self._proven(origin):
            return FOR_A_PROVEN
        return 1 if origin in self._failures else FOR_A_NEW
