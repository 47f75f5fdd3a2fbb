"""What ingest says to the house stays under the broker's limit, however much was committed at once."""

from __future__ import annotations

import msgspec

from server.adapters.mqtt.broker_config import MAX_PAYLOAD_BYTES
from server.adapters.mqtt.codec import LiveFindings, LivePositions, LiveTrips
from server.adapters.mqtt.speaker import MqttSpeaker
from server.adapters.mqtt.subscriber import Subscriber
from server.domain.trip import Ride
from server.ids import new_id
from server.service.ingest_ports import Head


class Line(Subscriber):
    """Keeps what would be published."""

    def __init__(self) -> None:
        self.payloads: list[bytes] = []

    def publish(self, topic: str, payload: bytes, qos: int = 0, retain: bool = False) -> bool:
        """Keep it."""
        self.payloads.append(payload)
        return True


def a_head() -> Head:
    """Make the longest position that there is."""
    return Head(
        new_id(), new_id(), "D" * 32, new_id(), 1_789_945_200_000, 1_789_945_200_000, -37.123456789012345,
        -105.123456789012345, 219.12345678901234, 359.12345678901234, 123456.12345678901, 15.123456789012345,
    )  # fmt: skip


def test_a_batch_of_five_hundred_buses_does_not_close_ingests_connection() -> None:
    line = Line()
    heads = [a_head() for _ in range(500)]
    MqttSpeaker(line).positions(heads)
    assert max(map(len, line.payloads)) < MAX_PAYLOAD_BYTES
    said = [
        item for payload in line.payloads for item in msgspec.json.decode(payload, type=LivePositions).items
    ]
    assert [item.vehicle_id for item in said] == [head.vehicle_id for head in heads]


def test_ten_thousand_missed_trips_are_said_in_portions() -> None:
    line = Line()
    ids = [new_id() for _ in range(10_000)]
    MqttSpeaker(line).trips(ids)
    assert max(map(len, line.payloads)) < MAX_PAYLOAD_BYTES
    assert [
        id_ for payload in line.payloads for id_ in msgspec.json.decode(payload, type=LiveTrips).ids
    ] == ids


def test_rides_of_unknown_cards_alone_say_nothing() -> None:
    line = Line()
    MqttSpeaker(line).rides([(new_id(), Ride("d:0:1", 0, "on", "C1", None, None, "card"))])
    assert line.payloads == []


def test_a_county_of_findings_is_said_in_portions() -> None:
    line = Line()
    ids = [new_id() for _ in range(2_000)]
    MqttSpeaker(line).findings(ids)
    assert max(map(len, line.payloads)) < MAX_PAYLOAD_BYTES
    assert [
        id_ for payload in line.payloads for id_ in msgspec.json.decode(payload, type=LiveFindings).ids
    ] == ids
