"""Which records of the plan a scope holds, plural by plural, as conditions of queries."""

from __future__ import annotations

from sqlalchemy import ColumnElement, Select, false, or_, select, true

from server.adapters.db.scopes import owned_in, riders_in, under
from server.adapters.db.tables import (
    calendars,
    devices,
    guardians,
    jurisdictions,
    operators,
    people,
    permits,
    ride_plans,
    riders,
    routes,
    schools,
    settings,
    stop_times,
    stops,
    timetables,
    vehicles,
)
from server.service.policy import Scope


def records_in(plural: str, scope: Scope, jurisdiction_id: str | None) -> ColumnElement[bool]:
    """Say which rows of a plural the scope holds; `jurisdiction_id` is a regulator's own area."""
    if scope.kind == "all":
        # To whom a guardian lends a child is in the family's own list of carers, not among the records.
        return guardians.c.shared_by.is_(None) if plural == "guardians" else true()
    if scope.kind == "school":
        return _of_school(plural, scope)
    if scope.kind != "operators":
        return false()
    match plural:
        case "jurisdictions" if jurisdiction_id is not None:
            return under(jurisdiction_id)
        case "jurisdictions":
            own = select(operators.c.jurisdiction_id).where(owned_in(scope, operators.c.id))
            return jurisdictions.c.id.in_(own)
        case "operators":
            return owned_in(scope, operators.c.id)
        case "schools" if jurisdiction_id is not None:
            return schools.c.jurisdiction_id.in_(select(jurisdictions.c.id).where(under(jurisdiction_id)))
        case "schools":
            own = select(stops.c.id).where(owned_in(scope, stops.c.operator_id))
            return or_(schools.c.stop_id.in_(own), schools.c.stop_id.in_(_stops_of(_timetables(scope))))
        case "stops":
            # Two companies may stop at one place; it is one's record and the other's to use.
            return or_(owned_in(scope, stops.c.operator_id), stops.c.id.in_(_stops_of(_timetables(scope))))
        case "routes":
            return owned_in(scope, routes.c.operator_id)
        case "timetables":
            return owned_in(scope, timetables.c.operator_id)
        case "calendars":
            used = select(timetables.c.service_code).where(timetables.c.id.in_(_timetables(scope)))
            return or_(owned_in(scope, calendars.c.operator_id), calendars.c.code.in_(used))
        case "vehicles":
            return owned_in(scope, vehicles.c.operator_id)
        case "devices":
            own = select(vehicles.c.id).where(owned_in(scope, vehicles.c.operator_id))
            return devices.c.vehicle_id.in_(own)
        case "people":
            return owned_in(scope, people.c.operator_id)
        case "permits":
            return owned_in(scope, permits.c.operator_id)
        case "riders":
            return riders_in(scope)
        case "ride-plans":
            return ride_plans.c.timetable_id.in_(_timetables(scope))
        case "zones":
            return true()
        case "settings":
            return or_(
                settings.c.scope == "system",
                *(
                    settings.c.scope_id.in_(select(table.c.id).where(owned_in(scope, owner)))
                    for table, owner in (
                        (operators, operators.c.id),
                        (routes, routes.c.operator_id),
                        (permits, permits.c.operator_id),
                    )
                ),
            )
    return false()


def _of_school(plural: str, scope: Scope) -> ColumnElement[bool]:
    """A school knows its own children, and of the network what serves it."""
    own = select(riders.c.id).where(riders.c.school_id.in_(scope.ids))
    match plural:
        case "schools":
            return schools.c.id.in_(scope.ids)
        case "riders":
            return riders_in(scope)
        case "guardians":
            return guardians.c.rider_id.in_(own) & guardians.c.shared_by.is_(None)
        case "ride-plans":
            return ride_plans.c.rider_id.in_(own)
    gate = select(schools.c.stop_id).where(schools.c.id.in_(scope.ids))
    calling = select(stop_times.c.timetable_id).where(stop_times.c.stop_id.in_(gate))
    used = select(ride_plans.c.timetable_id).where(
        ride_plans.c.rider_id.in_(own), ride_plans.c.ended_at_ms.is_(None)
    )
    serving = or_(timetables.c.id.in_(calling), timetables.c.id.in_(used))
    mine = select(timetables.c.id).where(serving)
    match plural:
        case "timetables":
            return serving
        case "stops":
            boarding = select(ride_plans.c.stop_id).where(ride_plans.c.rider_id.in_(own))
            return or_(*(stops.c.id.in_(some) for some in (gate, boarding, _stops_of(mine))))
        case "routes":
            return routes.c.id.in_(select(timetables.c.route_id).where(serving))
        case "calendars":
            return calendars.c.code.in_(select(timetables.c.service_code).where(serving))
    return false()


def _timetables(scope: Scope) -> Select[tuple[str]]:
    return select(timetables.c.id).where(owned_in(scope, timetables.c.operator_id))


def _stops_of(timetable_ids: Select[tuple[str]]) -> Select[tuple[str]]:
    return select(stop_times.c.stop_id).where(stop_times.c.timetable_id.in_(timetable_ids))
