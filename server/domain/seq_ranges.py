"""Which sequence numbers of one device's epoch have been received: disjoint inclusive ranges, ascending."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable


class SeqRanges:
    """A set of integers kept as ranges. Adding in order is O(1); a shuffled backlog O(log n) and a list move."""

    __slots__ = ("_ends", "_starts")

    def __init__(self, ranges: Iterable[tuple[int, int]] = ()) -> None:
        self._starts: list[int] = []
        self._ends: list[int] = []
        for start, end in ranges:
            self.add(start, end)

    def add(self, start: int, end: int | None = None) -> bool:
        """Add start..end (one number when end is None); False when all of it was there already.

        >>> r = SeqRanges([(1, 3), (7, 9)])
        >>> r.add(4), r.add(5, 6), r.add(8), r.pairs()
        (True, True, False, [(1, 9)])
        """
        end = start if end is None else end
        starts, ends = self._starts, self._ends
        if ends and start == ends[-1] + 1:
            ends[-1] = end
            return True
        i = bisect_right(starts, start)
        if i and ends[i - 1] >= end:
            return False
        lo = i - 1 if i and ends[i - 1] >= start - 1 else i
        hi = lo
        while hi < len(starts) and starts[hi] <= end + 1:
            hi += 1
        if lo < hi:
            start, end = min(start, starts[lo]), max(end, ends[hi - 1])
        starts[lo:hi] = [start]
        ends[lo:hi] = [end]
        return True

    def next_missing(self, number: int) -> int:
        """Give the first number from `number` on that is not in the set.

        >>> r = SeqRanges([(1, 3), (7, 9)])
        >>> r.next_missing(2), r.next_missing(5), r.next_missing(9)
        (4, 5, 10)
        """
        i = bisect_right(self._starts, number)
        return self._ends[i - 1] + 1 if i and self._ends[i - 1] >= number else number

    def hole_end(self, number: int) -> int | None:
        """Give the end of the hole that a number lies in; None where it is in the set or beyond its last.

        >>> r = SeqRanges([(1, 3), (7, 9)])
        >>> r.hole_end(5), r.hole_end(3), r.hole_end(10), r.hole_end(0)
        (6, None, None, 0)
        """
        i = bisect_right(self._starts, number)
        if i == len(self._starts) or (i and self._ends[i - 1] >= number):
            return None
        return self._starts[i] - 1

    def __contains__(self, number: int) -> bool:
        i = bisect_right(self._starts, number)
        return bool(i) and self._ends[i - 1] >= number

    def __bool__(self) -> bool:
        return bool(self._starts)

    def pairs(self) -> list[tuple[int, int]]:
        return list(zip(self._starts, self._ends, strict=True))

    def holes(self) -> list[tuple[int, int]]:
        """List what is missing between the ranges, oldest first.

        >>> SeqRanges([(1, 3), (7, 9), (11, 11)]).holes()
        [(4, 6), (10, 10)]
        """
        return [(end + 1, start - 1) for end, start in zip(self._ends, self._starts[1:], strict=False)]

    @property
    def first(self) -> int:
        return self._starts[0]

    @property
    def last(self) -> int:
        return self._ends[-1]

    @property
    def contiguous_to(self) -> int:
        """The end of the first range: everything from the first number to here has been received."""
        return self._ends[0]

    @property
    def whole(self) -> bool:
        return len(self._starts) <= 1
