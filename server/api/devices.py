"""Recorders, what was refused from them, and the audit."""

from __future__ import annotations

import re
from typing import Annotated, Any

import msgspec
from msgspec import Meta

from server.api.endpoint import Ask, Endpoint, Page, Text
from server.errors import InvalidError
from server.service import audit_read, commands, devices_read, policy
from server.service.command_shapes import Command
from server.service.shapes import AuditItem, DeviceItem, Items, RejectedItem

WAKE = "wake/ingest"


class DeviceQuery(Page, frozen=True):
    """GET /devices."""

    code: Text | None = None


class Wanted(msgspec.Struct, frozen=True):
    """POST /devices/{id}/commands."""

    kind: Text
    args: dict[str, Any] = {}
    minutes: Annotated[int, Meta(ge=1, le=1440)] = 5


class AuditQuery(Page, frozen=True, rename={"of": "object"}):
    """GET /audit."""

    user: Text | None = None
    of: Text | None = None
    action: Text | None = None


def list_devices(ask: Ask) -> Items[DeviceItem]:
    """List the recorders of the scope."""
    query: DeviceQuery = ask.query
    return devices_read.list_devices(ask.work, ask.scope, query.code, query.after, query.limit)


def list_rejected(ask: Ask) -> Items[RejectedItem]:
    """List what was refused from one recorder, newest first."""
    query: Page = ask.query
    return devices_read.list_rejected(ask.work, ask.subject, _cursor(query.after), query.limit)


def command(ask: Ask) -> Command:
    """Ask a recorder to do something."""
    wanted: Wanted = ask.body
    made = commands.ask(ask.work, ask.who, ask.subject, wanted.kind, wanted.args, wanted.minutes, ask.now_ms)
    ask.note("command", ask.subject, f"{made.kind} {msgspec.json.encode(made.args).decode()}"[:200])
    ask.after.append(lambda: ask.deps.publish(WAKE, b'{"why":"inputs"}'))
    return made


def list_commands(ask: Ask) -> Items[Command]:
    """List what a recorder was asked, newest first."""
    query: Page = ask.query
    return commands.list_commands(ask.work, ask.subject, query.after, query.limit, ask.now_ms)


def list_audit(ask: Ask) -> Items[AuditItem]:
    """List who read or changed what, newest first."""
    query: AuditQuery = ask.query
    given = {"user": query.user, "object": query.of, "action": query.action}
    filters = {name: value for name, value in given.items() if value is not None}
    return audit_read.list_audit(ask.work, filters, _cursor(query.after), query.limit)


def _cursor(after: str | None) -> int | None:
    if after is None:
        return None
    if not re.fullmatch(r"[0-9]{1,18}", after):
        raise InvalidError("`after` is none of this list's cursors: take `next` of the page before.")
    return int(after)


ENDPOINTS = (
    Endpoint("GET", "/devices", policy.DEVICES, list_devices, Items[DeviceItem], "Recorders",
             query=DeviceQuery),
    Endpoint("GET", "/devices/{device}/rejected", policy.DEVICE, list_rejected, Items[RejectedItem],
             "Refused records", query=Page),
    Endpoint("POST", "/devices/{device}/commands", policy.COMMAND, command, Command, "Ask a recorder to do something",
             takes=Wanted, status=201, works="write"),
    Endpoint("GET", "/devices/{device}/commands", policy.DEVICE, list_commands, Items[Command],
             "What a recorder was asked", query=Page),
    Endpoint("GET", "/audit", policy.AUDIT, list_audit, Items[AuditItem], "Who read or changed what", query=AuditQuery),
)  # fmt: skip
