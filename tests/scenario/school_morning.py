"""Play a scenario: the emulator's buses write, ingest hears it as the network lets it, the school's clock runs past the end.

All in one process and as fast as it goes; what comes out is named by the pack's codes.
"""

from __future__ import annotations

import random
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

import msgspec
from sqlalchemy import insert, select

from device_sim.deviations import AnyDeviation
from device_sim.faults import Fault, Faults, make_faults
from device_sim.fleet import Fleet, choose_devices
from device_sim.pack import Pack
from device_sim.packreader import read_pack
from device_sim.runs import DayPlan
from device_sim.scenario import Scenario
from device_sim.wire import KINDS, Online, batch_item, encode_batch, encode_online, encode_record
from server.adapters.db import substitutions
from server.adapters.db import tables as t
from server.adapters.db.catalogue import DatabaseCatalogue
from server.adapters.db.counters import bump
from server.adapters.db.engine import Database
from server.adapters.db.ingest_store import DatabaseLog
from server.adapters.db.plan_store import DbPackStore
from server.adapters.db.substitutions_store import SubstitutionsDb
from server.adapters.db.timetabling import DbTimetabling
from server.domain.substitute import Detour
from server.service.detours import DetourWanted, detoured
from server.service.devices import DeviceHasher
from server.service.ingest import Ingest
from server.service.packs.importing import import_pack
from server.service.timetabling import make_trips
from tests.builders.schema import new_sqlite
from tests.builders.standard_pack import MIDNIGHT_MS, ON, write_standard_pack
from tests.fakes.clock import FakeClock
from tests.fakes.line import FakeLine, FakeSpeaker, FedMessage

BEGIN_MS = MIDNIGHT_MS + 7 * 3_600_000
MINUTES = 75
STEP_MS = 15_000
BATCH = 200


class Found(NamedTuple):
    """A finding: its kind, trip, whom or what it is about, and the second after the trip's planned start at which it began."""

    kind: str
    trip: str
    about: str
    at_s: int
    over: bool


class Rode(NamedTuple):
    """A ride: who, which way, at which stop, on which trip."""

    trip: str
    rider: str
    dir: str
    stop: str


class Told(NamedTuple):
    """A notice to a rider's guardian."""

    trip: str
    rider: str
    kind: str


class Played(msgspec.Struct, frozen=True):
    """What a scenario led to."""

    trips: dict[str, str]
    found: list[Found]
    rode: Counter[Rode]
    told: Counter[Told]
    verdicts: dict[str, dict[str, str]]
    rejected: int
    visits: dict[str, list[tuple[int, int | None, int | None]]]


@cache
def _county(variation: str) -> tuple[Pack, bytes]:
    """Read a variation of the standard pack for the emulator, and make a database that has imported it."""
    with TemporaryDirectory(prefix="sixfixed-county-") as name:
        folder = write_standard_pack(Path(name) / "pack", variation)
        file = Path(name) / "county.db"
        database = Database(new_sqlite(file))
        load(database, folder)
        database.dispose()
        return read_pack(folder), file.read_bytes()


def load(database: Database, folder: Path) -> None:
    """Import a pack and make its trips, at six in the morning."""
    hasher, at_ms = DeviceHasher(), MIDNIGHT_MS + 6 * 3_600_000
    import_pack(folder, DbPackStore(database), secret_hasher=hasher, password_hasher=hasher, now_ms=at_ms)
    make_trips(DbTimetabling(database), at_ms)


def new_county(file: Path, variation: str) -> tuple[Pack, Database]:
    """Give a variation's pack, and a database of its own in a new file."""
    pack, image = _county(variation)
    file.write_bytes(image)
    return pack, Database(f"sqlite:///{file}")


class Network:
    """What stands between recorders and server: numbers records, keeps them while a bus is offline, repeats and mixes live ones."""

    def __init__(self, faults: Faults, seed: int) -> None:
        self._faults = faults
        self._dice = random.Random(seed)
        self._seqs: Counter[str] = Counter()
        self._kept: dict[str, list[bytes]] = defaultdict(list)
        self._known: set[str] = set()
        self._waiting: list[FedMessage] = []

    def send(self, device: str, records: Sequence[Any], at_ms: int) -> list[FedMessage]:
        """Give what reaches the server now of what a bus has written."""
        live: list[FedMessage] = []
        for record in records:
            self._seqs[device] += 1
            kind, body = KINDS[type(record)], encode_record(record, 0, self._seqs[device])
            self._kept[device].append(batch_item(kind, body))
            live.append(FedMessage(f"bus/{device}/{kind}", body, at_ms))
        if self._faults.offline(device, at_ms):
            if device in self._known:
                self._known.discard(device)
                return [FedMessage(f"bus/{device}/online", b'{"v":1,"online":0}', at_ms)]
            return []
        kept, self._kept[device] = self._kept[device], []
        if device in self._known:
            return self._mixed(live * self._faults.copies)
        self._known.add(device)
        batches = [
            FedMessage(f"bus/{device}/batch", encode_batch(kept[n : n + BATCH]), at_ms)
            for n in range(0, len(kept), BATCH)
        ]
        return [self._online(device, at_ms), *batches]

    def _online(self, device: str, at_ms: int) -> FedMessage:
        said = Online(
            t=at_ms,
            epoch=0,
            oldest=1,
            next=self._seqs[device] + 1,
            buffered=0,
            fw="1",
            model="emulator",
            boot=1,
        )
        return FedMessage(f"bus/{device}/online", encode_online(said), at_ms)

    def _mixed(self, live: list[FedMessage]) -> list[FedMessage]:
        if self._faults.shuffle == 1:
            return live
        self._waiting += live
        out = []
        while len(self._waiting) > self._faults.shuffle:
            out.append(self._waiting.pop(self._dice.randrange(self._faults.shuffle)))
        return out

    def rest(self) -> list[FedMessage]:
        """Give what still waits."""
        rest, self._waiting = self._waiting, []
        return rest


class Morning:
    """A morning of buses, with an ingest and its clock."""

    def __init__(
        self,
        pack: Pack,
        database: Database,
        deviations: Iterable[AnyDeviation] = (),
        faults: Iterable[Fault] = (),
        seed: int = 1,
        moving_s: int = 5,
        step_ms: int = STEP_MS,
    ) -> None:
        self._step_ms = step_ms
        self.database = database
        self.clock = FakeClock(BEGIN_MS)
        self.speaker = FakeSpeaker()
        self.ingest = Ingest(
            line=FakeLine(), log_=DatabaseLog(database), catalogue=DatabaseCatalogue(database, self.clock),
            speaker=self.speaker, clock=self.clock, real=FakeClock(),
        )  # fmt: skip
        self.ingest.recover()
        made = make_faults(list(faults), BEGIN_MS)
        self.fleet = Fleet(
            pack, choose_devices(pack, [], None), seed, BEGIN_MS, 0.0, made, deviations=list(deviations)
        )
        for bus in self.fleet.buses.values():
            bus.state.moving_s = moving_s
        self._network = Network(made, seed)

    def run(self, minutes: int = MINUTES) -> None:
        """Let time pass."""
        until_ms = self.clock.now_ms() + minutes * 60_000
        for at_ms in range(self.clock.now_ms(), until_ms, self._step_ms):
            self.clock.set_ms(at_ms)
            written = {one.device: one.records for one in self.fleet.advance(at_ms)}
            messages = [
                message
                for device in sorted(self.fleet.buses)
                for message in self._network.send(device, written.get(device, []), at_ms)
            ]
            if at_ms + self._step_ms >= until_ms:
                messages += self._network.rest()
            self.ingest.handle(messages)
            self.clock.advance(2.1)
            self.ingest.tick()
            self._tell_plans()
        assert not self.ingest.rule_errors, self.ingest.rule_errors

    def approve(self, timetable: str, vehicle: str) -> None:
        """Approve another bus for today's trip of a timetable, as the desk does."""
        with self.database.read() as connection:
            bus = connection.execute(select(t.vehicles).where(t.vehicles.c.code == vehicle)).one()
        self._substitute(timetable, vehicle_id=bus.id, reason="in the garage")

    def move(self, timetable: str, shift_s: int) -> None:
        """Approve another time of a timetable's trip, as the desk does."""
        self._substitute(timetable, shift_s=shift_s, reason="ice")

    def leave_out(self, timetable: str, stop: str) -> None:
        """Approve of a way that leaves a stop of a timetable's trip out, as the desk does."""
        with self.database.write() as connection:
            trip = connection.execute(
                select(t.trips).where(t.trips.c.code == timetable, t.trips.c.service_on == ON)
            ).one()
            desk = SubstitutionsDb(connection)
            target = desk.target_of(trip.id)
            of_plan, version = desk.plan_of(target, ON)
            other, skipped, instead = detoured(version, DetourWanted((stop,)))
            detour = Detour(of_plan, desk.put_plan(target, other, self.clock.now_ms()), skipped, instead)
        self._substitute(timetable, detour=msgspec.json.encode(detour), reason="road works")

    def _substitute(self, timetable: str, **values: object) -> None:
        with self.database.write() as connection:
            trip = connection.execute(
                select(t.trips).where(t.trips.c.code == timetable, t.trips.c.service_on == ON)
            ).one()
            connection.execute(
                insert(t.substitutions).values(
                    id="substitution", operator_id=trip.operator_id, timetable_id=trip.timetable_id, from_on=ON, until_on=ON,
                    user_id="desk", made_at_ms=self.clock.now_ms(), **values,
                )
            )  # fmt: skip
            substitutions.apply(connection, trip.timetable_id, ON, ON)
            bump(connection, "substitutions")

    def played(self) -> Played:
        """Give what it all led to."""
        with self.database.read() as connection:
            names = {
                row.id: row.code
                for table in (t.trips, t.riders, t.stops, t.vehicles)
                for row in connection.execute(select(table.c.id, table.c.code))
            }
            today = {
                row.id: row for row in connection.execute(select(t.trips).where(t.trips.c.service_on == ON))
            }
            found = [
                Found(
                    row.kind,
                    names.get(row.trip_id, ""),
                    names.get(row.rider_id) or names.get(row.stop_id) or "",
                    round(
                        (row.began_ms - (today[row.trip_id].planned_start_ms if row.trip_id else BEGIN_MS))
                        / 1000
                    ),
                    row.ended_ms is not None,
                )
                for row in connection.execute(
                    select(t.findings).where(t.findings.c.withdrawn_at_ms.is_(None))
                )
            ]
            rode = Counter(
                Rode(names[row.trip_id], names.get(row.rider_id, "?"), row.dir, names.get(row.stop_id, "?"))
                for row in connection.execute(select(t.rides).where(t.rides.c.trip_id.in_(today)))
            )
            told = Counter(
                Told(names[row.trip_id], names[row.rider_id], row.kind)
                for row in connection.execute(
                    select(t.notices).where(
                        t.notices.c.withdrawn_at_ms.is_(None), t.notices.c.finding_id.is_(None)
                    )
                )
            )
            visits: dict[str, list[tuple[int, int | None, int | None]]] = defaultdict(list)
            for row in connection.execute(select(t.visits).order_by(t.visits.c.trip_id, t.visits.c.seq)):
                start_ms = today[row.trip_id].planned_start_ms
                visits[names[row.trip_id]].append(
                    (
                        row.seq,
                        row.arrived_at_ms and round((row.arrived_at_ms - start_ms) / 1000),
                        row.departed_at_ms and round((row.departed_at_ms - start_ms) / 1000),
                    )
                )
            rejected = len(connection.execute(select(t.rejected.c.device_id)).all())
        return Played(
            trips={row.code: row.state for row in today.values()},
            found=sorted(found),
            rode=rode,
            told=told,
            verdicts={row.code: _verdicts(row.verdicts) for row in today.values()},
            rejected=rejected,
            visits=dict(visits),
        )

    def _tell_plans(self) -> None:
        """Give the recorders the plans that ingest sends them."""
        for device, plan in self.speaker.plans:
            self.fleet.heed(device, msgspec.convert(msgspec.to_builtins(plan), DayPlan))
        self.speaker.commands.clear()


def _verdicts(body: bytes | None) -> dict[str, str]:
    said = msgspec.json.decode(body) if body else {}
    return {which: one["value"] for which, one in said.items() if isinstance(one, dict)}


def play(scenario: Scenario, file: Path, seed: int = 1, moving_s: int = 5) -> Played:
    """Play a scenario on the county that it names, in a database of its own."""
    _, database = new_county(file, scenario.pack)
    try:
        return play_on(scenario, database, seed, moving_s)
    finally:
        database.dispose()


def play_on(scenario: Scenario, database: Database, seed: int = 1, moving_s: int = 5) -> Played:
    """Play a scenario in a database that has its county."""
    pack, _ = _county(scenario.pack)
    morning = Morning(pack, database, scenario.deviation, scenario.fault, seed, moving_s)
    if scenario.pack == "approved_spare":
        morning.run(1)
        morning.approve("AM-1", "V3")
    if scenario.pack == "moved_morning":
        morning.run(1)
        morning.move("AM-1", 420)
    if scenario.pack == "closed_stop":
        morning.run(1)
        morning.leave_out("AM-1", "S1-2")
    morning.run()
    return morning.played()
