"""The authentication callout under bad conditions: slow or failing database, a crowd at the door, revocation."""

from __future__ import annotations

import socket
import struct
from collections.abc import Callable
from pathlib import Path

import pytest

from server.adapters.mqtt import broker_admin
from server.adapters.mqtt.broker_config import BrokerSettings, check
from server.adapters.mqtt.keys import ensure_broker_keys
from server.adapters.mqtt.rights import ROLE_WEB
from server.clock import SystemClock
from server.errors import StartError
from tests.integration.mqtt.conftest import DeviceTable, Ingest, RunningBroker
from tests.integration.mqtt.device import TestDevice
from tests.integration.mqtt.waiting import until
from tests.waiting import PATIENCE_S, promised


@pytest.mark.timed
def test_a_revoked_device_is_out_within_10_seconds_and_stays_out(
    broker: RunningBroker, ingest: Ingest, devices: DeviceTable
) -> None:
    old = broker.device_endpoint()
    with TestDevice(old) as device, TestDevice(broker.device_endpoint("ZW-0018")) as other:
        assert device.let_in() and other.let_in()
        del devices.secrets["ZW-0017"]
        began = SystemClock().monotonic()
        assert device.gone.wait(PATIENCE_S), "it was put out"
        promised("putting out a revoked device", SystemClock().monotonic() - began, 10.0)
        with TestDevice(old) as again:
            assert not again.let_in()
        assert other.client.is_connected(), "nobody else was"


def test_a_changed_secret_puts_the_old_one_out(
    broker: RunningBroker, ingest: Ingest, devices: DeviceTable
) -> None:
    old = broker.device_endpoint()
    with TestDevice(old) as device:
        assert device.let_in()
        devices.secrets["ZW-0017"] = "new"
        assert device.gone.wait(PATIENCE_S)
    with TestDevice(old) as again:
        assert not again.let_in()
    with TestDevice(broker.device_endpoint()) as renewed:
        assert renewed.let_in()
        assert not renewed.gone.wait(5), "the second look is for those who came in with the old secret"


def test_a_login_under_way_while_the_secret_changes_counts_for_nothing(
    broker: RunningBroker, ingest: Ingest, devices: DeviceTable
) -> None:
    devices.held.clear()
    with TestDevice(broker.device_endpoint()) as device:
        until(lambda: devices.asked == 1, "the database is being asked")
        broker.run(broker.broker.kick_device("ZW-0017"))
        devices.held.set()
        assert not device.let_in()


def test_a_failing_database_refuses_and_locks_nobody_out(
    broker: RunningBroker, ingest: Ingest, devices: DeviceTable
) -> None:
    devices.down = OSError("database is gone")
    with TestDevice(broker.device_endpoint()) as device:
        assert not device.let_in()
        assert device.answer == "Not authorized"
    devices.down = None
    with TestDevice(broker.device_endpoint()) as device:
        assert device.let_in()


def test_a_slow_database_holds_up_no_role_and_locks_no_device_out(
    broker: RunningBroker, ingest: Ingest, devices: DeviceTable
) -> None:
    devices.held.clear()

    def a_role_goes_first() -> bool:
        """Say whether a role that came after six devices was let in before the database's time for them was over."""
        asked = devices.asked
        waiting = [TestDevice(broker.device_endpoint(), clean=True) for _ in range(6)]
        try:
            until(lambda: devices.asked > asked, "the database is being asked")
            with TestDevice(broker.endpoint(ROLE_WEB), f"{ROLE_WEB}-1") as web:
                assert web.let_in()
                first = not any(device.answered.is_set() for device in waiting)
            assert not waiting[-1].let_in(), "a refusal, not an endless wait"
        finally:
            for device in waiting:
                device.__exit__(None, None, None)
        return first

    try:
        # A slow machine may need longer for the role than the database has for an answer, but not each time.
        until(a_role_goes_first, "a role is let in while the database is being asked for devices")
    finally:
        devices.held.set()
    with TestDevice(broker.device_endpoint()) as device:
        assert device.let_in()


def test_a_flapping_device_costs_the_database_one_question(
    broker: RunningBroker, ingest: Ingest, devices: DeviceTable
) -> None:
    for _ in range(5):
        with TestDevice(broker.device_endpoint()) as device:
            assert device.let_in()
    assert devices.asked == 1


def knock(port: int, user: str, secret: str) -> socket.socket:
    """Send CONNECT over a bare socket (MQTT 3.1.1, clean session, user and password)."""
    fields = (f"bus-{user}", user, secret)
    payload = b"".join(struct.pack("!H", len(field)) + field.encode() for field in fields)
    body = b"\x00\x04MQTT\x04\xc2\x00\x3c" + payload
    door = socket.create_connection(("127.0.0.1", port), PATIENCE_S)
    door.sendall(bytes([0x10, len(body)]) + body)
    return door


@pytest.mark.timed
def test_500_reconnects_at_once_all_come_in(
    broker: RunningBroker, ingest: Ingest, devices: DeviceTable
) -> None:
    devices.secrets |= {f"D{n}": f"s{n}" for n in range(500)}
    began = SystemClock().monotonic()
    doors = [knock(broker.settings.mqtt_port, f"D{n}", f"s{n}") for n in range(500)]
    try:
        answers = [door.recv(4) for door in doors]
    finally:
        for door in doors:
            door.close()
    assert answers == [b"\x20\x02\x00\x00"] * 500
    promised("500 reconnects", SystemClock().monotonic() - began, 10.0)


def test_an_authentication_down_for_a_while_lets_500_in_afterwards(
    broker: RunningBroker, ingest: Ingest, devices: DeviceTable
) -> None:
    devices.secrets |= {f"D{n}": f"s{n}" for n in range(500)}
    devices.down = OSError("database is gone")
    for expected in (b"\x20\x02\x00\x05", b"\x20\x02\x00\x00"):
        doors = [knock(broker.settings.mqtt_port, f"D{n}", f"s{n}") for n in range(500)]
        try:
            assert [door.recv(4) for door in doors] == [expected] * 500
        finally:
            for door in doors:
                door.close()
        devices.down = None


def test_the_message_store_is_capped_and_refuses_when_full(broker: RunningBroker, ingest: Ingest) -> None:
    settings = broker.settings

    async def look() -> dict[str, object]:
        keys = ensure_broker_keys(settings.data_dir)
        ports = broker.broker._ports
        keeper = await broker_admin.connect(ports, keys.keeper, "test")
        found = await broker_admin._api(keeper, f"STREAM.INFO.{broker_admin.MESSAGES_STREAM}")
        await keeper.close()
        config: dict[str, object] = found["config"]
        return config

    config = broker.run(look())
    assert config["max_bytes"] == settings.messages_bytes
    assert config["discard"] == "new"
    broker.restart()
    assert broker.run(look())["max_bytes"] == settings.messages_bytes


def test_a_cap_that_leaves_no_room_is_refused(tmp_path: Path) -> None:
    with pytest.raises(StartError, match="leave a tenth"):
        check(BrokerSettings(data_dir=tmp_path, messages_bytes=2, max_file_store=2))


def test_devices_are_let_in_after_a_broker_restart_without_ingest(
    broker: RunningBroker, make_ingest: Callable[..., Ingest]
) -> None:
    """The session is in the store: while ingest restarts, messages wait for it."""
    ingest = make_ingest()
    ingest.until_ready()
    ingest.subscriber.disconnect()
    broker.restart()
    with TestDevice(broker.device_endpoint()) as device:
        assert device.let_in()
        assert device.publish("bus/ZW-0017/pos", b"early")
    ingest.subscriber.connect()
    assert ingest.take_count(1)[0].payload == b"early"
