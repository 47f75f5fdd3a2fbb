"""Which trip a bus is running: cuts the vehicle's day into trips (docs/architecture.md, How trips are cut).

A crew that names its timetable is believed. Without a name two of three must agree: a crew badge of the permit, the permit's
tag, and shape with time. An assignment ends the running trip's turn and leaves it as it was.
"""

from __future__ import annotations

from msgspec.structs import replace

from server.domain.geo import distance_m
from server.domain.hand import HAND, HeadCount, Tick
from server.domain.limits import STANDSTILL_KMH
from server.domain.plan import TripPlan
from server.domain.record import Duty, Position
from server.domain.trip import TripState
from server.domain.vehicle_day import KEEP_EARLIER, Context, Entry, Road, VehicleState
from server.rules import absences
from server.rules.substituting import taken_over, with_crew

AT_FIRST_STOP_M = 100.0  # a yard or lay-by in front of the stop counts
NEAR_START_MS = 20 * 60_000
UNLOADED_BEFORE_MS = 5 * 60_000


def by_duty(state: VehicleState, entry: Entry, context: Context) -> VehicleState:
    """Assign the trip that the crew named at sign-on, or the one that badge and tag, or badge and place, agree on."""
    duty = entry.record
    assert isinstance(duty, Duty)
    if duty.state == "off":
        return state
    if duty.trip is not None:
        named = context.list_roads(entry.key.t, duty.trip)
        if named:
            return _assign(state, entry, _nearest(named, entry.key.t), context)
    if _is_running(state, entry, context):
        return state  # two signs may prove a trip, but don't end one: the same crew and tag have the next trip too
    return _by_evidence(state, entry, context)


def by_hand(state: VehicleState, entry: Entry, context: Context) -> VehicleState:
    """Assign the trip that the attendant works on by phone, unless the bus is under way on another."""
    said = entry.record
    assert isinstance(said, Tick | HeadCount)
    running = state.trip
    if running is not None and (running.trip_id == said.trip_id or running.state == "en_route"):
        return state
    road = context.find_road(said.trip_id)
    return state if road is None else _assign(state, entry, road, None)


def by_place(state: VehicleState, entry: Entry, context: Context) -> VehicleState:
    """Assign by evidence where a bus with a crew but no trip stands at a first stop."""
    fix = entry.record
    assert isinstance(fix, Position)
    if fix.spd >= STANDSTILL_KMH or state.crew.driver is None or fix.fix == 0:
        return state
    if state.fix is not None and state.fix.spd < STANDSTILL_KMH and state.fix.door == fix.door:
        return state  # it stood here before: nothing new to learn
    if _is_running(state, entry, context):
        return state
    return _by_evidence(state, entry, context, here=True)


def _is_running(state: VehicleState, entry: Entry, context: Context) -> bool:
    """Say whether a trip has the bus: one on its way, or one that may still begin."""
    trip = state.trip
    if trip is None or trip.state not in ("scheduled", "en_route"):
        return False
    road = context.find_road(trip.trip_id) if trip.state == "scheduled" else None
    return road is None or entry.key.t <= road.plan.start_ms + 1000 * road.thresholds.missed_after_s


def _by_evidence(state: VehicleState, entry: Entry, context: Context, *, here: bool = False) -> VehicleState:
    """Assign what two signs prove; `here`: the place must be one of them, and a trip that arrived has until near the next one's start
    to be unloaded, checked and closed."""
    now = entry.key.t
    unfinished = state.trip is not None and state.trip.state == "arrived"
    done = {trip.trip_id for trip in state.earlier if trip.state in ("arrived", "closed")}
    if state.trip is not None and state.trip.state in ("arrived", "closed"):
        done.add(state.trip.trip_id)
    proven = [
        road
        for road in context.list_roads(now)
        if road.plan.trip_id not in done
        and _evidence(state, entry, road.plan) >= 2
        and (not here or _is_there(state, entry, road.plan))
        and (not here or not unfinished or now >= road.plan.start_ms - UNLOADED_BEFORE_MS)
    ]
    return _assign(state, entry, _likeliest(proven, state, entry), context) if proven else state


def _evidence(state: VehicleState, entry: Entry, plan: TripPlan) -> int:
    crew, planned = state.crew, plan.staffing(entry.key.t)
    badge = (planned.driver_badge is not None and crew.driver == planned.driver_badge) or (
        planned.attendant_badge is not None and crew.attendant == planned.attendant_badge
    )
    # A substitute carries the plate of its own permit: that it was approved stands for the tag.
    approved = planned.vehicle_id == state.vehicle_id and planned.vehicle_id != plan.vehicle_id
    tag = approved or (plan.tag is not None and crew.tag == plan.tag)
    return int(badge) + int(tag) + int(_is_there(state, entry, plan))


def _is_there(state: VehicleState, entry: Entry, plan: TripPlan) -> bool:
    place = entry.record if isinstance(entry.record, Position) else state.fix
    first = plan.stops[0]
    return (
        place is not None
        and abs(entry.key.t - plan.start_ms) <= NEAR_START_MS
        and distance_m(place.lat, place.lon, first.lat, first.lon) <= AT_FIRST_STOP_M
    )


def _likeliest(roads: list[Road], state: VehicleState, entry: Entry) -> Road:
    """Give the trip that most signs prove, of as many the bus's own, of those the nearest: another driver is likelier than another bus."""
    now = entry.key.t
    signs = [(-_evidence(state, entry, road.plan), not _is_own(state, road, now)) for road in roads]
    return _nearest([road for road, sign in zip(roads, signs, strict=True) if sign == min(signs)], now)


def _is_own(state: VehicleState, road: Road, now: int) -> bool:
    return road.plan.staffing(now).vehicle_id == state.vehicle_id


def _nearest(roads: list[Road], now: int) -> Road:
    return min(roads, key=lambda road: (abs(road.plan.start_ms - now), road.plan.trip_id))


def _assign(state: VehicleState, entry: Entry, road: Road, context: Context | None) -> VehicleState:
    """Begin a trip, go on with one of before, or take it over from another bus; a mere tick (no context) takes nothing over."""
    plan, running, now = road.plan, state.trip, entry.key.t
    if running is not None and running.trip_id == plan.trip_id:
        return state
    if plan.cancelled_at_ms is not None and plan.cancelled_at_ms <= now:
        return state
    device_id = None if entry.key.device == HAND else entry.key.device
    left = None
    if context is not None and plan.staffing(now).vehicle_id == state.vehicle_id and plan.substitutes:
        left = context.find_run(plan.trip_id, state.vehicle_id, now)
        if left is not None and left.state not in ("scheduled", "en_route"):
            return state  # it is over: there is nothing to take over
    resumed = next((trip for trip in state.earlier if trip.trip_id == plan.trip_id), None)
    if left is not None:
        trip = taken_over(left, state.vehicle_id, device_id, now)
    else:
        trip = resumed or TripState(
            trip_id=plan.trip_id,
            vehicle_id=state.vehicle_id,
            device_id=device_id,
            assigned_at_ms=now,
            riders=absences.planned(plan),
            by_tick=context is None,
        )
    earlier = tuple(old for old in state.earlier if old.trip_id != plan.trip_id)
    if running is not None and (running.state != "scheduled" or running.rides):  # else it was never begun
        earlier = (*earlier, running)[-KEEP_EARLIER:]
    trip = with_crew(absences.settle(trip, plan, now), state.crew, now)
    fix = (
        None if state.fix is None else replace(state.fix, metre=None, metre_ms=0)
    )  # metres were the other shape's
    return replace(state, trip=trip, earlier=earlier, loose=(), anchor_m=None, fix=fix)
