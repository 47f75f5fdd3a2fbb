"""What a watch shows: its snapshot in the shapes of the pushes, which buses it follows, and when its window ends."""

from __future__ import annotations

from typing import Any

import msgspec

from server.domain.eta import is_stale
from server.errors import InvalidError
from server.service import children, policy, positions, shapes, trips_read
from server.service.instants import at
from server.service.policy import Caller, Rule, Scope
from server.service.rows import AuditEntry, ChildTripRow, TripRow
from server.service.web_ports import Work

LISTED = 200  # trips in the snapshot of a school or fleet: today's; more are asked for over HTTP


class Target(msgspec.Struct, frozen=True):
    """What is watched: a kind of policy.WATCH and the object's id (empty for a fleet)."""

    kind: str
    id: str

    def named(self) -> dict[str, Any]:
        """Give it as the `watch` message says it."""
        return {self.kind: True if self.kind == "fleet" else self.id}


class Follow(msgspec.Struct, frozen=True):
    """A bus that a watch follows for a trip, from..to (UTC ms). `strict`: only while the bus says it runs that trip."""

    vehicle_id: str
    trip_id: str
    from_ms: int
    to_ms: int
    strict: bool


class Live(msgspec.Struct, frozen=True):
    """A position as it comes from ingest on `live/positions`."""

    vehicle_id: str
    operator_id: str
    trip_id: str | None
    lat: float
    lon: float
    spd: float
    at_ms: int
    interval_s: float
    hdg: float | None = None
    metre: float | None = None


class View(msgspec.Struct, frozen=True):
    """What a room shows now: the acknowledgement's parts, and what decides about later pushes.

    `riding`: a child's place on the trip that matters now, until it is over: enough to renew its estimates.
    """

    parts: dict[str, Any]
    follows: tuple[Follow, ...]
    timezone: str
    child: shapes.Child | None = None
    riding: ChildTripRow | None = None


def read_target(message: object) -> tuple[Rule, Target]:
    """Read a `watch` message; raise InvalidError."""
    if isinstance(message, dict) and len(message) == 1:
        kind, ref = next(iter(message.items()))
        rule = policy.WATCH.get(kind) if isinstance(kind, str) else None
        if rule is not None and kind == "fleet" and ref is True:
            return rule, Target(kind, "")
        if (
            rule is not None
            and kind != "fleet"
            and isinstance(ref, str)
            and 0 < len(ref) <= 64
            and "\0" not in ref
        ):
            return rule, Target(kind, ref)
    raise InvalidError('Watch one of {"child": id}, {"trip": id}, {"school": id} or {"fleet": true}.')


def admit(work: Work, caller: Caller, rule: Rule, target: Target, now_ms: int) -> tuple[Scope, Target]:
    """Give the scope and the target by its id if the caller may watch it; raise as HTTP does."""
    policy.require_role(rule, caller)
    scope = policy.scope_of(work.scopes, caller, now_ms)
    if rule.subject is None:
        return scope, target
    return scope, Target(target.kind, policy.find_subject(work.scopes, rule, caller, scope, target.id))


def look(work: Work, scope: Scope, target: Target, now_ms: int) -> View:
    """Read what the watch shows now."""
    match target.kind:
        case "child":
            return _child(work, scope, target.id, now_ms)
        case "trip":
            detail = trips_read.get_trip(work, scope, target.id, now_ms)
            row = work.trips.get(target.id)
            parts = {"trip": detail, "position": _positions([detail.position])}
            return View(parts, _follows([row], strict=False), row.timezone)
        case _:
            narrow = _one_school(scope, target)
            shown = positions.list_positions(work, narrow, now_ms)
            day = {"service_date": narrow.on}
            listed = trips_read.list_trips(work, narrow, day, None, LISTED)
            follows = () if target.kind == "fleet" else _follows(work.trips.running(narrow), strict=True)
            parts = {"trips": listed, "position": _positions(list(shown))}
            return View(parts, follows, work.scopes.timezone())


def audience(scope: Scope) -> str:
    """Name who sees the same: two callers of one audience may share a room."""
    return f"{scope.kind}:{','.join(sorted(scope.ids))}" if scope.kind != "guardian" else "guardian"


def note_watch(caller: Caller, target: Target, now_ms: int) -> list[AuditEntry]:
    """Give the audit's lines for a watch that was allowed."""
    if target.kind != "child":
        return []
    return [AuditEntry(now_ms, caller.user_id, "watch_child", target.id, "watch")]


def show_live(item: Live, follow: Follow | None, timezone: str, now_ms: int) -> shapes.PositionItem:
    """Give a live position's shape as a follower sees it: another trip isn't named."""
    same = follow is None or item.trip_id == follow.trip_id
    return shapes.PositionItem(
        vehicle_id=item.vehicle_id,
        trip_id=item.trip_id if same else None,
        lat=item.lat,
        lon=item.lon,
        spd=item.spd,
        hdg=item.hdg,
        at=at(item.at_ms, timezone),
        age_s=max(0, now_ms - item.at_ms) / 1000,
        stale=is_stale(item.at_ms, now_ms, item.interval_s),
        interval_s=item.interval_s,
        metre=item.metre if same else None,
    )


def _child(work: Work, scope: Scope, rider_id: str, now_ms: int) -> View:
    child, riding = children.read_child(work, scope, rider_id, now_ms)
    rows = [work.trips.get(trip.id) for trip in child.trips_today]
    shown = None if child.trip is None else child.trip.position
    parts = {"child": child, "trip": child.trip, "position": _positions([shown])}
    # The trip that matters now is the one whose bus is drawn.
    now = [row for row in rows if child.trip is not None and row.id == child.trip.id]
    zone = now[0].timezone if now else work.scopes.timezone()
    return View(parts, _follows(now, strict=False), zone, child, riding)


def _follows(rows: list[TripRow], *, strict: bool) -> tuple[Follow, ...]:
    return tuple(
        Follow(row.runs_id, row.id, *policy.window_ms(row), strict)
        for row in rows
        if row.runs_id is not None and row.state not in ("cancelled", "missed")
    )


def _positions(items: list[shapes.PositionItem | None]) -> dict[str, Any]:
    return {"items": [item for item in items if item is not None]}


def _one_school(scope: Scope, target: Target) -> Scope:
    """Narrow an administrator's scope to the school that is watched."""
    if target.kind != "school":
        return scope
    return Scope("school", frozenset({target.id}), scope.on, scope.now_ms)
