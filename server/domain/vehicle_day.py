"""The value that is folded: what is known of one vehicle after an input, its running trip included."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, Protocol

import msgspec

from server.domain.driving import Spell
from server.domain.finding import Finding
from server.domain.geo import Polyline
from server.domain.hand import HAND, Hand
from server.domain.lull import Lull
from server.domain.permit_facts import PermitFacts, PersonFacts, VehicleFacts
from server.domain.plan import TripPlan
from server.domain.record import Folded
from server.domain.speed_zones import SpeedLimits, Zone
from server.domain.thresholds import DEFAULTS, Thresholds
from server.domain.trip import Ride, TripState

KEEP_EARLIER: Final = 3  # trips of a vehicle that are kept, should its crew sign on to one again


class Key(msgspec.Struct, frozen=True, order=True, gc=False):
    """The place of an input in the log: its instant, then device, epoch and seq, so that the order is total."""

    t: int
    device: str
    epoch: int
    seq: int


class Entry(msgspec.Struct, frozen=True, gc=False):
    """One input of the log, with its place in it."""

    key: Key
    record: Folded | Hand

    @property
    def source(self) -> str:
        """The record's name, as a ride keeps it."""
        if self.key.device == HAND:
            return f"hand:{self.key.seq}"
        return f"{self.key.device}:{self.key.epoch}:{self.key.seq}"


class LastFix(msgspec.Struct, frozen=True, gc=False):
    """The newest position that was folded, and whose it is. door None: never sent, so not fitted. `seen`: by GNSS, which alone proves.

    `metre` is where the bus was last on the running trip's shape, at `metre_ms`: this position's, or an older one's.
    """

    t: int
    lat: float
    lon: float
    spd: float
    door: int | None = None
    device: str = ""
    metre: float | None = None
    metre_ms: int = 0
    seen: bool = True


class SignedOn(msgspec.Struct, frozen=True, gc=False):
    """An attendant who has not signed off, and the timetable's code that they said, if any."""

    badge: str
    trip: str | None = None


class Crew(msgspec.Struct, frozen=True, gc=False):
    """Who is signed on, the instant and input of the last word of it, and the plate's tag and the driver's breath as last read.

    `attendant` is the one who signed on last, `attendants` all who did and have not signed off, the newest last.
    """

    driver: str | None = None
    attendant: str | None = None
    tag: str | None = None
    driver_ms: int | None = None
    driver_source: str | None = None
    attendant_ms: int | None = None
    attendant_source: str | None = None
    alcohol: float | None = None
    tag_ms: int | None = None
    attendants: tuple[SignedOn, ...] = ()


class Shift(msgspec.Struct, frozen=True, gc=False):
    """How a driver has driven this bus: the stint that lasts since `since_ms`, and those of the last 24 h before it.

    A stint lasts from moving off to the last standstill before a rest. `standing_ms`: it stands since then; `due_ms`: when the
    driving time may be too long, so that nobody has to look before. `elsewhere` is what they drove on other buses in the day before
    they signed on to this one.
    """

    badge: str
    since_ms: int | None = None
    standing_ms: int | None = None
    due_ms: int = 0
    before: tuple[tuple[int, int], ...] = ()
    elsewhere: tuple[tuple[int, int], ...] = ()


class VehicleState(msgspec.Struct, frozen=True):
    """The fold's value. `key` is the last input's; `trip` the running trip.

    `earlier` keeps the last few trips, should the crew sign on to one again; `loose` the rides since the last assignment that
    belong to no trip; `anchor_m` where a bus that did not begin at the first stop was first seen on the shape; `findings` what was
    found in the last day and belongs to no trip.
    """

    vehicle_id: str
    key: Key | None = None
    fix: LastFix | None = None
    crew: Crew = Crew()
    trip: TripState | None = None
    earlier: tuple[TripState, ...] = ()
    loose: tuple[Ride, ...] = ()
    anchor_m: float | None = None
    findings: tuple[Finding, ...] = ()
    shifts: tuple[Shift, ...] = ()


class Road(msgspec.Struct, frozen=True):
    """A trip's plan with its shape ready for projection, and all that its rules go by, resolved once.

    `lull` spares estimates and changes with the positions; what is folded doesn't depend on it.
    """

    plan: TripPlan
    line: Polyline
    speeds: SpeedLimits
    thresholds: Thresholds = DEFAULTS
    permit: PermitFacts = PermitFacts()
    lull: Lull = msgspec.field(default_factory=Lull)

    @classmethod
    def of(
        cls,
        plan: TripPlan,
        line: Polyline | None = None,
        *,
        thresholds: Thresholds = DEFAULTS,
        permit: PermitFacts | None = None,
        zones: tuple[Zone, ...] = (),
    ) -> Road:
        """Prepare a trip's road; `line` is its shape where that is prepared already."""
        return cls(
            plan,
            line or Polyline.of(plan.shape, plan.metres),
            SpeedLimits.of(zones, thresholds, plan.service_on, plan.day_ms),
            thresholds,
            permit or PermitFacts(),
        )


class Unavailable(Exception):
    """What the fold asks can't be answered now; nothing may be concluded from that."""


class Lookup(Protocol):
    """Plans and people as the fold may ask for them. Raises Unavailable."""

    def find_road(self, trip_id: str) -> Road | None:
        """Find a trip's plan by id."""

    def list_roads(self, t_ms: int, code: str | None = None) -> list[Road]:
        """List the trips of the vehicle's operator whose window holds t_ms, of one timetable when `code` is given."""

    def find_rider(self, card: str) -> str | None:
        """Find the rider whose card this is."""

    def find_vehicle(self, vehicle_id: str) -> VehicleFacts | None:
        """Find what papers say of a bus."""

    def find_person(self, badge: str) -> PersonFacts | None:
        """Find whose badge this is among the people of the bus's operator."""


class Context(Lookup, Protocol):
    """What the fold may ask besides its state: fixed for one fold, so that folding again gives the same. Raises Unavailable."""

    def list_turns(self, trip_id: str) -> Sequence[tuple[str, int]]:
        """List (vehicle, instant) of each bus that ran a trip, or runs it: from when on, in that order."""

    def find_run(self, trip_id: str, vehicle_id: str, t_ms: int) -> TripState | None:
        """Find a trip as the bus that had it left it, for a bus that is approved to take it over at t_ms; None: nobody had it."""

    def list_driven(self, badge: str, vehicle_id: str, t_ms: int, rest_s: float) -> tuple[Spell, ...]:
        """List when a badge was at the wheel of other buses in the day before t_ms; `rest_s` is what counts as a rest."""
