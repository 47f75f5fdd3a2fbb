"""Where a bus is put when the emulator starts in the middle of its day."""

from __future__ import annotations

from pathlib import Path

import pytest

from device_sim.fleet import Fleet, choose_devices
from device_sim.packreader import read_pack
from tests.sim.packs import PackFolder, at

STARTS = ("07:00 down", "07:16 up", "07:32 down", "07:48 up")


@pytest.mark.parametrize("clock", ["07:04", "07:12", "07:20", "07:25", "07:36", "07:52"])
def test_a_bus_started_in_a_tight_day_is_on_the_run_of_the_hour_and_on_time(
    tmp_path: Path, clock: str
) -> None:
    """Once it began with the run before the right one, at the wrong end of the road, and was 20 min late all day."""
    folder = PackFolder(tmp_path / "pack", starts=STARTS, leg_s=150)
    pack = read_pack(folder.folder)
    now = at(clock)
    fleet = Fleet(pack, choose_devices(pack, [], None), 1, now)
    fleet.advance(now)
    for bus in fleet.buses.values():
        assert bus.run is not None
        late_s = (now - bus.run.departure_ms(bus.state.stop_index)) / 1000
        assert late_s < 120, f"{bus.device} runs {bus.run.timetable.id} and is {late_s} s late"
