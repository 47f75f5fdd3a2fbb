"""A pack in memory: the rows of each of its files, and the table of files that says what there is."""

from __future__ import annotations

from typing import Any

import msgspec

from server.service.packs import rows


class FileKind(msgspec.Struct, frozen=True):
    """A file of the pack: its name, the field of `Pack` that holds it, its row and what names a row."""

    name: str
    field: str
    row: type[rows.PackRow]
    key: tuple[str, ...]


FILES = (
    FileKind("jurisdictions.csv", "jurisdictions", rows.Jurisdiction, ("id",)),
    FileKind("agency.txt", "agencies", rows.Agency, ("agency_id",)),
    FileKind("operators.csv", "operators", rows.Operator, ("id",)),
    FileKind("stops.txt", "stops", rows.Stop, ("stop_id",)),
    FileKind("schools.csv", "schools", rows.School, ("id",)),
    FileKind("routes.txt", "routes", rows.Route, ("route_id",)),
    FileKind("shapes.txt", "shape_points", rows.ShapePoint, ("shape_id", "shape_pt_sequence")),
    FileKind("calendar.txt", "weekly", rows.Weekly, ("service_id",)),
    FileKind("calendar_dates.txt", "dated", rows.Dated, ("service_id", "date")),
    FileKind("trips.txt", "timetables", rows.Timetable, ("trip_id",)),
    FileKind("stop_times.txt", "stop_times", rows.StopTime, ("trip_id", "stop_sequence")),
    FileKind("vehicles.csv", "vehicles", rows.Vehicle, ("id",)),
    FileKind("devices.csv", "devices", rows.Device, ("id",)),
    FileKind("people.csv", "people", rows.Person, ("badge",)),
    FileKind("permits.csv", "permits", rows.Permit, ("id",)),
    FileKind("riders.csv", "riders", rows.Rider, ("id",)),
    FileKind("users.csv", "users", rows.User, ("username",)),
    FileKind("guardians.csv", "guardians", rows.Guardian, ("username", "rider_id")),
    FileKind("ride_plans.csv", "ride_plans", rows.RidePlan, ("rider_id", "trip_id", "stop_id")),
    FileKind("zones.csv", "zones", rows.Zone, ("id",)),
    FileKind("settings.csv", "settings", rows.Setting, ("scope", "name")),
)
BY_NAME = {kind.name: kind for kind in FILES}
# The files that may be sheets of a workbook, by the sheet's name; those of GTFS stay text, as other programs read them.
SHEETS = {kind.name.removesuffix(".csv"): kind for kind in FILES if kind.name.endswith(".csv")}


class Pack(msgspec.Struct, frozen=True, kw_only=True):
    """The rows by file; None where the pack hasn't that file."""

    jurisdictions: tuple[rows.Jurisdiction, ...] | None = None
    agencies: tuple[rows.Agency, ...] | None = None
    operators: tuple[rows.Operator, ...] | None = None
    stops: tuple[rows.Stop, ...] | None = None
    schools: tuple[rows.School, ...] | None = None
    routes: tuple[rows.Route, ...] | None = None
    shape_points: tuple[rows.ShapePoint, ...] | None = None
    weekly: tuple[rows.Weekly, ...] | None = None
    dated: tuple[rows.Dated, ...] | None = None
    timetables: tuple[rows.Timetable, ...] | None = None
    stop_times: tuple[rows.StopTime, ...] | None = None
    vehicles: tuple[rows.Vehicle, ...] | None = None
    devices: tuple[rows.Device, ...] | None = None
    people: tuple[rows.Person, ...] | None = None
    permits: tuple[rows.Permit, ...] | None = None
    riders: tuple[rows.Rider, ...] | None = None
    users: tuple[rows.User, ...] | None = None
    guardians: tuple[rows.Guardian, ...] | None = None
    ride_plans: tuple[rows.RidePlan, ...] | None = None
    zones: tuple[rows.Zone, ...] | None = None
    settings: tuple[rows.Setting, ...] | None = None

    def of(self, kind: FileKind) -> tuple[Any, ...] | None:
        """Give the rows of a file, None when it is absent."""
        found: tuple[Any, ...] | None = getattr(self, kind.field)
        return found

    def over(self, current: Pack) -> Pack:
        """Give what the database will say: this pack's files, and what is there for the absent ones."""
        fields = {
            kind.field: self.of(kind) if self.of(kind) is not None else current.of(kind) for kind in FILES
        }
        return Pack(**{name: found or () for name, found in fields.items()})
