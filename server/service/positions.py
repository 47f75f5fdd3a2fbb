"""The last position of every bus in scope."""

from __future__ import annotations

from server.service import shapes
from server.service.policy import Scope, may_locate, window_ms
from server.service.trip_facts import show_position
from server.service.web_ports import Work


def list_positions(work: Work, scope: Scope, now_ms: int) -> list[shapes.PositionItem]:
    """List them; a school sees a bus only while it runs a trip that serves the school, within the trip's window."""
    heads = work.trips.heads(scope)
    if scope.kind in ("all", "operators"):
        return [show_position(head, None, now_ms) for head in heads]
    open_trips = {
        row.id: window_ms(row) for row in work.trips.running(scope) if may_locate(scope, row, now_ms)
    }
    shown = []
    for head in heads:
        window = open_trips.get(head.trip_id or "")
        if window is not None and window[0] <= head.at_ms <= window[1]:
            shown.append(show_position(head, head.trip_id, now_ms))
    return shown
