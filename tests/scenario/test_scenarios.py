"""Every scenario of the emulator, from the buses to the findings, rides, notices and verdicts: exactly what it must lead to."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from device_sim.deviations import (
    AnyDeviation,
    Aside,
    ClockSkew,
    Crowd,
    DoorAjar,
    Drift,
    EarlyDeparture,
    ExtraHalt,
    LateStart,
    LostCard,
    Pace,
    Tunnel,
    TurnBack,
    list_kinds,
)
from device_sim.scenario import Scenario, list_scenarios, read_scenario
from tests.builders.standard_pack import COUNTIES
from tests.conftest import ROOT
from tests.scenario.expectations import CASES, RIDERS, check, nameless, quiet_notices, quiet_rides
from tests.scenario.school_morning import play


@pytest.mark.parametrize("name", [name for name, _ in list_scenarios()])
def test_a_scenario_leads_to_exactly_what_it_must(name: str, quick_path: Path) -> None:
    check(play(read_scenario(name), quick_path / "county.db"), CASES[name])


@pytest.mark.parametrize("seed", [2, 3])
@pytest.mark.parametrize("name", ["on_time", "drift_at_rest", "child_left_aboard", "off_route"])
def test_another_day_of_the_same_leads_to_the_same(name: str, seed: int, quick_path: Path) -> None:
    found = Counter(map(nameless, play(read_scenario(name), quick_path / "county.db", seed).found))
    if name != "child_left_aboard":  # who stays is whoever sits there
        assert found == Counter(map(nameless, CASES[name].found))
    assert Counter(kind for kind, *_ in found) == Counter(one.kind for one in CASES[name].found)


def test_a_place_that_drifts_further_than_a_stop_reaches_opens_no_finding(quick_path: Path) -> None:
    drifting = Scenario("Far off", "", deviation=[Drift(bus=0, radius_m=60)])
    played = play(drifting, quick_path / "county.db")
    assert played.found == []
    assert {ride._replace(stop="") for ride in played.rode} == {
        ride._replace(stop="") for ride in quiet_rides()
    }


def test_a_bus_that_comes_twelve_minutes_late_is_told_late_once_to_each_who_waits(quick_path: Path) -> None:
    late = Scenario("Late", "", deviation=[LateStart(bus=0, run=0, by_s=720)])
    played = play(late, quick_path / "county.db")
    assert Counter(one.kind for one in played.found) == {
        "arrived_late": 1, "departed_late": 1, "not_started": 1,
    }  # fmt: skip
    more = played.told - quiet_notices()
    assert {one.kind for one in more} == {"late", "not_started"}
    assert set(more.values()) == {1}
    assert {one.rider for one in more if one.kind == "not_started"} == {
        r for r in RIDERS if r.startswith("K1")
    }
    assert {one.rider for one in more if one.kind == "late"} == {
        r for r in RIDERS if r.startswith("K1") and r[3] != "0"
    }


def test_twenty_minutes_in_a_tunnel_are_no_silence(quick_path: Path) -> None:
    jam = Scenario(
        "Jam", "", deviation=[Tunnel(bus=0, run=0, at=1.2, for_m=700), ExtraHalt(bus=0, run=0, at=1.5, for_s=1200, door=False)]
    )  # fmt: skip
    played = play(jam, quick_path / "county.db")
    # Late it is, and its records come all the while: it is not silent.
    assert Counter(one.kind for one in played.found) == {"arrived_late": 1}
    assert {one.kind for one in played.told - quiet_notices()} == {"late"}


def test_a_lost_card_that_nobody_ticks_is_a_child_that_did_not_come(quick_path: Path) -> None:
    lost = Scenario("Lost", "", deviation=[LostCard(bus=0, run=0, rider=0, ticked=False)])
    check(play(lost, quick_path / "county.db"), CASES["no_show"])


def test_a_clock_a_day_ahead_makes_no_arrival_and_no_ride(quick_path: Path) -> None:
    ahead = Scenario("Tomorrow", "", deviation=[ClockSkew(bus=0, by_s=86_400)])
    played = play(ahead, quick_path / "county.db")
    assert played.rejected > 500
    assert {ride.trip for ride in played.rode} == {"AM-2", "PM-2"}
    assert {one.kind for one in played.found} == {"not_started", "missed_trip", "silent"}
    assert {one.trip for one in played.found} <= {"AM-1", "PM-1"}
    assert {one.kind for one in (played.told - quiet_notices())} == {"not_started"}


# What a rule measures, 0.8 and 1.2 times its threshold (docs/settings' defaults); the recorder notes a position a second.
THRESHOLDS: dict[str, Callable[[float], AnyDeviation]] = {
    "departed_early": lambda share: EarlyDeparture(bus=0, run=0, by_s=60 * share),
    "departed_late": lambda share: LateStart(bus=0, run=0, by_s=300 * share),
    "off_route": lambda share: Aside(bus=0, run=0, at=1.2, for_m=500, aside_m=54 * share),
    "wrong_direction": lambda share: TurnBack(bus=0, run=0, at=1.6, back_m=100 * share),
    "overspeed": lambda share: Pace(bus=0, run=0, at=1.1, for_m=1000, kmh=66 * (1 + (share - 1) / 2)),
    "overload": lambda share: Crowd(bus=0, run=0, stop=1, riders=round(11 * share) - 8),
    # It is faster than 5 km/h from the first second after pulling away on.
    "door_open_moving": lambda share: DoorAjar(bus=0, run=0, stop=1, for_s=0.4 + 3 * share),
    "unscheduled_stop": lambda share: ExtraHalt(bus=0, run=0, at=1 + 84 * share / 1250, for_s=20),
}


@pytest.mark.parametrize("share", [0.8, 1.2])
@pytest.mark.parametrize("kind", THRESHOLDS)
def test_what_is_over_its_threshold_is_found_and_what_is_under_it_is_not(
    kind: str, share: float, quick_path: Path
) -> None:
    scenario = Scenario(kind, "", deviation=[THRESHOLDS[kind](share)])
    found = {one.kind for one in play(scenario, quick_path / "county.db", moving_s=1).found}
    assert (kind in found) is (share > 1), found
    assert share > 1 or not found


def test_every_scenario_is_expected_and_every_county_is_used() -> None:
    scenarios = dict(list_scenarios())
    assert set(CASES) == set(scenarios)
    assert {scenario.pack for scenario in scenarios.values()} == set(COUNTIES)


def test_the_pages_list_every_scenario_every_deviation_and_every_county() -> None:
    page = (ROOT / "docs/emulator.md").read_text("utf-8")

    def listed(table: str) -> list[str]:
        rows = page.partition(f"| {table} |")[2].partition("\n\n")[0]
        return re.findall(r"^\| `([a-z_]+)` \|", rows, re.M)

    assert listed("scenario") == [name for name, _ in list_scenarios()]
    assert listed("deviation") == list_kinds()
    assert sorted(listed("county")) == sorted(set(COUNTIES) - {""})
    rules = (ROOT / "docs/rules.md").read_text("utf-8").partition("\n## Scenarios\n")[2]
    assert sorted(re.findall(r"`([a-z_]+)`", rules)) == sorted(CASES)
