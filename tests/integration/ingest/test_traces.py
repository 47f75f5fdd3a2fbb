"""Three real buses (a fix every 30 s, no doors) against their own GTFS: visits in order, none invented, progress never falls."""

from __future__ import annotations

import csv
from collections import defaultdict
from collections.abc import Iterator
from datetime import date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import msgspec
import pytest

from server.domain.geo import distance_m
from server.domain.plan import TripPlan, TripStop
from server.domain.record import Duty, Position
from server.domain.service_time import instant_ms, parse_service_time
from server.domain.trip import TripState
from server.domain.vehicle_day import Entry, Key, VehicleState
from server.rules.progress import BACK_M
from server.service.packs.stop_metres import fit_stops, shape_metres
from tests.builders.road import Plans, states

TRACES = Path(__file__).parents[4] / "shared" / "data" / "avl_transitclock"
ZONE = ZoneInfo("America/New_York")
pytestmark = pytest.mark.skipif(not TRACES.exists(), reason="the shared traces are not beside the project")


class Fix(msgspec.Struct):
    t: int
    lat: float
    lon: float


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(newline="", encoding="utf-8-sig") as file:
        return [row for row in csv.DictReader(file) if any(row.values())]


def fixes_of(name: str) -> tuple[str, list[Fix]]:
    """Give the block and the fixes of a trace, in order, each instant once."""
    found = rows(TRACES / "avl" / f"{name}.csv")
    fixes = {
        (at := round(datetime.fromisoformat(row["time"]).replace(tzinfo=ZONE).timestamp() * 1000)): Fix(
            at, float(row["latitude"]), float(row["longitude"])
        )
        for row in found
        if row["time"]
    }
    return found[0]["assignmentId"], [fixes[at] for at in sorted(fixes)]


def plan_of(name: str, block: str, fixes: list[Fix]) -> TripPlan:
    """Give the trip of the block whose planned times fit the trace best."""
    folder = TRACES / "gtfs" / name.split("_")[0]
    on = datetime.fromtimestamp(fixes[0].t / 1000, ZONE).date()
    trips = {row["trip_id"]: row for row in rows(folder / "trips.txt") if row["block_id"] == block}
    times: dict[str, list[dict[str, str]]] = defaultdict(list)
    for row in rows(folder / "stop_times.txt"):
        if row["trip_id"] in trips:
            times[row["trip_id"]].append(row)
    weekday = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")[on.weekday()]
    services = {row["service_id"] for row in rows(folder / "calendar.txt") if row[weekday] == "1"}
    running = [id_ for id_ in times if trips[id_]["service_id"] in services] or list(times)

    def misfit(trip_id: str) -> float:
        first, last = times[trip_id][0], times[trip_id][-1]
        start = instant_ms(on, parse_service_time(first["departure_time"]), ZONE)
        end = instant_ms(on, parse_service_time(last["arrival_time"]), ZONE)
        covered = min(end, fixes[-1].t) - max(start, fixes[0].t)
        return -covered

    return _plan(folder, trips[min(running, key=misfit)], times[min(running, key=misfit)], on)


def _plan(folder: Path, trip: dict[str, str], times: list[dict[str, str]], on: date) -> TripPlan:
    places = {
        row["stop_id"]: (float(row["stop_lat"]), float(row["stop_lon"])) for row in rows(folder / "stops.txt")
    }
    points = tuple(
        (float(row["shape_pt_lat"]), float(row["shape_pt_lon"]))
        for row in rows(folder / "shapes.txt")
        if row["shape_id"] == trip["shape_id"]
    )
    times.sort(key=lambda row: int(row["stop_sequence"]))
    stops = [places[row["stop_id"]] for row in times]
    departures = [parse_service_time(row["departure_time"]) for row in times]
    metres = shape_metres(points)
    span = departures[-1] - departures[0]
    fitted = fit_stops(points, metres, stops, [(at - departures[0]) / span for at in departures], 250.0)
    assert fitted is not None and None not in fitted
    return TripPlan(
        trip_id=trip["trip_id"], code=trip["trip_id"], service_on=on.isoformat(), direction="to_school",
        operator_id="operator",
        stops=tuple(
            TripStop(
                n, row["stop_id"], *places[row["stop_id"]],
                instant_ms(on, parse_service_time(row["arrival_time"]), ZONE), instant_ms(on, departures[n], ZONE),
                place.metre,
            )
            for n, (row, place) in enumerate(zip(times, filter(None, fitted), strict=True))
        ),
        shape=points, metres=metres, roster=(), vehicle_id="bus", driver_badge=None, attendant_badge=None, tag=None,
    )  # fmt: skip


def entries_of(plan: TripPlan, fixes: list[Fix]) -> Iterator[Entry]:
    """Sign on to the trip, then say each fix with the speed that brought the bus there."""
    duty = Duty(v=1, seq=1, t=fixes[0].t, badge="D", role="driver", state="on", trip=plan.code)
    yield Entry(Key(duty.t, "AVL", 0, 1), duty)
    before = fixes[0]
    for seq, fix in enumerate(fixes, 2):
        metres = distance_m(before.lat, before.lon, fix.lat, fix.lon)
        speed = min(220.0, metres / max(1, fix.t - before.t) * 3600)
        record = Position(v=1, seq=seq, t=fix.t, lat=fix.lat, lon=fix.lon, spd=speed)
        yield Entry(Key(fix.t, "AVL", 0, seq), record)
        before = fix


def drive(name: str) -> tuple[TripPlan, list[Fix], list[TripState]]:
    block, fixes = fixes_of(name)
    plan = plan_of(name, block, fixes)
    after = states(list(entries_of(plan, fixes)), Plans(plan), VehicleState("bus"))
    return plan, fixes, [state.trip for state in after if state.trip is not None]


@pytest.mark.parametrize(
    ("name", "share"),
    [("S2_2113", 0.9), ("5A_8062", 0.7), ("3T_3757", 0.4)],
    ids=["normal", "layover", "detour"],
)
def test_a_real_bus_is_seen_at_its_stops_in_order_and_nowhere_else(name: str, share: float) -> None:
    plan, fixes, seen = drive(name)
    final = seen[-1]
    metres = [trip.metre for trip in seen if trip.metre is not None]
    print(
        f"{name}: {len(fixes)} fixes, {len(plan.stops)} stops, {plan.length_m:.0f} m; "
        f"matched to {metres[0] if metres else None}…{metres[-1] if metres else None} m; next stop {final.next_seq}; "
        f"{sum(v.arrived_at_ms is not None for v in final.visits)} visited, "
        f"{sum(v.arrived_at_ms is None for v in final.visits)} passed; {final.state}, delay {final.delay_s}"
    )
    assert metres, "the bus is found on its shape"
    highest = metres[0]
    for metre in metres:
        assert metre >= highest - BACK_M, "progress doesn't fall"
        highest = max(highest, metre)
    seqs = [visit.seq for visit in final.visits]
    assert seqs == sorted(set(seqs))
    instants = [visit.arrived_at_ms or visit.passed_at_ms or 0 for visit in final.visits]
    assert instants == sorted(instants), "stops are served in the order of the plan"
    by_t = {fix.t: fix for fix in fixes}
    for visit in final.visits:
        if visit.arrived_at_ms is not None:
            fix, stop = by_t[visit.arrived_at_ms], plan.stops[visit.seq]
            assert distance_m(fix.lat, fix.lon, stop.lat, stop.lon) < 100, "a visit is where its stop is"
    assert final.next_seq >= share * len(plan.stops), "the trip is followed"
