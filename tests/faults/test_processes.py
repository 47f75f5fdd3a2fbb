"""Processes are killed again and again under load: every record is there once, every notice once, the state is the log's."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.faults.conftest import House
from tests.faults.surviving import survive_kills


@pytest.mark.slow
@pytest.mark.timeout(1200)
def test_five_kills_of_each_process_lose_nothing_and_double_nothing(
    make_house: Callable[..., House], tmp_path: Path
) -> None:
    survive_kills(make_house(20), tmp_path, buses=20, times=5, seed=617)
