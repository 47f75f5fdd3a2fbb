"""The traps of MQTT that ARCHITECTURE names under "Ingest" and "Broker", each as a test against the real broker."""

from __future__ import annotations

import os
import resource
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from server.adapters.mqtt.broker_config import BrokerSettings
from server.adapters.mqtt.connection import Change, State
from server.adapters.mqtt.rights import ROLE_INGEST
from server.adapters.mqtt.subscriber import Message, Subscriber
from server.clock import SystemClock
from tests.integration.mqtt.conftest import DeviceTable, Ingest, RunningBroker
from tests.integration.mqtt.device import TestDevice
from tests.integration.mqtt.waiting import until
from tests.ports import free_port
from tests.waiting import PATIENCE_S

_MID = 0xFFFF


def publish_all(broker: RunningBroker, payloads: list[bytes]) -> None:
    with TestDevice(broker.device_endpoint()) as device:
        assert device.let_in()
        assert device.publish_all("bus/ZW-0017/pos", payloads)


def until_ready_again(ingest: Ingest) -> None:
    """Wait for one more READY than was told so far; what comes meanwhile stays unacknowledged."""
    told = sum(change.state is State.READY for change in ingest.changes)

    def again() -> bool:
        ingest.take(0.02)
        return sum(change.state is State.READY for change in ingest.changes) > told

    until(again, "ingest is connected again", ingest.tell)


def reconnect(ingest: Ingest) -> None:
    ingest.subscriber.disconnect()
    ingest.subscriber.connect()
    until_ready_again(ingest)


def test_a_late_ack_after_a_reconnect_acknowledges_nothing_else(
    broker: RunningBroker, ingest: Ingest
) -> None:
    publish_all(broker, [b"0", b"1", b"2", b"3"])
    first, *early = ingest.take_count(4)
    assert ingest.subscriber.ack([first]) == 1
    # After its restart the broker counts its packet ids from 1 again; one message less, so they all shift.
    broker.restart()
    publish_all(broker, [b"4", b"5", b"6"])
    later: list[Message] = []

    def three_new() -> bool:
        later.extend(ingest.take(0.05))
        return {b"4", b"5", b"6"} <= {message.payload for message in later}

    until(three_new, "the second three came", ingest.tell)
    old = {(message.token & _MID): message.payload for message in early}
    others = [m for m in later if old.get(m.token & _MID, m.payload) != m.payload]
    assert others, "without a packet id that now names another message this would prove nothing"

    assert ingest.subscriber.ack(early) == 0

    reconnect(ingest)
    seen: set[bytes] = set()

    def all_six() -> bool:
        seen.update(message.payload for message in ingest.take(0.1))
        return seen >= {b"1", b"2", b"3", b"4", b"5", b"6"}

    until(all_six, "every message comes again", lambda: str(seen))


def test_what_was_acknowledged_does_not_come_again(broker: RunningBroker, ingest: Ingest) -> None:
    publish_all(broker, [b"%d" % n for n in range(50)])
    taken = ingest.take_count(50)
    assert ingest.subscriber.ack(taken[:49]) == 49
    reconnect(ingest)
    again = ingest.take_count(1)
    assert {message.payload for message in again} == {taken[49].payload}


def test_an_exception_in_a_callback_surfaces_and_loses_no_message(
    broker: RunningBroker, ingest: Ingest
) -> None:
    class BreakingClock(SystemClock):
        broken = False

        def now_ms(self) -> int:
            if self.broken:
                self.broken = False
                raise ValueError("no time to tell")
            return super().now_ms()

    ingest.subscriber.close()
    clock, changes = BreakingClock(), list[Change]()
    subscriber = Subscriber(broker.endpoint(), clock=clock, on_change=changes.append)
    try:
        until(lambda: subscriber.take(9, 0.05) == [] and subscriber.ready, "connected")
        clock.broken = True
        publish_all(broker, [b"kept"])
        with pytest.raises(ValueError, match="no time to tell"):
            subscriber.take(9, PATIENCE_S)
        assert changes[-1].state is State.LOST
        taken: list[Message] = []
        until(lambda: bool(taken.extend(subscriber.take(9, 0.1)) or taken), "the message came again")
        assert {message.payload for message in taken} == {b"kept"}
    finally:
        subscriber.close()


def test_over_1024_open_files_messages_still_come(
    broker: RunningBroker, make_ingest: Callable[..., Ingest]
) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard < 2048:
        pytest.skip(f"this machine allows {hard} open files, too few to show it")
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, 2048), hard))
    opened = [os.open(os.devnull, os.O_RDONLY) for _ in range(1100)]
    try:
        ingest = make_ingest()
        ingest.until_ready()
        assert max(opened) > 1024
        sockets = [fd for fd in map(int, os.listdir("/proc/self/fd")) if fd > max(opened)]
        assert sockets, "ingest's socket lies above the limit"
        for fd in opened:
            os.close(fd)
        opened.clear()
        publish_all(broker, [b"high"])
        assert [message.payload for message in ingest.take_count(1)] == [b"high"]
        assert ingest.subscriber.publish("bus/ZW-0017/saved", b"{}")
    finally:
        for fd in opened:
            os.close(fd)
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def test_the_session_exists_before_a_devices_first_message_is_acknowledged(
    broker: RunningBroker, make_ingest: Callable[..., Ingest]
) -> None:
    """A device knocks from the first moment on; whatever the broker acknowledges, ingest gets."""
    acknowledged: list[bytes] = []
    stop = threading.Event()

    def knock() -> None:
        while not stop.is_set():
            with TestDevice(broker.device_endpoint()) as device:
                if device.let_in():
                    for _ in range(20):
                        payload = b"%d" % len(acknowledged)
                        if device.publish("bus/ZW-0017/pos", payload):
                            acknowledged.append(payload)
                    return

    bus = threading.Thread(target=knock)
    bus.start()
    try:
        assert not broker.broker.open_to_devices
        ingest = make_ingest()
        ingest.until_ready()
        assert {message.payload for message in ingest.take_count(20)} == {b"%d" % n for n in range(20)}
    finally:
        stop.set()
        bus.join()
    assert len(acknowledged) == 20


def test_a_device_waits_and_is_refused_while_there_is_no_session(broker: RunningBroker) -> None:
    with TestDevice(broker.device_endpoint()) as device:
        assert not device.let_in()
        assert device.answer == "Not authorized"
    assert broker.devices.asked == 0


def test_a_killed_broker_keeps_what_it_acknowledged(broker: RunningBroker, ingest: Ingest) -> None:
    payloads = [b"%d" % n for n in range(300)]
    publish_all(broker, payloads)
    ingest.subscriber.ack(ingest.take_count(300)[:100])
    broker.kill_and_restart()
    until_ready_again(ingest)
    assert ingest.changes[-1].session_present, "it came back by itself, on the same session"
    seen: set[bytes] = set()

    def all_unacknowledged() -> bool:
        seen.update(message.payload for message in ingest.take(0.1))
        return seen >= set(payloads[100:])

    until(all_unacknowledged, "the unacknowledged come again", lambda: f"{len(seen)} {ingest.tell()}")
    assert seen >= set(payloads[100:]), "an acknowledgement may be lost with the broker, never a message"
    publish_all(broker, [b"after"])
    until(lambda: b"after" in {message.payload for message in ingest.take(0.1)}, "new ones come too")


def test_a_wiped_session_is_told(broker: RunningBroker, ingest: Ingest) -> None:
    ingest.subscriber.disconnect()
    with TestDevice(broker.endpoint(), ROLE_INGEST, clean=True) as eraser:
        assert eraser.let_in()
    ingest.subscriber.connect()
    until_ready_again(ingest)
    assert not ingest.changes[-1].session_present


def test_leaving_while_the_database_is_down_keeps_the_messages_in_the_broker(
    broker: RunningBroker, ingest: Ingest
) -> None:
    publish_all(broker, [b"before"])
    assert ingest.take_count(1)
    ingest.subscriber.disconnect()
    assert ingest.take(0.3) == []
    assert not ingest.subscriber.publish("live/trips", b"{}")
    publish_all(broker, [b"meanwhile"])
    assert ingest.take(1.5) == [], "after ack_wait the broker must not send it over and over"
    ingest.subscriber.connect()
    seen: set[bytes] = set()
    until(
        lambda: seen.update(m.payload for m in ingest.take(0.1)) is None and len(seen) == 2,
        "both came",
        ingest.tell,
    )


def test_wake_ends_a_waiting_take(ingest: Ingest) -> None:
    waker = threading.Timer(0.1, ingest.subscriber.wake)
    waker.start()
    before = SystemClock().monotonic()
    assert ingest.subscriber.take(10, 300) == []
    assert SystemClock().monotonic() - before < 250


def test_an_oversize_message_closes_its_sender_and_is_not_offered_again(
    broker: RunningBroker, ingest: Ingest
) -> None:
    generation = ingest.subscriber._connection.generation
    assert ingest.subscriber.publish("bus/ZW-0017/cmd", b"x" * 70_000, qos=1)
    until(
        lambda: (
            not ingest.take(0.05)
            and ingest.subscriber._connection.generation > generation
            and ingest.subscriber.ready
        ),
        "ingest is connected again",
        ingest.tell,
    )
    settled = ingest.subscriber._connection.generation
    publish_all(broker, [b"next"])
    assert [message.payload for message in ingest.take_count(1)] == [b"next"]
    assert ingest.subscriber._connection.generation == settled


@pytest.fixture
def small_broker(tmp_path: Path, devices: DeviceTable) -> Iterator[RunningBroker]:
    settings = BrokerSettings(
        data_dir=tmp_path,
        mqtt_port=free_port(),
        ack_wait_s=1,
        messages_bytes=2_000_000,
        max_file_store=50_000_000,
    )
    running = RunningBroker(settings, devices)
    yield running
    running.stop()


def test_a_full_store_refuses_new_messages_and_ingest_drains_it(small_broker: RunningBroker) -> None:
    ingest = Ingest(small_broker.endpoint())
    ingest.until_ready()
    kept: list[bytes] = []
    with TestDevice(small_broker.device_endpoint()) as device:
        assert device.let_in()
        while len(kept) < 1000:
            payload = b"%04d" % len(kept) + b"x" * 4000
            if not device.publish("bus/ZW-0017/event", payload):
                break
            kept.append(payload)
    assert 100 < len(kept) < 1000, "the cap was reached"
    # Ingest was locked out of nothing: it comes back over the full store, and drains it.
    reconnect(ingest)
    seen: set[bytes] = set()

    def drained() -> bool:
        taken = ingest.take(0.1)
        seen.update(message.payload for message in taken)
        ingest.subscriber.ack(taken)
        return len(seen) == len(kept)

    until(drained, "everything acknowledged came", lambda: f"{len(seen)} of {len(kept)}")
    with TestDevice(small_broker.device_endpoint()) as device:
        assert device.let_in()
        assert device.publish("bus/ZW-0017/event", b"room again")
    assert b"room again" in {message.payload for message in ingest.take_count(1)}
    ingest.subscriber.close()
