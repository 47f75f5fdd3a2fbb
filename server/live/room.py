"""A room: everyone who watches the same thing with the same rights, and what they were last shown."""

from __future__ import annotations

from dataclasses import dataclass, field

import msgspec

from server.live.intake import RideItem
from server.service.instants import at
from server.service.policy import Rule, Scope
from server.service.shapes import ChildRide, Named, PositionItem
from server.service.watching import Follow, Live, Target, View, show_live


@dataclass
class Room:
    """One room. `read_at_s` is when its view was read or its estimates were renewed, `full_at_s` when it was read (real seconds).

    `dirty`: the view no longer holds; `moved`: its bus has moved since, and nothing else is known to have changed.
    """

    name: str
    target: Target
    rule: Rule
    scope: Scope
    view: View
    read_at_s: float
    members: set[str] = field(default_factory=set)
    dirty: bool = False
    moved: bool = False
    ends_at_ms: int | None = None
    full_at_s: float = 0.0

    @property
    def narrow(self) -> bool:
        """Say whether it is one child's or one trip's."""
        return self.target.kind in ("child", "trip")

    @property
    def wide(self) -> bool:
        """Say whether the room sees its buses at any time."""
        return self.scope.kind in ("all", "operators")

    def trips(self) -> set[str]:
        """Give the trips that this room shows."""
        child = self.view.child
        shown = {follow.trip_id for follow in self.view.follows}
        if child is not None:
            shown |= {trip.id for trip in child.trips_today}
        return shown | {self.target.id} if self.target.kind == "trip" else shown

    def open_until(self, now_ms: int) -> int | None:
        """Say when the open window of a narrow room's buses ends; None when none is open."""
        if self.wide:
            return None
        ends = [follow.to_ms for follow in self.view.follows if follow.from_ms <= now_ms <= follow.to_ms]
        return min(ends, default=None)

    def pick(self, moved: dict[str, Live], now_ms: int) -> list[PositionItem]:
        """Give the positions that this room may see: both the position and now must lie in the window."""
        zone = self.view.timezone
        if self.target.kind == "fleet":
            every = self.scope.kind == "all"
            mine = [item for item in moved.values() if every or item.operator_id in self.scope.ids]
            return [show_live(item, None, zone, now_ms) for item in mine]
        found = []
        for follow in self.view.follows:
            item = moved.get(follow.vehicle_id)
            if item is not None and self._open(follow, item, now_ms):
                found.append(show_live(item, follow, zone, now_ms))
        return found

    def follows(self, item: Live, now_ms: int) -> Follow | None:
        """Give what this room follows the bus for, if it may see the position now."""
        for follow in self.view.follows:
            if follow.vehicle_id == item.vehicle_id and self._open(follow, item, now_ms):
                return follow
        return None

    def _open(self, follow: Follow, item: Live, now_ms: int) -> bool:
        if (follow.strict or self.wide) and item.trip_id != follow.trip_id:
            return False
        if self.wide and self.target.kind == "trip":
            return True
        return follow.from_ms <= now_ms <= follow.to_ms and follow.from_ms <= item.at_ms <= follow.to_ms

    def show_ride(self, ride: RideItem) -> dict[str, object]:
        """Give the push `ride` as this child's room sees it."""
        child = self.view.child
        # The trip that matters now is the one with its stops.
        every = [] if child is None else [*([child.trip] if child.trip else []), *child.trips_today]
        trips = [trip for trip in every if trip.id == ride.trip_id]
        trip = trips[0] if trips else None
        stops = trip.stops if trip is not None and trip.stops is not msgspec.UNSET else []
        stop = next((Named(each.id, each.code, each.name) for each in stops if each.id == ride.stop_id), None)
        shown = ChildRide(
            dir="on" if ride.dir == "on" else "off",
            at=at(ride.at_ms, self.view.timezone),
            trip=None if trip is None else Named(trip.id, trip.code, trip.name),
            stop=stop,
        )
        return {"child": ride.rider_id} | msgspec.structs.asdict(shown)
