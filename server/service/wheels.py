"""What a driver drove on other buses before a sign-on, and whose hours rest on whose log.

Each bus is folded from its own log; what its driver drove elsewhere is read out of the other buses' logs when it is asked for
(decision 0175). A record of one of those that comes after it was asked for has the bus that asked folded again from the sign-on.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from server.domain.driving import Spell
from server.domain.record import Duty
from server.domain.vehicle_day import Entry, Key, VehicleState
from server.rules.driven_elsewhere import spells
from server.service.ingest_ports import Bus, FoldWork
from server.service.turns import Revised

CHUNK: Final = 500
LOOK_BACK_MS: Final = 36 * 3_600_000  # own choice: the 24 hours that count, and a stint that they cut
KEPT_MS: Final = 15 * 86_400_000  # own choice: twice the seven days of a recorder's backlog


class Wheels:
    """Remembers which sign-ons rest on which bus; kept until `forget`, and read again with each bus."""

    def __init__(self) -> None:
        self._rest: dict[str, dict[tuple[str, int], None]] = {}

    def forget(self) -> None:
        """Drop everything: memory may differ from what was committed."""
        self._rest.clear()

    def inherit(self, work: FoldWork, bus: Bus, now_ms: int) -> None:
        """Read which sign-ons on other buses rest on one that comes into memory."""
        since_ms = now_ms - KEPT_MS
        for vehicle_id, at_ms in work.list_signed_on_later(bus.vehicle_id, since_ms, LOOK_BACK_MS):
            self._rests(bus.vehicle_id, vehicle_id, at_ms)

    def driven(self, work: FoldWork, bus: Bus, badge: str, t_ms: int, rest_s: float) -> tuple[Spell, ...]:
        """List when a badge was at the wheel of other buses in the day before t_ms, when it signed on to this one."""
        first: dict[str, int] = {}
        for vehicle_id, at_ms in work.list_signed_on(bus, badge, t_ms - LOOK_BACK_MS, t_ms):
            first[vehicle_id] = min(at_ms, first.get(vehicle_id, at_ms))
        found: list[Spell] = []
        for vehicle_id in sorted(first):
            self._rests(vehicle_id, bus.vehicle_id, t_ms)
            log = _read(work, vehicle_id, first[vehicle_id])
            found += spells(log, badge, t_ms, rest_s)
        return tuple(sorted(found))

    def resting(self, work: FoldWork, bus: Bus, entry: Entry) -> Revised:
        """Give the buses whose driver's hours rest on an input of this one, and since which sign-on."""
        revised, t_ms = Revised(), entry.key.t
        for heir, at_ms in self._rest.get(bus.vehicle_id) or ():
            if t_ms < at_ms <= t_ms + LOOK_BACK_MS:
                revised[heir] = min(at_ms, revised.get(heir, at_ms))
        duty = entry.record
        if isinstance(duty, Duty) and duty.role == "driver" and duty.state == "on":
            later = work.list_signed_on(bus, duty.badge, t_ms + 1, t_ms + LOOK_BACK_MS)
            for heir, at_ms in later:  # nobody knew that they were on this bus before
                self._rests(bus.vehicle_id, heir, at_ms)
                revised[heir] = min(at_ms, revised.get(heir, at_ms))
        return revised

    def _rests(self, vehicle_id: str, heir: str, at_ms: int) -> None:
        resting = self._rest.setdefault(vehicle_id, {})
        resting[heir, at_ms] = None
        for one in [one for one in resting if one[1] < at_ms - KEPT_MS]:
            del resting[one]


def _read(work: FoldWork, vehicle_id: str, from_ms: int) -> Iterator[Entry]:
    """Read a bus's log from an instant on, as far as it is asked for."""
    state, complete = VehicleState(vehicle_id, Key(from_ms, "", -1, -1)), False
    while not complete:
        entries, complete = work.load_log(vehicle_id, state, CHUNK)
        yield from entries
        if entries:
            state = VehicleState(vehicle_id, entries[-1].key)
