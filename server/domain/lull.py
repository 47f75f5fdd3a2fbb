"""A stretch of a trip on which nobody has to be told that the bus comes near, so that its positions need no estimates.

It is no part of what is folded: it only spares work whose outcome is known. It holds for the very values that it was worked out from,
and up to an instant that no estimate can be missed by; forgotten at any moment, the same is announced at the same positions.
"""

from __future__ import annotations

import msgspec

from server.domain.trip import Announcement, RiderState, TripState, Visit

ROUNDED_MS = 2  # estimates are rounded to whole milliseconds


class Lull(msgspec.Struct):
    """What a lull was worked out from, at `from_ms` and `metre`, and its bound.

    An estimate of an arrival never gets earlier as time goes by; driving on makes it earlier by `ms_per_m` a metre at most, less the
    time that it took. So nothing has come within anybody's lead before `until_ms`, unless so much was driven since `from_ms`.
    """

    from_ms: int = 0
    until_ms: float = 0.0
    metre: float = 0.0
    ms_per_m: float = 0.0
    next_seq: int = -1
    riders: tuple[RiderState, ...] | None = None
    visits: tuple[Visit, ...] | None = None
    announcements: tuple[Announcement, ...] | None = None

    def holds(self, trip: TripState, t_ms: int) -> bool:
        """Say whether nobody has to be told at this position of a trip on its way."""
        if (
            trip.riders is not self.riders
            or trip.visits is not self.visits
            or trip.announcements is not self.announcements
            or trip.next_seq != self.next_seq
            or t_ms < self.from_ms
            or trip.metre is None
        ):
            return False
        driven_ms = (trip.metre - self.metre) * self.ms_per_m
        return t_ms < self.until_ms and self.from_ms + driven_ms < self.until_ms

    def begin(self, trip: TripState, t_ms: int, until_ms: float, ms_per_m: float) -> None:
        """Note that from this position on nobody has to be told until an instant; `trip` as it is after it."""
        self.from_ms = t_ms
        self.until_ms = until_ms - ROUNDED_MS
        self.metre = trip.metre or 0.0
        self.ms_per_m = ms_per_m
        self.next_seq = trip.next_seq
        self.riders, self.visits, self.announcements = trip.riders, trip.visits, trip.announcements
