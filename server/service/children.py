"""A guardian's children: today's trips, where the bus is, when it comes, what happened."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec.structs import replace

from server.domain.plan import PlannedStop
from server.domain.trip import RiderPhase
from server.errors import NotFoundError
from server.service import shapes
from server.service.instants import at, day, day_after
from server.service.policy import Scope, window_ms
from server.service.rows import ChildRow, ChildTripRow
from server.service.trip_facts import TripFacts, gather
from server.service.web_ports import Work

RIDES_MS = 24 * 3_600_000


def list_children(work: Work, scope: Scope, now_ms: int) -> list[shapes.Child]:
    """List the guardian's children, without the shapes of their trips."""
    return [
        get_child(work, scope, rider_id, now_ms, whole=False) for rider_id in work.children.list_ids(scope)
    ]


def get_child(work: Work, scope: Scope, rider_id: str, now_ms: int, *, whole: bool = True) -> shapes.Child:
    """Give one child of the scope; `whole` adds the stops and shape of the trip that matters now."""
    return read_child(work, scope, rider_id, now_ms, whole=whole)[0]


def read_child(
    work: Work, scope: Scope, rider_id: str, now_ms: int, *, whole: bool = True
) -> tuple[shapes.Child, ChildTripRow | None]:
    """Give the child, and its place on the trip that matters now unless that is over."""
    row = work.children.get(rider_id)
    days = [day_after(scope.on, step) for step in (-1, 0, 1)]
    known = [
        (gather(work.trips, entry.trip, scope, now_ms), entry)
        for entry in work.children.list_trips(rider_id, days)
        if _is_today(entry, now_ms)
    ]
    shown = [(facts, _show_trip(facts, entry)) for facts, entry in known]
    shown.sort(key=lambda pair: pair[1].planned_start_at)
    current = _current(shown, now_ms)
    if whole and current is not None:
        # Only the trip that matters now carries its line: a day's trips would be tens of kilobytes more.
        facts = next(facts for facts, trip in shown if trip is current)
        current = _with_stops(current, facts)
    zone = shown[0][0].timezone if shown else work.scopes.timezone()
    rides = [
        shapes.ChildRide("on" if ride.dir == "on" else "off", at(ride.at_ms, zone), ride.trip, ride.stop)
        for ride in work.children.list_rides(rider_id, now_ms - RIDES_MS)
        if day(ride.at_ms, zone) == day(now_ms, zone)
    ]
    running = current.id if current is not None and current.state in ("scheduled", "en_route") else None
    child = shapes.Child(
        id=row.id,
        code=row.code,
        name=row.name,
        grade=row.grade,
        school=row.school,
        state=None if current is None else current.rider_state,
        trip=current,
        stop=None if current is None else current.stop,
        eta=None if current is None else current.eta,
        bus=None if current is None else current.bus,
        trips_today=[trip for _, trip in shown],
        rides=rides,
        exceptions=[
            shapes.ChildException(each.id, each.service_on, each.direction, "absent")
            for each in work.children.list_exceptions(rider_id, scope.on)
        ],
        call=_whom_to_call(row, [entry for _, entry in known]),
    )
    return child, next((entry for _, entry in known if entry.trip.id == running), None)


def advance(child: shapes.Child, riding: ChildTripRow, facts: TripFacts) -> shapes.Child | None:
    """Give a child whose trip has gone on by a position; None where more has changed than that, and all must be read again."""
    before, now = riding.trip, facts.row
    plain = replace(
        before, metre=now.metre, metre_at_ms=now.metre_at_ms, delay_s=now.delay_s, next_seq=now.next_seq
    )
    if child.trip is None or child.trip.id != now.id or plain != now:
        return None
    lean = _show_trip(facts, riding)
    trip = _with_stops(lean, facts)
    today = [lean if each.id == lean.id else each for each in child.trips_today]
    return replace(child, trip=trip, stop=trip.stop, eta=trip.eta, bus=trip.bus, trips_today=today)


def get_bus(work: Work, scope: Scope, rider_id: str, now_ms: int) -> shapes.PositionItem:
    """Give the position of the bus of the child's trip; raise NotFoundError outside every trip's window."""
    trip = get_child(work, scope, rider_id, now_ms, whole=False).trip
    if trip is None or trip.position is None:
        raise NotFoundError(
            "There is no position now: a bus is shown from 15 minutes before the child's trip to 5 minutes after its "
            "last stop."
        )
    return trip.position


def _whom_to_call(row: ChildRow, entries: Sequence[ChildTripRow]) -> list[shapes.Ring]:
    """List who has a number: the school, then the companies of today's trips. A driver's number is nobody's but theirs."""
    school = [shapes.Ring(row.school.name, "school", row.school_phone)] if row.school_phone else []
    companies = {entry.operator.id: entry for entry in entries if entry.operator_phone}
    return school + [
        shapes.Ring(entry.operator.name, "operator", entry.operator_phone)
        for entry in companies.values()
        if entry.operator_phone
    ]


def _instead_of(entry: ChildTripRow) -> shapes.Named | None:
    bus = entry.trip.vehicle
    return entry.permitted if bus is not None and entry.permitted not in (None, bus) else None


def _is_today(entry: ChildTripRow, now_ms: int) -> bool:
    """Take today's trips where they run, and those of another date whose window is open (over midnight)."""
    from_ms, to_ms = window_ms(entry.trip)
    return entry.trip.service_on == day(now_ms, entry.trip.timezone) or from_ms <= now_ms <= to_ms


def _current(shown: list[tuple[TripFacts, shapes.ChildTrip]], now_ms: int) -> shapes.ChildTrip | None:
    """Choose the trip that matters now: running, else the next today, else the last today."""
    for facts, trip in shown:
        if trip.state == "en_route" and now_ms <= window_ms(facts.row)[1]:
            return trip
    for facts, trip in shown:
        # The window ends five minutes after the arrival, also of a trip that is closed before (INTERFACES 6.6).
        if trip.state in ("arrived", "closed") and now_ms <= window_ms(facts.row)[1]:
            return trip
    for facts, trip in shown:
        if trip.state in ("scheduled", "cancelled") and now_ms <= window_ms(facts.row)[1]:
            return trip
    return shown[-1][1] if shown else None


def _show_trip(facts: TripFacts, entry: ChildTripRow) -> shapes.ChildTrip:
    row, zone = facts.row, facts.timezone
    planned = facts.plan.stops
    to_school = row.direction == "to_school"
    school_seq = len(planned) - 1 if to_school else 0
    mine = next((stop for stop in planned if stop.id == entry.stop_id), None)
    target = _target(mine, entry.rider_state, to_school, school_seq)
    from_ms, to_ms = window_ms(row)
    return shapes.ChildTrip(
        id=row.id,
        code=row.code,
        name=row.route.name,
        service_date=row.service_on,
        direction=row.direction,
        state=row.state,
        bus=row.vehicle,
        instead_of=_instead_of(entry),
        route=row.route,
        stop=None if mine is None else shapes.Named(mine.id, mine.code, mine.name),
        school_stop=shapes.Named(planned[school_seq].id, planned[school_seq].code, planned[school_seq].name),
        planned_at=None if mine is None else at(facts.stops[mine.seq].arrival_ms, zone),
        planned_start_at=at(row.planned_start_ms, zone),
        planned_end_at=at(row.planned_end_ms, zone),
        started_at=at(row.started_at_ms, zone),
        ended_at=at(row.ended_at_ms, zone),
        rider_state=entry.rider_state,
        eta=None if target is None else facts.etas[target],
        stops_before=_stops_before(facts, target),
        window=shapes.Window(at(from_ms, zone), at(to_ms, zone)),
        delay_s=facts.delay_s,
        position=facts.position(),
    )


def _with_stops(trip: shapes.ChildTrip, facts: TripFacts) -> shapes.ChildTrip:
    return replace(
        trip,
        stops=[
            shapes.ChildStop(
                id=stop.id,
                code=stop.code,
                name=stop.name,
                lat=stop.lat,
                lon=stop.lon,
                seq=stop.seq,
                metre=stop.metre,
                planned_at=at(facts.stops[stop.seq].arrival_ms, facts.timezone),
                arrived_at=at(
                    visit.arrived_at_ms if (visit := facts.visits.get(stop.seq)) else None, facts.timezone
                ),
                departed_at=at(visit.departed_at_ms if visit else None, facts.timezone),
                passed=facts.passed(stop.seq),
                eta=facts.etas[stop.seq],
                mine=trip.stop is not None and stop.id == trip.stop.id,
            )
            for stop in facts.plan.stops
        ],
        shape=list(facts.plan.shape),
        shape_metres=list(facts.plan.metres),
    )


def _target(mine: PlannedStop | None, state: RiderPhase, to_school: bool, school_seq: int) -> int | None:
    """Give the stop that the guardian waits for: the child's own, or the school once aboard to it; None when it is over."""
    if state in ("alighted", "handed_over", "absent", "no_show"):
        return None
    if to_school and state == "aboard":
        return school_seq
    return None if mine is None else mine.seq


def _stops_before(facts: TripFacts, target: int | None) -> int | None:
    if target is None or facts.row.state != "en_route" or not facts.located:
        return None
    ahead = target - facts.row.next_seq
    return ahead if ahead >= 0 else None
