"""`sixfixed up` with the real roles: it ends whole, refuses what can't be in one sentence, and starts again soon."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable

import pytest

from tests.conftest import ROOT
from tests.faults.system import NATS, ROLES, System
from tests.waiting import PATIENCE_S, promised, until

pytestmark = pytest.mark.slow
Make = Callable[..., System]
END_S = 5.0  # docs/operations.md
READY_S = 3.0  # QUALITY, speed


def refused(system: System) -> str:
    """Start it where it can't be; give the one sentence."""
    done = subprocess.run(
        [sys.executable, "-m", "server", "up"],
        cwd=ROOT,
        env=system.environ(),
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
    )
    assert done.returncode != 0
    assert done.stdout == ""
    said = [line for line in done.stderr.splitlines() if line]
    assert len(said) == 1, done.stderr
    assert "Traceback" not in done.stderr
    return said[0]


@pytest.mark.timed
def test_ctrl_c_ends_every_process_within_five_seconds(make_system: Make) -> None:
    system = make_system()
    system.start("--demo", "--demo-buses", "6")
    until(lambda: "guardian" in system.log, "the demo's accounts")
    assert all(system.find_pid(role) for role in (*ROLES, NATS))
    took_s = system.stop(signal.SIGINT)
    promised("the end after Ctrl-C", took_s, END_S)
    assert system.left_behind() == []
    assert "error" not in system.log and "Traceback" not in system.log


@pytest.mark.timed
def test_a_start_on_an_existing_folder_is_soon_ready(make_system: Make) -> None:
    system = make_system()
    first_s = system.start()
    system.stop()
    again = sorted(_restart(system) for _ in range(3))
    print(
        f"\nfirst start ready after {first_s:.1f} s, later ones after {', '.join(f'{one:.1f}' for one in again)} s"
    )
    promised("a start on an existing folder", again[0], READY_S)


def _restart(system: System) -> float:
    took_s = system.start()
    system.stop()
    return took_s


def test_a_second_start_on_a_folder_in_use_is_one_sentence_and_hurts_nobody(make_system: Make) -> None:
    system = make_system()
    system.start()
    assert system.process is not None
    other = make_system(name="other")
    other.data = system.data
    sentence = refused(other)
    assert f"process {system.process.pid}" in sentence and "--data" in sentence
    assert system.is_ready()


@pytest.mark.parametrize("option", ["http", "mqtt"])
def test_a_taken_port_is_one_sentence(make_system: Make, option: str) -> None:
    system = make_system()
    port = int(getattr(system, option).rpartition(":")[2])
    with socket.create_server(("127.0.0.1", port)):
        sentence = refused(system)
    assert str(port) in sentence and f"--{option}" in sentence and "taken" in sentence


def test_a_killed_supervisor_leaves_nobody_behind_and_the_folder_free(make_system: Make) -> None:
    system = make_system()
    system.start()
    assert system.process is not None
    system.remember_processes()
    os.kill(system.process.pid, signal.SIGKILL)
    system.process.wait()
    began = time.monotonic()
    until(lambda: not system.left_behind(), "its processes have ended")
    print(f"\nthe last process ended {time.monotonic() - began:.1f} s after the supervisor was killed")
    system.start()
    system.stop()


def test_the_log_of_a_quiet_demo_holds_no_warning_and_no_line_a_request(make_system: Make) -> None:
    system = make_system()
    system.start("--demo", "--demo-buses", "6")
    until(lambda: "guardian" in system.log, "the demo's accounts")
    for _ in range(20):
        assert system.ask("/readyz") == 200
    system.stop()
    log = system.log
    for noise in ("GET /", "SQLiteImpl", "autogenerate", "upgrade operations", "warning:", "error:"):
        assert noise not in log, log
