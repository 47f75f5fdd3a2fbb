"""Who may do what: role x scope x trip window, in one place; every HTTP route and every socket `watch` passes `admit`.

An id outside the caller's scope is not found; an action that the role never has is forbidden (INTERFACES 2).
"""

from __future__ import annotations

from typing import Literal, Protocol

import msgspec

from server.errors import ForbiddenError, NotFoundError, NotLoggedInError
from server.service.instants import day
from server.service.rows import TripRow

Role = Literal["admin", "regulator", "operator", "school", "attendant", "driver", "guardian"]
ROLES: tuple[Role, ...] = ("admin", "regulator", "operator", "school", "attendant", "driver", "guardian")
STAFF: frozenset[Role] = frozenset({"admin", "regulator", "operator", "school"})
OFFICE: frozenset[Role] = frozenset({"admin", "regulator", "operator"})
EVERYONE: frozenset[Role] = frozenset(ROLES)

# PRODUCT ("Guardians see a bus only while their child's trip runs") and INTERFACES 6.6.
BEFORE_MS = 15 * 60_000
AFTER_ARRIVAL_MS = 5 * 60_000
AFTER_PLAN_MS = 30 * 60_000

Subject = Literal["child", "trip", "device", "school", "notice", "token", "finding"]


class Rule(msgspec.Struct, frozen=True):
    """Which roles an action has, and whose object it takes. `roles` None: no log-in is needed. `local`: this machine only."""

    name: str
    roles: frozenset[Role] | None
    subject: Subject | None = None
    local: bool = False


PUBLIC = Rule("public", None)
LOCAL = Rule("local", None, local=True)
SELF = Rule("self", EVERYONE)
OWN_TOKEN = Rule("own_token", EVERYONE, "token")
CHILDREN = Rule("children", frozenset({"guardian"}))
CHILD = Rule("child", frozenset({"guardian"}), "child")
CHILD_PREFERENCES = Rule("child_preferences", frozenset({"guardian"}), "child")
CHILD_BUS = Rule("child_bus", frozenset({"guardian"}), "child")
EXCEPTIONS = Rule("exceptions", frozenset({"guardian", "school"}), "child")
NOTICES = Rule("notices", EVERYONE)
NOTICE = Rule("notice", EVERYONE, "notice")
# Whom a call for a person can reach (domain/calling).
ANSWER = Rule("answer", frozenset({"attendant", "operator", "school", "regulator"}), "notice")
POSITIONS = Rule("positions", STAFF)
TRIPS = Rule("trips", EVERYONE)
TRIP = Rule("trip", EVERYONE, "trip")
TRACK = Rule("track", STAFF, "trip")
MANIFEST = Rule("manifest", frozenset({"admin", "operator", "school", "attendant", "driver"}), "trip")
TICK = Rule("tick", frozenset({"attendant"}), "trip")
DUTY = Rule("duty", frozenset({"attendant", "driver"}), "trip")
ARRIVAL = Rule("arrival", frozenset({"school"}), "trip")
CANCEL = Rule("cancel", frozenset({"operator", "regulator"}), "trip")
EXCUSE = Rule("excuse", frozenset({"operator", "regulator"}), "trip")
BOARD = Rule("board", frozenset({"admin", "operator", "school"}))
FINDINGS = Rule("findings", OFFICE)
FINDING = Rule("finding", OFFICE, "finding")
# Supervision (decision 0105): the company answers and rectifies, the regulator strikes off and may open again.
HANDLE_FINDING = Rule("handle_finding", frozenset({"operator", "regulator"}), "finding")
REOPEN_FINDING = Rule("reopen_finding", frozenset({"regulator"}), "finding")
DEVICES = Rule("devices", frozenset({"admin", "operator"}))
DEVICE = Rule("device", frozenset({"admin", "operator"}), "device")
SUBSTITUTIONS = Rule("substitutions", OFFICE)
SUBSTITUTE = Rule("substitute", frozenset({"operator", "regulator"}))
SUBSTITUTES = Rule("substitutes", OFFICE, "trip")
AUDIT = Rule("audit", frozenset({"admin"}))
CATALOG = Rule("catalog", OFFICE)
CATALOG_SCHOOLS = Rule("catalog_schools", STAFF)
CATALOG_RIDERS = Rule("catalog_riders", frozenset({"admin", "operator", "school"}))

# What may be watched live, by the key of the `watch` message (INTERFACES 3).
WATCH: dict[str, Rule] = {
    "child": CHILD,
    "trip": TRIP,
    "school": Rule("watch_school", frozenset({"admin", "school"}), "school"),
    "fleet": Rule("watch_fleet", OFFICE),
}


class Caller(msgspec.Struct, frozen=True):
    """Who asks, and by which session or token."""

    user_id: str
    username: str
    role: Role
    scope_id: str | None
    name: str | None
    lang: str | None
    session_id: str | None = None
    token_id: str | None = None
    csrf: str | None = None


class Scope(msgspec.Struct, frozen=True):
    """What a caller may know of, in the terms that a query needs. `on` is today where the agency is, at `now_ms` (UTC).

    `all`: everything; `operators`: these operators' (ids); `school`, `person`: that one's; `guardian`: that user's children's;
    `nobody`: nothing (an account whose scope is gone).
    """

    kind: Literal["all", "operators", "school", "person", "guardian", "nobody"]
    ids: frozenset[str]
    on: str
    now_ms: int


class ScopeReader(Protocol):
    """What the policy asks the database."""

    def timezone(self) -> str:
        """Give the agency's zone."""

    def operators_under(self, jurisdiction_id: str) -> frozenset[str]:
        """Give the operators of a jurisdiction and of all below it."""

    def find_trip_id(self, scope: Scope, ref: str) -> str | None:
        """Find a trip of the scope by id."""

    def find_child_id(self, scope: Scope, ref: str) -> str | None:
        """Find a rider of the scope by id, or by code where it names one."""

    def find_device_id(self, scope: Scope, ref: str) -> str | None:
        """Find a recorder of the scope."""

    def find_school_id(self, scope: Scope, ref: str) -> str | None:
        """Find a school of the scope by id or code."""

    def find_notice_id(self, scope: Scope, user_id: str, ref: str) -> str | None:
        """Find a notice of the user."""

    def find_token_id(self, user_id: str, ref: str) -> str | None:
        """Find a live token of the user."""

    def find_finding_id(self, scope: Scope, ref: str) -> str | None:
        """Find a finding of the scope."""


def scope_of(reader: ScopeReader, caller: Caller, now_ms: int) -> Scope:
    """Say what this caller may know of now."""
    on = day(now_ms, reader.timezone())
    match caller.role:
        case "admin":
            return Scope("all", frozenset(), on, now_ms)
        case "guardian":
            return Scope("guardian", frozenset({caller.user_id}), on, now_ms)
        case _ if caller.scope_id is None:
            return Scope("nobody", frozenset(), on, now_ms)
        case "regulator":
            return Scope("operators", reader.operators_under(caller.scope_id), on, now_ms)
        case "operator":
            return Scope("operators", frozenset({caller.scope_id}), on, now_ms)
        case "school":
            return Scope("school", frozenset({caller.scope_id}), on, now_ms)
        case "attendant" | "driver":
            return Scope("person", frozenset({caller.scope_id}), on, now_ms)


def move_scope(reader: ScopeReader, scope: Scope, now_ms: int) -> Scope:
    """Give a scope as it is later: today becomes another day while someone watches."""
    return msgspec.structs.replace(scope, on=day(now_ms, reader.timezone()), now_ms=now_ms)


def require_role(rule: Rule, caller: Caller | None) -> None:
    """Raise NotLoggedInError or ForbiddenError unless the caller's role has this action."""
    if rule.roles is None:
        return
    if caller is None:
        raise NotLoggedInError("You are not logged in, or the session has ended: log in and try again.")
    if caller.role not in rule.roles:
        raise ForbiddenError(f"The role {caller.role} never has this ({rule.name}): ask someone who has it.")


def find_subject(reader: ScopeReader, rule: Rule, caller: Caller, scope: Scope, ref: str) -> str:
    """Give the id of the object that `ref` names if it is in the caller's scope; raise NotFoundError."""
    found: str | None
    match rule.subject:
        case "trip":
            found = reader.find_trip_id(scope, ref)
        case "child":
            found = reader.find_child_id(scope, ref)
        case "device":
            found = reader.find_device_id(scope, ref)
        case "school":
            found = reader.find_school_id(scope, ref)
        case "notice":
            found = reader.find_notice_id(scope, caller.user_id, ref)
        case "token":
            found = reader.find_token_id(caller.user_id, ref)
        case "finding":
            found = reader.find_finding_id(scope, ref)
        case None:
            found = None
    if found is None:
        raise NotFoundError(
            f"There is no such {rule.subject or 'thing'} among those you may see: check its id."
        )
    return found


def window_ms(trip: TripRow) -> tuple[int, int]:
    """Give from when to when guardians and schools may see the trip's bus, UTC milliseconds, both inclusive."""
    start_ms = min(trip.planned_start_ms, trip.started_at_ms or trip.planned_start_ms)
    if trip.arrived_at_ms is not None:
        return start_ms - BEFORE_MS, trip.arrived_at_ms + AFTER_ARRIVAL_MS
    return start_ms - BEFORE_MS, trip.planned_end_ms + AFTER_PLAN_MS


def may_locate(scope: Scope, trip: TripRow, now_ms: int) -> bool:
    """Say whether the caller may know now where this trip's bus is; the trip itself is in their scope already."""
    if scope.kind in ("all", "operators"):
        return True
    from_ms, to_ms = window_ms(trip)
    return trip.state not in ("cancelled", "missed") and from_ms <= now_ms <= to_ms
