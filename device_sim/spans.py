"""A set of sequence numbers kept as ranges, so that a week of backlog costs nothing to hold."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Iterator

Span = tuple[int, int]


class Spans:
    """Disjoint closed ranges in rising order.

    >>> some = Spans([(1, 5), (4, 9)]); some.remove(3, 4); list(some), len(some)
    ([(1, 2), (5, 9)], 7)
    """

    __slots__ = ("_spans",)

    def __init__(self, spans: Iterable[Span] = ()) -> None:
        self._spans: list[Span] = []
        for first, last in spans:
            self.add(first, last)

    def add(self, first: int, last: int) -> None:
        """Put a closed range in; an empty one (last < first) does nothing."""
        if last < first:
            return
        low = bisect_left(self._spans, first - 1, key=lambda span: span[1])
        high = low
        while high < len(self._spans) and self._spans[high][0] <= last + 1:
            first = min(first, self._spans[high][0])
            last = max(last, self._spans[high][1])
            high += 1
        self._spans[low:high] = [(first, last)]

    def remove(self, first: int, last: int) -> None:
        """Take a closed range out."""
        if last < first:
            return
        low = bisect_left(self._spans, first, key=lambda span: span[1])
        high = low
        left: list[Span] = []
        while high < len(self._spans) and self._spans[high][0] <= last:
            begin, end = self._spans[high]
            if begin < first:
                left.append((begin, first - 1))
            if end > last:
                left.append((last + 1, end))
            high += 1
        self._spans[low:high] = left

    def keep(self, other: Spans) -> None:
        """Keep only what is also in the other set."""
        kept: list[Span] = []
        for first, last in other:
            start = bisect_left(self._spans, first, key=lambda span: span[1])
            for begin, end in self._spans[start:]:
                if begin > last:
                    break
                kept.append((max(begin, first), min(end, last)))
        self._spans = kept

    def take(self, count: int) -> list[int]:
        """Take the lowest numbers out, at most `count` of them."""
        taken: list[int] = []
        while self._spans and len(taken) < count:
            first, last = self._spans[0]
            end = min(last, first + count - len(taken) - 1)
            taken.extend(range(first, end + 1))
            if end == last:
                self._spans.pop(0)
            else:
                self._spans[0] = (end + 1, last)
        return taken

    def __contains__(self, number: int) -> bool:
        at = bisect_left(self._spans, number, key=lambda span: span[1])
        return at < len(self._spans) and self._spans[at][0] <= number

    def __iter__(self) -> Iterator[Span]:
        return iter(tuple(self._spans))

    def __len__(self) -> int:
        return sum(last - first + 1 for first, last in self._spans)

    def __bool__(self) -> bool:
        return bool(self._spans)
