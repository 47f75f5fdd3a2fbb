"""What the server's clock finds of trips whose bus says nothing: not started, missed, silent; and what ends it.

None of it is part of the fold, since no input carries it (decision 0102). A trip whose records come late was never overdue: then the
finding is withdrawn. Guardians are told once that a trip has not started, until it counts as missed; of an absence the other guardians
are told, and not the one who said it.
"""

from __future__ import annotations

from typing import Final

from server.domain.finding import Evidence, Finding
from server.domain.trip import Announcement, TripState
from server.rules import absences
from server.service.ingest_ports import Catalogue, LogWork, Overdue

OVER: Final = ("arrived", "closed", "cancelled", "missed")


def watch(work: LogWork, catalogue: Catalogue, now_ms: int) -> None:
    """State what is overdue at now_ms (the school day's clock), and end what is so no more."""
    for found in work.list_clock_findings(now_ms):
        _end(work, found, now_ms)
    for found in work.list_overdue(now_ms):
        one = _finding(found, now_ms)
        if one is None:
            continue
        work.state_by_clock(found.trip_id, found.vehicle_id, one, now_ms)
        if (
            found.kind == "not_started"
            and now_ms <= found.planned_start_ms + 1000 * found.limits.missed_after_s
        ):
            _tell_not_started(work, catalogue, found, now_ms)


def tell_absences(work: LogWork, catalogue: Catalogue, now_ms: int) -> None:
    """Tell the other guardians of the absences that were said lately; said again, it is the same notice."""
    for said in work.list_said_absent(now_ms):
        trip = _planned(catalogue, said.trip_id, now_ms)
        if trip is None:
            continue
        one = Announcement(said.rider_id, "absent", said.occurrence, said.made_at_ms)
        told = [each for each in catalogue.tell(trip, [one]) if each.user_id != said.user_id]
        if told:
            work.announce(trip, told)


def _finding(found: Overdue, now_ms: int) -> Finding | None:
    start_ms, limits = found.planned_start_ms, found.limits
    if found.kind in ("not_started", "missed_trip"):
        after_s = _after_s(found)
        planned = Evidence("planned", start_ms)
        return Finding(found.kind, start_ms + round(1000 * after_s), limit=after_s, evidence=(planned,))
    silence_ms = round(1000 * max(limits.stale_least_s, limits.stale_intervals * (found.interval_s or 0)))
    since_ms = max(found.heard_ms or 0, start_ms if found.state == "scheduled" else 0)
    if now_ms - since_ms < max(1000 * limits.silent_s, silence_ms):
        return None
    seen: tuple[Evidence, ...] = ()
    if found.position_ms is not None:
        seen = (Evidence("position", found.position_ms, lat=found.lat, lon=found.lon),)
    return Finding("silent", since_ms + silence_ms, limit=silence_ms / 1000, evidence=seen)


def _after_s(found: Overdue) -> float:
    """Give how long after its plan a trip that has not departed is found."""
    limits = found.limits
    return limits.departure_overdue_s if found.kind == "not_started" else limits.missed_after_s


def _end(work: LogWork, found: Overdue, now_ms: int) -> None:
    assert found.began_ms is not None
    ended_ms: int | None = None
    if found.kind == "silent":
        if found.heard_ms is not None and found.heard_ms > found.began_ms:
            ended_ms = found.heard_ms
        elif found.state in OVER:
            ended_ms = found.ended_ms or now_ms
    elif found.started_ms is not None:
        ended_ms = found.started_ms
    elif found.state == "cancelled":
        ended_ms = found.ended_ms or now_ms
    elif found.planned_start_ms + 1000 * _after_s(found) > now_ms:
        ended_ms = now_ms  # it was so until another time was approved
    if ended_ms is None:
        return
    if ended_ms < found.began_ms:
        work.withdraw_by_clock(found.trip_id, found.kind, now_ms)
        return
    work.end_by_clock(found.trip_id, found.kind, ended_ms)


def _tell_not_started(work: LogWork, catalogue: Catalogue, found: Overdue, now_ms: int) -> None:
    trip = _planned(catalogue, found.trip_id, now_ms)
    if trip is None:
        return
    minutes = round((now_ms - found.planned_start_ms) / 60_000)
    told = [
        Announcement(rider.rider_id, "not_started", 1, now_ms, minutes=minutes)
        for rider in trip.riders
        if rider.state == "expected"
    ]
    work.announce(trip, catalogue.tell(trip, told) if told else ())


def _planned(catalogue: Catalogue, trip_id: str, now_ms: int) -> TripState | None:
    """Give a trip as it is planned, with who is said not to ride."""
    road = catalogue.find_road(trip_id)
    if road is None:
        return None
    planned = TripState(
        trip_id, vehicle_id=road.plan.staffing(now_ms).vehicle_id, riders=absences.planned(road.plan)
    )
    return absences.settle(planned, road.plan, now_ms)
