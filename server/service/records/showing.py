"""By what each list of records may be sorted and filtered; a filter that names another record takes its id or code."""

from __future__ import annotations

from collections.abc import Mapping

SORTS: Mapping[str, tuple[str, ...]] = {
    "jurisdictions": ("code", "name", "level"),
    "operators": ("code", "name", "phone", "timezone"),
    "schools": ("code", "name", "phone"),
    "stops": ("code", "name", "lat", "lon"),
    "routes": ("code", "short_name", "long_name", "route_type"),
    "timetables": ("code", "direction", "headsign", "service_code"),
    "calendars": ("code",),
    "vehicles": ("code", "plate", "seats", "inspection_until", "insurance_until"),
    "devices": ("code",),
    "people": ("code", "name", "role", "phone", "born", "licence_since", "qualified_until"),
    "permits": ("code", "tag", "issuer", "valid_from", "valid_until"),
    "riders": ("code", "name", "grade", "card"),
    "guardians": ("name", "phone", "email", "relation", "valid_until"),
    "ride-plans": ("weekdays",),
    "zones": ("code", "kind", "limit_kmh", "valid_from", "valid_until"),
    "settings": ("scope", "name", "value"),
    "users": ("code", "name", "role"),
}
FILTERS: Mapping[str, tuple[str, ...]] = {
    "jurisdictions": ("level", "parent_id"),
    "operators": ("jurisdiction_id",),
    "schools": ("jurisdiction_id", "stop_id"),
    "stops": ("operator_id",),
    "routes": ("operator_id",),
    "timetables": ("operator_id", "route_id", "direction", "service_code"),
    "calendars": ("operator_id",),
    "vehicles": ("operator_id",),
    "devices": ("vehicle_id",),
    "people": ("operator_id", "role"),
    "permits": ("operator_id", "timetable_id", "vehicle_id", "driver_id", "attendant_id"),
    "riders": ("school_id", "grade", "card"),
    "guardians": ("user_id", "rider_id"),
    "ride-plans": ("rider_id", "timetable_id", "stop_id"),
    "zones": ("kind",),
    "settings": ("scope", "name"),
    "users": ("role",),
}
