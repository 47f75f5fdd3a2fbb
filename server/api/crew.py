"""What crew, school and desk say of a trip."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from server.api.endpoint import Ask, Endpoint, Reply, Text
from server.domain.trip import SignOff
from server.service import board, policy, shapes, sign_off, trips_read
from server.service.crew import MOST_ABOARD, Said, Ticked
from server.service.doubt import in_doubt, seen_states

WAKE = "wake/ingest"
ClientId = Annotated[str, Meta(min_length=1, max_length=48)]
People = Annotated[int, Meta(ge=0, le=MOST_ABOARD)]
Day = Annotated[str, Meta(pattern=r"^\d{4}-\d{2}-\d{2}$")]


class Ticks(msgspec.Struct, frozen=True):
    """POST /trips/{id}/rides."""

    items: Annotated[list[Ticked], Meta(max_length=200)]
    synced_to: datetime | None = None


class DutySaid(msgspec.Struct, frozen=True):
    """POST /trips/{id}/duty."""

    state: Literal["on", "off"]
    at: datetime
    client_id: ClientId


class Counted(msgspec.Struct, frozen=True):
    """POST /trips/{id}/headcount."""

    count: People
    at: datetime
    client_id: ClientId | None = None


class Checked(msgspec.Struct, frozen=True):
    """POST /trips/{id}/rear-check."""

    at: datetime
    client_id: ClientId | None = None


class Arrived(msgspec.Struct, frozen=True):
    """POST /trips/{id}/arrival."""

    count: People
    remarks: Text | None = None
    client_id: ClientId | None = None


class Given(msgspec.Struct, frozen=True):
    """POST /trips/{id}/handover."""

    rider_id: Text
    to: Annotated[str, Meta(min_length=1, max_length=100)]
    at: datetime
    client_id: ClientId | None = None


class Reason(msgspec.Struct, frozen=True):
    """POST /trips/{id}/cancel."""

    reason: Annotated[str, Meta(min_length=1, max_length=500)]


class Taken(msgspec.Struct, frozen=True):
    """Which of the phone's messages are kept."""

    accepted: list[str]


class Signed(msgspec.Struct, frozen=True):
    """Both sides, as they will stand."""

    sign_off: shapes.SignOffItem


class BoardQuery(msgspec.Struct, frozen=True):
    """GET /board."""

    service_date: Day | None = None
    school_id: Text | None = None


def tick(ask: Ask) -> Taken:
    """Keep the attendant's ticks."""
    wanted: Ticks = ask.body
    taken = Taken(_said(ask).tick(wanted.items, wanted.synced_to))
    for item in wanted.items:
        ask.note(f"tick_{item.dir}", item.rider_id, ask.subject)
    return taken


def duty(ask: Ask) -> Taken:
    """Sign the caller on or off."""
    wanted: DutySaid = ask.body
    return Taken(_said(ask).duty(wanted.state, wanted.at, wanted.client_id))


def headcount(ask: Ask) -> Signed:
    """Keep the attendant's count."""
    wanted: Counted = ask.body
    return _signed(ask, _said(ask).headcount(wanted.count, wanted.at, wanted.client_id))


def rear_check(ask: Ask) -> Signed:
    """Keep the rear check."""
    wanted: Checked = ask.body
    _said(ask).rear_check(wanted.at, wanted.client_id)
    return _signed(ask, None)


def arrival(ask: Ask) -> Signed | Reply:
    """Keep the school's count; 409, though kept, where the attendant counted another."""
    wanted: Arrived = ask.body
    said = _said(ask)
    sides = said.receive(wanted.count, wanted.remarks, wanted.client_id)
    own = _own_school(ask)
    riders = ask.work.trips.riders(ask.subject, own)
    seen = sum(1 for rider in riders if rider.state in seen_states(said.trip.direction))
    delivered = sides.delivered.count if sides.delivered is not None else seen
    if delivered == wanted.count:
        return _signed(ask, sides)
    named = in_doubt(
        said.trip.direction, riders, ask.work.trips.last_rides(ask.subject), delivered=delivered, received=wanted.count,
        counted_ms=None if sides.delivered is None else sides.delivered.at_ms,
    )  # fmt: skip
    doubt = [
        {"id": each.rider.id, "code": each.rider.code, "name": each.rider.name, "state": each.state}
        for each in named
    ]
    message = (
        f"The bus counted {delivered}, the school {wanted.count}: look for who is in doubt; "
        "either side may send another count."
    )
    fields: dict[str, Any] = {"delivered": delivered, "received": wanted.count, "in_doubt": doubt}
    return Reply({"error": {"code": "count_mismatch", "message": message, "fields": fields}}, status=409)


def hand_over(ask: Ask) -> Taken:
    """Keep to whom a rider was given."""
    wanted: Given = ask.body
    _said(ask).hand_over(wanted.rider_id, wanted.to, wanted.at, wanted.client_id)
    ask.note("hand_over", wanted.rider_id, ask.subject)
    return Taken([wanted.client_id] if wanted.client_id else [])


def cancel(ask: Ask) -> shapes.TripDetail:
    """Call a trip off."""
    wanted: Reason = ask.body
    _said(ask).cancel(wanted.reason)
    ask.note("cancel_trip", ask.subject, wanted.reason)
    return trips_read.get_trip(ask.work, ask.scope, ask.subject, ask.now_ms)


def show_board(ask: Ask) -> shapes.Items[shapes.BoardRow]:
    """Give a school's board."""
    query: BoardQuery = ask.query
    rows = board.read_board(ask.work, ask.scope, query.school_id, query.service_date, ask.now_ms)
    for row in rows:
        for rider in row.missing:
            ask.note("read_board", rider.id)
    return shapes.Items(rows)


def _said(ask: Ask) -> Said:
    ask.after.append(lambda: ask.deps.publish(WAKE, b'{"why":"inputs"}'))
    return Said(ask.work, ask.who, ask.subject, ask.now_ms)


def _own_school(ask: Ask) -> str | None:
    return next(iter(ask.scope.ids), None) if ask.scope.kind == "school" else None


def _signed(ask: Ask, sides: SignOff | None) -> Signed:
    trip = ask.work.trips.get(ask.subject)
    return Signed(sign_off.read(ask.work, trip, _own_school(ask), sides))


def _post(path: str, rule: policy.Rule, answer: Any, gives: Any, summary: str, takes: Any) -> Endpoint:  # noqa: ANN401
    return Endpoint(
        "POST", f"/trips/{{trip}}/{path}", rule, answer, gives, summary, takes=takes, works="write"
    )


ENDPOINTS = (
    _post("rides", policy.TICK, tick, Taken, "Ticks by hand", Ticks),
    _post("duty", policy.DUTY, duty, Taken, "Sign on or off", DutySaid),
    _post("headcount", policy.TICK, headcount, Signed, "The attendant's count", Counted),
    _post("rear-check", policy.TICK, rear_check, Signed, "Nobody is left aboard", Checked),
    _post("arrival", policy.ARRIVAL, arrival, Signed, "The school's count", Arrived),
    _post("handover", policy.TICK, hand_over, Taken, "Given to a named adult", Given),
    _post("cancel", policy.CANCEL, cancel, shapes.TripDetail, "Call a trip off", Reason),
    Endpoint(
        "GET",
        "/board",
        policy.BOARD,
        show_board,
        shapes.Items[shapes.BoardRow],
        "A school's board",
        query=BoardQuery,
    ),
)
