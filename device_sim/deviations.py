"""What buses and the people on them may do otherwise than planned: the kinds of deviation, each with its measures.

A deviation is done by one bus of the session or by all, on one of a bus's runs or on each. A place is counted in stops: 1.5 is half-way
from the second stop to the third; a stop or rider by its number from 0, or from the end by -1, -2 …
"""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec

from device_sim.errors import SimError

Place = Annotated[float, msgspec.Meta(ge=0)]
Seconds = Annotated[float, msgspec.Meta(gt=0)]
Metres = Annotated[float, msgspec.Meta(gt=0)]


class Deviation(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="kind"):
    """What every deviation says: which bus (its number in the session from 0, or its device; left out: each) on which of its runs."""

    bus: int | str | None = None
    run: Annotated[int, msgspec.Meta(ge=0)] | None = None


# When.


class LateStart(Deviation, frozen=True, tag="late_start"):
    """The bus comes to its first stop, and leaves it, so much later than planned."""

    by_s: Seconds


class EarlyDeparture(Deviation, frozen=True, tag="early_departure"):
    """A stop is reached and left so much before the plan; whoever rides is there in time."""

    by_s: Seconds
    stop: int = 0


# Where.


class Aside(Deviation, frozen=True, tag="aside"):
    """The bus drives beside its road: a detour, or a road that runs along it. Metres to the right of the way, negative to the left."""

    aside_m: float
    at: Place = 0.0
    for_m: Metres = 1e9


class TurnBack(Deviation, frozen=True, tag="turn_back"):
    """The bus turns, drives back along its road, turns again and goes on."""

    at: Place
    back_m: Metres


class ShortTurn(Deviation, frozen=True, tag="short_turn"):
    """The run ends at this stop: everybody gets off there."""

    stop: int


class SkipStop(Deviation, frozen=True, tag="skip_stop"):
    """The bus drives past a stop."""

    stop: int


class SwapStops(Deviation, frozen=True, tag="swap_stops"):
    """The bus serves the stop after this one first, drives back to this one, and goes on."""

    stop: int


class ExtraHalt(Deviation, frozen=True, tag="extra_halt"):
    """The bus halts where no stop is, its door open or shut."""

    at: Place
    for_s: Seconds = 20.0
    door: bool = True


class Pace(Deviation, frozen=True, tag="pace"):
    """The driver drives so fast on a stretch, as far as bends and the next stop allow."""

    kmh: Annotated[float, msgspec.Meta(gt=0, le=150)]
    at: Place
    for_m: Metres = 1e9


# Who.


class WrongBadge(Deviation, frozen=True, tag="wrong_badge"):
    """Somebody else signs on: the badge that is named, else another one of the pack's."""

    role: Literal["driver", "attendant"] = "driver"
    badge: str = ""


class NoBadge(Deviation, frozen=True, tag="no_badge"):
    """Nobody signs on in this role."""

    role: Literal["driver", "attendant"]


class LateBadge(Deviation, frozen=True, tag="late_badge"):
    """Somebody signs on in this role only when the bus has driven for so long."""

    role: Literal["driver", "attendant"]
    after_s: Seconds


class Alcohol(Deviation, frozen=True, tag="alcohol"):
    """The driver's breath shows so much, in mg per litre."""

    mg_per_l: Annotated[float, msgspec.Meta(gt=0, le=5)]


class TakesRun(Deviation, frozen=True, kw_only=True, tag="takes_run"):
    """The bus does a run of another one, which stays away; with that run's crew or its own, and its own plate. `run` is the other's."""

    bus: int | str
    of: int | str
    run: Annotated[int, msgspec.Meta(ge=0)] = 0
    crew: Literal["run", "own"] = "run"


class DrivesAnyway(Deviation, frozen=True, tag="drives_anyway"):
    """The bus does its runs though their permits are out of date. It holds for every run of the bus."""


# Riders.


class Absent(Deviation, frozen=True, tag="absent"):
    """A rider doesn't come."""

    rider: int = 0


class LostCard(Deviation, frozen=True, tag="lost_card"):
    """A rider comes without a card; the attendant ticks them on the recorder, or nobody does."""

    rider: int = 0
    ticked: bool = True


class AlightsAt(Deviation, frozen=True, tag="alights_at"):
    """A rider gets off at this stop."""

    stop: int
    rider: int = 0


class LeftAboard(Deviation, frozen=True, tag="left_aboard"):
    """Some riders stay in the bus at the last stop, and are found and get off later; before that the crew has checked and gone."""

    riders: Annotated[int, msgspec.Meta(ge=1)] = 1
    found_after_s: Seconds = 300.0


class Stranger(Deviation, frozen=True, tag="stranger"):
    """A rider of another bus boards, and leaves at the last stop."""

    of: int | str
    rider: int = 0
    stop: int = 0


class Crowd(Deviation, frozen=True, tag="crowd"):
    """Children whom nobody planned board with cards that nobody knows, and leave at the last stop."""

    riders: Annotated[int, msgspec.Meta(ge=1, le=200)]
    stop: int = 0


# What the recorder sees.


class WrongTag(Deviation, frozen=True, tag="wrong_tag"):
    """The recorder reads this plate's tag."""

    tag: Annotated[str, msgspec.Meta(min_length=1)]


class SignalsOff(Deviation, frozen=True, tag="signals_off"):
    """Warning lamps or stop sign stay in at a stop, at every one where none is named; they come out after so long, or never."""

    lamps: bool = True
    sign: bool = False
    stop: int | None = None
    for_s: Seconds = 1e9


class DoorAjar(Deviation, frozen=True, tag="door_ajar"):
    """The bus leaves a stop with its door open for so long."""

    stop: int
    for_s: Seconds


class Happening(Deviation, frozen=True, tag="event"):
    """Something happens on the way: an event of the protocol."""

    what: Literal["sos", "collision", "rollover", "tamper", "harsh_brake", "harsh_accel", "harsh_turn"]
    at: Place
    data: dict[str, float] = {}


class NoCheck(Deviation, frozen=True, tag="no_check"):
    """Nobody presses the button at the rear."""


class LateCheck(Deviation, frozen=True, tag="late_check"):
    """The button at the rear is pressed so long after the doors were opened at the last stop."""

    after_s: Seconds


class Tunnel(Deviation, frozen=True, tag="tunnel"):
    """No fix on a stretch: the recorder says so, repeats the last place, and tells of both ends."""

    at: Place
    for_m: Metres


class GpsJump(Deviation, frozen=True, tag="gps_jump"):
    """The receiver places the bus so far north of where it is, on a stretch; or at 0, 0."""

    at: Place
    for_m: Metres = 100.0
    by_m: float = 500_000.0
    to_zero: bool = False


class Drift(Deviation, frozen=True, tag="drift"):
    """The place wanders off by so much while the bus stands, each time another way, and comes back when it moves."""

    radius_m: Metres


class ClockSkew(Deviation, frozen=True, tag="clock_skew"):
    """The recorder's clock is ahead by so much, or behind by a negative one, on every run."""

    by_s: float


AnyDeviation = (
    LateStart | EarlyDeparture | Aside | TurnBack | ShortTurn | SkipStop | SwapStops | ExtraHalt | Pace
    | WrongBadge | NoBadge | LateBadge | Alcohol | TakesRun | DrivesAnyway
    | Absent | LostCard | AlightsAt | LeftAboard | Stranger | Crowd
    | WrongTag | SignalsOff | DoorAjar | Happening | NoCheck | LateCheck | Tunnel | GpsJump | Drift | ClockSkew
)  # fmt: skip


def list_kinds() -> list[str]:
    """The name of every kind of deviation."""
    return [str(kind.__struct_config__.tag) for kind in AnyDeviation.__args__]


def find_index(wanted: int, count: int) -> int | None:
    """The index, from 0, of what is counted from 0 or, negative, from the end; None where there are too few.

    >>> find_index(-1, 5), find_index(4, 5), find_index(5, 5)
    (4, 4, None)
    """
    return wanted % count if -count <= wanted < count else None


def find_device(bus: int | str, devices: list[str], kind: str) -> str:
    """The device of a bus that a deviation names, by its number among the session's devices or by its id; raises SimError."""
    if isinstance(bus, int):
        index = find_index(bus, len(devices))
        if index is not None:
            return devices[index]
    elif bus in devices:
        return bus
    raise SimError(
        f"deviation {kind}: there is no bus {bus!r} in this session of {len(devices)}; "
        "name a device that runs, or its number from 0, or let more run"
    )
