"""Sends positions: to who watches a child or a trip at once, to a school or fleet what has moved in one message a tick."""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection

import gevent
from gevent.event import Event

from server.live.index import Index
from server.live.room import Room
from server.service.watching import Follow, Live, show_live
from server.service.web_deps import WebDeps

TICK_S = 0.05  # own choice: a desk's buses come together, and nobody sees the difference
REFRESH_S = 10.0  # so seldom are the estimates of a watched trip read again while its bus only moves

Send = Callable[[Collection[str], str, object], None]
_log = logging.getLogger("live")


class Positions:
    """Takes positions as they come and sends them from greenlets of their own, which wait for no database."""

    def __init__(self, deps: WebDeps, index: Index, send: Send) -> None:
        self._deps = deps
        self._index = index
        self._send = send
        self._narrow: dict[str, Live] = {}
        self._wide: dict[str, Live] = {}
        self._came = Event()
        self._came_wide = Event()

    def take(self, items: Collection[Live]) -> None:
        """Keep the newest of each bus for sending; never waits."""
        for kept in (self._narrow, self._wide):
            kept.update((item.vehicle_id, item) for item in items)
        self._came.set()
        self._came_wide.set()

    def run_narrow(self) -> None:
        """Send to who watches a child or a trip, for ever."""
        while True:
            self._came.wait()
            self._came.clear()
            _guarded(self._send_narrow)

    def run_wide(self) -> None:
        """Send to schools and fleets, a tick at a time, for ever."""
        while True:
            self._came_wide.wait()
            self._came_wide.clear()
            _guarded(self._send_wide)
            gevent.sleep(TICK_S)

    def _send_narrow(self) -> None:
        moved, self._narrow = self._narrow, {}
        now_ms, now_s = self._deps.clock.now_ms(), self._deps.real.monotonic()
        for item in moved.values():
            # Whoever may see the same is sent the same bytes: a bus has forty families.
            same: dict[tuple[bool, str], tuple[Follow, list[str]]] = {}
            for room in self._index.following(item.vehicle_id):
                follow = room.follows(item, now_ms)
                if follow is None:
                    continue
                key = (item.trip_id == follow.trip_id, room.view.timezone)
                same.setdefault(key, (follow, []))[1].extend(room.members)
                if now_s - room.read_at_s >= REFRESH_S:
                    room.moved = True
            for (_, zone), (follow, sids) in same.items():
                self._send(sids, "position", {"items": [show_live(item, follow, zone, now_ms)]})

    def _send_wide(self) -> None:
        moved, self._wide = self._wide, {}
        now_ms = self._deps.clock.now_ms()
        for room in self._index.wide():
            seen = room.pick(moved, now_ms)
            if seen:
                self._send(room.members, "position", {"items": seen})


def _guarded(send: Callable[[], None]) -> None:
    """Send; one round's error doesn't end the next."""
    try:
        send()
    except Exception:
        _log.exception("a round of positions failed")


def is_due(room: Room, now_s: float) -> bool:
    """Say whether a room whose bus has moved is to be shown its estimates again."""
    return room.moved and now_s - room.read_at_s >= REFRESH_S
