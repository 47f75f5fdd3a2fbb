"""What a route of the demo county is: a bus that drives it, a street from a school outwards, stops with names, its times."""

from __future__ import annotations

import msgspec

from server.demo.areas import Company, DemoSchool, company_of
from server.demo.streets import Bend, Street
from server.demo.timing import SHORTEST_GAP_S, Pace, room_for_driving_s

# What a village's stops are called after the village's own; the road passes them one after the other.
_SIDES = ("路口", "村", "三队")
_BEND_M_PER_DEG_KM = (
    1.0  # a degree is turned in so many metres for each km of the road; in town a radius of 460 m
)
# Legs are a little longer and shorter by turns, as villages lie.
_UNEVEN = (1.0, 1.08, 0.95, 1.05, 0.91, 1.02, 0.97)


class DemoRoute(msgspec.Struct, frozen=True):
    """A route from a school outwards: its street, and the names of the stops on it, the nearest first.

    Each has one bus of its own, which has its number and sets out `phase_s` after midnight.
    """

    number: int
    school: DemoSchool
    pace: Pace
    street: Street
    stops: tuple[str, ...]
    phase_s: int

    @property
    def code(self) -> str:
        """Give the route's id."""
        return f"R{self.number}"

    @property
    def long_name(self) -> str:
        """Give where it leads."""
        return f"{self.school.name.removeprefix('沙坡头区')}—{self.stops[-1]}"

    @property
    def company(self) -> Company:
        """Give who runs it."""
        return company_of(self.school)

    @property
    def vehicle(self) -> str:
        """Give the id of its bus, and of the recorder in it."""
        return f"ZW-{self.number:04}"

    @property
    def driver(self) -> str:
        """Give the badge of its driver."""
        return f"D-{self.number:04}"

    @property
    def attendant(self) -> str:
        """Give the badge of its attendant."""
        return f"A-{self.number:04}"


def plan_route(
    number: int,
    school: DemoSchool,
    pace: Pace,
    heading_deg: float,
    turns: tuple[tuple[float, float], ...],
    places: str,
    phase_s: int,
) -> DemoRoute:
    """Make a route as long as its times allow; `places` are its stops, or villages with up to three stops each."""
    count = len(pace.riders)
    names = places.split()
    stops = names if len(names) == count else [name + side for name in names for side in _SIDES][:count]
    # Some wait longer at the school than others.
    drive_s = room_for_driving_s(pace, SHORTEST_GAP_S + number * 37 % 120)
    length_m = drive_s * pace.kmh / 3.6
    weights = [_UNEVEN[(place + number) % len(_UNEVEN)] for place in range(count)]
    legs_m = tuple(round(length_m * weight / sum(weights)) for weight in weights)
    bends = tuple(
        Bend(share * length_m, share * length_m + abs(by) * _BEND_M_PER_DEG_KM * length_m / 1000, by)
        for share, by in turns
    )
    street = Street(school.place, heading_deg, legs_m, bends, 8.0 + number % 5, length_m / (5 + number % 4))
    return DemoRoute(number, school, pace, street, tuple(stops), phase_s)
