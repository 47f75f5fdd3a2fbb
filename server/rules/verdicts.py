"""The six verdicts on a trip, from what was found and from what was measured (PRODUCT, the six fixed, exactly).

A pure function of the trip as it is shown, its road and the papers: nothing of it is folded on. `fail` by a finding of the kind that
`KINDS` gives to one of the six (and a permit that is missing fails three); `pass` only where enough was measured; else `unknown`,
with a word for what is missing. A signal that the bus never sent is listed as not measured and decides nothing. While a trip
runs, `pass` says that nothing is wrong so far; a verdict is final once the trip is closed or cancelled.
"""

from __future__ import annotations

from server.domain.finding import KINDS, Evidence, Finding, Fixed
from server.domain.trip import TripState
from server.domain.vehicle_day import Lookup, Road
from server.domain.verdict import Verdict, Verdicts
from server.rules import coverage, qualification
from server.rules.skipping import expected_at, was_unseen

FAILED_BY_NO_PERMIT: frozenset[Fixed] = frozenset({"vehicle", "people", "marking"})
EVIDENCE = 8  # more than that is in the findings


def same_ground(one: TripState, other: TripState) -> bool:
    """Say whether two states of a trip have the same verdicts, since nothing differs that those rest on."""
    return (
        one.findings is other.findings
        and one.watch is other.watch
        and one.visits is other.visits
        and one.state == other.state
        and one.next_seq == other.next_seq
        and one.riders is other.riders
        and one.vehicle_id == other.vehicle_id
        and (one.metre is None) == (other.metre is None)
    )


def judge(trip: TripState, road: Road, lookup: Lookup) -> Verdicts:
    """Give the six verdicts on a trip."""
    return Verdicts(
        route=_failed(trip, "route") or _unstarted(trip) or _route(trip, road),
        time=_failed(trip, "time") or _unstarted(trip) or _time(trip, road),
        stops=_stops(trip, road),
        vehicle=_failed(trip, "vehicle") or _unstarted(trip) or _vehicle(trip, lookup),
        people=_people(trip, lookup),
        marking=_marking(trip, road),
        final=trip.state in ("closed", "cancelled"),
    )


def _failed(trip: TripState, which: Fixed, not_measured: tuple[str, ...] = ()) -> Verdict | None:
    found = [one for one in trip.findings if _fails(one, which, trip)]
    if not found:
        return None
    first = min(found, key=lambda one: one.began_ms)
    evidence = tuple(proof for one in found for proof in one.evidence)[:EVIDENCE]
    return Verdict("fail", first.began_ms, first.kind, evidence, not_measured)


def _fails(one: Finding, which: Fixed, trip: TripState) -> bool:
    if one.kind == "no_permit":
        return which in FAILED_BY_NO_PERMIT
    if one.kind == "door_open_moving":
        return which == "stops" and _rode_by(one, trip)
    if KINDS[one.kind].fixed != which:
        return False
    # Put right before it left: a driver who was sent home, a bus that signed on to the wrong trip.
    return (
        one.ended_ms is None
        or one.ended_ms == one.began_ms
        or trip.started_at_ms is None
        or one.ended_ms > trip.started_at_ms
    )


def _rode_by(one: Finding, trip: TripState) -> bool:
    return any(
        one.began_ms <= ride.at_ms <= (one.ended_ms or ride.at_ms) for ride in trip.rides if ride.by == "card"
    )


def _unstarted(trip: TripState, not_measured: tuple[str, ...] = ()) -> Verdict | None:
    if trip.started_at_ms is not None and trip.state != "missed":
        return None
    reason = trip.state if trip.state in ("missed", "cancelled") else "not_started"
    return Verdict("unknown", trip.assigned_at_ms, reason, (), not_measured)


def _unknown(
    trip: TripState, reason: str, evidence: tuple[Evidence, ...] = (), not_measured: tuple[str, ...] = ()
) -> Verdict:
    return Verdict("unknown", trip.started_at_ms, reason, evidence, not_measured)


def _passed(trip: TripState, *evidence: Evidence, not_measured: tuple[str, ...] = ()) -> Verdict:
    return Verdict("pass", trip.started_at_ms, None, evidence, not_measured)


def _route(trip: TripState, road: Road) -> Verdict:
    if trip.watch.course is None:
        return _unknown(trip, "no_positions")
    is_over = trip.state in ("arrived", "closed")
    found = coverage.measure(trip, road, ended=is_over)
    gaps = tuple(
        Evidence("unseen", gap.from_ms, f"{gap.from_m:.0f}-{gap.to_m:.0f} m")
        for gap in trip.watch.course.unseen[:EVIDENCE]
    )
    if found.unseen + found.left_out > 100 - road.thresholds.coverage_percent:
        return _unknown(trip, "positions_missing", gaps)
    if not is_over:
        return _passed(trip)
    return _passed(
        trip,
        Evidence("coverage", trip.arrived_at_ms or 0, round(100 - found.left_out - found.unseen, 1)),
        *gaps,
    )


def _time(trip: TripState, road: Road) -> Verdict:
    missing = _unseen_stops(trip, road)
    if missing:
        return _unknown(trip, "positions_missing", missing)
    worst = None
    for visit in trip.visits:
        if visit.arrived_at_ms is not None and visit.seq:
            planned_ms = road.plan.stops[visit.seq].arrival_ms + road.plan.since_shifted_ms(
                visit.arrived_at_ms
            )
            late_s = round((visit.arrived_at_ms - planned_ms) / 1000)
            if worst is None or late_s > worst[1]:
                worst = visit.arrived_at_ms, float(late_s)
    if worst is None or trip.state not in ("arrived", "closed"):
        return _passed(trip)
    return _passed(trip, Evidence("arrival", *worst))


def _stops(trip: TripState, road: Road) -> Verdict:
    unfitted = () if trip.watch.has_door else ("door",)
    verdict = _failed(trip, "stops", unfitted) or _unstarted(trip, unfitted)
    if verdict is not None:
        return verdict
    missing = _unseen_stops(trip, road, only_where_expected=True)
    if missing:
        return _unknown(trip, "positions_missing", missing, unfitted)
    return _passed(trip, not_measured=unfitted)


def _unseen_stops(trip: TripState, road: Road, *, only_where_expected: bool = False) -> tuple[Evidence, ...]:
    """Give the stops that the bus went by without a word, so that nobody knows whether and when it was there."""
    radius = road.thresholds.stop_radius_m
    return tuple(
        Evidence("unseen", visit.passed_at_ms or 0, road.plan.stops[visit.seq].id)
        for visit in trip.visits
        if visit.arrived_at_ms is None
        and was_unseen(trip, road.plan.stops[visit.seq], radius)
        and (not only_where_expected or expected_at(trip, road.plan, road.plan.stops[visit.seq]))
    )


def _vehicle(trip: TripState, lookup: Lookup) -> Verdict:
    bus = None if trip.vehicle_id is None else lookup.find_vehicle(trip.vehicle_id)
    if bus is None or bus.inspection_until is None or bus.insurance_until is None:
        return _unknown(trip, "papers_missing")
    return _passed(trip, Evidence("vehicle", trip.assigned_at_ms or 0, trip.vehicle_id))


def _people(trip: TripState, lookup: Lookup) -> Verdict:
    watch = trip.watch
    untested = (*(() if watch.breath else ("alcohol",)), *_unrecorded(trip, lookup))
    verdict = _failed(trip, "people", untested) or _unstarted(trip, untested)
    if verdict is not None:
        return verdict
    if not watch.drivers:
        return _unknown(trip, "nobody_signed_on", (), untested)
    badges = (*watch.drivers, *watch.attendants)
    people = [lookup.find_person(badge) for badge in badges]
    if any(person is None or person.qualified_until is None for person in people):
        return _unknown(trip, "papers_missing", (), untested)
    proofs = tuple(Evidence("badge", trip.started_at_ms or 0, badge) for badge in badges)
    return _passed(trip, *proofs, not_measured=untested)


def _unrecorded(trip: TripState, lookup: Lookup) -> tuple[str, ...]:
    """Name what the papers of the drivers leave open: their age, or how long they have held the licence."""
    people = (lookup.find_person(badge) for badge in trip.watch.drivers)
    missing = {name for one in people if one is not None for name in qualification.not_measured(one)}
    return tuple(sorted(missing))


def _marking(trip: TripState, road: Road) -> Verdict:
    watch = trip.watch
    # Ruling 9: no badge and no tag read is unknown; with a badge, a recorder that reads no tag isn't fitted for it.
    nothing_read = watch.tag is None and not watch.drivers and not watch.attendants
    signals: tuple[tuple[str, bool], ...] = (
        ("tag", watch.tag is not None and road.plan.tag is not None),
        ("lamp", watch.has_lamps),
        ("arm", watch.has_sign),
    )
    unfitted = tuple(name for name, measured in signals if not measured)
    verdict = _failed(trip, "marking", unfitted) or _unstarted(trip, unfitted)
    if verdict is not None:
        return verdict
    if nothing_read:
        return _unknown(trip, "nothing_read", (), unfitted)
    proofs = () if watch.tag is None else (Evidence("tag", trip.started_at_ms or 0, watch.tag),)
    return _passed(trip, *proofs, not_measured=unfitted)
