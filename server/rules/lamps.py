"""The warning lamps and the stop sign while doors are open at a stop: `lamps_off`, `stop_sign_in` (PRODUCT, six fixed, 6).

Each is said when it was not out in positions 5 s apart with the door open all the time: lamps follow a door by a moment, and a recorder
tells of a door at once, but of a lamp with its next position. It ends when it is out, or with the door. A signal that the bus never
sends isn't fitted, and the verdict says that it wasn't measured.
"""

from __future__ import annotations

from typing import Literal

from msgspec.structs import replace

from server.domain.finding import Finding
from server.domain.record import Position
from server.domain.rule_states import Spell, Watch
from server.domain.thresholds import DEFAULTS
from server.domain.trip import TripState
from server.domain.vehicle_day import Context, Entry, VehicleState
from server.rules.statements import end, find_open, kept, seen
from server.rules.statements import state as stating

Signal = Literal["lamps", "sign"]
_KIND: dict[Signal, Literal["lamps_off", "stop_sign_in"]] = {"lamps": "lamps_off", "sign": "stop_sign_in"}


def evaluate(state: VehicleState, entry: Entry, context: Context) -> VehicleState:
    """Judge both signals at a stop that is being visited."""
    trip, fix = state.trip, entry.record
    assert isinstance(fix, Position)
    if trip is None:
        return state
    watch = trip.watch
    if (
        fix.door != 1 or fix.spd >= DEFAULTS.moving_off_kmh
    ):  # a door that is open on the way is another matter
        if watch.lamps is None and watch.sign is None:
            return state
        return replace(state, trip=_over(trip, fix.t))
    after = trip if watch.has_door else replace(trip, watch=replace(watch, has_door=True))
    stop_id = _visited(after, context)
    if stop_id is None:
        return state if after is trip else replace(state, trip=after)
    after = _judged(after, entry, fix, "lamps", fix.lamp, stop_id, context)
    after = _judged(after, entry, fix, "sign", fix.arm, stop_id, context)
    return state if after is trip else replace(state, trip=after)


def _visited(trip: TripState, context: Context) -> str | None:
    visit = trip.visits[-1] if trip.visits else None
    if visit is None or visit.arrived_at_ms is None or visit.departed_at_ms is not None:
        return None
    road = context.find_road(trip.trip_id)
    return None if road is None else road.plan.stops[visit.seq].id


def _judged(
    trip: TripState,
    entry: Entry,
    fix: Position,
    which: Signal,
    out: int | None,
    stop_id: str,
    context: Context,
) -> TripState:
    spell: Spell | None = getattr(trip.watch, which)
    if out is None:
        return trip
    if out == 1:
        if spell is not None:
            trip = _remember(end(trip, _KIND[which], fix.t), which, None)
        return _fitted(trip, which)
    trip = _fitted(trip, which)
    proof = seen(entry, fix, "lamp" if which == "lamps" else "arm", out)
    if spell is None or spell.about != stop_id:
        return _remember(trip, which, Spell(fix.t, 1, 0.0, 0.0, stop_id, (proof,)))
    road = context.find_road(trip.trip_id)
    if road is None or find_open(trip, _KIND[which]) is not None:
        return trip
    lasted_s = (fix.t - spell.since_ms) / 1000
    if lasted_s < road.thresholds.signals_lag_s:
        return trip
    found = Finding(
        _KIND[which], spell.since_ms, None, stop_id, stop_id=stop_id, measured=lasted_s, limit=road.thresholds.signals_lag_s,
        evidence=kept(spell.evidence, proof),
    )  # fmt: skip
    return stating(trip, found)


def _over(trip: TripState, at_ms: int) -> TripState:
    trip = end(end(trip, "lamps_off", at_ms), "stop_sign_in", at_ms)
    return replace(trip, watch=replace(trip.watch, lamps=None, sign=None))


def _remember(trip: TripState, which: Signal, spell: Spell | None) -> TripState:
    watch = replace(trip.watch, lamps=spell) if which == "lamps" else replace(trip.watch, sign=spell)
    return replace(trip, watch=watch)


def _fitted(trip: TripState, which: Signal) -> TripState:
    watch: Watch = trip.watch
    if which == "lamps" and not watch.has_lamps:
        return replace(trip, watch=replace(watch, has_lamps=True))
    if which == "sign" and not watch.has_sign:
        return replace(trip, watch=replace(watch, has_sign=True))
    return trip
