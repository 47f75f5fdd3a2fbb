"""Who may enter the embedded broker, and what each may say and hear there."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from server.adapters.mqtt.broker_config import BrokerSettings
from server.adapters.mqtt.endpoint import Endpoint
from server.adapters.mqtt.rights import ROLE_CLI, ROLE_INGEST, ROLE_WEB
from server.adapters.mqtt.subscriber import Message
from server.adapters.mqtt.topics import KINDS_FROM_DEVICE
from tests.integration.mqtt.conftest import DeviceTable, Ingest, RunningBroker
from tests.integration.mqtt.device import TestDevice
from tests.integration.mqtt.waiting import until
from tests.ports import free_port
from tests.waiting import PATIENCE_S


@pytest.fixture(scope="module")
def devices() -> DeviceTable:
    return DeviceTable()


@pytest.fixture(scope="module")
def broker(tmp_path_factory: pytest.TempPathFactory, devices: DeviceTable) -> Iterator[RunningBroker]:
    """One broker for the whole module: the tests leave nothing behind in it, or the next one finds it."""
    settings = BrokerSettings(data_dir=tmp_path_factory.mktemp("data"), mqtt_port=free_port())
    running = RunningBroker(settings, devices)
    yield running
    running.stop()


@pytest.fixture(scope="module")
def ingest(broker: RunningBroker) -> Iterator[Ingest]:
    made = Ingest(broker.endpoint(), acks=True)
    made.until_ready()
    yield made
    made.subscriber.close()


def sentinel(ingest: Ingest, device: TestDevice) -> list[Message]:
    """Publish a last allowed message and take until it has come: all that came before it is there then."""
    assert device.publish("bus/ZW-0017/event", b"sentinel")
    taken: list[Message] = []

    def came() -> bool:
        taken.extend(ingest.take(0.1))
        return any(message.payload == b"sentinel" for message in taken)

    until(came, "the sentinel came")
    # Topics are separate queues in the broker: give the others one more look.
    taken.extend(ingest.take(0.3))
    return [message for message in taken if message.payload != b"sentinel"]


def test_anonymous_is_refused(broker: RunningBroker, ingest: Ingest) -> None:
    anonymous = Endpoint(host="127.0.0.1", port=broker.settings.mqtt_port)
    with TestDevice(anonymous, "bus-ZW-0017") as stranger:
        assert not stranger.let_in()
        assert stranger.answer == "Not authorized"


def test_wrong_secret_and_unknown_device_are_refused(broker: RunningBroker, ingest: Ingest) -> None:
    for user, secret in (("ZW-0017", "secret-18"), ("ZW-0099", "x"), (ROLE_WEB, "x"), (ROLE_INGEST, "")):
        login = broker.device_endpoint().with_login(user, secret)
        client_id = user if user.startswith("role-") else f"bus-{user}"
        with TestDevice(login, client_id) as stranger:
            assert not stranger.let_in(), user


@pytest.mark.parametrize(
    "client_id", ["bus-ZW-0018", "ZW-0017", "bus-ZW-0017x", "role-ingest", "role-web-1", "anything"]
)
def test_a_wrong_client_id_is_refused(broker: RunningBroker, ingest: Ingest, client_id: str) -> None:
    with TestDevice(broker.device_endpoint(), client_id) as device:
        assert not device.let_in()


def test_nobody_takes_ingests_client_id(broker: RunningBroker, ingest: Ingest) -> None:
    for endpoint in (broker.device_endpoint(), broker.endpoint(ROLE_WEB), broker.endpoint(ROLE_CLI)):
        with TestDevice(endpoint, ROLE_INGEST) as thief:
            assert not thief.let_in(), endpoint.username
    ingest.take(0.1)
    assert ingest.subscriber.ready
    with TestDevice(broker.device_endpoint()) as device:
        assert device.let_in()
        assert device.publish("bus/ZW-0017/pos")
    assert len(ingest.take_count(1)) == 1


def test_a_device_sends_each_of_its_kinds_and_hears_its_own_two(
    broker: RunningBroker, ingest: Ingest
) -> None:
    with TestDevice(broker.device_endpoint()) as device:
        assert device.let_in()
        for kind in KINDS_FROM_DEVICE:
            assert device.publish(f"bus/ZW-0017/{kind}", kind.encode())
        came = ingest.take_count(len(KINDS_FROM_DEVICE))
        assert sorted(message.topic for message in came) == sorted(
            f"bus/ZW-0017/{kind}" for kind in KINDS_FROM_DEVICE
        )
        assert device.subscribe("bus/ZW-0017/cmd")
        assert device.subscribe("bus/ZW-0017/saved", 0)
        assert ingest.subscriber.publish("bus/ZW-0017/saved", b"saved")
        assert ingest.subscriber.publish("bus/ZW-0017/cmd", b"cmd", qos=1)
        until(lambda: bool(ingest.take(0.05)) or len(device.messages) == 2, "saved and cmd came")
        assert {payload for _, payload, _ in device.messages} == {b"saved", b"cmd"}


@pytest.mark.parametrize("retain", [False, True])
@pytest.mark.parametrize(
    "topic",
    [
        "bus/ZW-0018/pos",
        "bus/ZW-0018/online",
        "bus/ZW-0017/cmd",
        "bus/ZW-0017/saved",
        "bus/ZW-0018/cmd",
        "bus/ZW-0017/pos/more",
        "bus/*/pos",
        "bus/>",
        "live/positions",
        "wake/ingest",
        "$MQTT/msgs/bus/ZW-0018/pos",
        "$MQTT/rmsgs/bus/ZW-0018/online",
        "$JS/API/STREAM/DELETE/$MQTT_msgs",
        "$SYS/REQ/USER/AUTH",
        "$SYS/REQ/SERVER/PING",
    ],
)
def test_a_device_cannot_publish_outside_its_own_kinds(
    broker: RunningBroker, ingest: Ingest, topic: str, retain: bool
) -> None:
    with (
        TestDevice(broker.endpoint(ROLE_WEB), f"{ROLE_WEB}-witness") as web,
        TestDevice(broker.device_endpoint("ZW-0018")) as other,
        TestDevice(broker.device_endpoint()) as device,
    ):
        assert web.let_in() and other.let_in() and device.let_in()
        assert web.subscribe("live/#") and web.subscribe("wake/#")
        assert other.subscribe("bus/ZW-0018/cmd")
        # The broker acknowledges a forbidden publish and drops it in silence: only its absence can be seen.
        device.publish(topic, b"forged", retain=retain)
        assert sentinel(ingest, device) == []
        heard = web.messages + other.messages
    assert heard == []
    with TestDevice(broker.device_endpoint("ZW-0018")) as later:
        assert later.let_in()
        assert later.subscribe("bus/ZW-0018/cmd") and later.subscribe("bus/ZW-0018/saved")
        assert later.messages == []


@pytest.mark.parametrize(
    "topic", ["bus/ZW-0018/online", "bus/ZW-0017/saved", "live/ended", "$MQTT/msgs/bus/ZW-0018/pos"]
)
@pytest.mark.parametrize("retain", [False, True])
def test_a_last_will_obeys_the_same_rights(
    broker: RunningBroker, ingest: Ingest, topic: str, retain: bool
) -> None:
    with TestDevice(broker.endpoint(ROLE_WEB), f"{ROLE_WEB}-witness") as web:
        assert web.let_in() and web.subscribe("live/#")
        with TestDevice(broker.device_endpoint(), will=(topic, b"forged", retain)) as device:
            # A broker may refuse the will already at connect; where it lets it in, the will must reach nobody.
            if device.let_in():
                device.cut()
                assert device.gone.wait(PATIENCE_S)
        with TestDevice(broker.device_endpoint()) as again:
            assert again.let_in()
            assert sentinel(ingest, again) == []
        assert web.messages == []


def test_a_devices_own_last_will_comes(broker: RunningBroker, ingest: Ingest) -> None:
    with TestDevice(
        broker.device_endpoint(), will=("bus/ZW-0017/online", b'{"v":1,"online":0}', True)
    ) as device:
        assert device.let_in()
        device.cut()
    (message,) = ingest.take_count(1)
    assert (message.topic, message.payload) == ("bus/ZW-0017/online", b'{"v":1,"online":0}')


@pytest.mark.parametrize(
    "topic",
    [
        "#",
        "+/+/+",
        "bus/#",
        "bus/+/pos",
        "bus/+/saved",
        "bus/ZW-0017/#",
        "bus/ZW-0017/+",
        "bus/ZW-0017/pos",
        "bus/ZW-0017/saved/#",
        "bus/ZW-0018/saved",
        "bus/*/saved",
        "live/#",
        "wake/#",
        "$share/g/bus/ZW-0018/saved",
        "$MQTT/#",
        "$MQTT/msgs/#",
        "$MQTT/sub/#",
        "$SYS/#",
        "$JS/#",
    ],
)
@pytest.mark.parametrize("qos", [0, 1])
def test_a_device_hears_nothing_but_its_own(
    broker: RunningBroker, ingest: Ingest, topic: str, qos: int
) -> None:
    with (
        TestDevice(broker.device_endpoint("ZW-0018")) as other,
        TestDevice(broker.device_endpoint()) as device,
    ):
        assert other.let_in() and device.let_in()
        granted = device.subscribe(topic, qos)
        assert other.publish("bus/ZW-0018/pos", b"private")
        assert ingest.subscriber.publish("bus/ZW-0018/saved", b"private")
        ingest.take_count(1)
        # Its own `saved` is the last to be said: what it heard before would be there by then.
        if not device.client.is_connected():
            return
        assert not granted
        assert device.subscribe("bus/ZW-0017/saved", 0)
        assert ingest.subscriber.publish("bus/ZW-0017/saved", b"mine")
        until(lambda: not ingest.take(0.02) and bool(device.messages), "its own saved came")
        assert [payload for _, payload, _ in device.messages] == [b"mine"]


def test_a_role_is_held_to_the_house(broker: RunningBroker, ingest: Ingest) -> None:
    with (
        TestDevice(broker.endpoint(ROLE_WEB), f"{ROLE_WEB}-1") as web,
        TestDevice(broker.device_endpoint()) as device,
    ):
        assert web.let_in() and device.let_in()
        assert not web.subscribe("bus/#")
        assert not web.subscribe("#")
        assert not web.subscribe("$MQTT/msgs/#")
        assert web.subscribe("live/#") and web.subscribe("wake/#")
        web.publish("bus/ZW-0017/pos", b"forged")
        assert sentinel(ingest, device) == []
        assert web.publish("wake/ingest", b"{}")
        assert ingest.take_count(1)[0].topic == "wake/ingest"


def test_a_device_that_was_refused_once_is_let_in_when_it_is_known(
    broker: RunningBroker, ingest: Ingest, devices: DeviceTable
) -> None:
    new = broker.device_endpoint().with_login("ZW-0099", "new")
    with TestDevice(new) as early:
        assert not early.let_in()
    devices.secrets["ZW-0099"] = "new"
    with TestDevice(new) as late:
        assert late.let_in()


def test_quality_of_service_2_is_refused(broker: RunningBroker, ingest: Ingest) -> None:
    with TestDevice(broker.device_endpoint()) as device:
        assert device.let_in()
        device.client.publish("bus/ZW-0017/pos", b"twice", 2)
        assert device.gone.wait(PATIENCE_S)
    assert ingest.take(0.2) == []
