"""The long version of the faults of processes: more buses, more kills, other seeds (`make soak`)."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.faults.conftest import House
from tests.faults.surviving import survive_kills

BUSES = int(os.environ.get("SOAK_BUSES", "100"))
TIMES = int(os.environ.get("SOAK_KILLS", "20"))
SEEDS = [int(seed) for seed in os.environ.get("SOAK_SEEDS", "1 2 3").split()]


@pytest.mark.soak
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("seed", SEEDS)
def test_many_kills_of_each_process_lose_nothing_and_double_nothing(
    make_house: Callable[..., House], tmp_path: Path, seed: int
) -> None:
    """QUALITY, fault 1: the broker (and each other process) twenty times under load."""
    survive_kills(make_house(BUSES, 8, 12), tmp_path, buses=BUSES, times=TIMES, seed=seed)
