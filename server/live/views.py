"""What a room is shown again: read anew for the rights that it was entered with, and sent as far as it changed."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from server.errors import SixFixedError
from server.live.room import Room
from server.service import policy, watching
from server.service.shapes import Child
from server.service.web_ports import Work

# The event's name and its content.
Push = tuple[str, object]


def look(work: Work, room: Room, now_ms: int) -> watching.View | None:
    """Read what a room shows now; None where it is gone or no longer theirs."""
    try:
        return watching.look(work, policy.move_scope(work.scopes, room.scope, now_ms), room.target, now_ms)
    except SixFixedError:
        # Gone or no longer theirs: the next check of rights tells them.
        return None


def changes(room: Room, before: watching.View) -> Iterator[Push]:
    """Give what of a room's view is to be sent, against what it was shown before."""
    if room.target.kind == "child":
        child = _without_line(room.view.child, before.child)
        yield "child", child
        if child is not None and child.trip is not None and _gist(room.view.child) != _gist(before.child):
            yield "trip", child.trip
        return
    if room.target.kind == "trip":
        yield "trip", room.view.parts["trip"]
        return
    known = {trip.id: trip for trip in before.parts["trips"].items}
    for trip in room.view.parts["trips"].items:
        if known.get(trip.id) != trip:
            yield "trip", trip


def _gist(child: Child | None) -> object:
    """Give what of a child's trip is worth a push `trip`: all but the position, and the estimate to the minute."""
    trip = None if child is None else child.trip
    if trip is None:
        return None
    minute = None if trip.eta is None else round(trip.eta.at.timestamp() / 60)
    stops = [] if trip.stops is msgspec.UNSET else trip.stops
    seen = [(stop.arrived_at, stop.departed_at, stop.passed) for stop in stops]
    return (
        trip.id,
        trip.state,
        trip.rider_state,
        trip.started_at,
        trip.ended_at,
        trip.bus,
        trip.stops_before,
        minute,
        seen,
    )


def _without_line(child: Child | None, before: Child | None) -> Child | None:
    """Leave out the line of the same trip, which whoever watches has since the snapshot: it is most of the message."""
    if child is None or child.trip is None or before is None or before.trip is None:
        return child
    if child.trip.id != before.trip.id:
        return child
    lean = msgspec.structs.replace(child.trip, shape=msgspec.UNSET, shape_metres=msgspec.UNSET)
    return msgspec.structs.replace(child, trip=lean)
