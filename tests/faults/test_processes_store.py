"""The broker's store is no place of safety: lost, or not there yet, and still every record arrives."""

from __future__ import annotations

import os
import shutil
import signal
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.faults.conftest import House
from tests.faults.surviving import check_whole, until_heard
from tests.faults.system import System
from tests.waiting import PATIENCE_S, until

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]
BUSES = 6


def test_a_lost_store_loses_no_record_that_the_broker_had_taken(
    make_house: Callable[..., House], tmp_path: Path
) -> None:
    """Records that the broker acknowledged and ingest never took go down with the store; the recorders still have them."""
    system, recorders = make_house(BUSES, 15, 2)
    system.start()
    recorders.start()
    until_at_work(system)
    before_ms = recorders.now_ms()
    os.kill(system.pid("ingest"), signal.SIGSTOP)
    # The broker takes and acknowledges, nobody commits.
    until(lambda: recorders.now_ms() > before_ms + 60_000, "a minute of the school's clock")
    stored = system.value("SELECT count(*) FROM records")
    assert system.process is not None
    system.remember_processes()
    os.kill(system.process.pid, signal.SIGKILL)
    system.process.wait()
    until(lambda: not system.left_behind(), "everything has ended")
    # A commit that the signal cut short between its last byte and its end counts when the file is opened again.
    kept = system.value("SELECT count(*) FROM records")
    assert stored <= kept < sum(one.t < before_ms + 60_000 for one in recorders.written())

    shutil.rmtree(system.data / "broker" / "store")
    system.start()
    _session_before_devices(system)
    until_at_work(system)
    print("\n" + check_whole(system, recorders, tmp_path, buses=BUSES, rides_a_bus=1))


def test_recorders_that_come_before_ingest_ever_ran_are_kept_out_until_it_does(
    make_house: Callable[..., House], tmp_path: Path
) -> None:
    system, recorders = make_house(BUSES, 15, 2)
    broker = system.spawn("broker")
    try:
        recorders.start()
        until(lambda: len(recorders.written()) > 20 * BUSES, "the recorders have written")
        assert not any(one.saved for one in recorders.written())
        assert system.value("SELECT count(*) FROM records") == 0
        assert "let in" not in system.log
    finally:
        broker.terminate()
        broker.wait(PATIENCE_S)
    system.start()
    _session_before_devices(system)
    until_at_work(system)
    print("\n" + check_whole(system, recorders, tmp_path, buses=BUSES, rides_a_bus=1))


def until_at_work(system: System) -> None:
    """Wait until every bus is heard and children have boarded."""
    until_heard(system, BUSES)
    until(
        lambda: system.value("SELECT count(*) FROM rides") >= 2 * BUSES,
        "children have boarded",
        2 * PATIENCE_S,
    )


def _session_before_devices(system: System) -> None:
    """The last start waited for ingest's session before it let devices in, and said so, though maybe after others' lines."""

    def said() -> bool:
        last = system.log[system.log.rindex("starting on the data folder") :]
        return "ingest's session exists: devices are let in" in last

    until(said, "the broker says that it let devices in")
