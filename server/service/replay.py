"""Judging trips again from the log alone, and saying wherein the rows differ: the fold of ingest over memory, which nobody hears of.

The same `Folder`, pipeline, deadlines and verdicts as live; only what they write to is another. Plans, papers and settings are those
of now, as for a late record.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime
from itertools import count
from typing import Any, Final, Protocol

import msgspec

from server.domain.finding import Finding, FindingKind
from server.domain.limits import TRIP_WINDOW_AFTER_MS, TRIP_WINDOW_BEFORE_MS
from server.domain.plan import TripPlan
from server.domain.trip import Announcement, Phase, TripState
from server.domain.verdict import SIX, Verdict, Verdicts, excused
from server.errors import SixFixedError
from server.service.folding import Folder
from server.service.ingest_ports import Bus, Catalogue, Told
from server.service.instants import at
from server.service.replay_difference import Difference, differences, expected, of_findings
from server.service.replay_ports import PlannedTrip, StoredLog, StoredRows
from server.service.replay_work import ReplayWork
from server.service.streams import Streams

DAY_MS: Final = 86_400_000
FOREVER: Final = float("inf")


class Stored(StoredLog, StoredRows, Protocol):
    """What is stored, in one snapshot."""


class ReplayError(SixFixedError):
    """There is nothing to replay, or it can't be told what is meant."""

    code = "cannot_replay"
    exit_status = 2


class ReplayedFinding(msgspec.Struct, frozen=True):
    """What was found of a trip, or of a bus."""

    kind: FindingKind
    began_at: datetime
    ended_at: datetime | None


class ReplayedTrip(msgspec.Struct, frozen=True):
    """A trip as its log gives it, and wherein the rows differ. `verdicts` are with what was excused."""

    id: str
    code: str
    service_date: str
    state: Phase
    vehicle_id: str | None
    verdicts: dict[str, dict[str, Any]]
    findings: list[ReplayedFinding]
    differences: list[Difference]


class ReplayedBus(msgspec.Struct, frozen=True):
    """What was found of a bus on a date and belongs to no trip, and wherein the rows differ."""

    vehicle_id: str
    findings: list[ReplayedFinding]
    differences: list[Difference]


class Report(msgspec.Struct, frozen=True):
    """What a replay found. `failed_rules` counts rules that raised, by name."""

    trips: list[ReplayedTrip]
    buses: list[ReplayedBus]
    failed_rules: dict[str, int]

    @property
    def equal(self) -> bool:
        """Say whether the rows are what the log gives."""
        return not any(one.differences for one in self.trips) and not any(
            one.differences for one in self.buses
        )


class Folded(msgspec.Struct, frozen=True):
    """What folding again gives: trips by id, what belongs to none by vehicle, rules that raised."""

    trips: dict[str, TripState]
    found: dict[str, list[Finding]]
    failed_rules: Counter[str]


def replay_chosen(
    stored: Stored,
    catalogue: Catalogue,
    what: str,
    now_ms: int,
    *,
    on: str | None = None,
    since: str | None = None,
) -> Report:
    """Replay what a person names: a trip by its id, a timetable by its code on a date, or a date (ISO); raise ReplayError.

    `since`: begin each log on that date (UTC) and not with its first record; what lies before is taken as if it had never been.
    """
    since_ms = None if since is None else _midnight_ms("--since", since)
    if _is_date(what):
        if on is not None:
            raise ReplayError(
                f"{what} is a date itself; leave out --on, or name a timetable's code before it."
            )
        trips = stored.list_trips(what)
        if not trips:
            raise ReplayError(
                f"No trip is known on {what}; name another date, or import the timetables of that day."
            )
        return replay_date(stored, catalogue, trips, now_ms, since_ms)
    if on is None:
        trip = stored.find_trip(what)
        if trip is None:
            raise ReplayError(
                f"No trip has the id {what!r}; name a timetable's code with --on DATE, or a date."
            )
        return replay_trip(stored, catalogue, trip, now_ms, since_ms)
    _midnight_ms("--on", on)
    found = stored.list_trips(on, what)
    if not found:
        raise ReplayError(f"No trip of timetable {what!r} is known on {on}; see the code and the date.")
    if len(found) > 1:
        ids = ", ".join(trip.id for trip in found)
        raise ReplayError(
            f"Several operators have a timetable {what!r} on {on}; name one of the trips {ids}."
        )
    return replay_trip(stored, catalogue, found[0], now_ms, since_ms)


def replay_trip(
    stored: Stored, catalogue: Catalogue, trip: PlannedTrip, now_ms: int, since_ms: int | None = None
) -> Report:
    """Replay one trip: the logs of the buses that ran it, were to run it, or whose crew signed on for it."""
    again = fold_again(stored, catalogue, buses_of(stored, catalogue, trip), now_ms, since_ms)
    return Report([_judge(stored, catalogue, trip, again, now_ms)], [], dict(again.failed_rules))


def replay_date(
    stored: Stored,
    catalogue: Catalogue,
    trips: Sequence[PlannedTrip],
    now_ms: int,
    since_ms: int | None = None,
) -> Report:
    """Replay all trips of a service date: the logs of every bus that said something about then."""
    buses: dict[str, Bus] = {trip.bus.vehicle_id: trip.bus for trip in trips if trip.bus is not None}
    spans: dict[str, tuple[int, int]] = {}
    for trip in trips:
        from_ms, to_ms = spans.get(trip.operator_id, (trip.start_ms, trip.end_ms))
        spans[trip.operator_id] = min(from_ms, trip.start_ms), max(to_ms, trip.end_ms)
    for operator_id, (from_ms, to_ms) in spans.items():
        span = from_ms - TRIP_WINDOW_BEFORE_MS, to_ms + TRIP_WINDOW_AFTER_MS
        buses |= {bus.vehicle_id: bus for bus in stored.list_buses(operator_id, *span)}
    again = fold_again(stored, catalogue, list(buses.values()), now_ms, since_ms)
    judged = [_judge(stored, catalogue, trip, again, now_ms) for trip in trips]
    reports = []
    for bus in sorted(buses.values(), key=lambda each: each.vehicle_id):
        from_ms, to_ms = spans[bus.operator_id]
        zone = next(trip.timezone for trip in trips if trip.operator_id == bus.operator_id)
        kept = [one for one in again.found.get(bus.vehicle_id, []) if from_ms <= one.began_ms <= to_ms]
        missing = of_findings(stored.list_found(bus.vehicle_id, from_ms, to_ms), kept)
        if kept or missing:
            reports.append(ReplayedBus(bus.vehicle_id, _shown(kept, zone), missing))
    return Report(judged, reports, dict(again.failed_rules))


def fold_again(
    log: StoredLog, catalogue: Catalogue, buses: Iterable[Bus], now_ms: int, since_ms: int | None = None
) -> Folded:
    """Fold the logs of buses from nothing, as of now_ms (the school day's clock); raise Unavailable where they can't be read."""
    work = ReplayWork(log, since_ms)
    seconds = count(0, 60)  # between any two looks a minute goes by: nothing is on its way, nothing rests
    folder = Folder(_Untold(catalogue), Streams(), lambda: now_ms, lambda: float(next(seconds)))
    folder.expect(buses)
    _fold_all(folder, work)
    folder.settle(work)
    folder.look()
    folder.project(work)
    _fold_all(folder, work)
    return Folded(
        work.trips,
        {vehicle_id: list(found.values()) for vehicle_id, found in work.found.items()},
        folder.rule_errors,
    )


def buses_of(stored: Stored, catalogue: Catalogue, trip: PlannedTrip) -> list[Bus]:
    """List the buses that may have run a trip: by its row, its plan and its turns, and by who signed on for it."""
    road = catalogue.find_road(trip.id)
    plan = None if road is None else road.plan
    ids: set[str | None] = set() if plan is None else {*plan.buses, plan.vehicle_id}
    holder = stored.find_holder(trip.id)
    if holder is not None:
        ids |= {holder.vehicle_id, *(turn.vehicle_id for turn in holder.turns)}
    buses = {vehicle_id: Bus(vehicle_id, trip.operator_id) for vehicle_id in ids if vehicle_id is not None}
    if trip.bus is not None:
        buses[trip.bus.vehicle_id] = trip.bus
    said = stored.list_sign_ons(trip.operator_id, trip.start_ms - DAY_MS, trip.end_ms + TRIP_WINDOW_AFTER_MS)
    for bus, duty in said:
        if duty.trip == trip.code or (plan is not None and _is_named(plan, duty.badge, duty.tag)):
            buses[bus.vehicle_id] = bus
    return sorted(buses.values(), key=lambda each: each.vehicle_id)


def _is_date(text: str) -> bool:
    return re.fullmatch(r"\d{4}-\d\d-\d\d", text) is not None


def _midnight_ms(option: str, text: str) -> int:
    try:
        day = date.fromisoformat(text)
    except ValueError as why:
        raise ReplayError(f"{option} {text!r} is no date; write it as 2026-09-21.") from why
    return int(datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp() * 1000)


def _is_named(plan: TripPlan, badge: str, tag: str | None) -> bool:
    badges = {plan.driver_badge, plan.attendant_badge}
    badges |= {one.driver_badge for one in plan.substitutes} | {
        one.attendant_badge for one in plan.substitutes
    }
    return badge in badges or (tag is not None and tag == plan.tag)


def _fold_all(folder: Folder, work: ReplayWork) -> None:
    while due := folder.refold_due(FOREVER):
        for vehicle_id in due:
            folder.refold(work, vehicle_id)
        folder.project(work)
        folder.take_rides()


def _judge(
    stored: Stored, catalogue: Catalogue, planned: PlannedTrip, again: Folded, now_ms: int
) -> ReplayedTrip:
    kept, road = stored.read_trip(planned.id), catalogue.find_road(planned.id)
    if road is None:
        raise ReplayError(
            f"Trip {planned.code} of {planned.service_on} has no plan; import its timetable again."
        )
    trip = expected(again.trips.get(planned.id), kept, road, now_ms)
    nothing = Verdict("unknown", None, "not_started" if trip.state == "scheduled" else trip.state)
    said = trip.verdicts or Verdicts(nothing, nothing, nothing, nothing, nothing, nothing)
    said = excused(said, kept.excuses)
    verdicts: dict[str, dict[str, Any]] = {
        which: {
            "value": said.of(which).value,
            "final": said.final,
            "reason": said.of(which).reason,
            "since": at(said.of(which).since_ms, planned.timezone),
        }
        for which in SIX
    }
    return ReplayedTrip(
        planned.id, planned.code, planned.service_on, trip.state, trip.vehicle_id, verdicts,
        _shown(trip.findings, planned.timezone), differences(kept, trip),
    )  # fmt: skip


def _shown(findings: Iterable[Finding], zone: str) -> list[ReplayedFinding]:
    return [
        ReplayedFinding(one.kind, at(one.began_ms, zone), at(one.ended_ms, zone))
        for one in sorted(findings, key=lambda each: (each.began_ms, each.kind, each.about))
    ]


class _Untold:
    """A catalogue that has nothing to tell anybody: a replay makes no notices, so their words are not looked up."""

    def __init__(self, catalogue: Catalogue) -> None:
        self.find_bus = catalogue.find_bus
        self.list_active_buses = catalogue.list_active_buses
        self.context = catalogue.context
        self.find_road = catalogue.find_road
        self.changed = catalogue.changed
        self.forget = catalogue.forget

    def tell(self, trip: TripState, announcements: Sequence[Announcement]) -> list[Told]:
        """Tell nobody."""
        return []
