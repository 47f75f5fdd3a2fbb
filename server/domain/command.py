"""What a recorder may be asked to do (PROTOCOL, cmd): the allow-list of kinds, and the arguments of each.

Nothing here cuts an engine or listens in. A day's plan is told whole, and shortened where it would pass a message's size.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any, Final, Literal

import msgspec
from msgspec import Meta
from msgspec.structs import replace

CommandKind = Literal["set_interval", "say", "snapshot", "dump", "plan", "reboot"]
CommandState = Literal["waiting", "sent", "answered", "refused", "unanswered", "expired"]

UNANSWERED_MS: Final = 60_000  # PROTOCOL, cmd: not answered in 60 s is shown as unanswered
LARGEST_B: Final = 8 * 1024 - 256  # PROTOCOL, conventions: 8 KiB a message; the rest is id, kind and until
LONGEST_DUMP_MS: Final = 3_600_000  # own choice: an hour of seconds is what a recorder sends in one piece
_Url = Annotated[str, Meta(pattern=r"^https?://[^\s/@]+(/\S*)?$", max_length=500)]


class SetInterval(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How often positions are sent, in seconds: moving (PROTOCOL, pos: 1 to 15), and parked."""

    moving_s: Annotated[int, Meta(ge=1, le=15)]
    parked_s: Annotated[int, Meta(ge=1, le=3600)]


class Say(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A sentence, spoken or shown to the driver."""

    text: Annotated[str, Meta(min_length=1, max_length=200)]


class Snapshot(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One picture, and where it is put."""

    camera: Literal["cabin", "road", "door"]
    upload: _Url


class Dump(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename={"from_": "from"}):
    """The recorder's own file of a time, and where it is put. Instants as UTC ms or with an offset."""

    from_: int | datetime
    to: int | datetime
    upload: _Url


class Nothing(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A command without arguments: `reboot`; `plan`, which the server fills in."""


class StopTold(msgspec.Struct, frozen=True):
    """A stop of a run: its code, name and place, when it is planned (UTC ms), how many riders it concerns, and their cards."""

    stop: str
    name: str
    lat: float
    lon: float
    at: int
    riders: int
    cards: tuple[str, ...]


class PlannedRun(msgspec.Struct, frozen=True):
    """A trip as its recorder is told of it: the timetable, its date and direction, who drives and attends (badges), when it begins.

    `stops` with the riders who board there (to school) or leave there (from school); None where the message had no room for them.
    """

    trip: str
    service_date: str
    driver: str | None
    attendant: str | None
    start: int
    direction: str = "to_school"
    stops: tuple[StopTold, ...] | None = ()


class DayPlan(msgspec.Struct, frozen=True):
    """What a recorder's bus has to run on a service date, by what is approved now."""

    service_date: str
    trips: tuple[PlannedRun, ...]


ARGS: Final[Mapping[CommandKind, type[msgspec.Struct]]] = {
    "set_interval": SetInterval,
    "say": Say,
    "snapshot": Snapshot,
    "dump": Dump,
    "plan": Nothing,
    "reboot": Nothing,
}


class BadArgs(Exception):
    """Arguments that are not the kind's; `field` names which, and the text says what is wrong."""

    def __init__(self, field: str, why: str) -> None:
        super().__init__(why)
        self.field = field


def read_args(kind: CommandKind, args: Mapping[str, Any]) -> dict[str, Any]:
    """Give the arguments as they are sent; raise BadArgs.

    >>> read_args("dump", {"from": "2026-09-01T07:00:00+08:00", "to": 1788217800000, "upload": "https://a.example/x"})["from"]
    1788217200000
    """
    try:
        found = msgspec.convert(args, ARGS[kind])
    except msgspec.ValidationError as why:
        text, _, path = str(why).partition(" - at `$")
        raise BadArgs("args" + path.rstrip("`"), text) from None
    if isinstance(found, Dump):
        from_ms, to_ms = _instant_ms("args.from", found.from_), _instant_ms("args.to", found.to)
        if not 0 < to_ms - from_ms <= LONGEST_DUMP_MS:
            raise BadArgs("args.to", "`to` lies after `from`, by an hour at most")
        return {"from": from_ms, "to": to_ms, "upload": found.upload}
    plain: dict[str, Any] = msgspec.to_builtins(found)
    return plain


def _instant_ms(field: str, value: int | datetime) -> int:
    if isinstance(value, int):
        return value
    if value.tzinfo is None:
        raise BadArgs(field, "an instant needs its offset, for example +08:00")
    return round(value.timestamp() * 1000)


def state_of(
    *, sent_ms: int | None, answered_ms: int | None, ok: bool | None, until_ms: int, now_ms: int
) -> CommandState:
    """Say how a command stands now.

    >>> state_of(sent_ms=0, answered_ms=None, ok=None, until_ms=300_000, now_ms=60_001)
    'unanswered'
    """
    if answered_ms is not None:
        return "answered" if ok else "refused"
    if sent_ms is None:
        return "expired" if now_ms > until_ms else "waiting"
    return "unanswered" if now_ms - sent_ms > UNANSWERED_MS else "sent"


def encode_plan(plan: DayPlan) -> bytes:
    """Write a day's plan as arguments, without the stops of its last trips where it would be larger than a message may be."""
    runs = list(plan.trips)
    body = msgspec.json.encode(plan)
    for place in reversed(range(len(runs))):
        if len(body) <= LARGEST_B:
            break
        runs[place] = replace(runs[place], stops=None)
        body = msgspec.json.encode(DayPlan(plan.service_date, tuple(runs)))
    return body
