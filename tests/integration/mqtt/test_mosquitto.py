"""The same connections with Mosquitto, an outside broker, under the access list that we write for it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from server.adapters.mqtt.connection import Change, State
from server.adapters.mqtt.endpoint import Endpoint
from server.adapters.mqtt.live_feed import LiveFeed
from server.adapters.mqtt.rights import ROLE_INGEST, ROLE_WEB
from server.clock import SystemClock
from tests.integration.mqtt.conftest import DeviceTable, Ingest
from tests.integration.mqtt.device import TestDevice
from tests.integration.mqtt.waiting import until

pytestmark = pytest.mark.mosquitto


@pytest.fixture
def ingest(mosquitto: Endpoint) -> Iterator[Ingest]:
    made = Ingest(mosquitto)
    made.until_ready()
    yield made
    made.subscriber.close()


def device_endpoint(mosquitto: Endpoint, devices: DeviceTable, device: str = "ZW-0017") -> Endpoint:
    return mosquitto.with_login(device, devices.secrets[device])


def test_messages_come_and_are_acknowledged(
    mosquitto: Endpoint, devices: DeviceTable, ingest: Ingest
) -> None:
    payloads = [b"%d" % n for n in range(200)]
    with TestDevice(device_endpoint(mosquitto, devices)) as device:
        assert device.let_in()
        assert device.subscribe("bus/ZW-0017/saved")
        assert device.publish_all("bus/ZW-0017/pos", payloads)
        taken = ingest.take_count(200)
        assert [message.payload for message in taken] == payloads
        assert ingest.subscriber.ack(taken[:150]) == 150
        assert ingest.subscriber.publish("bus/ZW-0017/saved", b"saved")
        ingest.subscriber.flush()
        until(lambda: bool(device.messages), "saved came")
    ingest.subscriber.disconnect()
    ingest.subscriber.connect()
    assert {message.payload for message in ingest.take_count(50)} == set(payloads[150:])
    until(lambda: ingest.take(0.05) == [] and ingest.subscriber.ready, "subscribed again")
    assert ingest.changes[-1].session_present


def test_a_late_ack_after_a_reconnect_acknowledges_nothing_else(
    mosquitto: Endpoint, devices: DeviceTable, ingest: Ingest
) -> None:
    with TestDevice(device_endpoint(mosquitto, devices)) as device:
        assert device.let_in()
        assert device.publish_all("bus/ZW-0017/pos", [b"1", b"2", b"3"])
        early = ingest.take_count(3)
        ingest.subscriber.disconnect()
        ingest.subscriber.connect()
        ingest.take_count(3)
        assert ingest.subscriber.ack(early) == 0
        ingest.subscriber.disconnect()
        ingest.subscriber.connect()
        assert {message.payload for message in ingest.take_count(3)} == {b"1", b"2", b"3"}


def test_the_access_list_holds_devices_to_their_own(
    mosquitto: Endpoint, devices: DeviceTable, ingest: Ingest
) -> None:
    with TestDevice(device_endpoint(mosquitto, devices, "ZW-0018")) as other:
        assert other.let_in()
        other.subscribe("#")
        for topic in (
            "bus/ZW-0018/pos",
            "bus/ZW-0017/cmd",
            "bus/ZW-0018/cmd",
            "live/positions",
            "wake/ingest",
        ):
            # A connection each: Mosquitto 2.0.11 closes the one that published what it may not.
            with TestDevice(device_endpoint(mosquitto, devices)) as device:
                assert device.let_in()
                device.publish(topic, b"forged")
        with TestDevice(device_endpoint(mosquitto, devices)) as device:
            assert device.let_in()
            assert device.publish("bus/ZW-0017/event", b"sentinel")
        assert [message.payload for message in ingest.take_count(1)] == [b"sentinel"]
        assert ingest.subscriber.publish("bus/ZW-0018/saved", b"last")
        ingest.subscriber.flush()
        until(lambda: bool(other.messages), "its own saved came")
        assert [payload for _, payload, _ in other.messages] == [b"last"]


def test_the_live_feed_hears_through_it(mosquitto: Endpoint, ingest: Ingest) -> None:
    heard: list[bytes] = []
    feed = LiveFeed(mosquitto.with_login(ROLE_WEB, f"secret of {ROLE_WEB}"), ["live/#"], clock=SystemClock())
    feed.start(lambda _topic, payload: heard.append(payload))
    try:
        until(lambda: feed.ready, "connected")
        assert ingest.subscriber.publish("live/trips", b"one")
        ingest.subscriber.flush()
        until(lambda: heard == [b"one"], "heard")
    finally:
        feed.stop()


def test_a_wrong_secret_is_said_in_words(mosquitto: Endpoint) -> None:
    changes: list[Change] = []
    wrong = Ingest(mosquitto.with_login(ROLE_INGEST, "wrong"))
    changes = wrong.changes
    until(lambda: wrong.take(0.05) == [] and any(c.state is State.LOST for c in changes), "refused")
    wrong.subscriber.close()
    (lost, *_) = [change for change in changes if change.state is State.LOST]
    assert "refused: Not authorized" in lost.detail
    assert "wrong" not in lost.detail.split("refused")[0], "the secret is not repeated"
