"""A bus that drives without its people: `no_driver`, and `no_attendant` with riders aboard, from 30 s of driving (PRODUCT, six fixed, 5).

One attendant at least; where a city wants two above 20 riders (`second_attendant_above`), two with more than that aboard. Only a
trip on its way is judged, and only by positions that move: who changes places at a stop is nobody's absence, and a sign-on that
follows the first metres is forgiven. It ends with the sign-on; for the attendant also when nobody is aboard any more.
"""

from __future__ import annotations

from typing import Literal

from msgspec.structs import replace

from server.domain.finding import Finding
from server.domain.record import Position
from server.domain.trip import TripState
from server.domain.vehicle_day import Context, Entry, VehicleState
from server.rules import permitted
from server.rules.statements import end, find_open, seen
from server.rules.statements import state as stating

_Kind = Literal["no_driver", "no_attendant"]


def evaluate(state: VehicleState, entry: Entry, context: Context) -> VehicleState:
    """Judge who is signed on to a bus that moves."""
    trip, crew, fix = state.trip, state.crew, entry.record
    assert isinstance(fix, Position)
    if trip is None or trip.state != "en_route":
        return state
    watch = trip.watch
    driven = crew.driver is not None
    attended = watch.aboard == 0 or (crew.attendant is not None and not watch.second)
    if driven and attended and watch.driver_away_ms is None and watch.attendant_away_ms is None:
        return state
    road = context.find_road(trip.trip_id)
    if road is None:
        return state
    wanted = 0 if watch.aboard == 0 else 2 if watch.second else 1
    there = len(permitted.attendants(road, crew))
    moving, lasts_ms = fix.spd >= road.thresholds.moving_off_kmh, 1000 * road.thresholds.crew_absent_s
    away, trip = _judged(
        trip, "no_driver", watch.driver_away_ms, (int(driven), 1), crew.driver_ms, entry, moving, lasts_ms
    )
    without, trip = _judged(
        trip, "no_attendant", watch.attendant_away_ms, (there, wanted), crew.attendant_ms, entry, moving, lasts_ms
    )  # fmt: skip
    if (away, without) != (watch.driver_away_ms, watch.attendant_away_ms):
        trip = replace(trip, watch=replace(trip.watch, driver_away_ms=away, attendant_away_ms=without))
    return state if trip is state.trip else replace(state, trip=trip)


def count(state: VehicleState, entry: Entry, context: Context) -> VehicleState:
    """Note whether more are aboard than one attendant may care for: called when a ride or a rider has changed."""
    trip = state.trip
    road = None if trip is None else context.find_road(trip.trip_id)
    if trip is None or road is None:
        return state
    second = 0 < road.thresholds.second_attendant_above < trip.watch.aboard
    if second == trip.watch.second:
        return state
    return replace(state, trip=replace(trip, watch=replace(trip.watch, second=second)))


def _judged(
    trip: TripState, kind: _Kind, since_ms: int | None, people: tuple[int, int], signed_ms: int | None, entry: Entry,
    moving: bool, lasts_ms: float,
) -> tuple[int | None, TripState]:  # fmt: skip
    """Give since when too few are there, and the trip with what that means; `people`: who is there, who is wanted."""
    fix = entry.record
    assert isinstance(fix, Position)
    there, wanted = people
    if there >= wanted:
        if since_ms is None:
            return None, trip
        at_ms = fix.t if signed_ms is None or signed_ms < since_ms else signed_ms
        return None, end(trip, kind, at_ms)
    if since_ms is None:
        return (fix.t if moving else None), trip
    told = find_open(trip, kind)
    if moving and told is not None and there < (told.measured or 0):
        return since_ms, stating(trip, replace(told, measured=there))
    if moving and fix.t - since_ms >= lasts_ms and told is None:
        numbers = (there, wanted) if kind == "no_attendant" else (None, None)
        proof = (seen(entry, fix, "position", fix.spd),)
        found = Finding(kind, since_ms, measured=numbers[0], limit=numbers[1], evidence=proof)
        return since_ms, stating(trip, found)
    return since_ms, trip
