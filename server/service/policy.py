"""Who may do what: role x scope x trip window, in one place; every HTTP route and every socket `watch` passes `admit`.

An id outside the caller's scope is not found; an action that the role never has is forbidden (INTERFACES 2).
"""

from __future__ import annotations

from typing import Literal, NamedTuple, Protocol

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

Subject = Literal[
    "child",
    "application",
    "trip",
    "device",
    "school",
    "notice",
    "token",
    "finding",
    "session",
    "invitation",
    "identity",
]
# What a token may do of what its role may: read, change as well, or also what concerns accounts and rights.
TokenScope = Literal["read", "write", "admin"]
_WIDTH: dict[TokenScope, int] = {"read": 0, "write": 1, "admin": 2}


class Rule(msgspec.Struct, frozen=True):
    """Which roles an action has, and whose object it takes. `roles` None: no log-in is needed. `local`: this machine only.

    `needs`: the least scope of a token (else `read`, or `write` for a change). `enrolling`: also in a session that may only enrol
    a second factor. `guarded`: public, but whoever is logged in must send their CSRF token. `held`: what a carer lacks unless
    it was given: to `change` what the child does, or to `share` the child on.
    """

    name: str
    roles: frozenset[Role] | None
    subject: Subject | None = None
    local: bool = False
    needs: TokenScope | None = None
    enrolling: bool = False
    guarded: bool = False
    held: Literal["change", "share"] | None = None


PUBLIC = Rule("public", None)
LOCAL = Rule("local", None, local=True)
SELF = Rule("self", EVERYONE, enrolling=True)
PUSH = Rule("push", EVERYONE)
OWN_ACCOUNT = Rule("own_account", EVERYONE, needs="admin")
OWN_FACTOR = Rule("own_factor", EVERYONE, needs="admin", enrolling=True)
OWN_TOKEN = Rule("own_token", EVERYONE, "token", needs="admin")
OWN_SESSION = Rule("own_session", EVERYONE, "session", needs="admin")
OWN_IDENTITY = Rule("own_identity", EVERYONE, "identity", needs="admin")
INVITATIONS = Rule("invitations", frozenset({"admin", "operator", "school"}), needs="admin")
INVITATION = Rule("invitation", frozenset({"admin", "operator", "school"}), "invitation", needs="admin")
ACCEPT = Rule("accept", None, guarded=True)
CARERS = Rule("carers", frozenset({"guardian"}), "child", needs="admin", held="share")
CHILDREN = Rule("children", frozenset({"guardian"}))
CHILD = Rule("child", frozenset({"guardian"}), "child")
CHILD_PREFERENCES = Rule("child_preferences", frozenset({"guardian"}), "child")
CHILD_BUS = Rule("child_bus", frozenset({"guardian"}), "child")
EXCEPTIONS = Rule("exceptions", frozenset({"guardian", "school"}), "child", held="change")
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
COMMAND = Rule("command", frozenset({"admin", "operator"}), "device")
SYSTEM = Rule("system", frozenset({"admin"}))
SUBSTITUTIONS = Rule("substitutions", OFFICE)
SUBSTITUTE = Rule("substitute", frozenset({"operator", "regulator"}))
SUBSTITUTES = Rule("substitutes", OFFICE, "trip")
AUDIT = Rule("audit", frozenset({"admin"}))
# The company asks for permits, the authority over it gives, returns and revokes them.
DRIVER_RECORD = Rule("driver_record", OFFICE)
APPLICATIONS = Rule("permit_applications", OFFICE)
APPLICATION = Rule("permit_application", OFFICE, "application")
APPLY = Rule("apply_for_permit", frozenset({"operator"}))
CHANGE_APPLICATION = Rule("change_application", frozenset({"operator"}), "application")
JUDGE_APPLICATION = Rule("judge_application", frozenset({"regulator"}), "application")
REVOKE = Rule("revoke_permit", frozenset({"regulator"}))


class RecordRules(NamedTuple):
    """Who reads and who writes a kind of record, each within their own scope."""

    read: Rule
    write: Rule


def _records(plural: str, read: frozenset[Role], write: frozenset[Role]) -> RecordRules:
    needs: TokenScope | None = "admin" if plural in ("users", "guardians") else None  # these are rights
    return RecordRules(Rule(f"read_{plural}", read), Rule(f"write_{plural}", write, needs=needs))


_ADMIN: frozenset[Role] = frozenset({"admin"})
_COMPANY: frozenset[Role] = frozenset({"admin", "operator"})
_SCHOOL: frozenset[Role] = frozenset({"admin", "school"})
_CHILDREN: frozenset[Role] = frozenset({"admin", "operator", "school"})
# Areas, companies, schools, zones and settings are the authority's; a company keeps its network and fleet, a school its
# children (decision 0189). What an account may see of these, its scope says.
RECORDS: dict[str, RecordRules] = {
    plural: _records(plural, read, write)
    for plural, read, write in (
        ("jurisdictions", OFFICE, _ADMIN),
        ("operators", OFFICE, _ADMIN),
        ("schools", STAFF, _ADMIN),
        ("stops", STAFF, _COMPANY),
        ("routes", STAFF, _COMPANY),
        ("timetables", STAFF, _COMPANY),
        ("calendars", STAFF, _COMPANY),
        ("vehicles", OFFICE, _COMPANY),
        ("devices", _COMPANY, _COMPANY),
        ("people", OFFICE, _COMPANY),
        ("permits", OFFICE, _ADMIN),
        ("riders", _CHILDREN, _SCHOOL),
        ("guardians", _SCHOOL, _SCHOOL),
        ("ride-plans", _CHILDREN, _SCHOOL),
        ("zones", OFFICE, _ADMIN),
        ("settings", OFFICE, _ADMIN),
        ("users", _ADMIN, _ADMIN),
    )
}
# A record's changes name who made them.
HISTORY: dict[str, Rule] = {
    plural: Rule(f"history_{plural}", each.write.roles) for plural, each in RECORDS.items()
}
PACKS = Rule("packs", _ADMIN, needs="admin")
EXPORT = Rule("export", _COMPANY)

# What may be watched live, by the key of the `watch` message (INTERFACES 3).
WATCH: dict[str, Rule] = {
    "child": CHILD,
    "trip": TRIP,
    "school": Rule("watch_school", frozenset({"admin", "school"}), "school"),
    "fleet": Rule("watch_fleet", OFFICE),
}


class Caller(msgspec.Struct, frozen=True):
    """Who asks, and by which session or token. `limited`: may only enrol a second factor; `token_scope` None: no token's."""

    user_id: str
    username: str
    role: Role
    scope_id: str | None
    name: str | None
    lang: str | None
    session_id: str | None = None
    token_id: str | None = None
    csrf: str | None = None
    limited: bool = False
    token_scope: TokenScope | None = None


class Held(msgspec.Struct, frozen=True):
    """How a user holds a child: as guardian, or as a carer to whom it is lent, until a date (inclusive)."""

    carer: bool
    may_change: bool
    until: str | None


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

    def find_application_id(self, scope: Scope, ref: str) -> str | None:
        """Find an application for a permit of the scope."""

    def find_finding_id(self, scope: Scope, ref: str) -> str | None:
        """Find a finding of the scope."""

    def find_session_id(self, user_id: str, ref: str) -> str | None:
        """Find a session of the user by the id that is shown of it."""

    def find_identity_id(self, user_id: str, ref: str) -> str | None:
        """Find a linked identity of the user."""

    def find_invitation_id(self, scope: Scope, ref: str) -> str | None:
        """Find an invitation of the scope; a carer's is none of these."""

    def find_held(self, user_id: str, rider_id: str) -> Held | None:
        """Find how a user holds a child."""


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


def require_role(rule: Rule, caller: Caller | None, *, changes: bool = False) -> None:
    """Raise NotLoggedInError or ForbiddenError unless the caller's role, session and token have this action."""
    if rule.roles is None:
        return
    if caller is None:
        raise NotLoggedInError("You are not logged in, or the session has ended: log in and try again.")
    if caller.role not in rule.roles:
        raise ForbiddenError(f"The role {caller.role} never has this ({rule.name}): ask someone who has it.")
    if caller.limited and not rule.enrolling:
        raise ForbiddenError(
            "This account needs a second factor: enrol one under your account, then go on.",
            code="second_factor_needed",
        )
    needs: TokenScope = rule.needs or ("write" if changes else "read")
    if caller.token_scope is not None and _WIDTH[caller.token_scope] < _WIDTH[needs]:
        raise ForbiddenError(
            f"This token's scope is {caller.token_scope} and this needs {needs}: make a token that has it.",
            code="token_scope",
        )


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
        case "application":
            found = reader.find_application_id(scope, ref)
        case "finding":
            found = reader.find_finding_id(scope, ref)
        case "session":
            found = reader.find_session_id(caller.user_id, ref)
        case "identity":
            found = reader.find_identity_id(caller.user_id, ref)
        case "invitation":
            found = reader.find_invitation_id(scope, ref)
        case None:
            found = None
    if found is None:
        raise NotFoundError(
            f"There is no such {rule.subject or 'thing'} among those you may see: check its id."
        )
    if rule.held is not None and caller.role == "guardian":
        _refuse_carer(reader, rule, caller, found)
    return found


def _refuse_carer(reader: ScopeReader, rule: Rule, caller: Caller, rider_id: str) -> None:
    held = reader.find_held(caller.user_id, rider_id)
    if held is not None and held.carer and not (rule.held == "change" and held.may_change):
        raise ForbiddenError(
            "This child was shared with you to look after it, not for this: ask the guardian who shared it.",
            code="carer",
        )


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
