"""Reads rooms again whose view no longer holds, and sends what changed; its reads hold up no position, ride or notice."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Sequence
from functools import partial

import gevent
from gevent.event import Event
from msgspec.structs import replace

from server.live import positions, views
from server.live.index import Index
from server.live.positions import Send
from server.live.room import Room
from server.service import children
from server.service.trip_facts import TripFacts, gather
from server.service.watching import View
from server.service.web_deps import WebDeps

READ_AGAIN_S = 1.0  # a changed trip is read again at most this often for a room
RENEW_S = 60.0  # and at least this often in any case: a message may have been lost while the broker was away
LOOK_S = 0.1  # what is due is looked for so often
CHUNK = 25  # rooms read again in one unit of work
MOVED_CHUNK = 50  # rooms whose bus only moved: their trips are read, not they; so many a look, so that a crowd that came at once is spread

_log = logging.getLogger("live")


class Reading:
    """The one greenlet that reads for rooms."""

    def __init__(self, deps: WebDeps, index: Index, send: Send, show: Callable[[Room, View], None]) -> None:
        self._deps = deps
        self._index = index
        self._send = send
        self._show = show
        self._work = Event()

    def wake(self) -> None:
        """Look at once for what is due."""
        self._work.set()

    def run(self) -> None:
        """Read again what is due, for ever; one round's error doesn't end the next."""
        while True:
            self._work.wait(timeout=READ_AGAIN_S)
            self._work.clear()
            try:
                self._read_changed()
                self._advance_moved()
            except Exception:
                _log.exception("rooms could not be read again")
            gevent.sleep(LOOK_S)

    def _read_changed(self) -> None:
        now_s = self._deps.real.monotonic()
        ages = [(room, now_s - room.full_at_s) for room in self._index.rooms.values()]
        due = [room for room, age_s in ages if age_s >= (READ_AGAIN_S if room.dirty else RENEW_S)]
        for chunk in _chunks(due, CHUNK):
            now_ms = self._deps.clock.now_ms()
            for room in chunk:
                room.dirty = False  # what changes from here on is seen the next time
            found = self._deps.pool.run(partial(self._look, chunk, now_ms))
            for room, view in zip(chunk, found, strict=True):
                room.full_at_s = self._deps.real.monotonic()
                self._sent(room, view, now_ms)

    def _advance_moved(self) -> None:
        """Renew the estimates of who watches a bus that only moves, reading each trip once for all its families."""
        now_s = self._deps.real.monotonic()
        due = [room for room in self._index.rooms.values() if positions.is_due(room, now_s)]
        # One trip's families together, the longest waiting first.
        due.sort(key=lambda room: (round(room.read_at_s), _trip_of(room)))
        chunk = due[:MOVED_CHUNK]
        if not chunk:
            return
        now_ms = self._deps.clock.now_ms()
        for room in chunk:
            room.moved = False
        found = self._deps.pool.run(partial(self._advance, chunk, now_ms))
        for room, view in zip(chunk, found, strict=True):
            room.dirty = room.dirty or view is None
            self._sent(room, view, now_ms)

    def _sent(self, room: Room, view: View | None, now_ms: int) -> None:
        room.read_at_s = self._deps.real.monotonic()
        if view is None or room.name not in self._index.rooms:
            return
        before = room.view
        self._show(room, view)
        room.ends_at_ms = room.open_until(now_ms)
        for event, content in views.changes(room, before):
            self._send(room.members, event, content)
        gevent.sleep(0)  # positions that came meanwhile go first

    def _look(self, chunk: Sequence[Room], now_ms: int) -> list[View | None]:
        with self._deps.store.read() as work:
            return [views.look(work, room, now_ms) for room in chunk]

    def _advance(self, chunk: Sequence[Room], now_ms: int) -> list[View | None]:
        known: dict[tuple[str, str], TripFacts] = {}
        found: list[View | None] = []
        with self._deps.store.read() as work:
            for room in chunk:
                view, riding = room.view, room.view.riding
                if riding is None or view.child is None:
                    found.append(None)
                    continue
                key = (riding.trip.id, room.scope.kind)
                if key not in known:
                    known[key] = gather(work.trips, work.trips.get(riding.trip.id), room.scope, now_ms)
                child = children.advance(view.child, riding, known[key])
                if child is None:
                    found.append(None)
                    continue
                found.append(
                    replace(view, child=child, parts=view.parts | {"child": child, "trip": child.trip})
                )
        return found


def _trip_of(room: Room) -> str:
    return "" if room.view.riding is None else room.view.riding.trip.id


def _chunks(rooms: Sequence[Room], size: int) -> Iterable[Sequence[Room]]:
    for start in range(0, len(rooms), size):
        yield rooms[start : start + size]
