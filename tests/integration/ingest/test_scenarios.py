"""A handful of the emulator's scenarios on PostgreSQL: the same findings, rides, notices and verdicts as on SQLite."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from device_sim.scenario import read_scenario
from server.adapters.db.engine import Database
from tests.builders.standard_pack import write_standard_pack
from tests.scenario.expectations import CASES, check
from tests.scenario.school_morning import load, play_on

# An alarm of absence, a backlog, papers, records out of order, and a change of buses.
NAMES = ("child_left_aboard", "dead_zone", "expired_permit", "shuffle", "swapped_bus_approved")


@pytest.mark.postgres
@pytest.mark.parametrize("name", NAMES)
def test_a_scenario_leads_to_the_same_on_postgresql(
    name: str, tmp_path: Path, make_postgres: Callable[..., str]
) -> None:
    scenario = read_scenario(name)
    database = Database(make_postgres())
    try:
        load(database, write_standard_pack(tmp_path / "pack", scenario.pack))
        check(play_on(scenario, database), CASES[name])
    finally:
        database.dispose()
