"""What a bus does otherwise than planned is what its recorder writes, however the session is cut, and nothing else changes."""

from __future__ import annotations

from itertools import pairwise
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
    LateBadge,
    LateCheck,
    LateStart,
    LeftAboard,
    SkipStop,
    SwapStops,
    TakesRun,
    Tunnel,
    TurnBack,
)
from device_sim.errors import SimError
from device_sim.fleet import Fleet, choose_devices
from device_sim.packreader import read_pack
from device_sim.wire import Duty, Event, Pos, Record, Ride
from tests.sim.packs import PackFolder, at

MANY: tuple[AnyDeviation, ...] = (
    Aside(aside_m=80, at=0.3, for_m=200), SwapStops(stop=1), DoorAjar(stop=0, for_s=9), Tunnel(at=2.4, for_m=150),
    Drift(radius_m=20), LeftAboard(riders=2, found_after_s=240), Crowd(riders=2, stop=1), TurnBack(at=0.8, back_m=60),
)  # fmt: skip


def fleet(folder: Path, *deviations: AnyDeviation, states: dict[str, bytes] | None = None) -> Fleet:
    pack = read_pack(folder)
    return Fleet(
        pack, choose_devices(pack, [], None), 1, at("06:30"), 0.0, states=states, deviations=deviations
    )


def drive(folder: Path, *deviations: AnyDeviation, to: str = "08:00") -> dict[str, list[Record]]:
    return {one.device: one.records for one in fleet(folder, *deviations).advance(at(to))}


@pytest.mark.parametrize("stopped", ["06:59:10", "07:01:20", "07:04:45", "07:08:30", "07:14:00", "07:20:00"])
def test_a_session_that_is_cut_goes_on_as_its_script_says(tmp_path: Path, stopped: str) -> None:
    PackFolder(tmp_path, routes=1)
    expected = drive(tmp_path, *MANY)["ZW-0001"]
    before = fleet(tmp_path, *MANY).advance(at(stopped))[0]
    again = fleet(tmp_path, *MANY, states={"ZW-0001": before.state})
    assert before.records + again.advance(at("08:00"))[0].records == expected


def test_one_run_of_one_bus_deviates_and_the_others_are_as_they_were(tmp_path: Path) -> None:
    PackFolder(tmp_path, ("07:00 down", "08:00 up"))
    planned = drive(tmp_path, to="09:00")
    late = drive(tmp_path, LateStart(bus=0, run=1, by_s=300), to="09:00")
    assert late["ZW-0002"] == planned["ZW-0002"]
    assert [r for r in late["ZW-0001"] if r.t < at("07:40")] == [
        r for r in planned["ZW-0001"] if r.t < at("07:40")
    ]
    opened = [r.t for r in late["ZW-0001"] if isinstance(r, Pos) and r.door and r.t > at("07:40")]
    left = next(r.t for r in late["ZW-0001"] if isinstance(r, Pos) and not r.door and r.t > opened[0])
    assert 300 <= (left - at("08:00")) / 1000 <= 310


def test_a_skipped_stop_is_driven_past_at_speed(tmp_path: Path) -> None:
    PackFolder(tmp_path, routes=1)
    stops = read_pack(tmp_path).stops
    written = drive(tmp_path, SkipStop(run=0, stop=1))["ZW-0001"]
    near = [
        r
        for r in written
        if isinstance(r, Pos) and abs(r.lon - stops["S1-1"].lon) < 0.0004 and r.t < at("07:30")
    ]
    assert near and not any(r.door for r in near) and all(r.spd > 5 for r in near)
    assert len([r for r in written if isinstance(r, Ride) and r.t < at("07:30")]) == 2 * 6


def test_a_stop_that_is_left_early_is_reached_early(tmp_path: Path) -> None:
    PackFolder(tmp_path, routes=1, leg_s=300)
    written = drive(tmp_path, EarlyDeparture(run=0, stop=1, by_s=90))["ZW-0001"]
    doors = [r for r in written if isinstance(r, Pos) and r.t > at("07:00:30")]
    opened = next(n for n, r in enumerate(doors) if r.door)
    left = next(r.t for r in doors[opened:] if not r.door)
    assert doors[opened].t < left and abs(left - (at("07:05") - 90_000)) <= 8_000
    assert len([r for r in written if isinstance(r, Ride) and r.t < at("07:30")]) == 2 * 9


def test_in_a_tunnel_the_recorder_says_so_and_repeats_its_last_place(tmp_path: Path) -> None:
    PackFolder(tmp_path, routes=1)
    written = drive(tmp_path, Tunnel(run=0, at=0.2, for_m=400))["ZW-0001"]
    begin, end = (r.t for r in written if isinstance(r, Event) and r.kind in ("gnss_lost", "gnss_back"))
    inside = [r for r in written if isinstance(r, Pos) and begin <= r.t < end]
    assert len(inside) > 5 and {r.fix for r in inside} == {0}
    assert len({(r.lat, r.lon) for r in inside}) == 1
    assert all(r.fix == 1 for r in written if isinstance(r, Pos) and not begin <= r.t < end)


def test_a_run_is_taken_with_its_crew_or_the_own_one_and_the_own_plate(tmp_path: Path) -> None:
    PackFolder(tmp_path, ("07:00 down",))
    written = drive(tmp_path, TakesRun(bus=1, of=0, run=0, crew="own"))
    assert not [r for r in written.get("ZW-0001", []) if isinstance(r, Duty | Ride)]
    said = [r for r in written["ZW-0002"] if isinstance(r, Duty) and r.role == "driver" and r.state == "on"]
    assert ("R1-down-0700", "D-2", "TAG-2") in {(r.trip, r.badge, r.tag) for r in said}


def test_who_signs_on_late_does_so_on_the_way_and_a_late_check_is_so_long_after_the_arrival(
    tmp_path: Path,
) -> None:
    PackFolder(tmp_path, routes=1)
    written = drive(tmp_path, LateBadge(run=0, role="driver", after_s=36), LateCheck(run=0, after_s=360))[
        "ZW-0001"
    ]
    first = [r for r in written if r.t < at("07:30")]
    on = {r.role: r.t for r in first if isinstance(r, Duty) and r.state == "on"}
    left = next(r.t for r in first if isinstance(r, Pos) and r.spd > 0 and r.t > at("06:59"))
    assert on["attendant"] < left and 33_000 <= on["driver"] - left <= 37_000
    opened = [b.t for a, b in pairwise(r for r in first if isinstance(r, Pos)) if b.door and not a.door]
    (checked,) = [r.t for r in first if isinstance(r, Event) and r.kind == "child_check"]
    assert checked - opened[-1] == 360_000


def test_a_clock_that_is_ahead_dates_every_record_ahead(tmp_path: Path) -> None:
    PackFolder(tmp_path, routes=1)
    planned, ahead = drive(tmp_path)["ZW-0001"], drive(tmp_path, ClockSkew(by_s=90))["ZW-0001"]
    assert [r.t + 90_000 for r in planned] == [r.t for r in ahead]


def test_a_bus_that_is_not_there_is_named(tmp_path: Path) -> None:
    PackFolder(tmp_path, routes=1)
    with pytest.raises(SimError, match="late_start: there is no bus 3 in this session of 1"):
        fleet(tmp_path, LateStart(bus=3, by_s=60))
    with pytest.raises(SimError, match="bus 0 has no run 400"):
        fleet(tmp_path, TakesRun(bus=0, of=0, run=400))
