"""A child who boards a bus that isn't theirs (INTERFACES ruling 10): one who isn't on the manifest of the trip that runs.

The guardians are told at once, since the child may be carried anywhere. The evidence names the trip that they are planned on at this
time, if there is one. Ended when the child leaves the bus. A card that is nobody's is no rider's.
"""

from __future__ import annotations

from msgspec.structs import replace

from server.domain.finding import Evidence, Finding, stated
from server.domain.trip import Announcement
from server.domain.vehicle_day import Context, Entry, VehicleState
from server.rules.findings import ended, occurrence
from server.rules.rides import find_rider_state


def evaluate(state: VehicleState, entry: Entry, context: Context) -> VehicleState:
    """State the boarding of this input where its rider is a stranger; end it with the alighting."""
    trip = state.trip
    if trip is None or not trip.rides or trip.rides[-1].source != entry.source:
        return state
    ride = trip.rides[-1]
    rider = find_rider_state(trip, ride.rider_id) if ride.rider_id is not None else None
    if rider is None or not rider.stranger or rider.since_ms != ride.at_ms:
        return state
    if ride.dir == "off":
        after = ended(trip, "wrong_bus", rider.rider_id, ride.at_ms)
        return state if after is trip else replace(state, trip=after)
    seen = [Evidence("ride", ride.at_ms, ride.stop_id, source=ride.source)]
    own = next(
        (
            road.plan.code
            for road in context.list_roads(entry.key.t)
            if road.plan.trip_id != trip.trip_id
            and any(each.rider_id == rider.rider_id for each in road.plan.roster)
        ),
        None,
    )
    if own is not None:
        seen.append(Evidence("own_trip", ride.at_ms, own))
    found = Finding(
        "wrong_bus", ride.at_ms, None, rider.rider_id, rider_id=rider.rider_id, stop_id=ride.stop_id,
        evidence=tuple(seen),
    )  # fmt: skip
    nth = occurrence(trip, rider.rider_id, "wrong_bus")
    told = Announcement(rider.rider_id, "wrong_bus", nth, ride.at_ms, ride.stop_id)
    after = replace(trip, findings=stated(trip.findings, found), announcements=(*trip.announcements, told))
    return replace(state, trip=after)
