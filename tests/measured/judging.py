"""Judge what a recorder wrote as the server does: through the gate, and the fold of ingest with its deadlines, over a log in memory."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from device_sim.wire import KINDS, Record, encode_record
from server.domain.record import Duty, Event, Position, RideRecord
from server.domain.seq_ranges import SeqRanges
from server.domain.trip import Announcement, TripState
from server.domain.vehicle_day import Entry, Key, Lookup, Road, VehicleState
from server.service import gate
from server.service.ingest_ports import Bus, Holder, Told
from server.service.replay import fold_again
from tests.measured.county import County, device

Change = Callable[[Road], Road]
LONG_AFTER_MS = 3_600_000


def as_it_is(road: Road) -> Road:
    """Leave a road's plan, thresholds and zones as they were imported."""
    return road


class Heard:
    """A log that holds what one bus said."""

    def __init__(self, device_id: str, entries: list[Entry]) -> None:
        self._device_id = device_id
        self._entries = entries

    def load_log(self, vehicle_id: str, after: VehicleState, at_most: int) -> tuple[list[Entry], bool]:
        """Load what comes after a state's key."""
        key = after.key
        left = [entry for entry in self._entries if key is None or key < entry.key]
        return left[:at_most], len(left) <= at_most

    def find_instant(self, device_id: str, epoch: int, upto_seq: int) -> int | None:
        """Find the instant of the newest record up to a seq."""
        return max((entry.key.t for entry in self._entries if entry.key.seq <= upto_seq), default=None)

    def load_epochs(self, device_id: str) -> dict[int, tuple[SeqRanges, int | None]]:
        """Say that all of it has been received."""
        if device_id != self._device_id:
            return {}
        return {0: (SeqRanges((entry.key.seq, entry.key.seq) for entry in self._entries), 1)}

    def list_signed_on(self, bus: Bus, badge: str, from_ms: int, until_ms: int) -> list[tuple[str, int]]:
        """Say that nobody drove another bus."""
        return []

    def find_holder(self, trip_id: str) -> Holder | None:
        """Find no other bus of a trip."""
        return None

    def list_said(self, trip_id: str) -> list[tuple[str, Entry]]:
        """Give nothing: nobody said anything by hand."""
        return []


class Changed:
    """The county's catalogue with one road of it changed."""

    def __init__(self, county: County, bus: Bus, road: Road) -> None:
        self._catalogue = county.catalogue
        self._bus, self._road = bus, road
        self.find_bus, self.changed, self.forget = (
            county.catalogue.find_bus, county.catalogue.changed, county.catalogue.forget,
        )  # fmt: skip

    def list_active_buses(self) -> list[Bus]:
        """List the one bus."""
        return [self._bus]

    def find_road(self, trip_id: str) -> Road | None:
        """Find the changed road."""
        return self._road if trip_id == self._road.plan.trip_id else None

    def context(self, bus: Bus) -> Lookup:
        """Give what the fold may ask."""
        return _Asked(self._catalogue.context(bus), self)

    def list_roads(self, t_ms: int, code: str | None) -> list[Road]:
        """List the one trip that there is."""
        return [self._road] if code in (None, self._road.plan.code) else []

    def tell(self, trip: TripState, announcements: Sequence[Announcement]) -> list[Told]:
        """Tell nobody."""
        return []


class _Asked:
    def __init__(self, lookup: Lookup, changed: Changed) -> None:
        self.find_rider, self.find_vehicle = lookup.find_rider, lookup.find_vehicle
        self.find_person, self.find_road = lookup.find_person, changed.find_road
        self._changed = changed

    def list_roads(self, t_ms: int, code: str | None = None) -> list[Road]:
        """List the one trip that there is."""
        return self._changed.list_roads(t_ms, code)


def entries_of(device_id: str, records: Iterable[Record]) -> list[Entry]:
    """Pass what a recorder wrote through the gate, as JSON; give the log of it, in its order."""
    entries = []
    for seq, record in enumerate(records, 1):
        (judged,) = gate.judge(device_id, KINDS[type(record)], encode_record(record, 0, seq), record.t)
        assert isinstance(judged, gate.Accepted), judged
        assert isinstance(judged.record, Position | RideRecord | Duty | Event)
        entries.append(Entry(Key(record.t, device_id, 0, seq), judged.record))
    return sorted(entries, key=lambda entry: entry.key)


def judged(county: County, n: int, records: Iterable[Record], change: Change = as_it_is) -> TripState:
    """Fold what the bus of a road wrote; give its trip as it is shown an hour later."""
    bus = county.catalogue.find_bus(device(n))
    assert bus is not None
    road = change(county.plans[n])
    entries = entries_of(device(n), records)
    again = fold_again(
        Heard(device(n), entries), Changed(county, bus, road), [bus], entries[-1].key.t + LONG_AFTER_MS
    )
    assert not again.failed_rules, again.failed_rules
    return again.trips[road.plan.trip_id]
