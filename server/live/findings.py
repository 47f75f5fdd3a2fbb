"""Who of those that watch a fleet or a trip hears of a finding: whoever may read it over HTTP, as they would read it there."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import msgspec

from server.live.room import Room
from server.live.sockets import Socket
from server.service import findings_read, policy
from server.service.findings_shapes import Finding
from server.service.policy import Caller
from server.service.rows import AuditEntry
from server.service.web_ports import Work


class Hearers(msgspec.Struct, frozen=True):
    """Sockets of one role and scope, which hear the same; `trip_id`: only of that trip's."""

    callers: dict[str, Caller]
    trip_id: str | None


class Told(msgspec.Struct, frozen=True):
    """One push, the sockets that get it, and what the audit keeps of it."""

    sids: set[str]
    content: Finding
    audit: list[AuditEntry]


def concerns(room: Room) -> bool:
    """Say whether a room's trips tell of their findings."""
    return room.target.kind in ("fleet", "trip") and findings_read.reads_needs(room.scope)


def hearers(rooms: Iterable[Room], sockets: Mapping[str, Socket]) -> list[Hearers]:
    """Group who watches by what they may hear; a room is shared by roles that may read differently."""
    found: dict[tuple[str, str | None, str | None], Hearers] = {}
    for room in rooms:
        if not concerns(room):
            continue
        trip_id = room.target.id if room.target.kind == "trip" else None
        for sid in room.members:
            caller = sockets[sid].caller if sid in sockets else None
            if (
                caller is not None
                and policy.FINDINGS.roles is not None
                and caller.role in policy.FINDINGS.roles
            ):
                group = found.setdefault((caller.role, caller.scope_id, trip_id), Hearers({}, trip_id))
                group.callers[sid] = caller
    # The fleet's first: whoever watches it and the trip hears once.
    return sorted(found.values(), key=lambda group: group.trip_id is not None)


def look(work: Work, finding_ids: list[str], groups: list[Hearers], *, now_ms: int) -> list[Told]:
    """Read each finding for each group whose scope has it now."""
    found: list[Told] = []
    scopes = [policy.scope_of(work.scopes, next(iter(group.callers.values())), now_ms) for group in groups]
    for finding_id in finding_ids:
        heard: set[str] = set()
        for group, scope in zip(groups, scopes, strict=True):
            if work.scopes.find_finding_id(scope, finding_id) is None:
                continue
            row = work.findings.get(finding_id)
            if group.trip_id is not None and (row.trip is None or row.trip.id != group.trip_id):
                continue
            sids = set(group.callers) - heard
            if not sids:
                continue
            heard |= sids
            role = next(iter(group.callers.values())).role
            users = sorted({group.callers[sid].user_id for sid in sids}) if row.rider is not None else []
            audit = [
                AuditEntry(now_ms, user_id, "watch_finding", row.rider.id, "watch")
                for user_id in users
                if row.rider is not None
            ]
            found.append(Told(sids, findings_read.show(row, role), audit))
    return found
