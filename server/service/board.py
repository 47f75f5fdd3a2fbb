"""A school's board: the trips of a day that serve it, each with when it comes, who is on it and what is still open."""

from __future__ import annotations

from server.service import shapes, sign_off, substitutions_read
from server.service.instants import at
from server.service.policy import Scope
from server.service.rows import RosterRow, TripRow
from server.service.trip_facts import TripFacts, gather
from server.service.trips_read import count, show_rider, show_trip
from server.service.web_ports import Work

MOST = 200


def read_board(
    work: Work, scope: Scope, school_id: str | None, on: str | None, now_ms: int
) -> list[shapes.BoardRow]:
    """List the rows of a date (today's by default), by the planned time at the school."""
    own = next(iter(scope.ids), None) if scope.kind == "school" else school_id
    filters = {"service_date": on or scope.on} | ({"school_id": school_id} if school_id else {})
    rows = [_row(work, scope, trip, own, now_ms) for trip in work.trips.page(scope, filters, None, MOST)]
    return sorted(rows, key=lambda row: (row.planned_at, row.trip.id))


def _row(work: Work, scope: Scope, trip: TripRow, own: str | None, now_ms: int) -> shapes.BoardRow:
    facts = gather(work.trips, trip, scope, now_ms)
    to_school = trip.direction == "to_school"
    at_school = len(facts.stops) - 1 if to_school else 0
    far = facts.plan.stops[0 if to_school else -1]
    visit = facts.visits.get(at_school)
    riders = work.trips.riders(trip.id, own)
    position = facts.position()
    planned = facts.stops[at_school]
    return shapes.BoardRow(
        trip=show_trip(trip, scope),
        from_=shapes.Named(far.id, far.code, far.name),
        planned_at=at(planned.arrival_ms if to_school else planned.departure_ms, facts.timezone),
        eta=facts.etas[at_school],
        arrived_at=at(visit.arrived_at_ms, facts.timezone) if visit else None,
        stale=position.stale if position else False,
        position_at=position.at if position else None,
        counts=count(work.trips.counts(trip.id, own)),
        sign_off=sign_off.read(work, trip, own),
        missing=[show_rider(rider, facts.timezone) for rider in riders if _is_missing(rider, facts)],
        substitution=substitutions_read.of_trip(work, scope, trip.id),
    )


def _is_missing(rider: RosterRow, facts: TripFacts) -> bool:
    """Say whether a rider should be aboard by now and isn't."""
    if rider.state == "no_show":
        return True
    if rider.state != "expected" or facts.row.state not in ("en_route", "arrived", "closed"):
        return False
    if facts.row.direction == "from_school":
        return facts.row.next_seq > 0
    return any(stop.id == rider.stop_id and stop.seq < facts.row.next_seq for stop in facts.plan.stops)
