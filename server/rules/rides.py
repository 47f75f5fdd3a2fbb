"""Who is on the bus: a card or a tick becomes a boarding or an alighting, and moves the manifest.

The same card again within 60 s (`same_card_s`) is one reading (PROTOCOL); off every trip the default holds. Without a direction a rider
who is not aboard boards, one who is aboard alights. A card that is nobody's is kept as a ride of no rider. A rider who isn't
planned counts as a stranger aboard.
At the school in the morning "alighted" and "arrived" are one notice, `arrived` (INTERFACES ruling 11).
"""

from __future__ import annotations

from msgspec.structs import replace

from server.domain.limits import STALE_AT_LEAST_MS, STOP_RADIUS_M
from server.domain.record import RideRecord
from server.domain.thresholds import DEFAULTS, Thresholds
from server.domain.trip import Announcement, NoticeKind, Ride, RiderState, TripState
from server.domain.vehicle_day import Context, Entry, Road, VehicleState
from server.rules.visits import find_visit

KNOWN_PLACE_MS = (
    2 * STALE_AT_LEAST_MS
)  # own choice: a parked recorder speaks every 60 s, and one of those may be missing
NEAR_STOP_M = 2 * STOP_RADIUS_M  # a card is read on the step while the bus already rolls


def evaluate(state: VehicleState, entry: Entry, context: Context) -> VehicleState:
    """Add the ride to the running trip, or to the loose ones when none runs."""
    record = entry.record
    assert isinstance(record, RideRecord)
    rider_id = context.find_rider(record.card)
    trip = state.trip
    if trip is None or trip.state == "closed":
        if _repeated(state.loose, record, DEFAULTS):
            return state
        way = record.dir or ("off" if _is_aboard(state.loose, record.card) else "on")
        ride = Ride(entry.source, entry.key.t, way, record.card, rider_id, None, record.by)
        return replace(state, loose=(*state.loose, ride))
    road = context.find_road(trip.trip_id)
    if road is None or _repeated(trip.rides, record, road.thresholds):
        return state
    rider = find_rider_state(trip, rider_id)
    aboard = (
        rider is not None and rider.state == "aboard" if rider_id else _is_aboard(trip.rides, record.card)
    )
    stop_id = stop_here(trip, road, entry.key.t, seen=state.fix is None or state.fix.seen)
    stays = aboard and rider is not None and _changes_bus(trip, road, rider, stop_id)
    way = record.dir or ("off" if aboard and not stays else "on")
    ride = Ride(entry.source, entry.key.t, way, record.card, rider_id, stop_id, record.by)
    after = replace(trip, rides=(*trip.rides, ride))
    if rider_id is not None and aboard != (way == "on"):
        after = moved(after, road, rider_id, rider, ride)
    return replace(state, trip=after)


def find_rider_state(trip: TripState, rider_id: str | None) -> RiderState | None:
    """Find a rider on the trip's manifest."""
    return next((rider for rider in trip.riders if rider.rider_id == rider_id), None)


def _changes_bus(trip: TripState, road: Road, rider: RiderState, stop_id: str | None) -> bool:
    """Say whether a card that is read for the first time on the bus that took over is its rider's change of bus, and no leaving.

    Where the rider is to leave it is one: there a child gets off whose card nobody read on the way over.
    """
    if not trip.turns or any(ride.rider_id == rider.rider_id for ride in trip.rides[trip.turns[-1].rides :]):
        return False
    leaves_at = road.plan.stops[-1].id if road.plan.direction == "to_school" else rider.stop_id
    return stop_id is None or stop_id != leaves_at


def _repeated(rides: tuple[Ride, ...], record: RideRecord, limits: Thresholds) -> bool:
    for ride in reversed(rides):
        if ride.card == record.card:
            return record.t - ride.at_ms < 1000 * limits.same_card_s and record.dir in (None, ride.dir)
    return False


def _is_aboard(rides: tuple[Ride, ...], card: str) -> bool:
    return next((ride.dir == "on" for ride in reversed(rides) if ride.card == card), False)


def moved(trip: TripState, road: Road, rider_id: str, rider: RiderState | None, ride: Ride) -> TripState:
    """Give the trip with a rider moved on or off the bus by a ride, and what their guardians are to be told."""
    known = rider or RiderState(rider_id, None, "expected", stranger=True)
    moved = replace(known, state="aboard" if ride.dir == "on" else "alighted", since_ms=ride.at_ms)
    others = tuple(each for each in trip.riders if each.rider_id != rider_id)
    kind = _kind(road, ride, moved)
    occurrence = 1 + sum(1 for told in trip.announcements if told.rider_id == rider_id and told.kind == kind)
    told = Announcement(rider_id, kind, occurrence, ride.at_ms, ride.stop_id)
    riders = tuple(sorted((*others, moved), key=lambda each: each.rider_id))
    return replace(trip, riders=riders, announcements=(*trip.announcements, told))


def _kind(road: Road, ride: Ride, rider: RiderState) -> NoticeKind:
    if ride.dir == "on":
        return "boarded"
    # A stranger may have been brought to a school that isn't theirs: they got off there, and that is all that is known.
    at_school = (
        not rider.stranger and road.plan.direction == "to_school" and ride.stop_id == road.plan.stops[-1].id
    )
    return "arrived" if at_school else "alighted"


def stop_here(trip: TripState, road: Road, t_ms: int, *, seen: bool) -> str | None:
    """The stop that is being visited, or the nearest along the shape; `seen`: the last position is a fix, and not of a tunnel."""
    stops = road.plan.stops
    for seq in (trip.next_seq, trip.next_seq - 1):
        visit = find_visit(trip, seq) if 0 <= seq < len(stops) else None
        if visit is not None and visit.arrived_at_ms is not None and visit.departed_at_ms is None:
            return stops[seq].id
    if trip.metre is None or trip.metre_at_ms is None or not seen or t_ms - trip.metre_at_ms > KNOWN_PLACE_MS:
        return None  # a bus that was in a tunnel meanwhile isn't where it was last seen
    metre = trip.metre
    nearest = min(stops[max(0, trip.next_seq - 1) :], key=lambda stop: abs(stop.metre - metre), default=None)
    return nearest.id if nearest is not None and abs(nearest.metre - metre) <= NEAR_STOP_M else None
