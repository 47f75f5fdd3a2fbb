"""A guardian's children, where their bus is, and "not riding"."""

from __future__ import annotations

from typing import Literal

import msgspec

from server.api.endpoint import Ask, Endpoint, Page, Reply, Text
from server.domain.plan import Direction
from server.service import accesses, children, exceptions, policy
from server.service.accesses import Access
from server.service.shapes import Child, ChildException, Items, PositionItem

WAKE = "wake/ingest"


class ChildQuery(Page, frozen=True):
    """GET /children."""

    code: Text | None = None


class Absence(msgspec.Struct, frozen=True):
    """POST /children/{id}/exceptions."""

    service_date: Text
    direction: Direction
    kind: Literal["absent"]


def list_children(ask: Ask) -> Items[Child]:
    """List the own children, without stops and shapes: all of them, since no guardian has a page full."""
    query: ChildQuery = ask.query
    every = children.list_children(ask.work, ask.scope, ask.now_ms)
    found = [child for child in every if query.code in (None, child.code)]
    for child in found:
        ask.note("read_child", child.id)
    return Items(found)


def show_child(ask: Ask) -> Child:
    """Give one child with the stops and shape of each trip today."""
    ask.note("read_child", ask.subject)
    return children.get_child(ask.work, ask.scope, ask.subject, ask.now_ms)


def show_bus(ask: Ask) -> PositionItem:
    """Give the bus's position, within the trip's window only."""
    ask.note("read_child_bus", ask.subject)
    return children.get_bus(ask.work, ask.scope, ask.subject, ask.now_ms)


def add_exception(ask: Ask) -> ChildException:
    """Say that the child won't ride."""
    wanted: Absence = ask.body
    made, vehicles = exceptions.add(
        ask.work, ask.scope, ask.who, ask.subject, service_on=wanted.service_date, direction=wanted.direction,
        now_ms=ask.now_ms,
    )  # fmt: skip
    ask.note("add_exception", ask.subject)
    ask.after.append(lambda: _wake(ask, vehicles))
    return made


def withdraw_exception(ask: Ask) -> Reply:
    """Say that the child rides after all."""
    vehicles = exceptions.withdraw(
        ask.work, ask.scope, ask.who, ask.subject, ask.path["exception"], ask.now_ms
    )
    ask.note("withdraw_exception", ask.subject)
    ask.after.append(lambda: _wake(ask, vehicles))
    return Reply(status=204)


def list_accesses(ask: Ask) -> Items[Access]:
    """List who looked at the child or at its bus."""
    query: Page = ask.query
    return accesses.list_accesses(ask.work, ask.who, ask.subject, query.after, query.limit, ask.now_ms)


def _wake(ask: Ask, vehicles: list[str]) -> None:
    if vehicles:
        ask.deps.publish(WAKE, msgspec.json.encode({"why": "inputs", "vehicles": vehicles}))


ENDPOINTS = (
    Endpoint("GET", "/children", policy.CHILDREN, list_children, Items[Child], "My children",
             query=ChildQuery),
    Endpoint("GET", "/children/{child}", policy.CHILD, show_child, Child, "One child, whole"),
    Endpoint("GET", "/children/{child}/bus", policy.CHILD_BUS, show_bus, PositionItem, "Where the child's bus is"),
    Endpoint("GET", "/children/{child}/accesses", policy.CHILD, list_accesses, Items[Access], "Who looked at my child's data",
             query=Page),
    Endpoint("POST", "/children/{child}/exceptions", policy.EXCEPTIONS, add_exception, ChildException, "Not riding",
             takes=Absence, status=201, works="write"),
    Endpoint("DELETE", "/children/{child}/exceptions/{exception}", policy.EXCEPTIONS, withdraw_exception, None,
             "Riding after all", status=204, works="write"),
)  # fmt: skip
