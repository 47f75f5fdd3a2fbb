"""A line to the broker that a test feeds by hand, and a speaker that remembers."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

import msgspec

from server.domain.command import DayPlan
from server.domain.trip import Ride
from server.service.command_rows import DueCommand
from server.service.ingest_ports import BusMessage, Head
from server.service.watermark import SavedAnswer


class FedMessage(NamedTuple):
    """A message as the line gives it."""

    topic: str
    payload: bytes
    received_ms: int
    retain: bool = False


class FakeLine:
    """Gives what was fed; keeps what was acknowledged."""

    def __init__(self) -> None:
        self.waiting: list[FedMessage] = []
        self.acked: list[BusMessage] = []
        self.connected = True
        self.on_empty: Callable[[], None] | None = None

    @property
    def ready(self) -> bool:
        """Be there from the start."""
        return self.connected

    def take(self, max_n: int, max_wait_s: float) -> Sequence[FedMessage]:
        """Give what was fed."""
        if not self.waiting and max_wait_s and self.on_empty is not None:
            self.on_empty()
        taken, self.waiting = self.waiting[:max_n], self.waiting[max_n:]
        return taken

    def ack(self, messages: Sequence[BusMessage]) -> int:
        """Remember them."""
        self.acked += messages
        return len(messages)

    def flush(self) -> None:
        """Nothing waits."""

    def disconnect(self) -> None:
        """Remember."""
        self.connected = False

    def connect(self) -> None:
        """Remember."""
        self.connected = True


class FakeSpeaker:
    """Remembers what was said."""

    def __init__(self) -> None:
        self.answers: list[tuple[str, SavedAnswer]] = []
        self.heads: list[Head] = []
        self.trip_ids: list[str] = []
        self.said_rides: list[tuple[str, Ride]] = []
        self.finding_ids: list[str] = []
        self.wakes = 0
        self.commands: list[DueCommand] = []
        self.there = True

    def saved(self, device_id: str, answer: SavedAnswer) -> None:
        """Remember."""
        self.answers.append((device_id, answer))

    def positions(self, heads: Sequence[Head]) -> None:
        """Remember."""
        self.heads += heads

    def trips(self, trip_ids: Sequence[str]) -> None:
        """Remember."""
        self.trip_ids += trip_ids

    def rides(self, rides: Sequence[tuple[str, Ride]]) -> None:
        """Remember."""
        self.said_rides += rides

    def findings(self, ids: Sequence[str]) -> None:
        """Remember."""
        self.finding_ids += ids

    def wake_notices(self) -> None:
        """Count."""
        self.wakes += 1

    def command(self, command: DueCommand) -> bool:
        """Remember, where there is a broker."""
        if self.there:
            self.commands.append(command)
        return self.there

    @property
    def plans(self) -> list[tuple[str, DayPlan]]:
        """Give the plans of the day among the commands, by recorder."""
        return [
            (one.device_id, msgspec.json.decode(one.args, type=DayPlan))
            for one in self.commands
            if one.kind == "plan"
        ]
