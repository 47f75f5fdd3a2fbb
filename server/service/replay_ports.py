"""What replay asks of the database: the log as it is stored, and the rows that the live fold has made of it. Nothing is written."""

from __future__ import annotations

from typing import Protocol

import msgspec

from server.domain.finding import Finding
from server.domain.record import Duty
from server.domain.seq_ranges import SeqRanges
from server.domain.trip import TripState
from server.domain.vehicle_day import Entry, VehicleState
from server.domain.verdict import Excuse
from server.service.ingest_ports import Bus, Holder


class PlannedTrip(msgspec.Struct, frozen=True):
    """A trip that may be replayed; `bus` runs it by its row, or is planned for it."""

    id: str
    code: str
    service_on: str
    operator_id: str
    start_ms: int
    end_ms: int
    timezone: str
    bus: Bus | None


class StoredTrip(msgspec.Struct, frozen=True):
    """What the rows say of a trip: as the state that they are the projection of, and what was said of it beside the fold.

    `ride_buses` gives the vehicle of each ride by its source; `cancelled_ms` is when a person called the trip off.
    """

    trip: TripState
    ride_buses: dict[str, str]
    cancelled_ms: int | None
    excuses: tuple[Excuse, ...]


class StoredLog(Protocol):
    """Reads the log."""

    def load_log(self, vehicle_id: str, after: VehicleState, at_most: int) -> tuple[list[Entry], bool]:
        """Load some of a vehicle's inputs after a state's key, in the order of the log; say whether they reach its end."""

    def find_instant(self, device_id: str, epoch: int, upto_seq: int) -> int | None:
        """Find the instant of a device's newest record up to a seq."""

    def load_epochs(self, device_id: str) -> dict[int, tuple[SeqRanges, int | None]]:
        """Load what has been received from a device and where its stream begins, by epoch."""

    def list_signed_on(self, bus: Bus, badge: str, from_ms: int, until_ms: int) -> list[tuple[str, int]]:
        """List (vehicle, instant) of a driver's sign-ons to other buses of the operator, from from_ms and before until_ms."""

    def find_holder(self, trip_id: str) -> Holder | None:
        """Find which bus runs a trip by its row."""

    def list_said(self, trip_id: str) -> list[tuple[str, Entry]]:
        """List (vehicle, input) of what people said of a trip, but for who signed on."""


class StoredRows(Protocol):
    """Reads trips and what the fold made of them."""

    def find_trip(self, trip_id: str) -> PlannedTrip | None:
        """Find a trip by its id."""

    def list_trips(self, service_on: str, code: str | None = None) -> list[PlannedTrip]:
        """List the trips of a service date, those of one timetable where its code is given, in the order of their start."""

    def list_buses(self, operator_id: str, from_ms: int, to_ms: int) -> list[Bus]:
        """List an operator's vehicles in whose log something stands between two instants."""

    def list_sign_ons(self, operator_id: str, from_ms: int, to_ms: int) -> list[tuple[Bus, Duty]]:
        """List who signed on or off on an operator's buses between two instants."""

    def read_trip(self, trip_id: str) -> StoredTrip:
        """Read the rows of a trip."""

    def list_found(self, vehicle_id: str, from_ms: int, to_ms: int) -> list[Finding]:
        """List what the rows say was found of a vehicle, began between two instants and belongs to no trip."""
