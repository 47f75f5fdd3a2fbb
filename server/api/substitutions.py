"""Another bus, driver, attendant, time or way: made, listed, taken back; and who may take a trip."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
from msgspec import Meta

from server.api.endpoint import Ask, Endpoint, Page, Text
from server.domain.limits import MOST_SHIFT_S
from server.service import policy, substitutions, substitutions_read
from server.service.detours import DetourWanted
from server.service.shapes import Items
from server.service.substitutions import Wanted
from server.service.substitutions_shapes import Substitutes, Substitution

WAKE = "wake/ingest"
TRIPS = "live/trips"
Day = Annotated[str, Meta(pattern=r"^\d{4}-\d{2}-\d{2}$")]


class Substituted(msgspec.Struct, frozen=True):
    """POST /substitutions."""

    reason: Annotated[str, Meta(max_length=500)] = ""
    trip_id: Text | None = None
    timetable: Text | None = None
    from_on: Day | None = None
    until_on: Day | None = None
    vehicle_id: Text | None = None
    driver_id: Text | None = None
    attendant_id: Text | None = None
    shift_s: Annotated[int, Meta(ge=-MOST_SHIFT_S, le=MOST_SHIFT_S)] | None = None
    detour: DetourWanted | None = None


class Query(Page, frozen=True):
    """GET /substitutions."""

    trip: Text | None = None


def make(ask: Ask) -> Substitution:
    """Make a substitution; it holds from now on."""
    body: Substituted = ask.body
    wanted = Wanted(**msgspec.structs.asdict(body))  # the detour stays the value that it is
    made, changed = substitutions.substitute(ask.work, ask.scope, ask.who, wanted, ask.now_ms)
    ask.note("substitute", made.timetable.id, made.reason)
    _tell(ask, changed)
    return made


def list_them(ask: Ask) -> Items[Substitution]:
    """List the substitutions in force."""
    query: Query = ask.query
    return substitutions_read.list_substitutions(ask.work, ask.scope, query.trip, query.after, query.limit)


def end(ask: Ask) -> None:
    """Take a substitution back."""
    changed = substitutions.end(ask.work, ask.scope, ask.path["substitution"], ask.now_ms)
    ask.note("end_substitution", ask.path["substitution"])
    _tell(ask, changed)


def list_candidates(ask: Ask) -> Substitutes:
    """List who and what may run a trip."""
    return substitutions.list_candidates(ask.work, ask.subject)


def _tell(ask: Ask, changed: list[str]) -> None:
    """Wake who folds, and have every page that shows one of the trips read it again."""
    ask.after.append(lambda: ask.deps.publish(WAKE, b'{"why":"inputs"}'))
    if changed:
        body: Any = {"ids": changed}
        ask.after.append(lambda: ask.deps.publish(TRIPS, msgspec.json.encode(body)))


ENDPOINTS = (
    Endpoint(
        "POST", "/substitutions", policy.SUBSTITUTE, make, Substitution, "Another bus, driver or attendant",
        takes=Substituted, status=201, works="write",
    ),
    Endpoint(
        "GET", "/substitutions", policy.SUBSTITUTIONS, list_them, Items[Substitution], "Substitutions in force", query=Query
    ),
    Endpoint(
        "DELETE", "/substitutions/{substitution}", policy.SUBSTITUTE, end, None, "Take a substitution back",
        status=204, works="write",
    ),
    Endpoint(
        "GET", "/trips/{trip}/substitutes", policy.SUBSTITUTES, list_candidates, Substitutes, "Who may run a trip"
    ),
)  # fmt: skip
