"""Which vehicles have to be folded on or again, and when: a fold again once for a bunch of late records, and a rest after a long one."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Final

from server.domain.vehicle_day import Entry
from server.service.ingest_ports import Bus, FoldWork
from server.service.turns import Revised
from server.service.vehicle_head import VehicleHead

REFOLD_AFTER_S: Final = 0.3  # late records come in bunches: fold again once for a bunch


class Refolds:
    """Keeps them, in the order of their turns."""

    def __init__(self, heads: Mapping[str, VehicleHead], now_s: Callable[[], float]) -> None:
        """`heads` are the vehicles in memory; `now_s` real seconds, for what folding again costs."""
        self._heads = heads
        self._now_s = now_s
        # Forgotten, and to be read again though their bus may say nothing more.
        self.lost: dict[str, Bus] = {}
        self.due: dict[str, None] = {}  # late or behind

    def forget(self) -> None:
        """Have every vehicle that is in memory read again."""
        self.lost |= {vehicle: head.bus for vehicle, head in self._heads.items()}
        self.due.clear()

    def expect(self, buses: Iterable[Bus]) -> None:
        """Have vehicles read and folded to the end of their log, though no record of theirs comes."""
        for bus in buses:
            if bus.vehicle_id not in self._heads:
                self.lost[bus.vehicle_id] = bus

    def again(self, now_s: float) -> None:
        """Have every vehicle folded again from its newest checkpoint, one after another."""
        for vehicle, head in self._heads.items():
            if head.late_ms is None and not head.behind and head.state.key is not None:
                head.late_ms, head.refold_at = head.state.key.t + 1, now_s
                self.due[vehicle] = None

    def ready(self, now_s: float) -> list[str]:
        """List the vehicles that should be folded on or again now, the longest waiting first."""
        return [*self.lost, *(vehicle for vehicle in self.due if now_s >= self._heads[vehicle].refold_at)]

    def late(self, work: FoldWork, head: VehicleHead, entry: Entry, now_s: float) -> None:
        """Note that the fold has to go back; what lies ahead of a fold that is behind anyway is read in its turn."""
        if head.late_ms is None:
            if head.behind and (head.state.key is None or entry.key > head.state.key):
                return
            head.refold_at = max(now_s + REFOLD_AFTER_S, head.rest_until)
            self.due[head.bus.vehicle_id] = None
        elif entry.key.t >= head.late_ms:
            return
        head.late_ms = entry.key.t
        work.drop_checkpoints(head.bus.vehicle_id, entry.key.t)

    def revise(self, work: FoldWork, bus: Bus, revised: Revised, *, moved: bool = False) -> None:
        """Have vehicles of one operator folded again from an instant on.

        Not those whose fold has not come so far, unless something was moved into their logs: it would be passed by unread.
        """
        for vehicle_id, from_ms in revised.items():
            work.drop_checkpoints(vehicle_id, from_ms)
            head = self._heads.get(vehicle_id)
            if head is None:
                self.lost[vehicle_id] = Bus(vehicle_id, bus.operator_id)
                continue
            key = head.state.key
            if key is None or (key.t < from_ms and not head.held and not moved):
                continue
            if head.late_ms is None:
                head.refold_at = max(self._now_s() + REFOLD_AFTER_S, head.rest_until)
                self.due[vehicle_id] = None
            head.late_ms = from_ms if head.late_ms is None else min(head.late_ms, from_ms)

    def revise_once(self, work: FoldWork, bus: Bus, revised: Revised) -> None:
        """Have vehicles folded again from an instant on, but for those that will be from no later one anyway."""
        due = {
            vehicle_id: from_ms
            for vehicle_id, from_ms in revised.items()
            if (head := self._heads.get(vehicle_id)) is None or head.late_ms is None or head.late_ms > from_ms
        }
        if due:
            self.revise(work, bus, due)
