"""A room: everyone who watches the same thing with the same rights, and what they were last shown."""

from __future__ import annotations

from dataclasses import dataclass, field

from server.service.policy import Rule, Scope
from server.service.shapes import PositionItem
from server.service.watching import Follow, Live, Target, View, show_live


@dataclass
class Room:
    """One room. `read_at_s` is when the view was read (real seconds); `dirty` that it no longer holds."""

    name: str
    target: Target
    rule: Rule
    scope: Scope
    view: View
    read_at_s: float
    members: set[str] = field(default_factory=set)
    dirty: bool = False
    open_until_ms: int | None = None

    @property
    def wide(self) -> bool:
        """Say whether the room sees its buses at any time."""
        return self.scope.kind in ("all", "operators")

    def trips(self) -> set[str]:
        """Give the trips that this room follows."""
        return {follow.trip_id for follow in self.view.follows}

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

    def _open(self, follow: Follow, item: Live, now_ms: int) -> bool:
        if (follow.strict or self.wide) and item.trip_id != follow.trip_id:
            return False
        if self.wide and self.target.kind == "trip":
            return True
        return follow.from_ms <= now_ms <= follow.to_ms and follow.from_ms <= item.at_ms <= follow.to_ms
