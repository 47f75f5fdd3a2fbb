"""`make bench-steps`: microseconds of each step of one position, beside what a bare library takes.

`python -m tests.bench.steps [--rounds N] [--buses N] [--riders N]`. One thread, no database, no broker: the buses of the benches
drive their whole trip, and every step sees each of their positions once a round.
"""

from __future__ import annotations

import argparse
import gc
import time
from collections.abc import Callable, Sequence
from typing import Any, Final, NamedTuple

import msgspec
from shapely import LineString, Point

from server.domain.eta import estimate
from server.domain.geo import Polyline
from server.domain.permit_facts import PersonFacts, VehicleFacts
from server.domain.plan import RosterEntry, TripPlan, TripStop
from server.domain.record import Position
from server.domain.trip import TripState
from server.domain.vehicle_day import Entry, Key, Road, VehicleState
from server.rules import progress
from server.rules.pipeline import fold
from server.service.gate import Accepted, judge
from tests.bench.county import ON, START_MS, boards_at, card, device_id, starts_s
from tests.bench.morning import Said, say_morning
from tests.bench.roads import DWELL_S, STOPS, make_road
from tests.bench.spread import Spread

NOW_MS: Final = START_MS + 3_600_000
AGREE_M: Final = 0.001
CASE_WIDTH_M: Final = (
    150.0  # to either side of the bus: what the fold's window is at one fix every five seconds
)


class Bus(NamedTuple):
    """A bus with everything that a fold of its morning asks: a Context, and what it said."""

    number: int
    road: Road
    riders: dict[str, str]
    said: list[Said]

    def find_road(self, trip_id: str) -> Road | None:
        """Find the trip's plan."""
        return self.road if trip_id == self.road.plan.trip_id else None

    def list_roads(self, t_ms: int, code: str | None = None) -> list[Road]:
        """List the only trip."""
        return [self.road]

    def find_rider(self, number: str) -> str | None:
        """Find whose card it is."""
        return self.riders.get(number)

    def find_vehicle(self, vehicle_id: str) -> VehicleFacts | None:
        """Find what papers say of the bus."""
        return VehicleFacts(vehicle_id, 60, "2099-12-31", "2099-12-31")

    def find_person(self, badge: str) -> PersonFacts | None:
        """Find whose badge it is."""
        return PersonFacts(badge, "driver", "2099-12-31")

    def list_driven(
        self, badge: str, vehicle_id: str, t_ms: int, rest_s: float
    ) -> tuple[tuple[int, int], ...]:
        """List what a badge drove on other buses: here one bus is alone."""
        return ()

    def list_turns(self, trip_id: str) -> list[tuple[str, int]]:
        """List the buses of the trip before this one: none."""
        return []

    def find_run(self, trip_id: str, vehicle_id: str, t_ms: int) -> TripState | None:
        """Find what another bus left: nothing."""
        return None


class Moment(NamedTuple):
    """A position as the fold met it: the state before and after, and the input."""

    bus: Bus
    before: VehicleState
    entry: Entry
    after: VehicleState


def make_bus(number: int, riders: int) -> Bus:
    """Make a bus whose trip is already planned."""
    road = make_road(number)
    points = tuple(road.points)
    line = Polyline.of(points, [0.0] * len(points))
    metres = [0.0]
    for k in range(1, len(points)):
        metres.append(
            metres[-1] + ((line.xs[k] - line.xs[k - 1]) ** 2 + (line.ys[k] - line.ys[k - 1]) ** 2) ** 0.5
        )
    begin_ms = START_MS + 1000 * starts_s(number)
    stops = tuple(
        TripStop(
            n,
            f"stop{n}",
            *points[at],
            arrival_ms=begin_ms + 1000 * (road.arrival_s(n) - (DWELL_S if n == 0 else 0)),
            departure_ms=begin_ms + 1000 * (road.arrival_s(n) + (DWELL_S if n else 0)),
            metre=metres[at],
        )
        for n, at in enumerate(road.stops)
    )
    plan = TripPlan(
        trip_id=f"trip{number}", code=f"T{number}", service_on=ON, direction="to_school", operator_id="operator",
        stops=stops, shape=points, metres=tuple(metres),
        roster=tuple(RosterEntry(f"K{n}", f"stop{boards_at(n)}") for n in range(riders)),
        vehicle_id=f"V{number}", driver_badge=f"D{number}", attendant_badge=None, tag=f"TAG{number}",
    )  # fmt: skip
    cards = {card(number, n): f"K{n}" for n in range(riders)}
    return Bus(number, Road.of(plan), cards, list(say_morning(number, riders)))


def drive(bus: Bus) -> list[Moment]:
    """Fold a bus's morning; give the positions of it on its way. Check that it was the whole trip."""
    state, moments = VehicleState(f"V{bus.number}"), []
    device = device_id(bus.number)
    for one in bus.said:
        accepted = judge(device, one.kind, one.body, NOW_MS)[0]
        assert isinstance(accepted, Accepted) and not hasattr(accepted.record, "to"), accepted
        record: Any = accepted.record
        entry = Entry(Key(record.t, device, record.epoch, record.seq), record)
        after = fold(state, entry, bus, _fail)
        if isinstance(record, Position) and state.trip is not None and state.trip.state == "en_route":
            moments.append(Moment(bus, state, entry, after))
        state = after
    if state.trip is None or state.trip.state != "arrived" or len(state.trip.visits) != STOPS:
        raise RuntimeError(f"bus {bus.number} did not drive its whole trip: {state.trip}")
    return moments


def worst_difference_m(moments: Sequence[Moment]) -> float:
    """Compare our place on the line with shapely's for every position; give the greatest difference in metres."""
    worst = 0.0
    for bus, before, entry, _ in moments:
        line, fix = bus.road.line, entry.record
        assert isinstance(fix, Position)
        metre = _metre(before)
        ours = line.project(fix.lat, fix.lon, metre - CASE_WIDTH_M, metre + CASE_WIDTH_M, metre)
        x, y = (fix.lon - line.lon0) * line.kx, (fix.lat - line.lat0) * line.ky
        shape = _shapely(bus)
        worst = max(
            worst,
            abs(ours.metre - shape.project(Point(x, y))),
            abs(ours.offset_m - shape.distance(Point(x, y))),
        )
    return worst


def main() -> int:
    """Measure and print."""
    options = _options()
    moments = [
        moment for number in range(options.buses) for moment in drive(make_bus(number, options.riders))
    ]
    fixes = [
        (one.bus.road.line, fix.lat, fix.lon, _metre(one.before))
        for one in moments
        for fix in (one.entry.record,)
        if isinstance(fix, Position)
    ]
    places = [
        (_shapely(bus), Point((f.lon - bus.road.line.lon0) * bus.road.line.kx, (f.lat - bus.road.line.lat0) * bus.road.line.ky))
        for bus, _, entry, _ in moments
        for f in (entry.record,)
        if isinstance(f, Position)
    ]  # fmt: skip
    bodies = [
        one.body
        for bus in {id(m.bus): m.bus for m in moments}.values()
        for one in bus.said
        if one.kind == "pos"
    ]
    running = [
        (m.bus.road.plan.stops, m.after.trip, m.entry.key.t) for m in moments if m.after.trip is not None
    ]
    decode = msgspec.json.Decoder(Position).decode

    def measured(name: str, work: Callable[[], None], count: int) -> Spread:
        return Spread(name, "us", [_time(work) / count for _ in range(options.rounds)])

    def gate() -> None:
        for body in bodies:
            judge("B00000", "pos", body, NOW_MS)

    def bare() -> None:
        for body in bodies:
            decode(body)

    def match() -> None:
        for bus, before, entry, _ in moments:
            progress.evaluate(before, entry, bus)

    def project() -> None:
        for line, lat, lon, metre in fixes:
            line.project(lat, lon, metre - 80.0, metre + 330.0, metre + 40.0, 0.15)

    def shapes() -> None:
        for shape, point in places:
            shape.project(point)

    def rules() -> None:
        for bus, before, entry, _ in moments:
            fold(before, entry, bus, _fail)

    def etas() -> None:
        for stops, trip, t in running:
            estimate(
                stops, state=trip.state, metre=trip.metre, at_ms=t, now_ms=t, interval_s=5.0,
                next_seq=trip.next_seq, visits=trip.visits,
            )  # fmt: skip

    def nothing() -> None:
        for _bus, _before, _entry, _ in moments:
            pass

    print(
        f"{len(moments):,} positions on the way of {options.buses} buses with {options.riders} riders each, "
        f"{STOPS} stops, shapes of 201 points; {options.rounds} rounds; microseconds a position"
    )
    for spread in (
        measured("decode and check (gate)", gate, len(bodies)),
        measured("  bare msgspec", bare, len(bodies)),
        measured("match (rule: progress)", match, len(moments)),
        measured("  the projection alone", project, len(moments)),
        measured("  shapely, point made before", shapes, len(places)),
        measured("all rules (fold)", rules, len(moments)),
        measured("ETA to all remaining stops", etas, len(running)),
        measured("  the loop around each", nothing, len(moments)),
    ):
        print("  " + spread.line())
    worst = worst_difference_m(moments)
    print(f"  greatest difference to shapely: {1000 * worst:.6f} mm over {len(moments):,} positions")
    if worst > AGREE_M:
        raise RuntimeError(f"the projection and shapely are {worst} m apart, more than {AGREE_M} m")
    return 0


def _metre(state: VehicleState) -> float:
    trip: TripState | None = state.trip
    assert trip is not None and trip.metre is not None
    return trip.metre


def _shapely(bus: Bus) -> LineString:
    line = bus.road.line
    return _SHAPES.setdefault(bus.number, LineString(list(zip(line.xs, line.ys, strict=True))))


_SHAPES: Final[dict[int, LineString]] = {}


def _time(work: Callable[[], None]) -> float:
    """Give the microseconds of processor that a round takes, collected before it so that garbage is each step's own.

    The thread's processor time and not the clock on the wall: other work on the machine is no part of a step.
    """
    gc.collect()
    begin = time.thread_time_ns()
    work()
    return (time.thread_time_ns() - begin) / 1000


def _fail(rule: str, entry: Entry, error: Exception) -> None:
    raise RuntimeError(f"{rule} failed on {entry}") from error


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--buses", type=int, default=40)
    parser.add_argument("--riders", type=int, default=40, help="on each bus")
    return parser.parse_args()


if __name__ == "__main__":
    raise SystemExit(main())
