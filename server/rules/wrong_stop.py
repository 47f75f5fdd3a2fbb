"""A child who left the bus where they shouldn't: away from their own stop in the afternoon, anywhere but at the school in the morning.

At the own stop is: within `NEAR_STOP_M` of it along the shape or as the crow flies, or up to a minute after the bus has left it, since
an attendant ticks while the bus rolls. A child who leaves at the very stop where they boarded was taken back (a wrong tick, a
goodbye); where the place isn't known nothing is said. Ended by boarding again, or by being given to a named adult. A rider who isn't
on the manifest has no own stop: that is `wrong_bus`.
"""

from __future__ import annotations

from msgspec.structs import replace

from server.domain.finding import Evidence, Finding, stated
from server.domain.geo import distance_m
from server.domain.plan import TripPlan
from server.domain.record import RideRecord
from server.domain.trip import Announcement, Ride, RiderState, TripState
from server.domain.vehicle_day import Context, Entry, LastFix, Road, VehicleState
from server.rules.course import is_reachable
from server.rules.findings import ended, occurrence
from server.rules.rides import KNOWN_PLACE_MS, NEAR_STOP_M, find_rider_state
from server.rules.visits import find_visit

TICKED_AFTER_MS = 60_000  # own choice: how long after a stop its last tick may come
TAKEN_BACK_MS = 60_000  # own choice: the same, where the stop of the boarding isn't known


def evaluate(state: VehicleState, entry: Entry, context: Context) -> VehicleState:
    """State the alighting of this input where it is at a wrong stop; end what a boarding puts right."""
    trip = state.trip
    if trip is None or not trip.rides or trip.rides[-1].source != entry.source:
        return state
    ride = trip.rides[-1]
    rider = find_rider_state(trip, ride.rider_id) if ride.rider_id is not None else None
    if rider is None or rider.since_ms != ride.at_ms:
        return state  # it moved nobody
    if ride.dir == "on":
        return _put_right(state, trip, rider.rider_id, ride.at_ms)
    road = context.find_road(trip.trip_id)
    if road is None or rider.stranger:
        return state
    own_id = road.plan.stops[-1].id if road.plan.direction == "to_school" else rider.stop_id
    place = _place(trip, road, entry, state.fix)
    if _is_at(trip, road.plan, own_id, ride, place) or _taken_back(trip, road.plan, ride):
        return state
    if ride.stop_id is None and place is None:
        return state
    lat, lon = place or (None, None)
    seen = Evidence("ride", ride.at_ms, ride.stop_id, lat, lon, ride.source)
    found = Finding(
        "wrong_stop", ride.at_ms, None, rider.rider_id, rider_id=rider.rider_id, stop_id=ride.stop_id,
        evidence=(seen, Evidence("own_stop", ride.at_ms, own_id)),
    )  # fmt: skip
    nth = occurrence(trip, rider.rider_id, "wrong_stop")
    told = Announcement(rider.rider_id, "wrong_stop", nth, ride.at_ms, ride.stop_id)
    after = replace(trip, findings=stated(trip.findings, found), announcements=(*trip.announcements, told))
    return replace(state, trip=after)


def handed(state: VehicleState, entry: Entry, context: Context) -> VehicleState:
    """End what was found of a rider who was given to a named adult."""
    trip = state.trip
    given = () if trip is None else [each for each in trip.riders if _given_now(each, entry)]
    for rider in given:
        assert state.trip is not None
        state = _put_right(state, state.trip, rider.rider_id, entry.key.t)
    return state


def _given_now(rider: RiderState, entry: Entry) -> bool:
    return (
        rider.state == "handed_over"
        and rider.since_ms == entry.key.t
        and rider.rider_id == getattr(entry.record, "rider_id", None)
    )


def _put_right(state: VehicleState, trip: TripState, rider_id: str, at_ms: int) -> VehicleState:
    after = ended(trip, "wrong_stop", rider_id, at_ms)
    return state if after is trip else replace(state, trip=after)


def _place(trip: TripState, road: Road, entry: Entry, fix: LastFix | None) -> tuple[float, float] | None:
    """Give where the bus is: as the card's record says, else the last position; none without a fix, and none after a jump."""
    record, t_ms = entry.record, entry.key.t
    fresh = fix is not None and 0 <= t_ms - fix.t <= KNOWN_PLACE_MS
    if fix is not None and fresh and not fix.seen:
        return None  # in a tunnel the recorder says again where it went in
    place: LastFix | None = fix if fresh else None
    if isinstance(record, RideRecord) and record.lat is not None and record.lon is not None:
        place = LastFix(t_ms, record.lat, record.lon, 0.0)
    if place is None or (trip.metre is not None and not is_reachable(trip, place, road)):
        return None
    return place.lat, place.lon


def _is_at(
    trip: TripState, plan: TripPlan, own_id: str | None, ride: Ride, place: tuple[float, float] | None
) -> bool:
    if own_id is None or ride.stop_id == own_id:
        return True
    for stop in plan.stops:
        if stop.id != own_id:
            continue
        if place is not None and distance_m(*place, stop.lat, stop.lon) <= NEAR_STOP_M:
            return True
        visit = find_visit(trip, stop.seq)
        if visit is not None and visit.arrived_at_ms is not None and visit.arrived_at_ms <= ride.at_ms:
            gone_ms = visit.departed_at_ms
            if gone_ms is None or ride.at_ms - gone_ms <= TICKED_AFTER_MS:
                return True
    return False


def _taken_back(trip: TripState, plan: TripPlan, ride: Ride) -> bool:
    boarded = next(
        (each for each in reversed(trip.rides[:-1]) if each.rider_id == ride.rider_id and each.dir == "on"),
        None,
    )
    if boarded is None:
        return False
    if plan.direction == "from_school" and ride.stop_id == plan.stops[0].id:
        return True  # at the school still
    if boarded.stop_id is None:
        return ride.at_ms - boarded.at_ms <= TAKEN_BACK_MS
    return ride.stop_id == boarded.stop_id
