"""What ingest asks of the outside: a transaction on the log and its projection, a catalogue of plans, and a line to the broker."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Any, Protocol

import msgspec

from server.domain.finding import Finding, FindingKind
from server.domain.hand import Hand
from server.domain.record import Duty
from server.domain.seq_ranges import SeqRanges
from server.domain.thresholds import DEFAULTS, Thresholds
from server.domain.trip import Announcement, NoticeKind, Phase, Ride, TripState, Turn
from server.domain.vehicle_day import Entry, Lookup, Road, Unavailable, VehicleState
from server.service.command_rows import CommandWork, DueCommand
from server.service.gate import Accepted, Rejected
from server.service.watermark import SavedAnswer


class Bus(msgspec.Struct, frozen=True):
    """Which vehicle a device is fitted to, and whose it is."""

    vehicle_id: str
    operator_id: str


class Head(msgspec.Struct, frozen=True, gc=False):
    """The last position of a vehicle as maps show it."""

    vehicle_id: str
    operator_id: str
    device_id: str
    trip_id: str | None
    at_ms: int
    received_ms: int
    lat: float
    lon: float
    spd: float
    hdg: float | None
    metre: float | None
    interval_s: float


class Told(msgspec.Struct, frozen=True, gc=False):
    """An announcement for one guardian, in words; `muted`: to be kept in their list and not told."""

    user_id: str
    trip_id: str
    announcement: Announcement
    made_at_ms: int
    text_zh: str
    text_en: str
    muted: bool = False


class HandInput(msgspec.Struct, frozen=True):
    """A row of `inputs` that was not folded yet, decoded; `body` is the row's own."""

    id: int
    trip_id: str
    kind: str
    record: Hand | Duty
    body: bytes


class Holder(msgspec.Struct, frozen=True, gc=False):
    """The bus that runs a trip by its row, since when (UTC ms), and the buses before it."""

    vehicle_id: str
    from_ms: int
    turns: tuple[Turn, ...] = ()


class Overdue(msgspec.Struct, frozen=True):
    """A trip that is or was overdue by the server's clock: what is found of it and since when, and what is known of it.

    `heard_ms` is when anything was last received of its bus, `position_ms` the instant of the bus's last position, lat and lon its place.
    `limits` are the trip's own numbers.
    """

    kind: FindingKind
    began_ms: int | None
    trip_id: str
    vehicle_id: str | None
    state: Phase
    planned_start_ms: int
    started_ms: int | None
    ended_ms: int | None
    heard_ms: int | None
    position_ms: int | None
    interval_s: float | None
    lat: float | None
    lon: float | None
    limits: Thresholds = DEFAULTS


class SaidAbsent(msgspec.Struct, frozen=True):
    """Somebody said that a rider won't take a trip."""

    trip_id: str
    rider_id: str
    user_id: str | None
    made_at_ms: int
    occurrence: int


class FoldWork(Protocol):
    """What the fold asks of one transaction: the log, checkpoints, and the rows that are its projection."""

    def find_holder(self, trip_id: str) -> Holder | None:
        """Find which bus runs a trip by its row."""

    def list_heirs(self, vehicle_id: str) -> list[tuple[str, str, int]]:
        """List (trip, vehicle, instant) of the trips that another bus took over though they were to be this vehicle's."""

    def move_hand(self, trip_id: str, turns: Sequence[tuple[str, int]]) -> dict[str, int]:
        """Put what people said of a trip into the log of the bus whose turn it was; give the vehicles concerned, from when on."""

    def list_signed_on(self, bus: Bus, badge: str, from_ms: int, until_ms: int) -> list[tuple[str, int]]:
        """List (vehicle, instant) of a driver's sign-ons to other buses of the operator, from from_ms and before until_ms."""

    def list_signed_on_later(self, vehicle_id: str, since_ms: int, within_ms: int) -> list[tuple[str, int]]:
        """List (vehicle, instant) of the sign-ons to other buses that came so soon after one of the same badge to this vehicle."""

    def load_epochs(self, device_id: str) -> dict[int, tuple[SeqRanges, int | None]]:
        """Load what has been received from a device and where its stream begins, by epoch."""

    def find_instant(self, device_id: str, epoch: int, upto_seq: int) -> int | None:
        """Find the instant of a device's newest record up to a seq."""

    def find_checkpoint(self, vehicle_id: str, below_ms: int | None) -> VehicleState | None:
        """Find the newest checkpoint whose input is older than below_ms (the newest of all when None)."""

    def put_checkpoint(self, state: VehicleState) -> None:
        """Keep a state to fold on from."""

    def drop_checkpoints(self, vehicle_id: str, from_ms: int) -> None:
        """Forget the checkpoints at or after an instant: an older record has come."""

    def load_log(self, vehicle_id: str, after: VehicleState, at_most: int) -> tuple[list[Entry], bool]:
        """Load some of a vehicle's inputs after a state's key, in the order of the log; say whether they reach its end."""

    def list_run(self, vehicle_id: str, after_ms: int) -> list[str]:
        """List the trips whose rows tell of something that this vehicle did after an instant."""

    def project(
        self,
        before: TripState | None,
        trip: TripState,
        told: Sequence[Told],
        now_ms: int,
        *,
        ours: bool = False,
    ) -> bool:
        """Make the rows of a trip equal to its state; `before` is what they are known to be, None when that isn't known.

        False, and nothing written, when another vehicle was assigned to the trip earlier; `ours`: this one has it all the same.
        """

    def list_told(self, trip_id: str) -> dict[tuple[str, NoticeKind, int], str | None]:
        """Give (rider, kind, occurrence) of the notices of a trip that were sent, with the stop that each named."""

    def unproject(self, trip_id: str, vehicle_id: str, told: Sequence[Told], now_ms: int) -> bool:
        """Make the rows of a trip that this vehicle ran those of one that never ran; `told` is what has to be taken back.

        False, and nothing written, when another vehicle runs it.
        """

    def project_found(
        self, bus: Bus, before: Sequence[Finding], after: Sequence[Finding], now_ms: int
    ) -> None:
        """Write what is new or different of what was found of a vehicle and belongs to no trip."""

    def reconcile_found(self, bus: Bus, found: Sequence[Finding], from_ms: int, now_ms: int) -> None:
        """Make the rows of what was found of a vehicle after an instant, and belongs to no trip, equal to `found`."""

    def put_loose_rides(self, state: VehicleState) -> None:
        """Keep the rides that belong to no trip."""

    def drop_loose_rides(self, vehicle_id: str, after_ms: int) -> None:
        """Forget a vehicle's rides after an instant that belong to no trip: they are folded again."""


class LogWork(FoldWork, CommandWork, Protocol):
    """One writing transaction of ingest."""

    def insert_records(self, records: Sequence[tuple[Accepted, str | None, int]]) -> None:
        """Store records with their vehicle and the instant of receipt; those known stay as they are."""

    def list_hand_inputs(self, at_most: int) -> list[HandInput]:
        """List what people said and nobody folded, in the order in which it was said; of a trip without a bus, cancellations alone."""

    def insert_hand(self, said: HandInput, vehicle_id: str | None, received_ms: int) -> None:
        """Put what a person said into a vehicle's log; None: it was heard, and is of no vehicle."""

    def find_bus_of_trip(self, trip_id: str, t_ms: int) -> Bus | None:
        """Find the bus that ran a trip at t_ms, else the one that is planned for it."""

    def list_given(self, since_ms: int, now_ms: int) -> list[tuple[Bus, int]]:
        """List the buses whose trips were given to another, or back, since an instant, and from when on that holds."""

    def list_awaiting(self, now_ms: int) -> list[str]:
        """List the trips of the next day that were given to another bus and that no bus has begun."""

    def announce(self, trip: TripState, told: Sequence[Told]) -> None:
        """Write notices of a trip that no bus has begun."""

    def cancel(self, trip: TripState, told: Sequence[Told]) -> None:
        """Write a cancellation onto a trip that no bus has taken."""

    def insert_rejected(self, rejected: Sequence[tuple[Rejected, int]]) -> None:
        """Store what was refused, with the instant of receipt."""

    def put_epochs(self, rows: Iterable[tuple[str, int, SeqRanges, int | None]]) -> None:
        """Keep what has been received."""

    def put_presence(
        self, device_id: str, online: bool, at_ms: int, skew_ms: int | None, body: bytes
    ) -> None:
        """Keep what a device says of itself; skew_ms None: it says nothing of its clock."""

    def put_heads(self, heads: Iterable[Head]) -> None:
        """Keep last positions."""

    def put_heard(self, heard: Mapping[str, int]) -> None:
        """Keep when (UTC ms) vehicles were last heard of that said nothing of their place."""

    def load_head(self, vehicle_id: str) -> tuple[int, float] | None:
        """Load the instant of a vehicle's last position, and its interval."""

    def take_findings(self) -> list[str]:
        """Take the ids of the findings that changed since last asked."""

    def sweep(self, now_ms: int, since_on: str | None) -> list[str]:
        """Let trips that never started be missed; give them. `since_on` is the oldest service date looked at, None for all."""

    def settle_exceptions(self, now_ms: int) -> list[str]:
        """Bring the manifests of trips that no bus has taken yet in line with the exceptions; give what changed."""

    def list_overdue(self, now_ms: int) -> list[Overdue]:
        """List the trips that are not started, missed or silent by now and of which that isn't found yet."""

    def list_clock_findings(self, now_ms: int) -> list[Overdue]:
        """List what was found by the clock in the last days and is not over."""

    def state_by_clock(self, trip_id: str, vehicle_id: str | None, one: Finding, now_ms: int) -> None:
        """State a finding of a trip that goes by the server's clock."""

    def end_by_clock(self, trip_id: str, kind: FindingKind, ended_ms: int) -> None:
        """End what the clock found of a trip and is so no more."""

    def withdraw_by_clock(self, trip_id: str, kind: FindingKind, now_ms: int) -> None:
        """Withdraw what the clock found of a trip and records that came later show not to have been so."""

    def list_said_absent(self, now_ms: int) -> list[SaidAbsent]:
        """List the absences that were said lately, with their trips."""

    def beat(self, name: str, at_ms: int) -> None:
        """Say that this role is alive at a real instant."""


class Log(Protocol):
    """The database, as ingest sees it."""

    def write(self) -> AbstractContextManager[LogWork]:
        """Begin a writing transaction; committed at the end, rolled back on an error."""


class LogUnavailable(Unavailable):
    """The database did not commit: nothing was written, or it isn't known; the same batch may be tried again."""


class BusMessage(Protocol):
    """One message as the line gives it."""

    @property
    def topic(self) -> str: ...
    @property
    def payload(self) -> bytes: ...
    @property
    def received_ms(self) -> int: ...
    @property
    def retain(self) -> bool: ...


class Line(Protocol):
    """Ingest's connection to the broker."""

    @property
    def ready(self) -> bool:
        """Say whether the session is there and messages may come."""

    def take(self, max_n: int, max_wait_s: float) -> Sequence[BusMessage]:
        """Give what has come, waiting at most max_wait_s for the first."""

    def ack(self, messages: Sequence[Any]) -> int:
        """Acknowledge messages after their commit."""

    def flush(self) -> None:
        """Send what was left waiting."""

    def disconnect(self) -> None:
        """Leave the broker for a while."""

    def connect(self) -> None:
        """Come back."""


class Speaker(Protocol):
    """Says what was committed."""

    def saved(self, device_id: str, answer: SavedAnswer) -> None:
        """Tell a device what is committed."""

    def positions(self, heads: Sequence[Head]) -> None:
        """Tell the live pages of positions."""

    def trips(self, trip_ids: Sequence[str]) -> None:
        """Tell the live pages which trips changed."""

    def rides(self, rides: Sequence[tuple[str, Ride]]) -> None:
        """Tell the live pages of rides."""

    def findings(self, ids: Sequence[str]) -> None:
        """Tell the live pages which findings changed."""

    def wake_notices(self) -> None:
        """Tell the worker that there may be notices."""

    def command(self, command: DueCommand) -> bool:
        """Tell a device what to do, so that it waits for one without reception; False where there is no broker to tell."""


class Catalogue(Protocol):
    """Plans and people, read when needed and kept until told that they changed. Raises LogUnavailable."""

    def find_bus(self, device_id: str) -> Bus | None:
        """Find the vehicle of a device."""

    def list_active_buses(self) -> list[Bus]:
        """List the vehicles of which something of the last day is in the log."""

    def context(self, bus: Bus) -> Lookup:
        """Give what the fold of this bus may ask."""

    def tell(self, trip: TripState, announcements: Sequence[Announcement]) -> list[Told]:
        """Put announcements into words for each guardian who is to know."""

    def find_road(self, trip_id: str) -> Road | None:
        """Find a trip's plan by id."""

    def changed(self) -> frozenset[str]:
        """Name what changed since it was last forgotten: `catalog` (plans, people), `inputs` (exceptions), `trips`, `substitutions`."""

    def forget(self, changed: frozenset[str] = ...) -> None:
        """Read again, when next asked, what rests on one of these (all: everything); what `changed` has named counts as known."""
