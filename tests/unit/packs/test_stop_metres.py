"""Stops find their place on shapes that loop, cross themselves and run back beside themselves."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.domain.geo import EARTH_RADIUS_M
from server.service.packs.stop_metres import fit_stops, shape_metres

DEG = 180 / (EARTH_RADIUS_M * 3.141592653589793)
Point = tuple[float, float]


def at(east_m: float, north_m: float) -> Point:
    """Give a point near the equator, where a degree is as long both ways."""
    return (north_m * DEG, east_m * DEG)


def metres_of(shape: list[Point], stops: list[Point], shares: list[float] | None = None) -> list[int] | None:
    spread = shares or [k / (len(stops) - 1) for k in range(len(stops))]
    fitted = fit_stops(shape, shape_metres(shape), stops, spread, 1000.0)
    return None if fitted is None else [round(place.metre) if place else -1 for place in fitted]


def test_a_loop_ends_where_it_began() -> None:
    loop = [at(0, 0), at(500, 0), at(500, 500), at(0, 500), at(0, 0)]
    assert metres_of(loop, [at(0, 0), at(500, 250), at(250, 500), at(0, 0)]) == [0, 750, 1250, 2000]


def test_a_stop_between_two_passes_gets_the_one_in_its_turn() -> None:
    # Out eastwards, back 20 m further north; every stop is on both sides' reach.
    there_and_back = [at(0, 0), at(2000, 0), at(2000, 20), at(0, 20)]
    stops = [at(0, 0), at(800, 9), at(2000, 10), at(800, 11), at(0, 20)]
    assert metres_of(there_and_back, stops) == [0, 800, 2010, 3220, 4020]


def test_on_one_road_there_and_back_time_decides() -> None:
    same = [at(0, 0), at(2000, 0), at(0, 0)]
    assert metres_of(same, [at(0, 0), at(500, 0), at(0, 0)], [0, 0.2, 1]) == [0, 500, 4000]
    assert metres_of(same, [at(0, 0), at(500, 0), at(0, 0)], [0, 0.8, 1]) == [0, 3500, 4000]


def test_a_crossing_is_passed_twice() -> None:
    eight = [at(0, 0), at(1000, 1000), at(1000, 0), at(0, 1000)]
    assert metres_of(eight, [at(0, 0), at(500, 500), at(1000, 500), at(500, 500), at(0, 1000)]) == [
        0,
        707,
        1914,
        3121,
        3828,
    ]


def test_a_shape_drawn_the_other_way_is_no_fit() -> None:
    assert metres_of([at(3000, 0), at(0, 0)], [at(0, 0), at(1500, 0), at(3000, 0)]) is None


def test_a_stop_far_away_has_no_place_and_the_others_keep_theirs() -> None:
    assert metres_of([at(0, 0), at(3000, 0)], [at(0, 0), at(1500, 2000), at(3000, 0)]) == [0, -1, 3000]


@given(st.lists(st.floats(0, 10_000), min_size=2, max_size=12), st.floats(-300, 300))
def test_stops_along_a_road_are_found_in_order_and_place(found: list[float], beside_m: float) -> None:
    along = sorted(found)
    metres = metres_of([at(0, 0), at(4000, 0), at(10_000, 0)], [at(metre, beside_m) for metre in along])
    assert metres is not None
    assert metres == sorted(metres)
    assert metres == pytest.approx(along, abs=25)
