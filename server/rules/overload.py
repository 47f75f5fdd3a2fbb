"""More riders than approved seats: `overload`, said when the bus moves off with them (State Council decree 617, article 34).

Whoever boarded and did not leave counts: riders of the manifest, strangers, and cards that are nobody's. At a stop cards may be read in
any order, so only a bus that moves is too full. It ends when the number is down to the seats. A bus whose seats aren't recorded
isn't judged.
"""

from __future__ import annotations

from msgspec.structs import replace

from server.domain.finding import Finding
from server.domain.record import Position
from server.domain.trip import TripState
from server.domain.vehicle_day import Context, Entry, VehicleState
from server.rules.statements import end, find_open, seen
from server.rules.statements import state as stating


def evaluate(state: VehicleState, entry: Entry, context: Context) -> VehicleState:
    """Begin the finding when a bus that is too full moves."""
    trip, fix = state.trip, entry.record
    assert isinstance(fix, Position)
    if trip is None or trip.watch.over_seats is None or trip.state not in ("en_route", "arrived"):
        return state
    road = context.find_road(trip.trip_id)
    if road is None or fix.spd < road.thresholds.moving_off_kmh:
        return state
    told = find_open(trip, "overload")
    if told is not None and told.measured == trip.watch.aboard:
        return state
    proof = seen(entry, fix, "count", trip.watch.aboard)
    if told is None:
        found = Finding(
            "overload", fix.t, measured=trip.watch.aboard, limit=trip.watch.over_seats, evidence=(proof,)
        )
    else:
        found = replace(told, measured=max(told.measured or 0, trip.watch.aboard))
    return state if found == told else replace(state, trip=stating(trip, found))


def count(state: VehicleState, entry: Entry, context: Context) -> VehicleState:
    """Count who is aboard: called when a ride or a rider has changed."""
    trip = state.trip
    if trip is None:
        return state
    aboard = count_aboard(trip)
    bus = context.find_vehicle(state.vehicle_id)
    seats = bus.seats if bus is not None else None
    over = seats if seats is not None and aboard > seats else None
    if (aboard, over) == (trip.watch.aboard, trip.watch.over_seats):
        return state
    after = replace(trip, watch=replace(trip.watch, aboard=aboard, over_seats=over))
    if over is None:
        after = end(after, "overload", entry.key.t)
    return replace(state, trip=after)


def count_aboard(trip: TripState) -> int:
    """Count riders aboard, and cards of nobody that boarded and did not leave."""
    unknown: dict[str, str] = {}
    for ride in trip.rides:
        if ride.rider_id is None and ride.card is not None:
            unknown[ride.card] = ride.dir
    known = sum(1 for rider in trip.riders if rider.state == "aboard")
    return known + sum(1 for way in unknown.values() if way == "on")
