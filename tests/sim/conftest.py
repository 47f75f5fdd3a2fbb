"""A pack, a broker and a way to run the emulator as a user does."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.conftest import ROOT
from tests.sim.listener import Listener
from tests.sim.mosquitto import Mosquitto
from tests.sim.packs import PackFolder

Emulator = subprocess.Popen[str]


@pytest.fixture
def pack(tmp_path: Path) -> Path:
    """A pack folder whose buses run around the clock."""
    starts = tuple(
        f"{hour:02}:{minute:02} {way}" for hour in range(24) for minute, way in ((0, "down"), (30, "up"))
    )
    return PackFolder(tmp_path / "pack", starts).folder


@pytest.fixture
def broker(tmp_path: Path, free_port: Callable[[], int]) -> Iterator[Mosquitto]:
    """A running Mosquitto that knows the pack's devices."""
    secrets = {f"ZW-{r:04}": f"secret-of-bus-{r}" for r in (1, 2)}
    mosquitto = Mosquitto(tmp_path / "broker", free_port(), secrets)
    mosquitto.start()
    yield mosquitto
    mosquitto.stop()


@pytest.fixture
def listener(broker: Mosquitto) -> Iterator[Listener]:
    """The server's side."""
    one = Listener(broker.port)
    yield one
    one.close()


@pytest.fixture
def device_sim(tmp_path: Path, pack: Path, broker: Mosquitto) -> Iterator[Callable[..., Emulator]]:
    """Starts `device-sim run` on the pack and broker; ends it with the test."""
    running: list[Emulator] = []

    def start(*more: str, clock: str = "start=2026-09-01T06:54:00+08:00,speed=60") -> Emulator:
        command = [
            sys.executable,
            "-m",
            "device_sim",
            "run",
            "--pack",
            str(pack),
            "--state",
            str(tmp_path / "state"),
        ]
        command += ["--mqtt", f"127.0.0.1:{broker.port}", "--absent", "0", "--clock", clock, *more]
        running.append(
            subprocess.Popen(
                command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                env={**os.environ, "PYTHONUNBUFFERED": "1"},
            )
        )  # fmt: skip
        return running[-1]

    yield start
    for process in running:
        if process.poll() is None:
            process.kill()
        # Shown by pytest beside a test that failed.
        print(process.communicate()[1])
