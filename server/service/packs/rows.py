"""The rows of each file of the pack, as typed values: a field is a column, one without a default must be there.

A field whose type allows None may be blank. `Refers` names the file whose rows it points at.
"""

from __future__ import annotations

from typing import Annotated

import msgspec

from server.service.packs.cells import (
    Card,
    Cell,
    Code,
    Day,
    DeviceId,
    Email,
    Flag,
    GtfsDay,
    Lat,
    Lon,
    Phone,
    Secret,
    Sequence,
    ServiceTime,
    Text,
    TimeZone,
    Username,
    Weekdays,
    one_of,
    pattern,
    whole,
)
from server.service.packs.geometry import Wkt


class Refers(msgspec.Struct, frozen=True):
    """The value is the key of a row of `file`."""

    file: str


class PackRow(msgspec.Struct, frozen=True, kw_only=True):
    """A row and the line that it began on; 0 for one that is the database's."""

    line: int = 0


class Agency(PackRow, frozen=True, kw_only=True):
    """agency.txt: an operator, with its time zone."""

    agency_id: Code | None = None
    agency_name: Text
    agency_url: Text | None
    agency_timezone: TimeZone
    agency_lang: Annotated[str, Cell(lambda text: text[:16])] | None = None
    agency_phone: Phone | None = None


class Stop(PackRow, frozen=True, kw_only=True):
    """stops.txt: where buses stop (location_type 0)."""

    stop_id: Code
    stop_name: Text
    stop_lat: Lat
    stop_lon: Lon
    location_type: Annotated[int, Cell(whole(0, 4))] | None = None


class Route(PackRow, frozen=True, kw_only=True):
    """routes.txt."""

    route_id: Code
    agency_id: Annotated[Code, Refers("agency.txt")] | None = None
    route_short_name: Text | None = None
    route_long_name: Text | None = None
    route_type: Annotated[int, Cell(whole(0, 1702))]


class Timetable(PackRow, frozen=True, kw_only=True):
    """trips.txt: a GTFS trip, which is a timetable here."""

    route_id: Annotated[Code, Refers("routes.txt")]
    service_id: Code
    trip_id: Code
    trip_headsign: Text | None = None
    direction_id: Flag | None = None
    shape_id: Code | None = None


class StopTime(PackRow, frozen=True, kw_only=True):
    """stop_times.txt: seconds after noon minus 12 h; both blank between two timepoints."""

    trip_id: Annotated[Code, Refers("trips.txt")]
    arrival_time: ServiceTime | None
    departure_time: ServiceTime | None
    stop_id: Annotated[Code, Refers("stops.txt")]
    stop_sequence: Sequence


class ShapePoint(PackRow, frozen=True, kw_only=True):
    """shapes.txt: a point of a polyline."""

    shape_id: Code
    shape_pt_lat: Lat
    shape_pt_lon: Lon
    shape_pt_sequence: Sequence


class Weekly(PackRow, frozen=True, kw_only=True):
    """calendar.txt: a service's usual week."""

    service_id: Code
    monday: Flag
    tuesday: Flag
    wednesday: Flag
    thursday: Flag
    friday: Flag
    saturday: Flag
    sunday: Flag
    start_date: GtfsDay
    end_date: GtfsDay


class Dated(PackRow, frozen=True, kw_only=True):
    """calendar_dates.txt: a service added (1) or removed (2); `as_weekday` names the ride plans to follow."""

    service_id: Code
    date: GtfsDay
    exception_type: Annotated[int, Cell(whole(1, 2))]
    as_weekday: Annotated[int, Cell(whole(1, 7))] | None = None


class Jurisdiction(PackRow, frozen=True, kw_only=True):
    """jurisdictions.csv: the tree of supervision."""

    id: Code
    parent_id: Annotated[Code, Refers("jurisdictions.csv")] | None = None
    name: Text
    level: Annotated[str, Cell(one_of("city", "county", "township"))]


class Operator(PackRow, frozen=True, kw_only=True):
    """operators.csv: what GTFS doesn't say of an agency."""

    id: Annotated[Code, Refers("agency.txt")]
    jurisdiction_id: Annotated[Code, Refers("jurisdictions.csv")]
    name: Text
    phone: Phone | None = None


class School(PackRow, frozen=True, kw_only=True):
    """schools.csv."""

    id: Code
    jurisdiction_id: Annotated[Code, Refers("jurisdictions.csv")]
    stop_id: Annotated[Code, Refers("stops.txt")]
    name: Text
    phone: Phone | None = None


class Vehicle(PackRow, frozen=True, kw_only=True):
    """vehicles.csv: buses, with what their papers say."""

    id: Code
    operator_id: Annotated[Code, Refers("agency.txt")]
    plate: Text
    seats: Annotated[int, Cell(whole(1, 200))]
    inspection_until: Day
    insurance_until: Day


class Device(PackRow, frozen=True, kw_only=True):
    """devices.csv: recorders. A blank secret keeps what is there, or has one made."""

    id: DeviceId
    vehicle_id: Annotated[Code, Refers("vehicles.csv")]
    secret: Secret | None = None


class Person(PackRow, frozen=True, kw_only=True):
    """people.csv: drivers and attendants."""

    badge: Code
    operator_id: Annotated[Code, Refers("agency.txt")]
    role: Annotated[str, Cell(one_of("driver", "attendant"))]
    name: Text
    phone: Phone | None = None
    born: Day | None = None
    licence_since: Day | None = None
    qualified_until: Day


class Permit(PackRow, frozen=True, kw_only=True):
    """permits.csv: 校车标牌."""

    id: Code
    operator_id: Annotated[Code, Refers("agency.txt")]
    trip_id: Annotated[Code, Refers("trips.txt")]
    vehicle_id: Annotated[Code, Refers("vehicles.csv")]
    driver_badge: Annotated[Code, Refers("people.csv")]
    attendant_badge: Annotated[Code, Refers("people.csv")] | None = None
    tag: Code | None = None
    issuer: Text
    valid_from: Day
    valid_until: Day


class Rider(PackRow, frozen=True, kw_only=True):
    """riders.csv: students."""

    id: Code
    school_id: Annotated[Code, Refers("schools.csv")]
    name: Text
    grade: Text | None = None
    card: Card | None = None


class Guardian(PackRow, frozen=True, kw_only=True):
    """guardians.csv: which account is told about which child."""

    username: Annotated[Username, Refers("users.csv")]
    rider_id: Annotated[Code, Refers("riders.csv")]
    name: Text
    phone: Phone | None = None
    email: Email | None = None
    relation: Text | None = None
    valid_until: Day | None = None


class RidePlan(PackRow, frozen=True, kw_only=True):
    """ride_plans.csv: which timetable and stop a student uses, by weekday."""

    rider_id: Annotated[Code, Refers("riders.csv")]
    trip_id: Annotated[Code, Refers("trips.txt")]
    stop_id: Annotated[Code, Refers("stops.txt")]
    weekdays: Weekdays


ROLES = ("admin", "regulator", "operator", "school", "attendant", "driver", "guardian")


class User(PackRow, frozen=True, kw_only=True):
    """users.csv: accounts. A blank password keeps what is there, or has one made."""

    username: Username
    role: Annotated[str, Cell(one_of(*ROLES))]
    scope_id: Code | None = None
    name: Text | None = None
    password: Secret | None = None


class Zone(PackRow, frozen=True, kw_only=True):
    """zones.csv: where another speed holds; a blank limit of an expressway or a hazard is the setting's."""

    id: Code
    kind: Annotated[str, Cell(one_of("expressway", "hazard", "limit"))]
    limit_kmh: Annotated[int, Cell(whole(5, 120))] | None
    wkt: Wkt
    width_m: Annotated[int, Cell(whole(1, 200))] | None = None  # of the whole road, for a LINESTRING
    valid_from: Day | None = None
    valid_until: Day | None = None


SCOPE = r"system|(operator|route|permit):\S(.{0,62}\S)?"


class Setting(PackRow, frozen=True, kw_only=True):
    """settings.csv: a known setting's value for all, or for one operator, route or permit."""

    scope: Annotated[str, Cell(pattern(SCOPE, "write system, operator:ID, route:ID or permit:ID"))]
    name: Text
    value: Text
