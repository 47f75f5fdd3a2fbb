"""Make the trips of yesterday to tomorrow from timetables, calendars, permits and ride plans; idempotent."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Literal, Protocol
from zoneinfo import ZoneInfo

import msgspec

from server.domain.calendar import Calendar
from server.domain.plan import Direction
from server.domain.service_time import dates_around, instant_ms
from server.domain.substitute import Detour, Staffing, Substitute, detour_at, shift_at, staffing_at
from server.service.calendar_watch import AlarmStore, TimetableUse, watch_calendar

Roster = Mapping[str, tuple[str, Literal["expected", "absent"]]]  # rider -> (stop, state)


class FormerPlan(msgspec.Struct, frozen=True):
    """A version that a timetable's trips have on service dates before `before_on`: its stops, and the times of its ends."""

    before_on: str
    plan_id: str
    stop_ids: tuple[str, ...]
    start_s: int
    end_s: int


class Timetable(msgspec.Struct, frozen=True):
    """A timetable that is not ended, with its plan's ends. Times in seconds after noon minus 12 h.

    `former`: versions that still hold on some date, the earliest `before_on` first.
    """

    id: str
    code: str
    operator_id: str
    timezone: str
    route_id: str
    service_code: str
    direction: Direction
    plan_id: str
    first_stop_id: str
    last_stop_id: str
    start_s: int
    end_s: int
    former: tuple[FormerPlan, ...] = ()


class Permit(msgspec.Struct, frozen=True):
    """A permit that is not ended; both dates are inclusive ISO text."""

    id: str
    timetable_id: str
    vehicle_id: str
    driver_id: str
    attendant_id: str | None
    valid_from: str
    valid_until: str


class RidePlan(msgspec.Struct, frozen=True):
    """Where a rider uses a timetable, by weekday digits."""

    rider_id: str
    timetable_id: str
    stop_id: str
    weekdays: str


class Binding(msgspec.Struct, frozen=True):
    """All that a trip takes from the plan on its date; vehicle and people as approved, the permit's own stay with the permit."""

    plan_id: str
    route_id: str
    school_id: str | None
    permit_id: str | None
    vehicle_id: str | None
    driver_id: str | None
    attendant_id: str | None
    planned_start_ms: int
    planned_end_ms: int


class WantedTrip(msgspec.Struct, frozen=True):
    """A trip that should be there."""

    timetable: Timetable
    service_on: str
    binding: Binding
    roster: Roster


class TripThere(msgspec.Struct, frozen=True):
    """A trip that is there. `untouched`: scheduled and no bus assigned."""

    id: str
    timetable_id: str
    service_on: str
    untouched: bool
    binding: Binding
    roster: Mapping[str, tuple[str | None, str]]


class School(msgspec.Struct, frozen=True):
    """A school, and the stop in front of it."""

    id: str
    stop_id: str


class PlanState(msgspec.Struct, frozen=True):
    """What trips are made from, and those of the days around."""

    timetables: tuple[Timetable, ...]
    calendar: Calendar
    permits: tuple[Permit, ...]
    ride_plans: tuple[RidePlan, ...]
    schools: tuple[School, ...]
    absences: frozenset[tuple[str, str, str]]  # (rider, service date, direction)
    trips: tuple[TripThere, ...]
    substitutes: Mapping[
        str, Sequence[tuple[str, str, Substitute]]
    ] = {}  # by timetable: first and last date, what


class TripChanges(msgspec.Struct, frozen=True):
    """What has to be done to the trips; nothing when they are as they should be."""

    missing: tuple[WantedTrip, ...]
    stale: tuple[tuple[TripThere, WantedTrip], ...]
    surplus: tuple[TripThere, ...]


class MadeTrips(msgspec.Struct, frozen=True):
    """How many trips were made, bound anew to a changed plan, and taken back."""

    made: int
    rebound: int
    removed: int


class TimetablingStore(AlarmStore, Protocol):
    """The database, seen by the making of trips."""

    def load(self, since_on: str) -> PlanState:
        """Give the plan, and the trips since a service date."""

    def apply(self, changes: TripChanges, now_ms: int) -> MadeTrips:
        """Do it in one transaction, leaving alone every trip that a bus has taken since."""


def make_trips(store: TimetablingStore, now_ms: int) -> MadeTrips:
    """Make what is missing for yesterday, today and tomorrow in each operator's zone; bind what changed anew.

    A date of which no calendar says anything gets no trips and raises an alarm.
    """
    # Zones differ by at most 26 h: a day more on the early side holds every zone's yesterday.
    since = dates_around(now_ms - 26 * 3_600_000, ZoneInfo("UTC"))[0].isoformat()
    state = store.load(since)
    watch_calendar(store, state.calendar, map(_use, state.timetables), now_ms)
    changes = plan_changes(state, now_ms)
    if not (changes.missing or changes.stale or changes.surplus):
        return MadeTrips(0, 0, 0)
    return store.apply(changes, now_ms)


def plan_changes(state: PlanState, now_ms: int) -> TripChanges:
    """Compare the trips that should be there with those that are; pure.

    A trip whose time is over, or that a bus has taken, stays as it was judged. One that no longer runs is taken back
    if it lies ahead.
    """
    wanted = {(trip.timetable.id, trip.service_on): trip for trip in _wanted(state, now_ms)}
    there = {(trip.timetable_id, trip.service_on): trip for trip in state.trips}
    missing = tuple(trip for key, trip in wanted.items() if key not in there)
    stale = tuple(
        (trip, wanted[key])
        for key, trip in there.items()
        if key in wanted and _may_change(trip, now_ms) and _differs(trip, wanted[key])
    )
    surplus = tuple(
        trip
        for key, trip in there.items()
        if key not in wanted and trip.untouched and trip.binding.planned_start_ms > now_ms
    )
    return TripChanges(missing, stale, surplus)


def _use(one: Timetable) -> TimetableUse:
    return TimetableUse(one.operator_id, one.timezone, one.service_code, f"{one.route_id} {one.direction}")


def _may_change(trip: TripThere, now_ms: int) -> bool:
    return trip.untouched and trip.binding.planned_end_ms > now_ms


def _differs(trip: TripThere, wanted: WantedTrip) -> bool:
    return trip.binding != wanted.binding or dict(trip.roster) != dict(wanted.roster)


def _wanted(state: PlanState, now_ms: int) -> Iterable[WantedTrip]:
    permits: dict[str, list[Permit]] = defaultdict(list)
    for one in state.permits:
        permits[one.timetable_id].append(one)
    rides: dict[str, list[RidePlan]] = defaultdict(list)
    for plan in state.ride_plans:
        rides[plan.timetable_id].append(plan)
    schools = {school.stop_id: school.id for school in state.schools}
    days: dict[str, tuple[date, date, date]] = {}
    for newest in state.timetables:
        zone = ZoneInfo(newest.timezone)
        for on in days.setdefault(newest.timezone, dates_around(now_ms, zone)):
            held = _held(newest, on.isoformat())
            timetable = newest if held is None else _as_it_was(newest, held)
            weekday = state.calendar.weekday_of(timetable.service_code, on)
            if weekday is None:
                continue
            permit = next((each for each in permits[timetable.id] if _in_force(each, on)), None)
            to_school = timetable.direction == "to_school"
            given = [
                each
                for first, last, each in state.substitutes.get(timetable.id, ())
                if first <= on.isoformat() <= last
            ]
            planned = staffing_at(
                Staffing(permit.vehicle_id, permit.driver_id, permit.attendant_id) if permit else Staffing(),
                given,
                None,
            )
            shift_s, detour = shift_at(given, None), detour_at(given, None)
            if detour is not None and detour.of_plan != timetable.plan_id:
                detour = None  # it was made for another version
            yield WantedTrip(
                timetable,
                on.isoformat(),
                Binding(
                    plan_id=timetable.plan_id if detour is None else detour.plan_id,
                    route_id=timetable.route_id,
                    school_id=schools.get(timetable.last_stop_id if to_school else timetable.first_stop_id),
                    permit_id=permit.id if permit else None,
                    vehicle_id=planned.vehicle_id,
                    driver_id=planned.driver_badge,
                    attendant_id=planned.attendant_badge,
                    planned_start_ms=instant_ms(on, timetable.start_s + shift_s, zone),
                    planned_end_ms=instant_ms(on, timetable.end_s + shift_s, zone),
                ),
                _roster(
                    # A stop that only the coming version has is no place to wait at before.
                    [one for one in rides[timetable.id] if held is None or one.stop_id in held.stop_ids],
                    weekday,
                    on,
                    timetable.direction,
                    state.absences,
                    detour,
                ),
            )


def _held(timetable: Timetable, on: str) -> FormerPlan | None:
    """Find the former version that a timetable's trips have on a service date (decision 0190)."""
    return next((one for one in timetable.former if on < one.before_on), None)


def _as_it_was(timetable: Timetable, held: FormerPlan) -> Timetable:
    return msgspec.structs.replace(
        timetable,
        plan_id=held.plan_id,
        first_stop_id=held.stop_ids[0],
        last_stop_id=held.stop_ids[-1],
        start_s=held.start_s,
        end_s=held.end_s,
    )


def _in_force(permit: Permit, on: date) -> bool:
    return permit.valid_from <= on.isoformat() <= permit.valid_until


def _roster(
    plans: Iterable[RidePlan],
    weekday: int,
    on: date,
    direction: Direction,
    absences: frozenset[tuple[str, str, str]],
    detour: Detour | None,
) -> Roster:
    return {
        plan.rider_id: (
            plan.stop_id if detour is None else detour.stop_of(plan.stop_id),
            "absent" if (plan.rider_id, on.isoformat(), direction) in absences else "expected",
        )
        for plan in plans
        if str(weekday) in plan.weekdays
    }
