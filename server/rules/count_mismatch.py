"""The attendant's head count and the school's differ: found with the second of them, ended when either is corrected.

The latest word of each side counts. `measured` is the school's count, `limit` the attendant's.
"""

from __future__ import annotations

from msgspec.structs import replace

from server.domain.finding import Evidence, Finding, stated
from server.domain.vehicle_day import Context, Entry, VehicleState
from server.rules.findings import ended


def evaluate(state: VehicleState, entry: Entry, context: Context) -> VehicleState:
    """Compare both counts after one of them was said."""
    trip = state.trip
    if trip is None or trip.delivered is None or trip.received is None:
        return state
    delivered, received = trip.delivered, trip.received
    if delivered.count == received.count:
        after = ended(trip, "count_mismatch", "", entry.key.t)
        return state if after is trip else replace(state, trip=after)
    open_ = next(
        (one for one in trip.findings if one.kind == "count_mismatch" and one.ended_ms is None), None
    )
    found = replace(
        open_ or Finding("count_mismatch", entry.key.t),
        measured=received.count,
        limit=delivered.count,
        evidence=(
            Evidence("delivered", delivered.at_ms, delivered.count),
            Evidence("received", received.at_ms, received.count),
        ),
    )
    if found == open_:
        return state
    return replace(state, trip=replace(trip, findings=stated(trip.findings, found)))
