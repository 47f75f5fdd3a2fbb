"""The demo county's buses, driven by the emulator with its own noise, keep their permits: all six pass and nothing is found."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

from device_sim.fleet import Fleet, choose_devices
from device_sim.packreader import read_pack
from device_sim.wire import Duty, Event, Pos, encode_record
from device_sim.wire import Record as Written
from server.adapters.db.catalogue import DatabaseCatalogue
from server.adapters.db.engine import Database
from server.config import load_settings
from server.demo import ensure_pack
from server.domain.plan import TripPlan
from server.domain.trip import TripState
from server.domain.vehicle_day import Context, Entry, Key, Lookup, VehicleState
from server.domain.verdict import SIX
from server.rules.pipeline import fold
from server.rules.verdicts import judge
from server.service import gate
from tests.fakes.clock import FakeClock

BUSES, HOURS, SEED = 6, 3, 1  # after four hours its drivers are rightly found tired: they never rest


class Alone:
    """What a bus may ask that takes no trip over."""

    def __init__(self, lookup: Lookup) -> None:
        self.find_road, self.list_roads = lookup.find_road, lookup.list_roads
        self.find_rider, self.find_vehicle = lookup.find_rider, lookup.find_vehicle
        self.find_person = lookup.find_person

    def list_driven(
        self, badge: str, vehicle_id: str, t_ms: int, rest_s: float
    ) -> tuple[tuple[int, int], ...]:
        """List what a badge drove on other buses: here one bus is alone."""
        return ()

    def list_turns(self, trip_id: str) -> list[tuple[str, int]]:
        """List no other bus."""
        return []

    def find_run(self, trip_id: str, vehicle_id: str, t_ms: int) -> TripState | None:
        """Find nothing that another bus left."""
        return None


def kind_of(record: Written) -> str:
    """Give a record's topic."""
    if isinstance(record, Pos):
        return "pos"
    return "duty" if isinstance(record, Duty) else "event" if isinstance(record, Event) else "ride"


def folded(device: str, vehicle_id: str, written: list[Written], context: Context) -> dict[str, TripState]:
    """Fold what a bus wrote; give its trips as they were last."""

    def fail(rule: str, entry: Entry, error: Exception) -> None:
        raise AssertionError(f"{rule} failed on {entry}") from error

    state, trips = VehicleState(vehicle_id), dict[str, TripState]()
    for seq, record in enumerate(written, 1):
        (judged,) = gate.judge(device, kind_of(record), encode_record(record, 0, seq), record.t)
        assert isinstance(judged, gate.Accepted), judged
        entry = Entry(Key(record.t, device, 0, seq), judged.record)  # type: ignore[arg-type]
        state = fold(state, entry, context, fail)
        for trip in (*state.earlier, state.trip):
            if trip is not None:
                trips[trip.trip_id] = trip
    return trips


def test_an_emulated_fleet_that_keeps_its_permits_is_found_to_keep_them(tmp_path: Path) -> None:
    settings = load_settings(
        environ={
            "SIXFIXED_DATA": str(tmp_path / "data"),
            "SIXFIXED_DEMO": "1",
            "SIXFIXED_DEMO_BUSES": str(BUSES),
        }
    )
    clock = FakeClock()
    pack = read_pack(ensure_pack(settings, clock))
    fleet = Fleet(pack, choose_devices(pack, [], BUSES), SEED, clock.now_ms(), 0.03)
    written = {part.device: part.records for part in fleet.advance(clock.now_ms() + HOURS * 3_600_000)}
    database = Database(settings.database_url)
    catalogue = DatabaseCatalogue(database, clock)
    found: Counter[str] = Counter()
    values: Counter[tuple[str, str, str | None]] = Counter()
    over = 0
    for device, records in written.items():
        bus = catalogue.find_bus(device)
        assert bus is not None
        context = Alone(catalogue.context(bus))
        for trip in folded(device, bus.vehicle_id, records, context).values():
            road = catalogue.find_road(trip.trip_id)
            assert road is not None
            found.update(f"{one.kind} {_told(one, road.plan)}" for one in trip.findings)
            if trip.state == "arrived" or trip.state == "closed":
                over += 1
                said = judge(trip, road, context)
                values.update((which, said.of(which).value, said.of(which).reason) for which in SIX)
    database.dispose()
    assert over >= 2 * BUSES
    assert not found
    assert values == Counter({(which, "pass", None): over for which in SIX})


def _told(one: object, plan: TripPlan) -> str:
    return f"{plan.code}: {one}"
