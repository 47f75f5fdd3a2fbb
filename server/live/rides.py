"""Who of those that watch a trip or a school hears of a ride on it: whoever may read the manifest, and the child's own guardian."""

from __future__ import annotations

from typing import Any

import msgspec

from server.live.intake import RideItem
from server.live.room import Room
from server.service import policy, trips_read
from server.service.policy import Caller, Scope
from server.service.rows import AuditEntry
from server.service.web_ports import Work

# A room, the ride, and its members by socket: only a socket knows its caller's role.
Wanted = tuple[Room, RideItem, dict[str, Caller]]


class Told(msgspec.Struct, frozen=True):
    """One push, the sockets that get it, and what the audit keeps of it."""

    sids: set[str]
    content: dict[str, Any]
    audit: list[AuditEntry]


def concerns(room: Room, ride: RideItem) -> bool:
    """Say whether a trip's or school's room shows the trip of the ride."""
    return (
        room.target.kind in ("trip", "school") and ride.trip_id is not None and ride.trip_id in room.trips()
    )


def look(work: Work, wanted: list[Wanted], *, now_ms: int) -> list[Told]:
    """Read what is said of each ride, and to whom."""
    found = []
    for room, ride, members in wanted:
        hear = {sid: who for sid, who in members.items() if _may_hear(work, room, who, ride.rider_id, now_ms)}
        shown = trips_read.find_ride(work, ride.trip_id or "", ride.rider_id) if hear else None
        if shown is None:
            continue
        content = shown.show(ride.dir, ride.at_ms, ride.stop_id)
        users = sorted({caller.user_id for caller in hear.values()})
        audit = [AuditEntry(now_ms, user_id, "watch_ride", ride.rider_id, "watch") for user_id in users]
        found.append(Told(set(hear), content, audit))
    return found


def _may_hear(work: Work, room: Room, caller: Caller, rider_id: str, now_ms: int) -> bool:
    if caller.role == "guardian":
        own = policy.scope_of(work.scopes, caller, now_ms)
        return work.scopes.find_child_id(own, rider_id) is not None
    if policy.MANIFEST.roles is None or caller.role not in policy.MANIFEST.roles:
        return False
    school_id = room.target.id if room.target.kind == "school" else None
    if school_id is None and room.scope.kind == "school":
        school_id = next(iter(room.scope.ids), None)
    if school_id is None:
        return True  # the trip is in the caller's scope, and so is everyone on it
    only = Scope("school", frozenset({school_id}), room.scope.on, now_ms)
    return work.scopes.find_child_id(only, rider_id) is not None
