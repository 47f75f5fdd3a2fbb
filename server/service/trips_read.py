"""Trips for those who run, supervise or receive them: lists, one whole and its manifest."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec

from server.domain.trip import Visit
from server.errors import NotFoundError
from server.service import shapes, sign_off, substitutions_read, verdicts_read
from server.service.findings_read import reads_needs, worst
from server.service.findings_rows import NeedRow
from server.service.instants import at
from server.service.policy import Scope
from server.service.rows import RosterRow, TripRow
from server.service.trip_facts import TripFacts, gather
from server.service.web_ports import Work


def list_trips(
    work: Work, scope: Scope, filters: dict[str, str], after: str | None, limit: int
) -> shapes.Items[shapes.Trip]:
    """List the trips of the scope by date and planned start; `filters` by column name, values as text."""
    rows = work.trips.page(scope, filters, after, limit + 1)
    more = len(rows) > limit
    page = rows[:limit]
    needs = _needs(work, page, scope)
    shown = [show_trip(row, scope, None if needs is None else needs.get(row.id, [])) for row in page]
    return shapes.Items(shown, page[-1].id if more else None)


def show_trip(row: TripRow, scope: Scope, needs: Sequence[NeedRow] | None = None) -> shapes.Trip:
    """Give a trip's shape for a list; a guardian isn't told who drives. `needs`: its findings, None for who reads none."""
    return shapes.Trip(**_plain(row, scope, needs))


def _needs(work: Work, rows: Sequence[TripRow], scope: Scope) -> dict[str, list[NeedRow]] | None:
    return work.findings.needs([row.id for row in rows]) if reads_needs(scope) else None


def get_trip(work: Work, scope: Scope, trip_id: str, now_ms: int) -> shapes.TripDetail:
    """Give one trip of the scope whole."""
    facts = gather(work.trips, work.trips.get(trip_id), scope, now_ms)
    row, zone = facts.row, facts.timezone
    own = next(iter(scope.ids), None) if scope.kind == "school" else None
    counts = None if scope.kind == "guardian" else count(work.trips.counts(trip_id, own))
    needs = _needs(work, [row], scope)
    plain = _plain(row, scope, None if needs is None else needs.get(row.id, []))
    plain["delay_s"] = facts.delay_s if row.state == "en_route" else row.delay_s
    return shapes.TripDetail(
        **plain,
        plan=shapes.Plan(
            stops=[
                shapes.PlanStop(
                    stop.id, stop.code, stop.name, stop.seq, stop.lat, stop.lon, stop.metre,
                    at(facts.stops[stop.seq].arrival_ms, zone), at(facts.stops[stop.seq].departure_ms, zone),
                )
                for stop in facts.plan.stops
            ],
            shape=list(facts.plan.shape),
            shape_metres=list(facts.plan.metres),
        ),
        position=facts.position(),
        visits=[_visit(facts, seq) for seq in range(len(facts.stops))],
        verdicts=verdicts_read.show_verdicts(work, row, scope, now_ms),
        counts=counts,
        sign_off=None if scope.kind == "guardian" else sign_off.read(work, row, own),
        substitution=substitutions_read.of_trip(work, scope, row.id),
        duty=None if scope.kind == "guardian" else _duty(work, row),
    )  # fmt: skip


class RideFacts(msgspec.Struct, frozen=True):
    """What a ride's push says around it: trip, rider and the trip's stops by id."""

    trip: shapes.Named
    rider: shapes.Named
    stops: dict[str, shapes.Named]
    timezone: str

    def show(self, way: str, at_ms: int, stop_id: str | None) -> dict[str, Any]:
        """Give the push `ride` for those who watch the trip or the school."""
        return {
            "child": self.rider.id,
            "rider": self.rider,
            "dir": way,
            "at": at(at_ms, self.timezone),
            "trip": self.trip,
            "stop": self.stops.get(stop_id or ""),
        }


def find_ride(work: Work, trip_id: str, rider_id: str) -> RideFacts | None:
    """Find what is said around a ride; None where its trip or rider has gone."""
    try:
        row, rider = work.trips.get(trip_id), work.children.get(rider_id)
    except NotFoundError:
        return None
    stops = {
        stop.id: shapes.Named(stop.id, stop.code, stop.name) for stop in work.trips.plan(row.plan_id).stops
    }
    named = shapes.Named(rider.id, rider.code, rider.name)
    return RideFacts(shapes.Named(row.id, row.code, row.route.name), named, stops, row.timezone)


def get_manifest(work: Work, scope: Scope, trip_id: str) -> shapes.Manifest:
    """Give who should be on the trip, stop by stop; a school gets its own riders."""
    row = work.trips.get(trip_id)
    own = next(iter(scope.ids), None) if scope.kind == "school" else None
    facts = TripFacts(row, work.trips.plan(row.plan_id), (), None, False, 0)
    riders = work.trips.riders(trip_id, own)
    return shapes.Manifest(
        trip=shapes.Named(row.id, row.code, row.route.name),
        counts=count(work.trips.counts(trip_id, own)),
        stops=[
            shapes.ManifestStop(
                stop.id,
                stop.code,
                stop.name,
                stop.seq,
                at(facts.stops[stop.seq].arrival_ms, facts.timezone),
                [
                    show_rider(each, facts.timezone)
                    for each in riders
                    if not each.stranger and each.stop_id == stop.id
                ],
            )
            for stop in facts.plan.stops
        ],
        strangers=[show_rider(each, facts.timezone) for each in riders if each.stranger],
    )


def count(found: list[tuple[str, bool, int]]) -> shapes.Counts:
    """Add up (state, stranger, number) as the database counted them.

    >>> count([("aboard", False, 3), ("aboard", True, 1), ("expected", False, 2)])
    Counts(planned=5, expected=2, aboard=4, alighted=0, handed_over=0, absent=0, no_show=0, strangers=1)
    """
    states = dict.fromkeys(("expected", "aboard", "alighted", "handed_over", "absent", "no_show"), 0)
    planned = strangers = 0
    for state, stranger, number in found:
        states[state] += number
        if stranger:
            # Who isn't on the manifest counts as aboard and is named as a stranger (INTERFACES 6.10).
            strangers += number
        else:
            planned += number
    return shapes.Counts(planned=planned, strangers=strangers, **states)


def _plain(row: TripRow, scope: Scope, needs: Sequence[NeedRow] | None) -> dict[str, Any]:
    zone = row.timezone
    return {
        "id": row.id,
        "code": row.code,
        "service_date": row.service_on,
        "direction": row.direction,
        "route": row.route,
        "vehicle": row.vehicle,
        "device": None
        if row.device_id is None
        else shapes.Named(row.device_id, row.device_id, row.device_id),
        "driver": None if scope.kind == "guardian" else row.driver,
        "school": row.school,
        "state": row.state,
        "planned_start_at": at(row.planned_start_ms, zone),
        "planned_end_at": at(row.planned_end_ms, zone),
        "started_at": at(row.started_at_ms, zone),
        "ended_at": at(row.ended_at_ms, zone),
        "delay_s": None if scope.kind == "guardian" else row.delay_s,
        "findings_open": None if needs is None else len(needs),
        "worst": None if needs is None else worst(needs),
    }


def _duty(work: Work, row: TripRow) -> shapes.TripDuty | None:
    """Say who is signed on; None where nobody ever was."""
    crew = row.crew
    if crew.since_ms is None:
        return None
    badges = [badge for badge in (crew.driver, crew.attendant) if badge is not None]
    named = work.substitutions.badges(row.operator_id, badges)

    def person(badge: str | None) -> shapes.Named | None:
        # A badge that is nobody's is shown as it was read.
        return None if badge is None else named.get(badge, shapes.Named(badge, badge, badge))

    return shapes.TripDuty(person(crew.driver), person(crew.attendant), at(crew.since_ms, row.timezone))


def _visit(facts: TripFacts, seq: int) -> shapes.VisitItem:
    visit = facts.visits.get(seq, Visit(seq))
    stop, zone = facts.stops[seq], facts.timezone
    return shapes.VisitItem(
        stop_id=stop.id,
        seq=seq,
        planned_at=at(stop.arrival_ms, zone),
        arrived_at=at(visit.arrived_at_ms, zone),
        departed_at=at(visit.departed_at_ms, zone),
        passed=facts.passed(seq),
        eta=facts.etas[seq],
    )


def show_rider(each: RosterRow, zone: str) -> shapes.ManifestRider:
    rider = each.rider
    return shapes.ManifestRider(
        rider.id, rider.code, rider.name, rider.grade, rider.school, each.state, at(each.since_ms, zone)
    )
