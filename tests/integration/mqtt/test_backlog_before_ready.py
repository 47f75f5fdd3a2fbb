"""A broker that sends what waited before it grants the subscriptions is not one that doesn't answer."""

from __future__ import annotations

import pytest

from server.adapters.mqtt.connection import Change, State
from server.adapters.mqtt.endpoint import Endpoint
from server.adapters.mqtt.subscriber import Subscriber
from server.clock import SystemClock
from tests.integration.mqtt.conftest import DeviceTable, Ingest
from tests.integration.mqtt.device import TestDevice
from tests.integration.mqtt.waiting import until

pytestmark = pytest.mark.mosquitto

BACKLOG = 5000


class SlowMachine(SystemClock):
    """A clock by which every look at it takes `step_s` seconds more."""

    def __init__(self) -> None:
        self.step_s = 0.0
        self._lost_s = 0.0

    def monotonic(self) -> float:
        """Give the time, and lose some."""
        self._lost_s += self.step_s
        return super().monotonic() + self._lost_s


def test_a_backlog_that_takes_longer_than_the_patience_is_taken_on_one_connection(
    mosquitto: Endpoint, devices: DeviceTable
) -> None:
    first = Ingest(mosquitto)
    first.until_ready()
    first.subscriber.close()
    with TestDevice(mosquitto.with_login("ZW-0017", devices.secrets["ZW-0017"])) as device:
        assert device.let_in()
        assert device.publish_all("bus/ZW-0017/pos", [b"%d" % n for n in range(BACKLOG)])
    clock, changes, taken = SlowMachine(), list[Change](), 0
    subscriber = Subscriber(mosquitto, clock=clock, on_change=changes.append)

    def work() -> bool:
        nonlocal taken
        messages = subscriber.take(100, 0.2)
        taken += len(messages)
        subscriber.ack(messages)
        clock.step_s = (
            2.0 if taken else 0.0
        )  # from the first message on each look at the clock takes two seconds
        return taken >= BACKLOG

    until(work, f"all {BACKLOG} are taken", lambda: str(changes))
    subscriber.close()
    assert State.LOST not in {change.state for change in changes}
