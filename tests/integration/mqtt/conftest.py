"""Real brokers for these tests: the embedded one in a thread of its own, Mosquitto as a process."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import socket
import subprocess
import threading
from collections.abc import Callable, Coroutine, Iterator
from pathlib import Path
from typing import Any

import pytest

from server.adapters.mqtt.acl import mosquitto_acl
from server.adapters.mqtt.broker import Broker
from server.adapters.mqtt.broker_config import BrokerSettings
from server.adapters.mqtt.connection import Change
from server.adapters.mqtt.endpoint import Endpoint
from server.adapters.mqtt.keys import role_endpoint
from server.adapters.mqtt.rights import ROLE_INGEST, ROLES
from server.adapters.mqtt.subscriber import Message, Subscriber
from server.clock import SystemClock
from tests.integration.mqtt.waiting import until
from tests.ports import free_port
from tests.waiting import PATIENCE_S


class DeviceTable:
    """Devices and their secrets, as the database would answer for them; it can be slow, and it can fail."""

    def __init__(self) -> None:
        self.secrets = {"ZW-0017": "secret-17", "ZW-0018": "secret-18"}
        self.down: Exception | None = None
        self.held = threading.Event()
        self.held.set()
        self.asked = 0

    def authenticate(self, device: str, secret: str) -> bool:
        self.asked += 1
        self.held.wait(2 * PATIENCE_S)
        if self.down is not None:
            raise self.down
        return self.secrets.get(device) == secret

    def versions(self) -> dict[str, str]:
        return dict(self.secrets)


class RunningBroker:
    """The embedded broker on a thread of its own, which lives as long as nats-server shall."""

    def __init__(self, settings: BrokerSettings, devices: DeviceTable) -> None:
        self.settings = settings
        self.devices = devices
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="broker")
        self._thread.start()
        self.broker = self.run(self._make())
        self.run(self.broker.start())

    async def _make(self) -> Broker:
        return Broker(
            self.settings,
            authenticate_device=self.devices.authenticate,
            device_versions=self.devices.versions,
            clock=SystemClock(),
        )

    def run(self, work: Coroutine[Any, Any, Any], timeout: float = PATIENCE_S) -> Any:  # noqa: ANN401
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(timeout)

    def endpoint(self, role: str = ROLE_INGEST) -> Endpoint:
        return role_endpoint(self.settings.data_dir, role, self.settings.mqtt_port)

    def device_endpoint(self, device: str = "ZW-0017") -> Endpoint:
        address = Endpoint(host="127.0.0.1", port=self.settings.mqtt_port)
        return address.with_login(device, self.devices.secrets[device])

    def kill_and_restart(self) -> None:
        """End nats-server as a crash would, and start the role again on the same store."""
        os.kill(self.broker.pid, signal.SIGKILL)
        reason = self.run(self.broker.wait())
        assert "nats-server ended with status -9" in reason, reason
        self.restart()

    def restart(self) -> None:
        """End the role in good order and start it again on the same store."""
        self.run(self.broker.stop())
        self.broker = self.run(self._make())
        self.run(self.broker.start())

    def stop(self) -> None:
        self.run(self.broker.stop())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(PATIENCE_S)
        self._loop.close()


@pytest.fixture
def devices() -> DeviceTable:
    return DeviceTable()


@pytest.fixture
def broker(tmp_path: Path, devices: DeviceTable) -> Iterator[RunningBroker]:
    running = RunningBroker(BrokerSettings(data_dir=tmp_path, mqtt_port=free_port(), ack_wait_s=1), devices)
    yield running
    running.stop()


class Ingest:
    """A subscriber as ingest drives it, with what it was told on the way.

    What it takes comes again after `ack_wait`, unless it `acks`: it has no database of its own to wait for.
    """

    def __init__(self, endpoint: Endpoint, *, acks: bool = False, **more: Any) -> None:  # noqa: ANN401
        self.acks = acks
        self.changes: list[Change] = []
        self.subscriber = Subscriber(endpoint, clock=SystemClock(), on_change=self.changes.append, **more)

    def until_ready(self) -> None:
        until(lambda: self.take(0.05) == [] and self.subscriber.ready, "ingest is connected", self.tell)

    def take(self, wait_s: float = 0.2, max_n: int = 1000) -> list[Message]:
        taken = self.subscriber.take(max_n, wait_s)
        if self.acks:
            self.subscriber.ack(taken)
        return taken

    def take_count(self, count: int, within_s: float = PATIENCE_S) -> list[Message]:
        """Take until this many have come."""
        taken: list[Message] = []

        def enough() -> bool:
            taken.extend(self.take(0.1))
            return len(taken) >= count

        until(enough, f"{count} messages came", lambda: f"{len(taken)}: {self.tell()}", within_s)
        return taken

    def tell(self) -> str:
        return str(self.changes[-3:])


@pytest.fixture
def make_ingest(broker: RunningBroker) -> Iterator[Callable[..., Ingest]]:
    made: list[Ingest] = []

    def make(**more: Any) -> Ingest:  # noqa: ANN401
        made.append(Ingest(broker.endpoint(), **more))
        return made[-1]

    yield make
    for ingest in made:
        ingest.subscriber.close()


@pytest.fixture
def ingest(make_ingest: Callable[..., Ingest]) -> Ingest:
    """An ingest that is connected, so that devices are let in."""
    made = make_ingest()
    made.until_ready()
    return made


@pytest.fixture
def mosquitto(tmp_path: Path, devices: DeviceTable) -> Iterator[Endpoint]:
    """Mosquitto with our own access list; yields ingest's endpoint."""
    binary = shutil.which("mosquitto", path=f"{os.environ['PATH']}:/usr/sbin")
    if binary is None:
        pytest.skip("Mosquitto is not installed (Debian's package mosquitto)")
    port = free_port()
    passwords, acl, config = (tmp_path / name for name in ("passwd", "acl", "mosquitto.conf"))
    logins = {role: f"secret of {role}" for role in ROLES} | devices.secrets
    passwords.write_text("".join(f"{user}:{secret}\n" for user, secret in logins.items()))
    subprocess.run(["mosquitto_passwd", "-U", passwords], check=True)
    acl.write_text(mosquitto_acl())
    for file in (passwords, acl):
        file.chmod(0o644)
    tmp_path.chmod(0o755)
    config.write_text(
        f"listener {port} 127.0.0.1\nallow_anonymous false\npassword_file {passwords}\nacl_file {acl}\n"
        "max_inflight_messages 4000\nmax_queued_messages 0\nuser root\n"
    )
    process = subprocess.Popen([binary, "-c", config], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    until(lambda: accepts(port), "Mosquitto listens")
    yield Endpoint(host="127.0.0.1", port=port).with_login(ROLE_INGEST, logins[ROLE_INGEST])
    process.terminate()
    process.wait(PATIENCE_S)


def accepts(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0
