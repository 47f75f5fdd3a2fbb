"""The table of nouns: what each kind of record is called in HTTP, and in which file and column of a pack it is written.

A field is read as its name, as `{name}_id` where it names another record, or as the pack's column.
"""

from __future__ import annotations

from collections.abc import Mapping

import msgspec


class Field(msgspec.Struct, frozen=True):
    """A value of a record: its name in HTTP, its column in the pack, and the plural that it names one of.

    `by_role`: what it names depends on the record's role, as a user's scope does.
    """

    name: str
    column: str
    names: str | None = None
    by_role: bool = False

    @property
    def spellings(self) -> tuple[str, ...]:
        """Give the words under which a body may hold it, the first that is there counts."""
        more = (f"{self.name}_id",) if self.names or self.by_role else ()
        return (self.name, *more, *(() if self.column in (self.name, *more) else (self.column,)))


class Noun(msgspec.Struct, frozen=True):
    """A kind of record: `file` of a pack holds its row, `key` are the fields that say which one it is and never change.

    `owner`: the field that the caller's own scope fills when a body leaves it out. `parts`: what it has beside its row, as
    lists in the body, by the file that holds them. `secret`: the field that is shown once, when it was made.
    """

    plural: str
    singular: str
    file: str
    fields: tuple[Field, ...]
    key: tuple[str, ...] = ("code",)
    owner: Mapping[str, str] = {}
    parts: Mapping[str, str] = {}
    secret: str | None = None

    def field(self, name: str) -> Field:
        """Give a field by its name in HTTP."""
        return next(one for one in self.fields if one.name == name)

    def of_column(self, column: str) -> str:
        """Give the name in HTTP of a pack's column; a column that is none is its own."""
        return next((one.name for one in self.fields if one.column == column), column)


def _plain(*names: str) -> tuple[Field, ...]:
    return tuple(Field(name, name) for name in names)


_CODE = Field("code", "id")
_OPERATOR = Field("operator", "operator_id", "operators")
_AREA = Field("jurisdiction", "jurisdiction_id", "jurisdictions")
_BY_COMPANY = {"operator": "operator"}

_ALL = (
    Noun(
        "jurisdictions", "jurisdiction", "jurisdictions.csv",
        (_CODE, *_plain("name", "level"), Field("parent", "parent_id", "jurisdictions")),
    ),
    Noun(
        "operators", "operator", "agency.txt",
        (
            Field("code", "agency_id"), Field("name", "agency_name"), Field("phone", "agency_phone"),
            Field("url", "agency_url"), Field("timezone", "agency_timezone"), Field("lang", "agency_lang"),
        ),
        parts={"jurisdiction": "operators.csv"},
    ),
    Noun(
        "schools", "school", "schools.csv",
        (_CODE, *_plain("name", "phone"), _AREA, Field("stop", "stop_id", "stops")),
    ),
    Noun(
        "stops", "stop", "stops.txt",
        (Field("code", "stop_id"), Field("name", "stop_name"), Field("lat", "stop_lat"), Field("lon", "stop_lon")),
    ),
    Noun(
        "routes", "route", "routes.txt",
        (
            Field("code", "route_id"), Field("short_name", "route_short_name"), Field("long_name", "route_long_name"),
            Field("route_type", "route_type"), Field("operator", "agency_id", "operators"),
        ),
        owner=_BY_COMPANY,
    ),
    Noun(
        "timetables", "timetable", "trips.txt",
        (
            Field("code", "trip_id"), Field("route", "route_id", "routes"), Field("service_code", "service_id"),
            Field("headsign", "trip_headsign"), Field("direction", "direction_id"), Field("shape_code", "shape_id"),
        ),
        parts={"stop_times": "stop_times.txt", "shape": "shapes.txt"},
    ),
    Noun(
        "calendars", "calendar", "calendar.txt",
        (
            Field("code", "service_id"),
            *_plain("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday", "start_date", "end_date"),
        ),
        parts={"dates": "calendar_dates.txt"},
    ),
    Noun(
        "vehicles", "vehicle", "vehicles.csv",
        (_CODE, _OPERATOR, *_plain("plate", "seats", "inspection_until", "insurance_until")),
        owner=_BY_COMPANY,
    ),
    Noun(
        "devices", "device", "devices.csv",
        (_CODE, Field("vehicle", "vehicle_id", "vehicles"), Field("secret", "secret")),
        secret="secret",
    ),
    Noun(
        "people", "person", "people.csv",
        (
            Field("code", "badge"), _OPERATOR,
            *_plain("role", "name", "phone", "born", "licence_since", "qualified_until"),
        ),
        owner=_BY_COMPANY,
    ),
    Noun(
        "permits", "permit", "permits.csv",
        (
            _CODE, _OPERATOR, Field("timetable", "trip_id", "timetables"), Field("vehicle", "vehicle_id", "vehicles"),
            Field("driver", "driver_badge", "people"), Field("attendant", "attendant_badge", "people"),
            *_plain("tag", "issuer", "valid_from", "valid_until"),
        ),
        owner=_BY_COMPANY,
    ),
    Noun(
        "riders", "rider", "riders.csv",
        (_CODE, Field("school", "school_id", "schools"), *_plain("name", "grade", "card")),
        owner={"school": "school"},
    ),
    Noun(
        "guardians", "guardian", "guardians.csv",
        (
            Field("user", "username", "users"), Field("rider", "rider_id", "riders"),
            *_plain("name", "phone", "email", "relation", "valid_until"),
        ),
        key=("user", "rider"),
    ),
    Noun(
        "ride-plans", "ride plan", "ride_plans.csv",
        (
            Field("rider", "rider_id", "riders"), Field("timetable", "trip_id", "timetables"),
            Field("stop", "stop_id", "stops"), *_plain("weekdays"),
        ),
        key=("rider", "timetable", "stop"),
    ),
    Noun(
        "zones", "zone", "zones.csv",
        (_CODE, *_plain("kind", "limit_kmh", "wkt", "width_m", "valid_from", "valid_until")),
    ),
    Noun("settings", "setting", "settings.csv", _plain("scope", "name", "value"), key=("scope", "name")),
    Noun(
        "users", "user", "users.csv",
        (
            Field("code", "username"), *_plain("role"), Field("scope", "scope_id", by_role=True),
            *_plain("name", "password"),
        ),
        secret="password",
    ),
)  # fmt: skip
NOUNS: Mapping[str, Noun] = {noun.plural: noun for noun in _ALL}

# What a user's scope is one of, by role; the other roles have none.
SCOPE_PLURALS: Mapping[str, str] = {
    "regulator": "jurisdictions",
    "operator": "operators",
    "school": "schools",
    "attendant": "people",
    "driver": "people",
}
# What a setting may be of, by the word before the colon.
SETTING_PLURALS: Mapping[str, str] = {"operator": "operators", "route": "routes", "permit": "permits"}
