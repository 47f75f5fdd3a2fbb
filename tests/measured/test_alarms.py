"""A few seeded runs of each threshold: found over it, not found under it; and of visits. `make measure` drives many more."""

from __future__ import annotations

from tests.measured import visits
from tests.measured.alarms import measure_all, table
from tests.measured.county import a_county
from tests.measured.kinds import KINDS


def test_what_is_over_its_threshold_is_found_and_what_is_under_it_is_not_on_any_road() -> None:
    tallies = measure_all(KINDS, runs=2, seed=3, roads=8)
    assert all(one.good for one in tallies), "\n" + table(tallies) + "\n" + "\n".join(
        f"{one.name}: {one.wrong}" for one in tallies if not one.good
    )  # fmt: skip


def test_visits_are_found_when_the_door_opened() -> None:
    with a_county(6) as county:
        for every_s in visits.INTERVALS:
            one = visits.measure(county, every_s, 2, 3, door=True)
            assert one.good, one
            assert one.true >= 8
