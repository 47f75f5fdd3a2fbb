"""The real roles as processes on a data folder of their own, and what they cost by the kernel's count."""

from __future__ import annotations

import contextlib
import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final, NamedTuple

from server.adapters.mqtt.broker_config import BrokerSettings
from server.supervisor.death import die_with_parent
from tests.conftest import find_mosquitto
from tests.waiting import until

_TICK_S: Final = 1 / os.sysconf("SC_CLK_TCK")
_READY_S: Final = 30.0


class Cost(NamedTuple):
    """What a process has used so far: processor seconds, and its memory now and at most (MB)."""

    cpu_s: float
    rss_mb: float
    peak_mb: float


class Role:
    """A process that was started and is ready."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self._process = process

    @property
    def pid(self) -> int:
        """Give the process's number."""
        return self._process.pid

    def cost(self) -> Cost:
        """Ask the kernel what the process has used."""
        if self._process.poll() is not None:
            raise RuntimeError(f"a role ended with code {self._process.returncode}; its words are above")
        return cost_of(self.pid)

    def stop(self) -> None:
        """Ask it to end, and wait."""
        self._process.send_signal(signal.SIGTERM)
        self._process.wait(15)


class House:
    """One data folder with its roles; `more` are further settings by their names in the environment, without SIXFIXED_."""

    def __init__(
        self, data: Path, clock: str, port: int, broker_url: str = "", more: Mapping[str, str] | None = None
    ) -> None:
        self.data = data
        self.port = port
        self._clock = clock
        self._broker_url = broker_url
        self._more = dict(more or {})

    @property
    def database(self) -> Path:
        """Give the database's file."""
        return self.data / "sixfixed.db"

    def broker_pid(self) -> int:
        """Give the embedded broker's own process."""
        return int(BrokerSettings(data_dir=self.data).pid_file.read_text())

    def run(self, *words: str) -> None:
        """Run one of the program's commands to its end."""
        subprocess.run(self._command(*words), check=True, stdout=subprocess.DEVNULL, env=self._environ())

    def answer(self, *words: str, stdin: str = "") -> str:
        """Run one of the program's commands to its end; give its standard output."""
        done = subprocess.run(
            self._command(*words),
            check=True,
            stdout=subprocess.PIPE,
            env=self._environ(),
            input=stdin,
            text=True,
        )
        return done.stdout

    @contextlib.contextmanager
    def role(self, name: str, *, ready: bool = True) -> Iterator[Role]:
        """Run a role; it is ready within the block unless `ready` is False."""
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as ears:
            word = f"sixfixed-bench-{secrets.token_hex(8)}"
            ears.bind("\0" + word)
            ears.settimeout(_READY_S)
            environ = self._environ() | {"NOTIFY_SOCKET": "@" + word}
            process = subprocess.Popen(
                self._command(name, "--log-level", "warning"), env=environ, preexec_fn=die_with_parent()
            )
            role = Role(process)
            try:
                if ready and b"READY=1" not in ears.recv(4096):
                    raise RuntimeError(f"{name} said something else than that it is ready")
                yield role
            finally:
                if process.poll() is None:
                    role.stop()

    def _command(self, *words: str) -> list[str]:
        return [sys.executable, "-m", "server", *words]

    def _environ(self) -> dict[str, str]:
        given = {
            "DATA": str(self.data), "MQTT": f"127.0.0.1:{self.port}", "CLOCK": self._clock, "BROKER_URL": self._broker_url,
        }  # fmt: skip
        bare = {name: value for name, value in os.environ.items() if not name.startswith("SIXFIXED_")}
        return bare | {f"SIXFIXED_{name}": value for name, value in (given | self._more).items()}


@contextlib.contextmanager
def run_mosquitto(folder: Path, port: int) -> Iterator[int]:
    """Run Mosquitto, letting everybody in and keeping nothing on disk; give its process."""
    binary = find_mosquitto()
    if binary is None:
        raise RuntimeError("Mosquitto is not installed: apt install mosquitto")
    config = folder / "mosquitto.conf"
    config.write_text(
        f"listener {port} 127.0.0.1\nallow_anonymous true\npersistence false\nset_tcp_nodelay true\n"
        "max_inflight_messages 0\nmax_queued_messages 0\nlog_type error\n"
    )
    process = subprocess.Popen([binary, "-c", str(config)], preexec_fn=die_with_parent())
    try:
        until(lambda: _answers(port), "mosquitto answers")
        yield process.pid
    finally:
        process.terminate()
        process.wait(10)


def cost_of(pid: int) -> Cost:
    """Ask the kernel what a process has used."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    status = dict(
        line.split(":", 1)
        for line in Path(f"/proc/{pid}/status").read_text().splitlines()
        if line.startswith("Vm")
    )
    now, peak = (int(status[name].split()[0]) / 1024 for name in ("VmRSS", "VmHWM"))
    return Cost((int(fields[11]) + int(fields[12])) * _TICK_S, now, peak)


def copy_folder(template: Path, to: Path) -> Path:
    """Copy a data folder whose roles are ended."""
    shutil.copytree(template, to)
    return to


def free_port() -> int:
    """Give a TCP port that was free on loopback a moment ago."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _answers(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), 1).close()
    except OSError:
        return False
    return True
