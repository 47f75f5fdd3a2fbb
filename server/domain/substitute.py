"""What an approval puts in the place of a permit's vehicle, driver and attendant, and from which instant to which it holds.

Like an absence it carries its own instants (decision 0075), so that a trip that is folded again is judged by what was approved then.
"""

from __future__ import annotations

from collections.abc import Iterable

import msgspec


class Substitute(msgspec.Struct, frozen=True, gc=False):
    """An approval for one trip: given at from_ms, taken back at until_ms (UTC ms; None: it still holds). None: as before it.

    The vehicle is named by its id, people by their badges.
    """

    from_ms: int
    until_ms: int | None = None
    vehicle_id: str | None = None
    driver_badge: str | None = None
    attendant_badge: str | None = None

    def holds(self, t_ms: int) -> bool:
        """Say whether it holds at an instant."""
        return self.from_ms <= t_ms and (self.until_ms is None or t_ms < self.until_ms)


class Staffing(msgspec.Struct, frozen=True, gc=False):
    """Who and what runs a trip: by its permit, or with what was approved instead."""

    vehicle_id: str | None = None
    driver_badge: str | None = None
    attendant_badge: str | None = None


def staffing_at(permit: Staffing, substitutes: Iterable[Substitute], t_ms: int | None) -> Staffing:
    """Give what was approved at an instant (None: in the end); `substitutes` oldest first, the newest that names something wins.

    >>> swaps = (Substitute(10, None, "bus2"), Substitute(20, 30, None, "D-2"))
    >>> [staffing_at(Staffing("bus1", "D-1"), swaps, t).vehicle_id for t in (9, 10)]
    ['bus1', 'bus2']
    >>> [staffing_at(Staffing("bus1", "D-1"), swaps, t).driver_badge for t in (19, 20, 30, None)]
    ['D-1', 'D-2', 'D-1', 'D-1']
    """
    vehicle, driver, attendant = permit.vehicle_id, permit.driver_badge, permit.attendant_badge
    for each in substitutes:
        if each.holds(t_ms) if t_ms is not None else each.until_ms is None:
            vehicle = each.vehicle_id or vehicle
            driver = each.driver_badge or driver
            attendant = each.attendant_badge or attendant
    return Staffing(vehicle, driver, attendant)


def bus_changes(
    permit: Staffing, substitutes: Iterable[Substitute], day_ms: int, told_from_ms: int
) -> tuple[tuple[int, str], ...]:
    """List when passengers are to hear of another bus, and which: one (instant, vehicle) for each change of a trip's bus.

    What changes on the day itself (from `day_ms` on) is told at once; what was approved on a day before, at `told_from_ms`. A change
    that was taken back before anybody heard of it never was one.

    >>> bus_changes(Staffing("bus1"), (Substitute(150, None, "bus2"), Substitute(170, 180, "bus3")), 100, 160)
    ((150, 'bus2'), (170, 'bus3'), (180, 'bus2'))
    >>> bus_changes(Staffing("bus1"), (Substitute(50, None, "bus2"),), 100, 160)
    ((160, 'bus2'),)
    >>> bus_changes(Staffing("bus1"), (Substitute(50, 120, "bus2"),), 100, 160)
    ()
    """
    known = tuple(substitutes)
    instants = {each.from_ms for each in known} | {
        each.until_ms for each in known if each.until_ms is not None
    }
    heard = permit.vehicle_id
    changes: list[tuple[int, str]] = []
    for at_ms in sorted({told_from_ms, *(at_ms for at_ms in instants if at_ms >= day_ms)} if known else ()):
        now = staffing_at(permit, known, at_ms).vehicle_id
        if now is not None and now != heard:
            changes.append((at_ms, now))
            heard = now
    return tuple(changes)
