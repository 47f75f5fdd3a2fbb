"""What the tests of the whole system are given: installations with a fleet, on ports of their own, ended afterwards."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.builders.fleet_pack import START, write_fleet_pack
from tests.faults.recorders import Recorders
from tests.faults.system import System

House = tuple[System, Recorders]


@pytest.fixture
def make_system(tmp_path: Path, free_port: Callable[[], int]) -> Iterator[Callable[..., System]]:
    """Make installations that are not started yet."""
    made: list[System] = []

    def make(clock: str = "", name: str = "house") -> System:
        folder = tmp_path / name
        folder.mkdir(exist_ok=True)
        made.append(System(folder, free_port(), free_port(), clock))
        return made[-1]

    yield make
    for system in made:
        system.end()


@pytest.fixture
def make_house(make_system: Callable[..., System], tmp_path: Path) -> Iterator[Callable[..., House]]:
    """Make an installation with a pack imported, and its recorders; neither is started. The day begins now."""
    fleets: list[Recorders] = []

    def make(buses: int = 20, speed: float = 15, pairs: int = 3) -> House:
        pack = write_fleet_pack(tmp_path / "pack", buses, pairs)
        system = make_system(f"start={START}")
        system.command("import", str(pack))
        system.clock = f"start={START},speed={speed:g},at={time.time_ns() // 1_000_000}"
        fleets.append(Recorders(tmp_path, pack, system.mqtt, system.clock))
        return system, fleets[-1]

    yield make
    for recorders in fleets:
        recorders.stop()
