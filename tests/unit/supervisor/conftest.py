"""A supervisor over fake roles, as real processes."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.conftest import ROOT
from tests.waiting import PATIENCE_S, until


def is_alive(pid: int) -> bool:
    """Say whether a process runs (one that only waits to be reaped doesn't)."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


class StartedUp:
    """One running supervisor; `out` and `log` are what it has written so far."""

    def __init__(self, data: Path, ports: tuple[int, int], *kinds: str) -> None:
        self.data = data
        data.mkdir(parents=True, exist_ok=True)
        self._files = [data / "out.txt", data / "log.txt"]
        script = str(Path(__file__).with_name("start_up.py"))
        with self._files[0].open("ab") as out, self._files[1].open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, script, str(data), *map(str, ports), *kinds],
                stdout=out,
                stderr=log,
                env={**os.environ, "PYTHONPATH": str(ROOT)},
            )

    @property
    def out(self) -> str:
        """Give its standard output."""
        return self._files[0].read_text("utf-8")

    @property
    def log(self) -> str:
        """Give its standard error."""
        return self._files[1].read_text("utf-8")

    def pids(self, role: str) -> list[int]:
        """Give the ids of a role's processes, one for each start."""
        path = self.data / f"{role}.pids"
        return [int(line) for line in path.read_text().split()] if path.exists() else []

    def until_ready(self) -> None:
        """Wait for the line that says so."""
        until(lambda: "ready: " in self.out or self.process.poll() is not None, "ready")
        assert "ready: " in self.out, self.log

    def end(self) -> int:
        """Ask it to end as Ctrl-C does and give its status."""
        self.process.send_signal(signal.SIGINT)
        return self.process.wait(PATIENCE_S)


@pytest.fixture
def start_up(tmp_path: Path, free_port: Callable[[], int]) -> Iterator[Callable[..., StartedUp]]:
    """Give a starter of supervisors on the test's data folder, which are killed after it."""
    started: list[StartedUp] = []
    ports = (free_port(), free_port())

    def start(*kinds: str) -> StartedUp:
        started.append(StartedUp(tmp_path / "数据 folder", ports, *kinds))
        return started[-1]

    yield start
    for one in started:
        one.process.kill()
        one.process.wait()
