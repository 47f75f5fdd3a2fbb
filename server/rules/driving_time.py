"""Too long at the wheel: `fatigue`, when a driver has driven more than 4 h without 20 min of rest, 2 h of it at night, or 8 h in 24 h.

It follows the badge that is signed on, on this bus and, for the day before each sign-on, on others (`driven_elsewhere`). Halts that
are shorter than a rest count as driving, as GB/T 19056 counts. A silence as long as a rest is one, unless the bus is somewhere else
after it. Said on the trip that runs; where none does, on the next. It ends where the rest began, or when somebody else takes the wheel.
"""

from __future__ import annotations

from msgspec.structs import replace

from server.domain.driving import TooLong, find_too_long, joined, look_again_ms
from server.domain.finding import Evidence, Finding
from server.domain.geo import distance_m
from server.domain.permit_facts import DAY_MS
from server.domain.record import Duty, Position
from server.domain.thresholds import DEFAULTS, Thresholds
from server.domain.vehicle_day import Context, Entry, LastFix, Shift, VehicleState
from server.rules.statements import end, find_open, seen
from server.rules.statements import state as stating

KEEP = 4  # drivers of one bus in a day
LIKELY_MS = 16_000
LOOK_MS = 60_000  # how often what was said is measured again, and said again on the next trip


def evaluate(state: VehicleState, entry: Entry, context: Context) -> VehicleState:
    """Follow a driver's stint by a position; most positions change nothing."""
    fix, driver = entry.record, state.crew.driver
    assert isinstance(fix, Position)
    if driver is None:
        return state
    shift = state.shifts[0] if state.shifts and state.shifts[0].badge == driver else None
    moving, standing = fix.spd >= DEFAULTS.moving_off_kmh, fix.spd < DEFAULTS.standstill_kmh
    if shift is not None:
        if standing and (shift.standing_ms is not None or shift.since_ms is None):
            return state
        usual = state.fix is not None and fix.t - state.fix.t < LIKELY_MS
        if (
            moving
            and usual
            and shift.since_ms is not None
            and shift.standing_ms is None
            and fix.t < shift.due_ms
        ):
            return state
    if not moving and not standing:
        return state
    limits, midnight_ms = _rules(state, context)
    after = driven(shift or _find(state, driver), fix, state.fix, moving, 1000 * limits.driving_rest_s)
    ended = shift is not None and shift.since_ms is not None and after.since_ms != shift.since_ms
    if ended and state.trip is not None:
        assert shift is not None
        trip = end(state.trip, "fatigue", shift.standing_ms or (state.fix.t if state.fix else fix.t), driver)
        state = state if trip is state.trip else replace(state, trip=trip)
    if moving and after.since_ms is not None and fix.t >= after.due_ms:
        state, after = _judged(state, after, entry, fix, limits, midnight_ms)
    return replace(state, shifts=(after, *(old for old in state.shifts if old.badge != driver))[:KEEP])


def take_wheel(state: VehicleState, entry: Entry, context: Context) -> VehicleState:
    """Ask what somebody who takes the wheel has driven on other buses: it counts here too."""
    duty = entry.record
    assert isinstance(duty, Duty)
    if duty.role != "driver" or duty.state != "on":
        return state
    rest_s = _rules(state, context)[0].driving_rest_s
    elsewhere = context.list_driven(duty.badge, state.vehicle_id, duty.t, rest_s)
    known = _find(state, duty.badge)
    if elsewhere == known.elsewhere:
        return state
    # In its place, or behind the others: who was at the wheel before is the first until the bus moves.
    shift = replace(known, elsewhere=elsewhere, due_ms=0)
    if known in state.shifts:
        return replace(state, shifts=tuple(shift if one is known else one for one in state.shifts))
    return replace(state, shifts=(*state.shifts, shift))


def sign(state: VehicleState, entry: Entry, context: Context) -> VehicleState:
    """Let whoever isn't at the wheel any more rest, and end what was said of them."""
    shift, trip = state.shifts[0] if state.shifts else None, state.trip
    if shift is None or shift.badge == state.crew.driver:
        return state
    if shift.since_ms is not None and shift.standing_ms is None:
        shift = replace(shift, standing_ms=entry.key.t)
        state = replace(state, shifts=(shift, *state.shifts[1:]))
    after = None if trip is None else end(trip, "fatigue", entry.key.t, shift.badge)
    return state if after is trip else replace(state, trip=after)


def _rules(state: VehicleState, context: Context) -> tuple[Thresholds, int | None]:
    road = None if state.trip is None else context.find_road(state.trip.trip_id)
    return (DEFAULTS, None) if road is None else (road.thresholds, road.plan.day_ms or None)


def _find(state: VehicleState, driver: str) -> Shift:
    return next((shift for shift in state.shifts if shift.badge == driver), Shift(driver))


def driven(shift: Shift, fix: Position, before: LastFix | None, moving: bool, rest_ms: float) -> Shift:
    """Give a shift after a position of the bus, which moves or stands; `before` is the position before it.

    A stint that begins has no `due_ms` yet: it is to be looked at now.
    """
    if not moving:
        return (
            shift
            if shift.since_ms is None or shift.standing_ms is not None
            else replace(shift, standing_ms=fix.t)
        )
    stood_ms = shift.standing_ms
    if (
        stood_ms is None
        and before is not None
        and fix.t - before.t >= rest_ms
        and _is_there_still(before, fix)
    ):
        stood_ms = before.t
    stint = shift
    if stint.since_ms is not None and stood_ms is not None and fix.t - stood_ms >= rest_ms:
        kept = tuple(one for one in (*stint.before, (stint.since_ms, stood_ms)) if one[1] > fix.t - DAY_MS)
        others = tuple(one for one in stint.elsewhere if one[1] > fix.t - DAY_MS)
        stint = Shift(stint.badge, before=kept, elsewhere=others)
    if stint.since_ms is None:
        return replace(stint, since_ms=fix.t, standing_ms=None, due_ms=0)
    return stint if stint.standing_ms is None else replace(stint, standing_ms=None)


def _is_there_still(before: LastFix, fix: Position) -> bool:
    """Say whether a bus of which nothing was heard can have stood: it is not further on than a walk would take it."""
    return (
        distance_m(before.lat, before.lon, fix.lat, fix.lon) / ((fix.t - before.t) / 1000)
        < DEFAULTS.moving_off_kmh / 3.6
    )


def _judged(
    state: VehicleState,
    shift: Shift,
    entry: Entry,
    fix: Position,
    limits: Thresholds,
    midnight_ms: int | None,
) -> tuple[VehicleState, Shift]:
    assert shift.since_ms is not None
    since_ms, before = joined(shift.since_ms, shift.before, shift.elsewhere, 1000 * limits.driving_rest_s)
    found = find_too_long(since_ms, before, fix.t, limits, midnight_ms)
    if found is None:
        due_ms = look_again_ms(since_ms, before, fix.t, limits, midnight_ms)
        return state, replace(shift, due_ms=due_ms)
    trip = state.trip
    if trip is None or trip.state in ("closed", "cancelled", "missed"):
        return state, shift
    told = find_open(trip, "fatigue", shift.badge)
    if told is None:
        trip = stating(trip, _finding(shift, found, entry, fix))
    else:
        trip = stating(trip, replace(told, measured=max(told.measured or 0, round(found.driven_s))))
    return replace(state, trip=trip), replace(shift, due_ms=fix.t + LOOK_MS)


def _finding(shift: Shift, found: TooLong, entry: Entry, fix: Position) -> Finding:
    proofs = [seen(entry, fix, f"driving_{found.which}", round(found.driven_s))]
    if shift.elsewhere:
        others_s = sum(until_ms - from_ms for from_ms, until_ms in shift.elsewhere) / 1000
        proofs.append(Evidence("driving_elsewhere", shift.elsewhere[-1][1], float(round(others_s))))
    return Finding(
        "fatigue", fix.t, None, shift.badge, badge=shift.badge, measured=round(found.driven_s), limit=found.limit_s,
        evidence=tuple(proofs),
    )  # fmt: skip
