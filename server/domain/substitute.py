"""What an approval puts in the place of a permit's vehicle, driver, attendant, time and way, and from when to when it holds.

Like an absence it carries its own instants (decision 0075), so that a trip that is folded again is judged by what was approved then.
"""

from __future__ import annotations

from collections.abc import Iterable

import msgspec


class Detour(msgspec.Struct, frozen=True):
    """Another way: `plan_id` is the plan version that it makes of another one, `of_plan`, and holds for that one's trips alone.

    `skip_stops` are the ids of the stops that are left out; `instead` has for each the one where its riders are planned to be.
    """

    of_plan: str
    plan_id: str
    skip_stops: tuple[str, ...] = ()
    instead: tuple[tuple[str, str], ...] = ()

    def stop_of(self, stop_id: str) -> str:
        """Give where a rider of a stop is planned to be.

        >>> Detour("p", "q", ("s2",), (("s2", "s3"),)).stop_of("s2"), Detour("p", "q").stop_of("s1")
        ('s3', 's1')
        """
        return dict(self.instead).get(stop_id, stop_id)


class Substitute(msgspec.Struct, frozen=True, gc=False):
    """An approval for one trip: given at from_ms, taken back at until_ms (UTC ms; None: it still holds). None: as before it.

    The vehicle is named by its id, people by their badges; `shift_s` has all stops so much later than the timetable says.
    """

    from_ms: int
    until_ms: int | None = None
    vehicle_id: str | None = None
    driver_badge: str | None = None
    attendant_badge: str | None = None
    shift_s: int | None = None
    detour: Detour | None = None

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


def shift_at(substitutes: Iterable[Substitute], t_ms: int | None) -> int:
    """Give by how many seconds a trip's times are moved at an instant (None: in the end); the newest that says it wins.

    >>> swaps = (Substitute(10, None, shift_s=600), Substitute(20, 30, shift_s=-300))
    >>> [shift_at(swaps, t) for t in (9, 10, 25, None)]
    [0, 600, -300, 600]
    """
    shift_s = 0
    for each in substitutes:
        if each.shift_s is not None and (each.holds(t_ms) if t_ms is not None else each.until_ms is None):
            shift_s = each.shift_s
    return shift_s


def detour_at(substitutes: Iterable[Substitute], t_ms: int | None) -> Detour | None:
    """Give the way that is approved at an instant (None: in the end); the newest that names one wins."""
    detour = None
    for each in substitutes:
        if each.detour is not None and (each.holds(t_ms) if t_ms is not None else each.until_ms is None):
            detour = each.detour
    return detour


class Change(msgspec.Struct, frozen=True):
    """Something that passengers are to hear of: from when on, which vehicle runs the trip then, and what is new.

    `bus` and `time` concern every rider, `stops` (ids) those who use them: left out from now on, or served again.
    """

    at_ms: int
    vehicle_id: str | None
    bus: bool = False
    time: bool = False
    stops: frozenset[str] = frozenset()


def changes(
    permit: Staffing, substitutes: Iterable[Substitute], day_ms: int, told_from_ms: int
) -> tuple[Change, ...]:
    """List when passengers are to hear of another bus, another time or a stop that is left out, one for each change.

    What changes on the day itself (from `day_ms` on) is told at once; what was approved on a day before, at `told_from_ms`. A change
    that was taken back before anybody heard of it never was one.

    >>> told = changes(Staffing("bus1"), (Substitute(150, None, "bus2"), Substitute(170, 180, "bus3")), 100, 160)
    >>> [(one.at_ms, one.vehicle_id) for one in told]
    [(150, 'bus2'), (170, 'bus3'), (180, 'bus2')]
    >>> [one.at_ms for one in changes(Staffing("bus1"), (Substitute(50, None, "bus2"),), 100, 160)]
    [160]
    >>> changes(Staffing("bus1"), (Substitute(50, 120, "bus2"),), 100, 160)
    ()
    >>> [(one.at_ms, one.bus, one.time) for one in changes(Staffing("bus1"), (Substitute(150, 170, shift_s=600),), 100, 160)]
    [(150, False, True), (170, False, True)]
    """
    known = tuple(substitutes)
    instants = {each.from_ms for each in known} | {
        each.until_ms for each in known if each.until_ms is not None
    }
    vehicle_id, shift_s, left_out = permit.vehicle_id, 0, frozenset[str]()
    found: list[Change] = []
    for at_ms in sorted({told_from_ms, *(at_ms for at_ms in instants if at_ms >= day_ms)} if known else ()):
        bus = staffing_at(permit, known, at_ms).vehicle_id or vehicle_id
        moved_s, detour = shift_at(known, at_ms), detour_at(known, at_ms)
        skipped = frozenset(() if detour is None else detour.skip_stops)
        one = Change(at_ms, bus, bus != vehicle_id, moved_s != shift_s, skipped ^ left_out)
        if one.bus or one.time or one.stops:
            found.append(one)
        vehicle_id, shift_s, left_out = bus, moved_s, skipped
    return tuple(found)
