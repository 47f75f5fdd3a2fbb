"""A command beside a running system goes by its clock, and by nobody's once it has ended."""

import os
import stat
import subprocess
import sys
from argparse import Namespace
from pathlib import Path

from server.__main__ import _at_the_running_clock
from server.cli import up
from server.config import load_settings
from server.supervisor.running_clock import find_running_clock, forget_running_clock, write_running_clock

SPEC = "start=2026-09-21T22:50:00.000+00:00,speed=10,at=1795460151977"


def test_it_is_found_while_its_process_lives(tmp_path: Path) -> None:
    assert find_running_clock(tmp_path) is None
    write_running_clock(tmp_path, SPEC)
    assert find_running_clock(tmp_path) == SPEC
    assert stat.S_IMODE((tmp_path / "clock").stat().st_mode) == 0o600
    forget_running_clock(tmp_path)
    assert find_running_clock(tmp_path) is None


def test_what_a_killed_one_left_is_nobody_s(tmp_path: Path) -> None:
    ended = subprocess.Popen([sys.executable, "-c", "pass"])
    ended.wait()
    (tmp_path / "clock").write_text(f"{ended.pid} {SPEC}\n")
    assert find_running_clock(tmp_path) is None
    for odd in ("", "x", f"{os.getpid()}", "-"):
        (tmp_path / "clock").write_text(odd)
        assert find_running_clock(tmp_path) is None


def test_the_machine_s_own_clock_leaves_no_file(tmp_path: Path) -> None:
    write_running_clock(tmp_path, SPEC)
    write_running_clock(tmp_path, "")
    assert not (tmp_path / "clock").exists()


def test_a_clock_that_is_said_goes_before_it_and_up_takes_none(tmp_path: Path) -> None:
    write_running_clock(tmp_path, SPEC)
    data = {"SIXFIXED_DATA": str(tmp_path)}
    command, start = Namespace(run=print), Namespace(run=up.run)
    plain = load_settings(None, data)
    said = load_settings(None, data | {"SIXFIXED_CLOCK": "speed=3"})
    assert _at_the_running_clock(command, plain).clock == SPEC
    assert _at_the_running_clock(command, said).clock == "speed=3"
    assert _at_the_running_clock(start, plain).clock == ""
