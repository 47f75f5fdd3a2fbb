"""A bus that drives without its people: `no_driver`, and `no_attendant` with riders aboard, from 30 s of driving (PRODUCT, six fixed, 5).

Only a trip on its way is judged, and only by positions that move: who changes places at a stop is nobody's absence, and a sign-on
that follows the first metres is forgiven. It ends with the sign-on; for the attendant also when nobody is aboard any more.
"""

from __future__ import annotations

from typing import Literal

from msgspec.structs import replace

from server.domain.finding import Finding
from server.domain.record import Position
from server.domain.trip import TripState
from server.domain.vehicle_day import Context, Entry, VehicleState
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
    attended = crew.attendant is not None or watch.aboard == 0
    if driven and attended and watch.driver_away_ms is None and watch.attendant_away_ms is None:
        return state
    road = context.find_road(trip.trip_id)
    if road is None:
        return state
    moving, lasts_ms = fix.spd >= road.thresholds.moving_off_kmh, 1000 * road.thresholds.crew_absent_s
    away, trip = _judged(
        trip, "no_driver", watch.driver_away_ms, driven, crew.driver_ms, entry, moving, lasts_ms
    )
    without, trip = _judged(
        trip, "no_attendant", watch.attendant_away_ms, attended, crew.attendant_ms, entry, moving, lasts_ms
    )
    if (away, without) != (watch.driver_away_ms, watch.attendant_away_ms):
        trip = replace(trip, watch=replace(trip.watch, driver_away_ms=away, attendant_away_ms=without))
    return state if trip is state.trip else replace(state, trip=trip)


def _judged(
    trip: TripState, kind: _Kind, since_ms: int | None, present: bool, present_ms: int | None, entry: Entry, moving: bool,
    lasts_ms: float,
) -> tuple[int | None, TripState]:  # fmt: skip
    fix = entry.record
    assert isinstance(fix, Position)
    if present:
        if since_ms is None:
            return None, trip
        at_ms = fix.t if present_ms is None or present_ms < since_ms else present_ms
        return None, end(trip, kind, at_ms)
    if since_ms is None:
        return (fix.t if moving else None), trip
    if moving and fix.t - since_ms >= lasts_ms and find_open(trip, kind) is None:
        aboard = trip.watch.aboard if kind == "no_attendant" else None
        proof = (seen(entry, fix, "position", fix.spd),)
        found = Finding(
            kind, since_ms, measured=aboard, limit=0 if aboard is not None else None, evidence=proof
        )
        return since_ms, stating(trip, found)
    return since_ms, trip
