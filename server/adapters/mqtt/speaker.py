"""Says what ingest committed: `saved` to devices, `live/…` to the pages, `wake/…` to the worker.

All at QoS 0: `saved` is said again, pages take a fresh snapshot, and the worker looks by itself. But for commands: those wait at the
broker for a bus without reception.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final, Protocol, TypeVar

from server.adapters.mqtt.codec import (
    LiveFindings,
    LivePosition,
    LivePositions,
    LiveRide,
    LiveRides,
    LiveTrips,
    encode,
    encode_command,
    encode_saved,
)
from server.adapters.mqtt.topics import (
    LIVE_FINDINGS,
    LIVE_POSITIONS,
    LIVE_RIDES,
    LIVE_TRIPS,
    WAKE_NOTICES,
    bus_topic,
)
from server.domain.trip import Ride
from server.service.command_rows import DueCommand
from server.service.ingest_ports import Head
from server.service.watermark import SavedAnswer

# Things said in one message: a position is at most 290 bytes, and a message over the broker's 64 KiB would not only be lost,
# it would close ingest's connection.
AT_ONCE: Final = 200

T = TypeVar("T")


class Publisher(Protocol):
    """What the speaker needs of ingest's line."""

    def publish(self, topic: str, payload: bytes, qos: int = 0, retain: bool = False) -> bool:
        """Send a message with the next write."""


class MqttSpeaker:
    """Speaks through ingest's own connection."""

    def __init__(self, line: Publisher) -> None:
        self._line = line

    def saved(self, device_id: str, answer: SavedAnswer) -> None:
        """Tell a device what is committed."""
        self._line.publish(
            bus_topic(device_id, "saved"), encode_saved(answer.epoch, answer.upto, answer.missing)
        )

    def positions(self, heads: Sequence[Head]) -> None:
        """Tell the live pages of positions."""
        for some in _portions(heads):
            items = tuple(
                LivePosition(
                    vehicle_id=head.vehicle_id,
                    operator_id=head.operator_id,
                    trip_id=head.trip_id,
                    lat=head.lat,
                    lon=head.lon,
                    spd=head.spd,
                    hdg=head.hdg,
                    at_ms=head.at_ms,
                    interval_s=head.interval_s,
                    metre=head.metre,
                )
                for head in some
            )
            self._line.publish(LIVE_POSITIONS, encode(LivePositions(items)))

    def trips(self, trip_ids: Sequence[str]) -> None:
        """Tell the live pages which trips changed."""
        for some in _portions(trip_ids):
            self._line.publish(LIVE_TRIPS, encode(LiveTrips(tuple(some))))

    def rides(self, rides: Sequence[tuple[str, Ride]]) -> None:
        """Tell the live pages of rides of known riders."""
        items = [
            LiveRide(trip_id, ride.rider_id, ride.dir, ride.at_ms, ride.stop_id)
            for trip_id, ride in rides
            if ride.rider_id is not None
        ]
        for some in _portions(items):
            self._line.publish(LIVE_RIDES, encode(LiveRides(tuple(some))))

    def findings(self, ids: Sequence[str]) -> None:
        """Tell the live pages which findings changed."""
        for some in _portions(ids):
            self._line.publish(LIVE_FINDINGS, encode(LiveFindings(tuple(some))))

    def wake_notices(self) -> None:
        """Tell the worker that there may be notices."""
        self._line.publish(WAKE_NOTICES, b"{}")

    def command(self, command: DueCommand) -> bool:
        """Tell a device what to do; False where there is no connection to tell it by."""
        body = encode_command(command.id, command.until_ms, command.kind, command.args)
        return self._line.publish(bus_topic(command.device_id, "cmd"), body, qos=1)


def _portions(things: Sequence[T]) -> Iterator[Sequence[T]]:
    for start in range(0, len(things), AT_ONCE):
        yield things[start : start + AT_ONCE]
