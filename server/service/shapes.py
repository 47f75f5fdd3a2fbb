"""The shapes that HTTP and live answers share (INTERFACES 2, 3 and 5; docs/http.md): what a client may rely on.

They hold only what the caller may see; a field that isn't here can't leak. Instants carry the agency's offset.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, Generic, Literal, TypeVar

import msgspec

from server.domain.finding import FindingKind, Severity
from server.domain.finding_life import FindingState
from server.domain.plan import Direction
from server.domain.preference import LeadBy
from server.domain.trip import NoticeKind, Phase, RiderPhase

T = TypeVar("T")


class Items(msgspec.Struct, Generic[T], frozen=True):
    """One page of a list; `next` is the `after` of the page behind it."""

    items: list[T]
    next: str | None = None


class Named(msgspec.Struct, frozen=True):
    """Another object, named."""

    id: str
    code: str
    name: str


class Eta(msgspec.Struct, frozen=True):
    """An expected arrival with its 80 % interval."""

    at: datetime
    low: datetime
    high: datetime


class PositionItem(msgspec.Struct, frozen=True):
    """Where a bus was at `at`; `age_s` counts from there to the answer."""

    vehicle_id: str
    trip_id: str | None
    lat: float
    lon: float
    spd: float
    hdg: float | None
    at: datetime
    age_s: float
    stale: bool
    interval_s: float
    metre: float | None


class ChildStop(msgspec.Struct, frozen=True):
    """A stop of a child's trip; `mine` where the child boards or leaves."""

    id: str
    code: str
    name: str
    lat: float
    lon: float
    seq: int
    metre: float
    planned_at: datetime
    arrived_at: datetime | None
    departed_at: datetime | None
    passed: bool
    eta: Eta | None
    mine: bool


class Window(msgspec.Struct, frozen=True, rename={"from_": "from"}):
    """When the bus of a trip may be looked at."""

    from_: datetime
    to: datetime


class ChildTrip(msgspec.Struct, frozen=True, omit_defaults=True):
    """A trip as the child's guardian sees it; `instead_of`: the usual bus, where another runs it.

    `stops` and the shape only for one child at a time.
    """

    id: str
    code: str
    name: str
    service_date: str
    direction: Direction
    state: Phase
    bus: Named | None
    instead_of: Named | None
    route: Named
    stop: Named | None
    school_stop: Named
    planned_at: datetime | None
    planned_start_at: datetime
    planned_end_at: datetime
    started_at: datetime | None
    ended_at: datetime | None
    rider_state: RiderPhase
    eta: Eta | None
    stops_before: int | None
    window: Window
    delay_s: int | None
    position: PositionItem | None
    stops: list[ChildStop] | msgspec.UnsetType = msgspec.UNSET
    shape: list[tuple[float, float]] | msgspec.UnsetType = msgspec.UNSET
    shape_metres: list[float] | msgspec.UnsetType = msgspec.UNSET


class ChildRide(msgspec.Struct, frozen=True):
    """One boarding or alighting of the child."""

    dir: Literal["on", "off"]
    at: datetime
    trip: Named | None
    stop: Named | None


class ChildException(msgspec.Struct, frozen=True):
    """A trip that the child won't ride."""

    id: str
    service_date: str
    direction: Direction
    kind: Literal["absent"]


class Child(msgspec.Struct, frozen=True):
    """A guardian's child: state, stop, eta and bus are shortcuts into `trip`, the one that matters now. `call`: the school, the company."""

    id: str
    code: str
    name: str
    grade: str | None
    school: Named
    state: RiderPhase | None
    trip: ChildTrip | None
    stop: Named | None
    eta: Eta | None
    bus: Named | None
    trips_today: list[ChildTrip]
    rides: list[ChildRide]
    exceptions: list[ChildException]
    call: list[Ring]


class Worst(msgspec.Struct, frozen=True):
    """The finding of a trip that needs a person most."""

    kind: FindingKind
    severity: Severity
    state: FindingState


class Trip(msgspec.Struct, frozen=True):
    """A trip in a list. `findings_open` (that nobody has rectified) and `worst` are for those who read findings, null for others."""

    id: str
    code: str
    service_date: str
    direction: Direction
    route: Named
    vehicle: Named | None
    device: Named | None
    driver: Named | None
    school: Named | None
    state: Phase
    planned_start_at: datetime
    planned_end_at: datetime
    started_at: datetime | None
    ended_at: datetime | None
    delay_s: int | None
    findings_open: int | None
    worst: Worst | None


class PlanStop(msgspec.Struct, frozen=True):
    """A stop as planned on the trip's date; metre along the shape."""

    id: str
    code: str
    name: str
    seq: int
    lat: float
    lon: float
    metre: float
    arrival_at: datetime
    departure_at: datetime


class Plan(msgspec.Struct, frozen=True):
    """What the trip is held against."""

    stops: list[PlanStop]
    shape: list[tuple[float, float]]
    shape_metres: list[float]


class VisitItem(msgspec.Struct, frozen=True):
    """A bus at a planned stop, or when it is expected there."""

    stop_id: str
    seq: int
    planned_at: datetime
    arrived_at: datetime | None
    departed_at: datetime | None
    passed: bool
    eta: Eta | None


class Verdict(msgspec.Struct, frozen=True):
    """Whether one of the six holds, with its evidence."""

    value: Literal["pass", "fail", "excused", "unknown"]
    final: bool
    since: datetime | None
    reason: str
    evidence: list[dict[str, Any]]
    not_measured: list[str]


class Verdicts(msgspec.Struct, frozen=True):
    """The six fixed, in their order."""

    route: Verdict
    time: Verdict
    stops: Verdict
    vehicle: Verdict
    people: Verdict
    marking: Verdict


class Counts(msgspec.Struct, frozen=True):
    """How many riders of the trip are in each state; `planned` is the manifest's length, `strangers` are aboard beyond it."""

    planned: int
    expected: int
    aboard: int
    alighted: int
    handed_over: int
    absent: int
    no_show: int
    strangers: int


class CountItem(msgspec.Struct, frozen=True):
    """A head count of one side."""

    count: int
    at: datetime
    by: Named
    remarks: str | None = None


class SignOffItem(msgspec.Struct, frozen=True):
    """Both sides' counts; `open` names what still keeps the trip from closing."""

    delivered: CountItem | None
    received: CountItem | None
    agreed: bool
    aboard: int
    rear_checked_at: datetime | None
    open: list[str]


class TripSubstitution(msgspec.Struct, frozen=True):
    """What is put in the place of a trip's own; a guardian hears of vehicle, time and way alone.

    `skip_stops` is None where the way is the usual one, and may be empty where another line is driven.
    """

    vehicle: Named | None
    driver: Named | None
    attendant: Named | None
    reason: str | None
    made_at: datetime
    shift_s: int | None
    skip_stops: list[Named] | None


class TripDuty(msgspec.Struct, frozen=True):
    """Who is signed on to the bus that runs a trip, and since when it is so."""

    driver: Named | None
    attendant: Named | None
    since: datetime


class TripDetail(Trip, frozen=True):
    """One trip whole. `counts` is null for a guardian: other people's children are none of theirs; and so is `duty`."""

    plan: Plan
    position: PositionItem | None
    visits: list[VisitItem]
    verdicts: Verdicts
    counts: Counts | None
    sign_off: SignOffItem | None
    substitution: TripSubstitution | None
    duty: TripDuty | None


class ManifestRider(msgspec.Struct, frozen=True):
    """A rider on a manifest."""

    id: str
    code: str
    name: str
    grade: str | None
    school: Named
    state: RiderPhase
    since: datetime | None


class ManifestStop(msgspec.Struct, frozen=True):
    """The riders who board (to school) or leave (from school) at a stop."""

    id: str
    code: str
    name: str
    seq: int
    planned_at: datetime
    riders: list[ManifestRider]


class Manifest(msgspec.Struct, frozen=True):
    """Who should be on a trip, and who is; `strangers` are aboard without being planned."""

    trip: Named
    counts: Counts
    stops: list[ManifestStop]
    strangers: list[ManifestRider]


class BoardRow(msgspec.Struct, frozen=True):
    """One line of a school's board. `missing`: neither boarded nor excused, and the bus has passed their stop."""

    trip: Trip
    from_: Named = msgspec.field(name="from")
    planned_at: datetime
    eta: Eta | None
    arrived_at: datetime | None
    stale: bool
    position_at: datetime | None
    counts: Counts
    sign_off: SignOffItem
    missing: list[ManifestRider]
    substitution: TripSubstitution | None


class Words(msgspec.Struct, frozen=True):
    """One text in both languages."""

    zh: str
    en: str


RingRole = Literal["attendant", "driver", "school", "operator"]


class Ring(msgspec.Struct, frozen=True):
    """Somebody to ring, who has a number."""

    name: str
    role: RingRole
    phone: str


class FindingRef(msgspec.Struct, frozen=True):
    """The finding that a notice calls to; `over` where it has ended or was withdrawn, so that nobody need answer."""

    id: str
    kind: FindingKind
    over: bool


class Notice(msgspec.Struct, frozen=True):
    """What a person is told; `late` when it was too old to be sent, `muted` when they want it kept and not told.

    `finding`, `call`, `answered_at` where it calls staff to a finding.
    """

    id: str
    kind: str
    child: Named | None
    trip: Named | None
    at: datetime
    sent_at: datetime | None
    read_at: datetime | None
    late: bool
    muted: bool
    text: Words
    finding: FindingRef | None
    call: list[Ring]
    answered_at: datetime | None


class Lead(msgspec.Struct, frozen=True):
    """How long before the child's stop a guardian is told that the bus comes near."""

    by: LeadBy
    value: int


class Preference(msgspec.Struct, frozen=True):
    """What a guardian wants for one child in one direction."""

    direction: Direction
    lead: Lead
    muted: list[NoticeKind]


class Preferences(msgspec.Struct, frozen=True):
    """Both directions, and the kinds that may be muted."""

    items: list[Preference]
    kinds: list[NoticeKind]


class User(msgspec.Struct, frozen=True):
    """An account, as its owner sees it."""

    id: str
    username: str
    name: str
    role: str
    scope: Named | None
    lang: str | None


class Welcome(msgspec.Struct, frozen=True, omit_defaults=True):
    """Who is logged in, and the token that their changes must carry (null with a bearer token, which needs none).

    `enrol` is there, and true, where this session may only enrol a second factor.
    """

    user: User
    csrf: str | None
    enrol: bool = False


class NewToken(msgspec.Struct, frozen=True):
    """A bearer token, shown once."""

    id: str
    token: str


class TokenItem(msgspec.Struct, frozen=True):
    """A bearer token without its value."""

    id: str
    name: str | None
    made_at: datetime
    ends_at: datetime | None
    scope: str
    used_at: datetime | None


class DeviceItem(msgspec.Struct, frozen=True):
    """A recorder and what it last said of itself."""

    id: str
    code: str
    vehicle: Named
    active: bool
    online: bool | None
    changed_at: datetime | None
    seen_at: datetime | None
    skew_ms: int | None
    firmware: str | None
    model: str | None
    rejected: int


class RejectedItem(msgspec.Struct, frozen=True):
    """A record that was refused, and why."""

    seq: int | None
    kind: str
    reason: str
    received_at: datetime
    payload: str


class AuditItem(msgspec.Struct, frozen=True):
    """Who read or changed what."""

    id: int
    at: datetime
    user: Named | None
    action: str
    object: str | None
    detail: str | None


class Tiles(msgspec.Struct, frozen=True):
    """Where map tiles come from."""

    kind: Literal["xyz", "pmtiles"]
    url: str
    crs: Literal["wgs84", "gcj02"]
    attribution: str
    maxzoom: int


class PublicConfig(msgspec.Struct, frozen=True):
    """What a page must know before anyone has logged in."""

    tiles: Tiles | None
    demo: bool
    version: str
    now: datetime
    speed: float
    push_key: str
    provider: str | None = None
