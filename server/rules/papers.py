"""What can be said of a trip as soon as its bus and crew are known.

Looked at when a trip is taken, when it departs, and when somebody signs on or off.
Each check is a page of its own that lists what is wrong at an instant; what is new begins then, and what isn't listed any more ends.
The checks run from the sign-on, before the bus departs, so that somebody may still be stopped; what was put right before the
departure fails no verdict.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from msgspec.structs import replace

from server.domain.finding import Finding, FindingKind
from server.domain.trip import TripState
from server.domain.vehicle_day import Context, Crew, Entry, Road, VehicleState
from server.rules import (
    alcohol,
    crew_match,
    documents,
    permit_validity,
    permitted,
    plate_tag,
    qualification,
    vehicle_match,
)
from server.rules.case import Case

Check = Callable[[Case], Iterator[Finding]]

CHECKS: tuple[Check, ...] = (
    permit_validity.check,
    vehicle_match.check,
    documents.check,
    crew_match.check,
    qualification.check,
    alcohol.check,
    plate_tag.check,
)
KINDS: frozenset[FindingKind] = frozenset(
    {
        "no_permit", "permit_expired", "wrong_vehicle", "vehicle_document_expired", "wrong_driver", "wrong_attendant",
        "qualification_expired", "alcohol", "wrong_tag",
    }
)  # fmt: skip


def evaluate(state: VehicleState, entry: Entry, context: Context) -> VehicleState:
    """Bring what is wrong with the running trip's papers in line with its bus and crew."""
    trip = state.trip
    if trip is None or trip.state not in ("scheduled", "en_route"):
        return state
    road = context.find_road(trip.trip_id)
    if road is None:
        return state
    case = Case(trip, state.vehicle_id, state.crew, road, context, entry.key.t, entry.source)
    after = _known(trip, state.crew, road)
    after = in_line(after, [found for check in CHECKS for found in check(case)], entry.key.t)
    return state if after is trip else replace(state, trip=after)


def in_line(trip: TripState, found: list[Finding], at_ms: int) -> TripState:
    """Give the trip with what is found begun, and what isn't found any more ended."""
    now = {(one.kind, one.about) for one in found}
    kept = tuple(
        replace(one, ended_ms=max(at_ms, one.began_ms))
        if one.kind in KINDS and one.ended_ms is None and (one.kind, one.about) not in now
        else one
        for one in trip.findings
    )
    open_ = {(one.kind, one.about) for one in kept if one.ended_ms is None}
    new = tuple(one for one in found if (one.kind, one.about) not in open_)
    if not new and kept == trip.findings:
        return trip
    return replace(trip, findings=(*kept, *new))


def _known(trip: TripState, crew: Crew, road: Road) -> TripState:
    """Keep who was signed on and what was read while the trip had the bus."""
    watch = trip.watch
    if crew.driver is not None and crew.driver not in watch.drivers:
        watch = replace(watch, drivers=(*watch.drivers, crew.driver))
    if crew.attendant is not None and crew.attendant not in watch.attendants:
        watch = replace(watch, attendants=(*watch.attendants, crew.attendant))
    tag = permitted.read_tag(crew)
    if tag is not None and tag != watch.tag:
        watch = replace(watch, tag=tag)
    if crew.alcohol is not None and not watch.breath:
        watch = replace(watch, breath=True)
    return trip if watch is trip.watch else replace(trip, watch=watch)
