"""A door open while the bus moves: `door_open_moving`, from 3 s at 5 km/h or more.

A door that closes while the bus begins to roll is shorter than that; the recorder tells of a closing at once. It fails no verdict but
`stops`, and that only where riders boarded or alighted by it (INTERFACES 5).
"""

from __future__ import annotations

from msgspec.structs import replace

from server.domain.finding import Finding
from server.domain.record import Position
from server.domain.rule_states import Spell
from server.domain.trip import TripState
from server.domain.vehicle_day import Context, Entry, Road, VehicleState
from server.rules.statements import end, find_open, kept, seen
from server.rules.statements import state as stating


def evaluate(state: VehicleState, entry: Entry, context: Context) -> VehicleState:
    """Judge the door of a bus on a trip."""
    trip, fix = state.trip, entry.record
    assert isinstance(fix, Position)
    if trip is None or (trip.watch.door is None and (fix.door != 1 or not _is_begun(trip))):
        return state
    road = context.find_road(trip.trip_id)
    if road is None:
        return state
    after = _judged(trip, entry, fix, road)
    return state if after is trip else replace(state, trip=after)


def _is_begun(trip: TripState) -> bool:
    """Say whether the bus runs the trip; one that leaves its first stop with an open door hasn't departed from it yet."""
    return trip.state in ("en_route", "arrived") or (trip.state == "scheduled" and bool(trip.visits))


def _judged(trip: TripState, entry: Entry, fix: Position, road: Road) -> TripState:
    spell, limits = trip.watch.door, road.thresholds
    moving = fix.spd >= limits.moving_off_kmh
    if spell is None:
        if not moving:
            return trip
        proof = seen(entry, fix, "door", fix.spd)
        return _remember(trip, Spell(fix.t, 1, fix.spd, limits.moving_off_kmh, "", (proof,)))
    if (
        moving and fix.t - spell.since_ms <= 1000 * limits.unseen_s
    ):  # the closing at least says that it was open until then
        proof = seen(entry, fix, "door", fix.spd)
        spell = Spell(
            spell.since_ms,
            spell.fixes + 1,
            max(spell.worst, fix.spd),
            spell.limit,
            "",
            kept(spell.evidence, proof),
        )
        told = find_open(trip, "door_open_moving")
        if told is not None or fix.t - spell.since_ms >= 1000 * limits.door_moving_s:
            trip = stating(trip, _found(spell))
    if moving and fix.door != 0:
        return _remember(trip, spell)
    return _remember(end(trip, "door_open_moving", fix.t), None)


def _found(spell: Spell) -> Finding:
    return Finding(
        "door_open_moving", spell.since_ms, measured=spell.worst, limit=spell.limit, evidence=spell.evidence
    )


def _remember(trip: TripState, spell: Spell | None) -> TripState:
    return replace(trip, watch=replace(trip.watch, door=spell))
