"""What ends with a trip: the findings that are still open, and what only the end tells: `route_not_covered`, and stops it never reached.

A trip ends on the road with its arrival; what is said of riders, lamps and the crew's hours may go on. A trip that its crew left for
the next one on its way ends there; so does, until somebody signs on again, one that all of its crew signed off from.
"""

from __future__ import annotations

from msgspec.structs import replace

from server.domain.finding import FindingKind
from server.domain.trip import TripState
from server.domain.vehicle_day import Context, Entry, Road, VehicleState
from server.rules import coverage, skipping
from server.rules.papers import KINDS as PAPERS
from server.rules.punctuality import KINDS as TIMES
from server.rules.rides import KNOWN_PLACE_MS
from server.rules.statements import end_all

_ROAD: frozenset[FindingKind] = frozenset(
    {"off_route", "wrong_direction", "unscheduled_stop", "no_driver", "no_attendant"}
)
_MORE: frozenset[FindingKind] = frozenset(
    {"lamps_off", "stop_sign_in", "overspeed", "overload", "door_open_moving", "fatigue"}
)
ON_THE_ROAD: frozenset[FindingKind] = _ROAD | PAPERS | TIMES
ALL: frozenset[FindingKind] = ON_THE_ROAD | _MORE


def evaluate(state: VehicleState, entry: Entry, context: Context) -> VehicleState:
    """End what ends with the running trip's arrival, closing or cancellation: called when its state has changed."""
    trip = state.trip
    if trip is None or trip.state not in ("arrived", "closed", "cancelled"):
        return state
    road = context.find_road(trip.trip_id)
    if road is None:
        return state
    at_ms = (trip.arrived_at_ms if trip.state == "arrived" else trip.ended_at_ms) or entry.key.t
    after = end_all(trip, ON_THE_ROAD if trip.state == "arrived" else ALL, at_ms)
    if trip.state == "arrived":
        after = coverage.judged(after, road, at_ms)
    watch = replace(after.watch, halt=None, driver_away_ms=None, attendant_away_ms=None)
    after = after if watch == after.watch else replace(after, watch=watch)
    return state if after is trip else replace(state, trip=after)


def resumed(state: VehicleState, entry: Entry, context: Context) -> VehicleState:
    """Take back what was said of a trip's end where its crew goes on with it: called when a trip is taken."""
    trip = state.trip
    if trip is None or trip.state != "en_route":
        return state
    kept = tuple(
        one for one in trip.findings if one.kind != "route_not_covered" and not skipping.is_unreached(one)
    )
    return state if len(kept) == len(trip.findings) else replace(state, trip=replace(trip, findings=kept))


def signed(state: VehicleState, entry: Entry, context: Context) -> VehicleState:
    """Say what a trip on its way left out when the last of its crew has signed off; take it back when somebody signs on.

    A driver who hands over to another leaves the attendant on the bus; on one without an attendant it is said for as long as
    nobody is at the wheel. Where the bus was last in a tunnel, or not heard, nobody saw where it ended.
    """
    trip, crew = state.trip, state.crew
    if trip is None or trip.state != "en_route":
        return state
    if (
        crew.driver is not None
        or crew.attendant is not None
        or not (trip.watch.drivers or trip.watch.attendants)
    ):
        return resumed(state, entry, context)
    road, place = context.find_road(trip.trip_id), state.fix
    if road is None or place is None or not place.seen or entry.key.t - place.t > KNOWN_PLACE_MS:
        return state
    if (
        place.spd >= road.thresholds.moving_off_kmh
        and entry.key.t - place.t > 1000 * road.thresholds.unseen_s
    ):
        return state  # it drove on unheard
    after = coverage.judged(skipping.unreached(trip, road, entry.key.t), road, entry.key.t)
    return state if after is trip else replace(state, trip=after)


def left(trip: TripState, road: Road, at_ms: int) -> TripState:
    """Give a trip that its bus left for another before it arrived."""
    if trip.state != "en_route":
        return end_all(trip, ALL, at_ms)
    trip = skipping.unreached(trip, road, at_ms)
    return end_all(coverage.judged(trip, road, at_ms), ALL, at_ms)
