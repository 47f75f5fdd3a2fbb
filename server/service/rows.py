"""What the read use cases are given by the database: one frozen value for each kind of row, already joined."""

from __future__ import annotations

import msgspec

from server.domain.finding import FindingKind
from server.domain.plan import Direction
from server.domain.trip import OnDuty, Phase, RiderPhase, SignOff, Turn
from server.domain.verdict import Verdicts
from server.service.shapes import Named


class Account(msgspec.Struct, frozen=True):
    """A user with their rights' scope."""

    id: str
    username: str
    role: str
    scope_id: str | None
    name: str | None
    lang: str | None
    password_hash: str
    ended_at_ms: int | None
    email: str | None = None


class SessionRow(msgspec.Struct, frozen=True):
    """A browser's session, found by the digest of its cookie."""

    id: str
    csrf: str
    made_at_ms: int
    seen_at_ms: int
    ends_at_ms: int
    account: Account
    agent: str | None = None
    address: str | None = None
    limited: bool = False


class TokenRow(msgspec.Struct, frozen=True):
    """A program's token."""

    id: str
    name: str | None
    made_at_ms: int
    ends_at_ms: int | None
    account: Account
    scope: str = "admin"
    used_at_ms: int | None = None


class TripRow(msgspec.Struct, frozen=True):
    """A trip with the names around it.

    `vehicle` is the bus that runs it, else the one that is to, or that was approved since to take it over; `runs_id` the one whose
    positions are the trip's.
    """

    id: str
    code: str
    service_on: str
    direction: Direction
    operator_id: str
    timezone: str
    plan_id: str
    route: Named
    school: Named | None
    vehicle: Named | None
    device_id: str | None
    driver: Named | None
    state: Phase
    planned_start_ms: int
    planned_end_ms: int
    started_at_ms: int | None
    arrived_at_ms: int | None
    ended_at_ms: int | None
    next_seq: int
    metre: float | None
    metre_at_ms: int | None
    delay_s: int | None
    rear_checked_at_ms: int | None = None
    sign_off: SignOff = SignOff()
    runs_id: str | None = None
    crew: OnDuty = OnDuty()
    turns: tuple[Turn, ...] = ()
    verdicts: Verdicts | None = None


class Head(msgspec.Struct, frozen=True):
    """A bus's last position."""

    vehicle_id: str
    device_id: str
    trip_id: str | None
    at_ms: int
    lat: float
    lon: float
    spd: float
    hdg: float | None
    metre: float | None
    interval_s: float
    timezone: str


class TrackPoint(msgspec.Struct, frozen=True):
    """One position of a track, as the device sent it."""

    at_ms: int
    lat: float
    lon: float
    spd: float
    hdg: float | None
    acc: float | None = None
    fix: int = 1
    door: int | None = None
    lamp: int | None = None
    arm: int | None = None


class SignOnRow(msgspec.Struct, frozen=True):
    """That a badge was read, and whose it is; `alcohol` mg per litre of breath."""

    at_ms: int
    role: str
    state: str
    badge: str
    name: str | None
    alcohol: float | None
    tag: str | None


class ChildRow(msgspec.Struct, frozen=True):
    """A rider with their school, and its number where it was asked for."""

    id: str
    code: str
    name: str
    grade: str | None
    school: Named
    school_phone: str | None = None


class ChildTripRow(msgspec.Struct, frozen=True):
    """A child on the manifest of a trip; `stop_id` None for a stranger. `permitted`: the bus that its permit names."""

    trip: TripRow
    stop_id: str | None
    rider_state: RiderPhase
    permitted: Named | None
    operator: Named
    operator_phone: str | None


class RideRow(msgspec.Struct, frozen=True):
    """One ride of a rider."""

    dir: str
    at_ms: int
    trip: Named | None
    stop: Named | None


class ExceptionRow(msgspec.Struct, frozen=True):
    """A trip that a rider won't take."""

    id: str
    rider_id: str
    service_on: str
    direction: Direction


class RosterRow(msgspec.Struct, frozen=True):
    """A rider of a trip."""

    rider: ChildRow
    stop_id: str | None
    state: RiderPhase
    since_ms: int | None
    stranger: bool


class NoticeRow(msgspec.Struct, frozen=True):
    """A notice of a user; with `finding_id`, one that calls staff, whose child and trip are the finding's."""

    id: str
    user_id: str
    kind: str
    child: Named | None
    child_school_id: str | None
    trip: Named | None
    timezone: str
    at_ms: int
    sent_at_ms: int | None
    expired_at_ms: int | None
    read_at_ms: int | None
    text_zh: str
    text_en: str
    finding_id: str | None
    finding_kind: FindingKind | None
    finding_over: bool
    answered_at_ms: int | None
    muted: bool = False


class DeviceRow(msgspec.Struct, frozen=True):
    """A recorder with what it last said."""

    id: str
    vehicle: Named
    timezone: str
    active: bool
    online: bool | None
    changed_at_ms: int | None
    seen_at_ms: int | None
    skew_ms: int | None
    body: bytes | None
    rejected: int


class RejectedRow(msgspec.Struct, frozen=True):
    """A refused record."""

    id: int
    seq: int | None
    kind: str
    reason: str
    received_ms: int
    payload: bytes


class AuditRow(msgspec.Struct, frozen=True):
    """One line of the audit, as stored."""

    id: int
    at_ms: int
    user: Named | None
    action: str
    object: str | None
    detail: str | None


class AccessRow(msgspec.Struct, frozen=True):
    """One reading of a child's data, or of its bus's."""

    id: int
    at_ms: int
    role: str
    name: str
    action: str


class AuditEntry(msgspec.Struct, frozen=True):
    """One line of the audit, to be stored: who, what, whose, how."""

    at_ms: int
    user_id: str | None
    action: str
    object: str | None = None
    detail: str | None = None
