"""What is known of one trip, gathered once: row, plan on its date, visits and the bus's position, with the estimates from them."""

from __future__ import annotations

from functools import cached_property

from server.domain import eta as arithmetic
from server.domain.plan import PlanVersion, TripStop
from server.domain.trip import Visit
from server.service import shapes
from server.service.instants import at
from server.service.policy import Scope, may_locate, window_ms
from server.service.rows import Head, TripRow
from server.service.web_ports import TripStore


class TripFacts:
    """One trip as one caller sees it at one instant; `located` says whether they may know where the bus is."""

    def __init__(
        self,
        row: TripRow,
        plan: PlanVersion,
        visits: tuple[Visit, ...],
        head: Head | None,
        located: bool,
        now_ms: int,
    ) -> None:
        self.row = row
        self.plan = plan
        self.visits = {visit.seq: visit for visit in visits}
        self.head = head if located else None
        self.located = located
        self.now_ms = now_ms

    @property
    def timezone(self) -> str:
        return self.plan.timezone

    @cached_property
    def stops(self) -> tuple[TripStop, ...]:
        """Give the plan's stops as instants of this date."""
        # The trip's planned start is its first stop's departure: that ties the plan's seconds to the date.
        zero_ms = self.row.planned_start_ms - self.plan.stops[0].departure_s * 1000
        return tuple(
            TripStop(
                stop.seq, stop.id, stop.lat, stop.lon,
                zero_ms + stop.arrival_s * 1000, zero_ms + stop.departure_s * 1000, stop.metre,
            )
            for stop in self.plan.stops
        )  # fmt: skip

    @cached_property
    def on_shape(self) -> tuple[float, int] | None:
        """Give (metre, at_ms) of the newest position on the trip's shape."""
        if self.head is not None and self.head.trip_id == self.row.id and self.head.metre is not None:
            return self.head.metre, self.head.at_ms
        if self.row.metre is not None and self.row.metre_at_ms is not None:
            return self.row.metre, self.row.metre_at_ms
        return None

    @property
    def interval_s(self) -> float:
        return self.head.interval_s if self.head is not None else 0.0

    @cached_property
    def etas(self) -> list[shapes.Eta | None]:
        """Estimate the arrival at each stop; all None where the caller may not know or nothing can be said."""
        if not self.located or self.on_shape is None:
            return [None] * len(self.stops)
        metre, at_ms = self.on_shape
        found = arithmetic.estimate(
            self.stops,
            state=self.row.state,
            metre=metre,
            at_ms=at_ms,
            now_ms=self.now_ms,
            interval_s=self.interval_s,
            next_seq=self.row.next_seq,
            visits=tuple(self.visits.values()),
        )
        zone = self.timezone
        return [
            None
            if eta is None
            else shapes.Eta(at(eta.at_ms, zone), at(eta.low_ms, zone), at(eta.high_ms, zone))
            for eta in found
        ]

    @cached_property
    def delay_s(self) -> int | None:
        """Say how late the bus is; None when it isn't on its way or its position is stale."""
        if self.row.state != "en_route" or not self.located or self.on_shape is None:
            return None
        metre, at_ms = self.on_shape
        if arithmetic.is_stale(at_ms, self.now_ms, self.interval_s):
            return None
        return arithmetic.delay_s(self.stops, metre, at_ms, self.row.next_seq, tuple(self.visits.values()))

    def position(self) -> shapes.PositionItem | None:
        """Give the bus's last position while this trip may be followed, else None."""
        return None if self.head is None else show_position(self.head, self.row.id, self.now_ms)

    def passed(self, seq: int) -> bool:
        """Say whether stop `seq` is behind: visited and left, driven past, or all of the trip is over."""
        visit = self.visits.get(seq)
        if visit is not None and (visit.departed_at_ms is not None or visit.passed_at_ms is not None):
            return True
        return seq < self.row.next_seq and (
            visit is None or visit.arrived_at_ms is None or self._left_behind(seq)
        )

    def _left_behind(self, seq: int) -> bool:
        return any(v.seq > seq and (v.arrived_at_ms or v.passed_at_ms) for v in self.visits.values())


def gather(trips: TripStore, row: TripRow, scope: Scope, now_ms: int) -> TripFacts:
    """Read what is known of a trip that is in the caller's scope.

    A narrow caller (guardian, school, crew) gets only a position from within the window, and never the name of another trip.
    """
    located = may_locate(scope, row, now_ms)
    head = trips.head(row.runs_id) if located and row.runs_id is not None else None
    if head is not None and not _belongs(head, row, scope, now_ms):
        head = None
    return TripFacts(row, trips.plan(row.plan_id), trips.visits(row.id), head, located, now_ms)


def show_position(head: Head, trip_id: str | None, now_ms: int) -> shapes.PositionItem:
    """Give a position's shape; `trip_id` is the trip that the viewer follows: another one isn't named."""
    same = trip_id is None or head.trip_id == trip_id
    age_ms = max(0, now_ms - head.at_ms)
    return shapes.PositionItem(
        vehicle_id=head.vehicle_id,
        trip_id=head.trip_id if same else None,
        lat=head.lat,
        lon=head.lon,
        spd=head.spd,
        hdg=head.hdg,
        at=at(head.at_ms, head.timezone),
        age_s=age_ms / 1000,
        stale=arithmetic.is_stale(head.at_ms, now_ms, head.interval_s),
        interval_s=head.interval_s,
        metre=head.metre if same else None,
    )


def _belongs(head: Head, row: TripRow, scope: Scope, now_ms: int) -> bool:
    """Say whether the bus's last position is this trip's to show."""
    if scope.kind in ("all", "operators"):
        # Yesterday's trip has no position today.
        return head.trip_id == row.id or (
            row.state in ("scheduled", "en_route") and window_ms(row)[0] <= now_ms
        )
    from_ms, to_ms = window_ms(row)
    return from_ms <= head.at_ms <= to_ms
