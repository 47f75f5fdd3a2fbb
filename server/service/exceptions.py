"""Say that a child won't ride, and take it back: an input for whoever folds the trip."""

from __future__ import annotations

from datetime import date

import msgspec

from server.domain.plan import Direction
from server.errors import ConflictError, InvalidError, NotFoundError
from server.ids import new_id
from server.service import shapes
from server.service.instants import day_after
from server.service.policy import Caller, Scope
from server.service.rows import ExceptionRow
from server.service.web_ports import Work

AHEAD_DAYS = 60  # own choice: further ahead than a term's leave is a typing error


class Absence(msgspec.Struct, frozen=True):
    """The body of the input `exception`: this rider is (or, withdrawn, is not) absent."""

    rider_id: str
    absent: bool


def add(
    work: Work,
    scope: Scope,
    caller: Caller,
    rider_id: str,
    *,
    service_on: str,
    direction: Direction,
    now_ms: int,
) -> tuple[shapes.ChildException, list[str]]:
    """Note that the child won't ride; give the exception and the vehicles whose fold must read it.

    Raise InvalidError for a date that is past, too far or none, ConflictError when it was said already or the trip is over.
    """
    _refuse_date(service_on, scope.on)
    if any(
        (each.service_on, each.direction) == (service_on, direction)
        for each in work.children.list_exceptions(rider_id, scope.on)
    ):
        raise ConflictError("This trip was already said not to be ridden: withdraw that first to change it.")
    row = ExceptionRow(new_id(), rider_id, service_on, direction)
    vehicles = _tell_trips(work, caller, row, absent=True, now_ms=now_ms)
    work.children.add_exception(row, caller.user_id, now_ms)
    return shapes.ChildException(row.id, row.service_on, row.direction, "absent"), vehicles


def withdraw(
    work: Work, scope: Scope, caller: Caller, rider_id: str, exception_id: str, now_ms: int
) -> list[str]:
    """Take it back; give the vehicles whose fold must read it. Raise NotFoundError or ConflictError."""
    row = work.children.find_exception(rider_id, exception_id)
    if row is None:
        raise NotFoundError("There is no such exception of this child: it may have been withdrawn already.")
    if row.service_on < scope.on:
        raise ConflictError("That day is over: what was said for it stays in the record.")
    vehicles = _tell_trips(work, caller, row, absent=False, now_ms=now_ms)
    work.children.withdraw_exception(row.id, now_ms)
    return vehicles


def _tell_trips(work: Work, caller: Caller, row: ExceptionRow, *, absent: bool, now_ms: int) -> list[str]:
    """Write an input for each trip of that day which is made already and not over; a later one is made with the exception in it.

    Raise ConflictError where every trip that the child has in that direction is over for it.
    """
    vehicles = []
    trips = [
        entry
        for entry in work.children.list_trips(row.rider_id, [row.service_on])
        if entry.trip.direction == row.direction
    ]
    changeable = [
        entry
        for entry in trips
        if entry.trip.state in ("scheduled", "en_route") and entry.rider_state in ("expected", "absent")
    ]
    if trips and not changeable:
        last = trips[-1]
        raise ConflictError(
            f"Trip {last.trip.code} can't be changed any more (trip {last.trip.state}, child {last.rider_state}): "
            "speak with the attendant or the school."
        )
    for trip in (entry.trip for entry in changeable):
        body = msgspec.json.encode(Absence(row.rider_id, absent))
        source = f"exception:{row.id}:{trip.id}:{'on' if absent else 'off'}"
        work.children.add_input(trip.id, "exception", source, caller.user_id, body, now_ms, now_ms)
        if trip.vehicle is not None:
            vehicles.append(trip.vehicle.id)
    if vehicles:
        work.house.move_counter("inputs")
    return vehicles


def _refuse_date(service_on: str, today: str) -> None:
    try:
        asked = date.fromisoformat(service_on).isoformat()
    except ValueError:
        raise InvalidError(
            f"service_date {service_on!r} is not a date: write YYYY-MM-DD.",
            fields={"service_date": "malformed"},
        ) from None
    if asked != service_on or not today <= asked <= day_after(today, AHEAD_DAYS):
        raise InvalidError(
            f"service_date {service_on} must lie between today ({today}) and {AHEAD_DAYS} days ahead.",
            fields={"service_date": "out of range"},
        )
