"""What is known of one run of a timetable: the whole outcome of a trip is one value of `TripState`."""

from __future__ import annotations

from typing import Literal

import msgspec

from server.domain.finding import Finding
from server.domain.rule_states import Watch
from server.domain.verdict import Verdicts

Phase = Literal["scheduled", "en_route", "arrived", "closed", "missed", "cancelled"]
RiderPhase = Literal["expected", "aboard", "alighted", "handed_over", "absent", "no_show"]
NoticeKind = Literal[
    "approaching", "boarded", "alighted", "arrived", "handed_over", "absent", "no_show", "not_started", "late",
    "substituted", "cancelled", "left_aboard", "wrong_stop", "wrong_bus", "correction", "message",
]  # fmt: skip


class Visit(msgspec.Struct, frozen=True, gc=False):
    """A bus at planned stop `seq`. `passed_at_ms` without `arrived_at_ms`: driven past. `by_door`: told by the door signal."""

    seq: int
    arrived_at_ms: int | None = None
    departed_at_ms: int | None = None
    passed_at_ms: int | None = None
    by_door: bool = False


class Ride(msgspec.Struct, frozen=True, gc=False):
    """One boarding or alighting. `rider_id` None: a card that nobody's is."""

    source: str
    at_ms: int
    dir: Literal["on", "off"]
    card: str | None
    rider_id: str | None
    stop_id: str | None
    by: Literal["card", "attendant"]


class RiderState(msgspec.Struct, frozen=True, gc=False):
    """A rider on the manifest. `stop_id` None and `stranger` for one who isn't planned on it."""

    rider_id: str
    stop_id: str | None
    state: RiderPhase
    since_ms: int | None = None
    stranger: bool = False


class Announcement(msgspec.Struct, frozen=True, gc=False):
    """What the guardians of a rider are to be told, once for each occurrence; with `user_id` one of them alone.

    `approaching` says how far the bus is: in `minutes`, or in `stops` for who chose to count them; `late` and `not_started` by how many
    minutes. `detail` is what a person said: to whom a child was handed over, why a trip is off. A correction names the kind that it
    `corrects` and, where the place was wrong, the stop that it was not.
    """

    rider_id: str
    kind: NoticeKind
    occurrence: int
    at_ms: int
    stop_id: str | None = None
    minutes: int | None = None
    stops: int | None = None
    user_id: str | None = None
    detail: str | None = None
    corrects: NoticeKind | None = None
    not_stop_id: str | None = None


class Count(msgspec.Struct, frozen=True, gc=False):
    """A head count: how many, when, by whom (a user's id)."""

    count: int
    at_ms: int
    user_id: str
    remarks: str | None = None


class SignOff(msgspec.Struct, frozen=True):
    """Both sides' last counts."""

    delivered: Count | None = None
    received: Count | None = None


class Turn(msgspec.Struct, frozen=True, gc=False):
    """A bus that ran a trip from `from_ms` until another took it over at `until_ms`; the first `rides` of the trip are up to then."""

    vehicle_id: str
    device_id: str | None
    from_ms: int
    until_ms: int
    rides: int


class OnDuty(msgspec.Struct, frozen=True, gc=False):
    """The badges that are signed on to the bus that runs a trip, and the instant of the last word of it."""

    driver: str | None = None
    attendant: str | None = None
    since_ms: int | None = None


class TripState(msgspec.Struct, frozen=True):
    """State, progress, visits, rides, riders, announcements and findings of one trip. `metre` along its shape, None before it is matched.

    After its arrival: `ignition_off_ms` when the ignition first went off, `moved_off_ms` when the bus first drove away from its last stop,
    `shut_ms` when its doors closed there to stay shut for so long that nobody may be aboard.
    `by_phone`: an attendant's phone is used on it, so what rests on an absence waits until that phone has synced.

    `turns` are the buses that ran it before this one, `taken_m` where the last of them left it on the shape; `by_tick`: this one has
    it only because somebody ticked there.
    """

    trip_id: str
    state: Phase = "scheduled"
    vehicle_id: str | None = None
    device_id: str | None = None
    assigned_at_ms: int | None = None
    started_at_ms: int | None = None
    arrived_at_ms: int | None = None
    ended_at_ms: int | None = None
    rear_checked_at_ms: int | None = None
    next_seq: int = 0
    metre: float | None = None
    metre_at_ms: int | None = None
    delay_s: int | None = None
    visits: tuple[Visit, ...] = ()
    rides: tuple[Ride, ...] = ()
    riders: tuple[RiderState, ...] = ()
    announcements: tuple[Announcement, ...] = ()
    delivered: Count | None = None
    received: Count | None = None
    synced_ms: int | None = None
    turns: tuple[Turn, ...] = ()
    taken_m: float | None = None
    by_tick: bool = False
    crew: OnDuty = OnDuty()
    findings: tuple[Finding, ...] = ()
    verdicts: Verdicts | None = None
    ignition_off_ms: int | None = None
    moved_off_ms: int | None = None
    shut_ms: int | None = None
    by_phone: bool = False
    late_told: bool = False
    watch: Watch = Watch()
