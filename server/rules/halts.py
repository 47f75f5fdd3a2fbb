"""A halt away from every planned stop: `unscheduled_stop`, by a door that opens there or a card that is read (PRODUCT, six fixed, 3).

Away is further than 80 m (twice a stop's radius) and the fix's accuracy from each stop, so that a bus that halts before a parked car
at its stop says nothing, and neither does a fix that drifts, a jump, or a card that is late on a bus that has moved off again.
The door has to be open for 5 s: a contact that bounces is no halt. It ends when the bus moves off. Ticks by hand say
nothing of a place: attendants catch up with them on the way.
"""

from __future__ import annotations

from msgspec.structs import replace

from server.domain.finding import Evidence, Finding
from server.domain.geo import distance_m
from server.domain.record import Position, RideRecord
from server.domain.rule_states import Halt
from server.domain.trip import TripState
from server.domain.vehicle_day import Context, Entry, Road, VehicleState
from server.rules.course import BEST_GUESS_M, is_reachable
from server.rules.statements import end, find_open, seen
from server.rules.statements import state as stating

RECENT_MS = 20_000  # a card's place is the last position's, if that is no older


def evaluate(state: VehicleState, entry: Entry, context: Context) -> VehicleState:
    """Judge a door that is open away from the stops, and a bus that moves off again."""
    trip, fix = state.trip, entry.record
    assert isinstance(fix, Position)
    if trip is None or (fix.door != 1 and trip.watch.halt is None):
        return state
    road = context.find_road(trip.trip_id)
    if road is None:
        return state
    halt = trip.watch.halt
    if halt is None:
        after = _opened(trip, fix, road)
    elif fix.spd >= road.thresholds.moving_off_kmh:
        after = _with(end(trip, "unscheduled_stop", fix.t), None)
    elif find_open(trip, "unscheduled_stop") is None:
        after = _lasted(trip, halt, entry, fix, road)
    else:
        after = trip
    return state if after is trip else replace(state, trip=after)


def by_card(state: VehicleState, entry: Entry, context: Context) -> VehicleState:
    """Judge a card that was read on a bus that stands away from the stops."""
    trip, record, place = state.trip, entry.record, state.fix
    assert isinstance(record, RideRecord)
    if trip is None or trip.state != "en_route" or record.by != "card" or place is None:
        return state
    if not place.seen:
        return state  # in a tunnel the recorder says again where it went in
    if not trip.rides or trip.rides[-1].source != entry.source or record.t - place.t > RECENT_MS:
        return state
    if trip.metre is None or find_open(trip, "unscheduled_stop") is not None:
        return state
    road = context.find_road(trip.trip_id)
    if (
        road is None
        or not is_reachable(trip, place, road)
        or place.spd >= road.thresholds.moving_off_kmh
        or not _is_away(place.lat, place.lon, 0.0, road)
    ):
        return state
    halt = trip.watch.halt or Halt(record.t, place.lat, place.lon)
    proof = Evidence("ride", record.t, record.card, place.lat, place.lon, entry.source)
    return replace(state, trip=_with(stating(trip, _found(halt, proof)), halt))


def _opened(trip: TripState, fix: Position, road: Road) -> TripState:
    if trip.state != "en_route" or trip.metre is None or fix.fix != 1 or (fix.acc or 0.0) > BEST_GUESS_M:
        return trip
    if fix.spd >= road.thresholds.moving_off_kmh or not _is_away(fix.lat, fix.lon, fix.acc or 0.0, road):
        return trip
    if not is_reachable(trip, fix, road):
        return trip
    return _with(trip, Halt(fix.t, fix.lat, fix.lon))


def _lasted(trip: TripState, halt: Halt, entry: Entry, fix: Position, road: Road) -> TripState:
    if fix.t - halt.since_ms >= 1000 * road.thresholds.unscheduled_stop_s:
        return stating(trip, _found(halt, seen(entry, fix, "door", fix.door)))
    return _with(trip, None) if fix.door == 0 else trip


def _found(halt: Halt, proof: Evidence) -> Finding:
    where = Evidence("position", halt.since_ms, lat=halt.lat, lon=halt.lon)
    return Finding("unscheduled_stop", halt.since_ms, evidence=(where, proof))


def _with(trip: TripState, halt: Halt | None) -> TripState:
    return replace(trip, watch=replace(trip.watch, halt=halt))


def _is_away(lat: float, lon: float, acc_m: float, road: Road) -> bool:
    away = road.thresholds.unscheduled_stop_m + acc_m
    return all(distance_m(lat, lon, stop.lat, stop.lon) > away for stop in road.plan.stops)
