"""The whole exercise: a day is run, processes are killed, and then everything is held against everything."""

from __future__ import annotations

from pathlib import Path

from tests.faults.conftest import House
from tests.faults.killing import BACK_S, describe, kill_at_random
from tests.faults.recorders import Recorders
from tests.faults.system import System
from tests.faults.witness import (
    check_notices_once,
    check_records,
    check_rides,
    differences,
    fold_from_nothing,
    waiting_notices,
)
from tests.waiting import PATIENCE_S, promised, until

DRAIN_S = 240.0
SETTLE_S = 120.0


def survive_kills(house: House, folder: Path, *, buses: int, times: int, seed: int) -> None:
    """Kill each process so many times under load; every invariant must hold and the service be back each time."""
    system, recorders = house
    started_s = system.start()
    recorders.start()
    until_heard(system, buses)
    outages = kill_at_random(system, buses, times, seed)
    print(f"\nready after {started_s:.1f} s\n{describe(outages)}")
    print(check_whole(system, recorders, folder, buses=buses))
    promised("the service's return after a kill", max(one.service_s for one in outages), BACK_S)


def until_heard(system: System, buses: int, within_s: float = 2 * PATIENCE_S) -> None:
    """Wait until a position of every bus is stored."""
    query = "SELECT count(DISTINCT device_id) FROM records WHERE kind = 'pos'"
    until(lambda: system.value(query) == buses, "every bus is heard", within_s)


def check_whole(
    system: System, recorders: Recorders, folder: Path, *, buses: int, rides_a_bus: int = 2
) -> str:
    """Let the recorders deliver, end them, and check I1, I2 and I5; give the figures in a line."""
    end_ms = recorders.now_ms()
    recorders.until_saved(end_ms, DRAIN_S)
    recorders.stop()
    until(lambda: waiting_notices(system) == 0, "every notice is told or too late to be", SETTLE_S)
    written = recorders.printed_log()
    assert len({one.device for one in written}) == buses
    check_records(system, written, end_ms)
    rides, notices = check_rides(system, written), check_notices_once(system)
    assert rides >= rides_a_bus * buses and notices >= rides, "the buses must have been at work"
    fresh = folder / "fresh.db"
    fold_from_nothing(system, fresh, recorders.now_ms())
    try:
        # What came last may be held for two seconds more.
        until(lambda: not differences(system, fresh), "the rows equal those of a fold from nothing", SETTLE_S)
    except AssertionError:
        raise AssertionError("\n".join(differences(system, fresh)[:20])) from None
    return f"{len(written)} records of {buses} buses, {rides} rides, {notices} notices: each once, as a fold from nothing has them"
