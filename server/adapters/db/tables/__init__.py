"""Say the schema: every table of the database, as SQLAlchemy Core tables.

Ids are UUIDv7 as 32 hexadecimal digits and mean nothing outside; `code` is the pack's own id. Instants are UTC
milliseconds (`…_ms`), dates ISO text (`…_on`), planned times seconds after noon minus 12 h (`…_s`). A row is ended
(`ended_at_ms`), never deleted.
"""

from server.adapters.db.tables.accounts import audit, guardians, login_failures, sessions, tokens, users
from server.adapters.db.tables.applications import documents, permit_applications, permit_cards, permit_steps
from server.adapters.db.tables.columns import Serial, metadata
from server.adapters.db.tables.commands import device_commands, role_runs
from server.adapters.db.tables.credentials import (
    identities,
    invitations,
    provider_logins,
    recovery_codes,
    second_factors,
)
from server.adapters.db.tables.findings import finding_steps, findings
from server.adapters.db.tables.fleet import (
    alarms,
    devices,
    exceptions,
    people,
    permits,
    ride_plans,
    riders,
    settings,
    substitutions,
    vehicles,
    zones,
)
from server.adapters.db.tables.house import counters, leases
from server.adapters.db.tables.log import (
    checkpoints,
    device_epochs,
    device_status,
    driver_sign_ons,
    inputs,
    records,
    rejected,
    vehicle_heads,
)
from server.adapters.db.tables.network import (
    calendar_dates,
    calendars,
    former_plans,
    jurisdictions,
    operators,
    plans,
    routes,
    schools,
    shapes,
    stop_times,
    stops,
    timetables,
)
from server.adapters.db.tables.notices import (
    notice_deliveries,
    notice_preferences,
    notices,
    push_subscriptions,
)
from server.adapters.db.tables.trips import rides, trip_riders, trips, visits

__all__ = [
    "Serial",
    "alarms",
    "audit",
    "calendar_dates",
    "calendars",
    "checkpoints",
    "counters",
    "device_commands",
    "device_epochs",
    "device_status",
    "devices",
    "documents",
    "driver_sign_ons",
    "exceptions",
    "finding_steps",
    "findings",
    "former_plans",
    "guardians",
    "identities",
    "inputs",
    "invitations",
    "jurisdictions",
    "leases",
    "login_failures",
    "metadata",
    "notice_deliveries",
    "notice_preferences",
    "notices",
    "operators",
    "people",
    "permit_applications",
    "permit_cards",
    "permit_steps",
    "permits",
    "plans",
    "provider_logins",
    "push_subscriptions",
    "records",
    "recovery_codes",
    "rejected",
    "ride_plans",
    "riders",
    "rides",
    "role_runs",
    "routes",
    "schools",
    "second_factors",
    "sessions",
    "settings",
    "shapes",
    "stop_times",
    "stops",
    "substitutions",
    "timetables",
    "tokens",
    "trip_riders",
    "trips",
    "users",
    "vehicle_heads",
    "vehicles",
    "visits",
    "zones",
]
