"""Too fast with riders aboard: `overspeed`, above the limit and its margin of 10 % for 10 s and two positions.

The limit is that of the place (`domain/speed_zones`): 80 km/h on expressways, 60 elsewhere, less where it is posted, 20 in hazard
zones and while bad weather is declared (State Council decree 617, article 35). On its shape a bus is where it was matched, which
keeps a parallel road's zone from it; off it the zones' areas are asked; without a place it has the limit of the last one. One wild
reading, or the bend of a zone's border, is shorter than 10 s. Nobody aboard: no school bus limit. It ends with the first position
that isn't above.
"""

from __future__ import annotations

from msgspec.structs import replace

from server.domain.finding import Finding
from server.domain.record import Position
from server.domain.rule_states import Spell
from server.domain.speed_zones import Limit
from server.domain.trip import TripState
from server.domain.vehicle_day import Context, Entry, Road, VehicleState
from server.rules.course import BEST_GUESS_M, is_reachable
from server.rules.statements import end, kept, seen
from server.rules.statements import state as stating


def evaluate(state: VehicleState, entry: Entry, context: Context) -> VehicleState:
    """Judge the speed of a bus that carries riders."""
    trip, fix = state.trip, entry.record
    assert isinstance(fix, Position)
    if trip is None or (trip.watch.aboard == 0 and trip.watch.speeding is None):
        return state
    road = context.find_road(trip.trip_id)
    if road is None or (fix.spd <= road.speeds.lowest_kmh and trip.watch.speeding is None):
        return state
    after = _judged(trip, entry, fix, road, silent_s=0 if state.fix is None else (fix.t - state.fix.t) / 1000)
    return state if after is trip else replace(state, trip=after)


def _judged(trip: TripState, entry: Entry, fix: Position, road: Road, silent_s: float) -> TripState:
    limits, spell = road.thresholds, trip.watch.speeding
    limit = _limit(trip, fix, road)
    over = trip.watch.aboard > 0 and fix.spd > limit.kmh * (1 + limits.overspeed_margin_percent / 100)
    if spell is not None and (not over or silent_s > limits.unseen_s):
        trip = _remember(end(trip, "overspeed", fix.t), None)
        spell = None
    if not over:
        return trip
    proof = seen(entry, fix, "speed", fix.spd)
    if spell is None:
        return _remember(trip, Spell(fix.t, 1, fix.spd, limit.kmh, limit.zone, (proof,)))
    worse = fix.spd - limit.kmh > spell.worst - spell.limit
    spell = Spell(
        spell.since_ms, spell.fixes + 1, fix.spd if worse else spell.worst, limit.kmh if worse else spell.limit,
        limit.zone if worse else spell.about, kept(spell.evidence, proof),
    )  # fmt: skip
    if fix.t - spell.since_ms >= 1000 * limits.overspeed_s:
        trip = stating(
            trip,
            Finding(
                "overspeed", spell.since_ms, measured=spell.worst, limit=spell.limit, evidence=spell.evidence
            ),
        )
    return _remember(trip, spell)


def _limit(trip: TripState, fix: Position, road: Road) -> Limit:
    if trip.metre is None:
        return road.speeds.at_place(fix.lat, fix.lon, fix.t) if fix.fix == 1 else road.speeds.at(0.0, fix.t)
    sure = fix.fix == 1 and (fix.acc or 0.0) <= BEST_GUESS_M and trip.metre_at_ms != fix.t
    if sure and is_reachable(trip, fix, road):
        return road.speeds.at_place(fix.lat, fix.lon, fix.t)
    return road.speeds.at(trip.metre, fix.t)


def _remember(trip: TripState, spell: Spell | None) -> TripState:
    return replace(trip, watch=replace(trip.watch, speeding=spell))
