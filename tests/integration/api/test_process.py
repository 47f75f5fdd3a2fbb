"""The web role as a process of its own: it ends when told to, and leaves nothing when it is killed."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
import requests

from server.adapters.db.engine import Database
from tests.builders.schema import new_sqlite
from tests.builders.served import Phone
from tests.builders.world import PASSWORD, build_world
from tests.waiting import PATIENCE_S, promised, until

ROOT = Path(__file__).parents[3]
PROGRAM = """
import sys
from pathlib import Path
from server.adapters.db.engine import Database
from server.api.serve import serve
from server.live.attach import attach_live
from tests.builders.web import Web
web = Web(Database(sys.argv[1]), Path(sys.argv[2]))
attach_live(web.app, web.deps)
serve(web.app, "127.0.0.1", int(sys.argv[3]), on_listening=lambda port: print("listening", flush=True))
print("ended", flush=True)
"""


@pytest.fixture
def url(tmp_path: Path) -> str:
    url = new_sqlite(tmp_path / "test.db")
    database = Database(url)
    build_world(database)
    database.dispose()
    return url


def start(url: str, tmp_path: Path, port: int) -> subprocess.Popen[str]:
    process = subprocess.Popen(
        [sys.executable, "-c", PROGRAM, url, str(tmp_path), str(port)],
        cwd=ROOT, stdout=subprocess.PIPE, text=True, env=os.environ | {"PYTHONPATH": str(ROOT)},
    )  # fmt: skip
    assert process.stdout is not None
    assert process.stdout.readline() == "listening\n"
    return process


def log_in(port: int) -> str:
    address = f"http://127.0.0.1:{port}/api/v1/session"
    answer = requests.post(
        address, json={"username": "guardian-alpha", "password": PASSWORD}, timeout=PATIENCE_S
    )
    return str(answer.cookies["sixfixed"])


def is_free(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) != 0


@pytest.mark.timed
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_within_three_seconds_with_phones_connected(
    url: str, tmp_path: Path, free_port: Callable[[], int], number: signal.Signals
) -> None:
    port = free_port()
    with start(url, tmp_path, port) as process:
        phone = Phone(f"http://127.0.0.1:{port}", cookie=log_in(port))
        began = time.monotonic()
        process.send_signal(number)
        assert process.wait(PATIENCE_S) == 0
        promised("the end of the web role", time.monotonic() - began, 3.0)
        assert process.stdout is not None and process.stdout.read() == "ended\n"
        until(lambda: not phone.io.connected, "the phone notices")
        phone.close()


def test_killed_it_leaves_the_port_and_starts_again(
    url: str, tmp_path: Path, free_port: Callable[[], int]
) -> None:
    port = free_port()
    with start(url, tmp_path, port) as process:
        assert log_in(port)
        process.kill()
        process.wait(PATIENCE_S)
    assert is_free(port)
    with start(url, tmp_path, port) as process:
        assert log_in(port)
        process.terminate()


def test_an_answer_does_not_wait_for_the_acknowledgement_of_its_own_first_half(
    url: str, tmp_path: Path, free_port: Callable[[], int]
) -> None:
    port = free_port()
    with start(url, tmp_path, port) as process, requests.Session() as line:
        waits = []
        for _ in range(20):
            began = time.monotonic()
            assert line.get(f"http://127.0.0.1:{port}/healthz", timeout=PATIENCE_S).status_code == 200
            waits.append(time.monotonic() - began)
        process.terminate()
    # The kernel holds an acknowledgement back for 40 ms: not one of twenty would be quicker, on any machine.
    assert min(waits) < 0.03, f"{[round(1000 * wait) for wait in waits]} ms"


def test_a_taken_port_is_said_in_one_sentence(url: str, tmp_path: Path, free_port: Callable[[], int]) -> None:
    port = free_port()
    with socket.socket() as other:
        other.bind(("127.0.0.1", port))
        other.listen()
        found = subprocess.run(
            [sys.executable, "-c", PROGRAM, url, str(tmp_path), str(port)],
            cwd=ROOT, capture_output=True, text=True, env=os.environ | {"PYTHONPATH": str(ROOT)}, timeout=PATIENCE_S,
        )  # fmt: skip
    assert found.returncode != 0
    assert f"127.0.0.1:{port} is taken by another program" in found.stderr
