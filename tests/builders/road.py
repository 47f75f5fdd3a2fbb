"""A straight road of five stops and the records of a bus that drives it: the smallest trip that has everything."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from server.domain.permit_facts import PersonFacts, VehicleFacts
from server.domain.plan import Direction, RosterEntry, TripPlan, TripStop
from server.domain.record import Duty, Event, Folded, Position, RideRecord
from server.domain.trip import TripState
from server.domain.vehicle_day import Entry, Key, Road, VehicleState
from server.rules.pipeline import fold

START_MS = 1_790_000_000_000
LAT, LON0 = 37.5, 105.0
M_PER_DEG_LON = 88_214.0  # at LAT; only the builder's own, the tests compare with the shape's metres
LEG_M, LEGS = 1000.0, 4
LEG_MS = 120_000
CARDS = {f"CARD{n}": f"rider{n}" for n in range(1, 5)}


def lon_at(metre: float) -> float:
    """Give the longitude at a metre of the road."""
    return LON0 + metre / M_PER_DEG_LON


def a_plan(
    direction: Direction = "to_school", trip_id: str = "trip1", code: str = "T1", start_ms: int = START_MS
) -> TripPlan:
    """Make a plan: stops stop0 … stop4 every kilometre, two minutes apart; rider n boards at stop n-1, or leaves at stop n."""
    metres = tuple(LEG_M * n for n in range(LEGS + 1))
    stops = tuple(
        TripStop(
            n,
            f"stop{n}",
            LAT,
            lon_at(metre),
            start_ms + n * LEG_MS - (15_000 if n else 0),
            start_ms + n * LEG_MS,
            metre,
        )
        for n, metre in enumerate(metres)
    )
    shift = 0 if direction == "to_school" else 1
    roster = tuple(RosterEntry(f"rider{n}", f"stop{n - 1 + shift}") for n in range(1, 5))
    return TripPlan(
        trip_id=trip_id,
        code=code,
        service_on="2026-09-21",
        direction=direction,
        operator_id="operator",
        stops=stops,
        shape=tuple((LAT, lon_at(metre)) for metre in metres),
        metres=metres,
        roster=roster,
        vehicle_id="bus",
        driver_badge="D-1",
        attendant_badge="A-1",
        tag="TAG-1",
    )


class Plans:
    """A context over plans that stand in memory; `vehicles` and `people` are all papers that there are."""

    def __init__(self, *plans: TripPlan | Road) -> None:
        roads = [plan if isinstance(plan, Road) else Road.of(plan) for plan in plans]
        self._roads = {road.plan.trip_id: road for road in roads}
        self.vehicles = {
            name: VehicleFacts(name, 40, "2026-12-31", "2026-12-31") for name in ("bus", "bus1", "bus2")
        }
        self.driven: dict[str, tuple[tuple[int, int], ...]] = {}
        self.people = {
            "D-1": PersonFacts("D-1", "driver", "2026-12-31", "1985-05-17", "2008-03-01"),
            "D-2": PersonFacts("D-2", "driver", "2026-12-31", "1985-05-17", "2008-03-01"),
            "A-1": PersonFacts("A-1", "attendant", "2026-12-31"),
            "A-2": PersonFacts("A-2", "attendant", "2026-12-31"),
        }

    def find_road(self, trip_id: str) -> Road | None:
        """Find a trip's plan by id."""
        return self._roads.get(trip_id)

    def list_roads(self, t_ms: int, code: str | None = None) -> list[Road]:
        """List the trips whose window holds t_ms."""
        return [
            road
            for road in self._roads.values()
            if (code is None or road.plan.code == code) and abs(road.plan.start_ms - t_ms) < 3 * 3_600_000
        ]

    def list_driven(
        self, badge: str, vehicle_id: str, t_ms: int, rest_s: float
    ) -> tuple[tuple[int, int], ...]:
        """List what a badge drove on other buses: what the test says."""
        return self.driven.get(badge, ())

    def list_turns(self, trip_id: str) -> list[tuple[str, int]]:
        """List the buses of a trip: here one bus is alone."""
        return []

    def find_run(self, trip_id: str, vehicle_id: str, t_ms: int) -> TripState | None:
        """Find what another bus left: here one bus is alone."""
        return None

    def find_rider(self, card: str) -> str | None:
        """Find the rider whose card this is."""
        return CARDS.get(card)

    def find_vehicle(self, vehicle_id: str) -> VehicleFacts | None:
        """Find what papers say of a bus."""
        return self.vehicles.get(vehicle_id)

    def find_person(self, badge: str) -> PersonFacts | None:
        """Find whose badge this is."""
        return self.people.get(badge)


class Recorder:
    """Writes the records of one device, in order, as PROTOCOL says."""

    def __init__(self, device: str = "DEV-1", at_ms: int = START_MS, door_fitted: bool = True) -> None:
        self.device = device
        self.seq = 0
        self.t = at_ms
        self.entries: list[Entry] = []
        self._door_fitted = door_fitted

    def say(self, record: Folded) -> None:
        """Write a record that is made already, under the next seq."""
        self.entries.append(Entry(Key(record.t, self.device, record.epoch, record.seq), record))

    def _next(self) -> int:
        self.seq += 1
        return self.seq

    def wait(self, seconds: float) -> None:
        """Let time pass in silence."""
        self.t += round(seconds * 1000)

    def pos(
        self, metre: float, spd: float = 0.0, door: int = 0, lat: float = LAT, fix: int = 1, acc: float = 4.0,
        lamp: int | None = None, arm: int | None = None,
    ) -> None:  # fmt: skip
        """Report a position on (or, by lat, off) the road."""
        self.say(
            Position(
                v=1, seq=self._next(), t=self.t, lat=lat, lon=lon_at(metre), spd=spd, acc=acc, fix=fix, ign=1,
                door=door if self._door_fitted else None, lamp=lamp, arm=arm,
            )
        )  # fmt: skip

    def duty(
        self,
        badge: str = "D-1",
        role: str = "driver",
        state: str = "on",
        trip: str | None = "T1",
        tag: str | None = "TAG-1",
    ) -> None:
        """Sign somebody on or off."""
        values = {"v": 1, "seq": self._next(), "t": self.t, "badge": badge, "role": role, "state": state}
        self.say(msgspec.convert({**values, "trip": trip, "tag": tag}, Duty))

    def card(self, card: str, way: str | None = None) -> None:
        """Read a card."""
        self.say(
            msgspec.convert({"v": 1, "seq": self._next(), "t": self.t, "card": card, "dir": way}, RideRecord)
        )

    def check(self) -> None:
        """Press the button at the rear."""
        self.say(msgspec.convert({"v": 1, "seq": self._next(), "t": self.t, "kind": "child_check"}, Event))

    def stop_at(
        self, metre: float, cards: tuple[str, ...] = (), way: str | None = None, dwell_s: float = 20
    ) -> None:
        """Stand at a stop with the door open, and read cards."""
        self.pos(metre, 0, door=1)
        for card in cards:
            self.wait(4)
            self.card(card, way)
        self.wait(max(1.0, dwell_s - 4 * len(cards)))
        self.pos(metre, 0, door=0)

    def drive(self, start: float, end: float, seconds: float = 100) -> None:
        """Drive from metre to metre with a position every 5 s."""
        steps = int(seconds // 5)
        for n in range(1, steps):
            self.wait(5)
            self.pos(start + (end - start) * n / steps, spd=(end - start) / seconds * 3.6)
        self.wait(5)


def a_morning(recorder: Recorder | None = None, trip: str | None = "T1") -> list[Entry]:
    """Drive the whole trip to school: four riders board one a stop, all leave at the school, the rear is checked."""
    bus = recorder or Recorder(at_ms=START_MS - 120_000)
    bus.duty(trip=trip)
    bus.duty("A-1", "attendant", trip=trip, tag=None)
    bus.wait(60)
    for n in range(LEGS):
        bus.stop_at(LEG_M * n, (f"CARD{n + 1}",))
        bus.drive(LEG_M * n, LEG_M * (n + 1))
    bus.stop_at(LEG_M * LEGS, tuple(CARDS), dwell_s=30)
    bus.wait(20)
    bus.check()
    bus.wait(10)
    bus.duty(state="off", trip=None, tag=None)
    return bus.entries


def folded(entries: list[Entry], plans: Plans, state: VehicleState | None = None) -> VehicleState:
    """Fold entries; a rule that raises fails the test."""
    return list(states(entries, plans, state))[-1]


def states(entries: list[Entry], plans: Plans, state: VehicleState | None = None) -> Iterator[VehicleState]:
    """Give the state after each entry."""

    def fail(rule: str, entry: Entry, error: Exception) -> None:
        raise AssertionError(f"{rule} failed on {entry}") from error

    state = state or VehicleState("bus")
    for entry in entries:
        state = fold(state, entry, plans, fail)
        yield state
