"""What of a device's stream is committed: the answer `saved`, and which records are still on their way.

Ages of holes are real seconds, kept in memory: after a restart a hole is five seconds old five seconds later.
"""

from __future__ import annotations

from typing import Final

import msgspec

from server.domain.seq_ranges import SeqRanges

HOLD_S: Final = 2.0  # ARCHITECTURE, Ingest: a record is held while a lower seq is on its way
ASK_S: Final = 5.0  # PROTOCOL, saved: a hole is asked for when it is 5 s old
MAX_MISSING: Final = 20  # PROTOCOL, saved
OLDER_S: Final = 60.0  # how long an upto waits for what a device says it has below its first seen record


class SavedAnswer(msgspec.Struct, frozen=True):
    """`saved` of one epoch: committed up to `upto` but for the inclusive ranges in `missing`."""

    epoch: int
    upto: int
    missing: tuple[tuple[int, int], ...]


class Watermark:
    """The received ranges of one (device, epoch), and since when each hole is known."""

    def __init__(self, epoch: int, ranges: SeqRanges, origin: int | None = None) -> None:
        """`origin` is where the stream begins: the first seq ever seen, or the oldest that the device said it has."""
        self.epoch = epoch
        self.ranges = ranges
        self.origin = origin
        self._holes: dict[int, float] = {}  # by the hole's end: it shrinks from its start as a backlog comes
        self.claimed: tuple[int, float] | None = (
            None  # the oldest that the device said it has, and when it said or sent it
        )

    @classmethod
    def empty(cls, epoch: int) -> Watermark:
        """Begin an epoch of which nothing was received."""
        return cls(epoch, SeqRanges())

    def add(self, start: int, end: int, now_s: float) -> bool:
        """Receive start..end; False when all of it was known."""
        if self.origin is None:
            self.origin = start if self.claimed is None else min(start, self.claimed[0])
        older = bool(self.ranges) and start < self.ranges.first
        beyond = self.ranges.last + 1 if self.ranges else start
        hole_end = self.ranges.hole_end(start) if start < beyond else None
        fresh = self.ranges.add(start, end)
        if start > beyond:
            self._holes[start - 1] = now_s
        elif fresh and start < beyond:
            if start == end and hole_end is not None and not older:
                self._shrink(hole_end, start, now_s)
            else:
                since = None if older or hole_end is None else self._holes.get(hole_end)
                self._see_holes(now_s)
                if since is not None and start - 1 in self._holes:
                    self._holes[start - 1] = since
        if older and self.claimed is not None:
            self.claimed = (self.claimed[0], now_s)  # what was announced is coming: wait for the rest of it
        return fresh

    def claim_oldest(self, oldest: int, now_s: float) -> bool:
        """Learn from `online` what is the oldest record that the device still has; True when that changes what is kept."""
        if not self.ranges or oldest < self.ranges.first:
            self.claimed = (oldest, now_s)
            if self.origin is not None and oldest < self.origin:
                self.origin = oldest
                return True
            return False
        lost = [(start, min(end, oldest - 1)) for start, end in self.ranges.holes() if start < oldest]
        for start, end in lost:
            self.ranges.add(start, end)
        self._see_holes(now_s)
        return bool(lost)

    def answer(self, now_s: float) -> SavedAnswer:
        """Say what is committed now; before the first record that nothing is, so that a device learns what this server lacks.

        Below the first record ever seen nothing is asked for (INTERFACES ruling 12); but while the device says that it has older ones and
        they may still come, `upto` stays below them, lest the device forget what was never received.
        """
        if not self.ranges:
            return SavedAnswer(self.epoch, 0, ())
        if self.claimed is not None:
            oldest, since = self.claimed
            if self.ranges.first > oldest and now_s - since < OLDER_S:
                return SavedAnswer(self.epoch, oldest - 1, ())
        upto = self.ranges.contiguous_to
        missing: list[tuple[int, int]] = []
        origin = self.origin or 0
        holes = self.ranges.holes()
        if len(holes) != len(self._holes):
            self._see_holes(now_s)  # after a restart: all of them are seen now, not one after another
        for (start, end), (_, next_end) in zip(holes, self.ranges.pairs()[1:], strict=True):
            if end < origin:
                upto = next_end  # a stray from before the stream began: nothing there is asked for
                continue
            if len(missing) == MAX_MISSING or now_s - self._holes[end] < ASK_S:
                break
            missing.append((max(start, origin), end))
            upto = next_end
        return SavedAnswer(self.epoch, upto, tuple(missing))

    def awaits_below(self, seq: int, now_s: float) -> bool:
        """Say whether a record below `seq` may be on its way still, so that folding `seq` should wait."""
        if self.ranges.whole or seq <= self.ranges.contiguous_to:
            return False
        origin = self.origin or 0
        return any(origin <= end < seq and now_s - since < HOLD_S for end, since in self._holes.items())

    def waits_for_older(self, now_s: float) -> bool:
        """Say whether `upto` is kept low for records that the device says it has."""
        return self.claimed is not None and now_s - self.claimed[1] < OLDER_S + 2

    def lacks_older(self, now_s: float) -> bool:
        """Say whether records that the device says it has, below all that came, may still come."""
        if self.claimed is None or now_s - self.claimed[1] >= OLDER_S:
            return False
        return not self.ranges or self.ranges.first > self.claimed[0]

    @property
    def hole_above(self) -> int | None:
        """Give the seq above which the first hole lies that is asked for; None: there is none."""
        if self.ranges.whole:
            return None
        origin = self.origin or 0
        return next((start - 1 for start, end in self.ranges.holes() if end >= origin), None)

    @property
    def has_holes(self) -> bool:
        return not self.ranges.whole

    def _shrink(self, hole_end: int, seq: int, now_s: float) -> None:
        """One record of a hole has come: what is left of it below keeps the hole's age, as what is left above does."""
        since = self._holes.get(hole_end, now_s)
        if hole_end == seq:
            self._holes.pop(hole_end, None)
        if seq - 1 not in self.ranges:
            self._holes[seq - 1] = since

    def _see_holes(self, now_s: float) -> None:
        if self.ranges.whole:
            if self._holes:
                self._holes = {}
            return
        self._holes = {end: self._holes.get(end, now_s) for _, end in self.ranges.holes()}
