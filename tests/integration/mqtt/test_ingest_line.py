"""Ingest's line of several sessions: a backlog of one kind holds up no other, and what an earlier version subscribed is given up."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from server.adapters.mqtt.broker_config import MAX_ACK_PENDING, BrokerSettings
from server.adapters.mqtt.ingest_line import IngestLine
from server.adapters.mqtt.subscriber import Message, Subscriber
from server.clock import SystemClock
from tests.integration.mqtt.conftest import DeviceTable, RunningBroker
from tests.integration.mqtt.device import TestDevice
from tests.integration.mqtt.waiting import until
from tests.ports import free_port


@pytest.fixture
def patient_broker(tmp_path: Path, devices: DeviceTable) -> Iterator[RunningBroker]:
    running = RunningBroker(BrokerSettings(data_dir=tmp_path, mqtt_port=free_port(), ack_wait_s=600), devices)
    yield running
    running.stop()


@pytest.fixture
def line(patient_broker: RunningBroker) -> Iterator[IngestLine]:
    made = IngestLine(patient_broker.endpoint(), clock=SystemClock())
    until(lambda: made.take(1, 0.05) == [] and made.ready, "every session is there")
    yield made
    made.close()


def take_until(line: IngestLine, wanted: set[bytes]) -> list[Message]:
    taken: list[Message] = []

    def came() -> bool:
        taken.extend(line.take(500, 0.05))
        return wanted <= {message.payload for message in taken}

    until(came, f"{len(wanted)} messages came", lambda: f"{len(taken)} came")
    return taken


def test_behind_more_positions_than_the_broker_has_on_their_way_rides_and_backlogs_come_at_once(
    patient_broker: RunningBroker, line: IngestLine
) -> None:
    positions = [b"p%d" % n for n in range(MAX_ACK_PENDING + 50)]
    with TestDevice(patient_broker.device_endpoint()) as device:
        assert device.let_in()
        assert device.publish_all("bus/ZW-0017/pos", positions)
        assert device.publish_all("bus/ZW-0017/ride", [b"ride"])
        assert device.publish_all("bus/ZW-0017/batch", [b"batch"])
    taken = take_until(line, {b"ride", b"batch"})
    assert line.ack(taken) == len(taken)
    taken = take_until(line, set(positions) - {message.payload for message in taken})
    assert line.ack(taken) == len(taken)


def test_of_messages_with_one_packet_id_each_is_acknowledged_in_its_own_session(
    broker: RunningBroker,
) -> None:
    line = IngestLine(broker.endpoint(), clock=SystemClock())
    try:
        until(lambda: line.take(1, 0.05) == [] and line.ready, "every session is there")
        with TestDevice(broker.device_endpoint()) as device:
            assert device.let_in()
            assert device.publish_all("bus/ZW-0017/pos", [b"pos"])
            assert device.publish_all("bus/ZW-0017/ride", [b"ride"])
        first = {message.payload: message for message in take_until(line, {b"pos", b"ride"})}
        pos, ride = first[b"pos"], first[b"ride"]
        assert pos.token & 0xFFFF == ride.token & 0xFFFF, "else this would prove nothing"
        assert line.ack([ride]) == 1
        line.disconnect()
        line.connect()
        assert {message.payload for message in take_until(line, {b"pos"})} == {b"pos"}
    finally:
        line.close()


def test_what_the_one_session_of_before_subscribed_comes_once_to_the_session_that_has_it_now(
    patient_broker: RunningBroker,
) -> None:
    before = Subscriber(patient_broker.endpoint(), clock=SystemClock())
    until(lambda: before.take(1, 0.05) == [] and before.ready, "the session of before is there")
    before.close()
    line = IngestLine(patient_broker.endpoint(), clock=SystemClock())
    try:
        until(lambda: line.take(1, 0.05) == [] and line.ready, "every session is there")
        with TestDevice(patient_broker.device_endpoint()) as device:
            assert device.let_in()
            assert device.publish_all("bus/ZW-0017/ride", [b"first"])
            assert device.publish_all("bus/ZW-0017/pos", [b"then"])
        taken = take_until(line, {b"first", b"then"})
        assert sorted(message.payload for message in taken) == [b"first", b"then"]
    finally:
        line.close()


def test_wake_ends_a_waiting_take(line: IngestLine) -> None:
    line.wake()
    before = SystemClock().monotonic()
    assert line.take(10, 300) == []
    assert SystemClock().monotonic() - before < 250
