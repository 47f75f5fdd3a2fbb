"""Who watches what, and what they are sent: rooms by target and rights, fed from the house's topics."""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection
from typing import Any

import gevent
import msgspec
from gevent.event import Event

from server.errors import NotFoundError
from server.live import checks, findings, notices, rides
from server.live.index import Index
from server.live.intake import Findings, Message, Notices, RideItem, Rides, Trips
from server.live.intake import Positions as Moved
from server.live.positions import Positions
from server.live.reading import Reading
from server.live.room import Room
from server.live.sockets import MAX_WATCHES, Socket
from server.service import watching
from server.service.ended import EndedMessage
from server.service.watching import Target, View
from server.service.web_deps import WebDeps

TICK_S = 0.1  # rides, notices and findings of a tick are read in one unit of work
WINDOWS_S = 1.0  # windows are looked at so often in any case

Emit = Callable[[str, Any, Collection[str]], None]
_log = logging.getLogger("live")


class Rooms:
    """All rooms and sockets of this process; everything here runs on the event loop, reads on the pool."""

    def __init__(self, deps: WebDeps, emit: Emit, disconnect: Callable[[str], None]) -> None:
        self.deps = deps
        self.sockets: dict[str, Socket] = {}
        self.index = Index()
        self.disconnect = disconnect
        self._emit = emit
        self._positions = Positions(deps, self.index, self.send_to)
        self._reading = Reading(deps, self.index, self.send_to, self._show)
        self._rides: list[RideItem] = []
        self._notices: list[tuple[str, str]] = []
        self._findings: dict[str, None] = {}
        self._work = Event()

    @property
    def rooms(self) -> dict[str, Room]:
        """Give every room by its name."""
        return self.index.rooms

    def begin(self) -> None:
        """Begin to send, in greenlets of their own: what waits for the database holds up no position."""
        for work in (self._positions.run_narrow, self._positions.run_wide, self._reading.run, self.run):
            gevent.spawn(work)

    def enter(self, socket: Socket) -> None:
        """Take in a socket; from now on it hears its user's notices."""
        self.sockets[socket.sid] = socket
        self.deps.metrics.sockets.set(len(self.sockets))

    def leave(self, sid: str) -> None:
        """Forget a socket and all that it watched."""
        socket = self.sockets.pop(sid, None)
        if socket is not None:
            for target in list(socket.watches):
                self.unwatch(socket, target)
        self.deps.metrics.sockets.set(len(self.sockets))

    def watch(self, socket: Socket, message: object) -> dict[str, Any]:
        """Join the room that the message names and give its snapshot; raise SixFixedError as HTTP does."""
        rule, wanted = watching.read_target(message)
        if len(socket.watches) >= MAX_WATCHES:
            raise NotFoundError(f"This socket watches {MAX_WATCHES} things already: end a watch first.")
        now_ms = self.deps.clock.now_ms()

        def read() -> tuple[Room, Target]:
            with self.deps.store.read() as work:
                scope, target = watching.admit(work, socket.caller, rule, wanted, now_ms)
                view = watching.look(work, scope, target, now_ms)
                name = f"{target.kind}:{target.id}:{watching.audience(scope)}"
                return Room(name, target, rule, scope, view, self.deps.real.monotonic()), target

        fresh, target = self.deps.pool.run(read)
        if socket.sid not in self.sockets:
            raise NotFoundError("The socket has gone meanwhile.")
        room = self.rooms.get(fresh.name, fresh)
        room.scope, room.read_at_s, room.full_at_s = fresh.scope, fresh.read_at_s, fresh.read_at_s
        self._show(room, fresh.view)
        room.ends_at_ms = room.open_until(now_ms)
        room.members.add(socket.sid)
        socket.watches[target] = room.name
        socket.named[wanted] = target
        self.deps.audit.add(watching.note_watch(socket.caller, target, self.deps.clock.now_ms()))
        self._count()
        built: dict[str, Any] = msgspec.to_builtins(fresh.view.parts)
        return built

    def unwatch(self, socket: Socket, target: Target) -> None:
        """Leave a room; an empty one is forgotten."""
        # Whoever watched by a code may end it by the code.
        target = socket.named.pop(target, target)
        socket.named = {said: meant for said, meant in socket.named.items() if meant != target}
        room = self.rooms.get(socket.watches.pop(target, ""))
        if room is not None:
            room.members.discard(socket.sid)
            if not room.members:
                self.index.drop(room)
        self._count()

    def take(self, message: Message) -> None:
        """Keep what the house says for the next tick; never waits."""
        match message:
            case Moved():
                self._positions.take(message.items)
                return
            case Trips():
                for room in self.index.showing(message.ids):
                    room.dirty = True
                self._reading.wake()
                return
            case Rides():
                self._rides += message.items
            case Notices():
                self._notices += [(item.id, item.user_id) for item in message.items]
            case Findings():
                self._findings.update(dict.fromkeys(message.ids))
                # A trip says how many findings it has.
                for room in self.rooms.values():
                    room.dirty = room.dirty or findings.concerns(room)
            case EndedMessage():
                gevent.spawn(self.end, message)
                return
        self._work.set()

    def end(self, message: EndedMessage) -> None:
        """Close the sockets that a log-out or a password change means."""
        for socket in list(self.sockets.values()):
            if socket.is_of(
                session_id=message.session_id,
                token_id=message.token_id,
                user_id=message.user_id,
                keep=message.keep,
            ):
                self.close(socket, "session")

    def close(self, socket: Socket, reason: str) -> None:
        """Tell a socket why, and close it."""
        self._emit("ended", {"watch": None, "reason": reason}, [socket.sid])
        self.leave(socket.sid)
        # What was said goes out before the connection does.
        gevent.sleep(0)
        self.disconnect(socket.sid)

    def run(self) -> None:
        """Send rides, notices and findings as they come, for ever; one round's error doesn't end the next."""
        while True:
            self._work.wait(timeout=WINDOWS_S)
            self._work.clear()
            try:
                self._send_rides()
                self._send_notices()
                self._send_findings()
                self._end_windows()
            except Exception:
                _log.exception("a round of live messages failed")
            self._reading.wake()
            gevent.sleep(TICK_S)

    def check(self) -> None:
        """Look again at every right that may have ended; see `checks`."""
        checks.run(self)

    def send_to(self, sids: Collection[str], event: str, content: object) -> None:
        """Send one message to several sockets; it is written once for all of them."""
        if sids:
            self._emit(event, msgspec.to_builtins(content), list(sids))
            self.deps.metrics.pushes.labels(event).inc(len(sids))

    def _show(self, room: Room, view: View) -> None:
        room.view = view
        self.index.put(room)

    def _send_rides(self) -> None:
        heard, self._rides = self._rides, []
        wanted: list[rides.Wanted] = []
        for ride in heard:
            for room in self.index.of_child(ride.rider_id):
                self.send_to(room.members, "ride", room.show_ride(ride))
                room.dirty = True
            for room in self.index.showing([] if ride.trip_id is None else [ride.trip_id]):
                if rides.concerns(room, ride):
                    members = {sid: self.sockets[sid].caller for sid in room.members if sid in self.sockets}
                    wanted.append((room, ride, members))
        if not wanted:
            return
        now_ms = self.deps.clock.now_ms()

        def read() -> list[rides.Told]:
            with self.deps.store.read() as work:
                return rides.look(work, wanted, now_ms=now_ms)

        for told in self.deps.pool.run(read):
            self.send_to(told.sids, "ride", told.content)
            self.deps.audit.add(told.audit)

    def _send_notices(self) -> None:
        heard, self._notices = self._notices, []
        wanted = notices.wanted(heard, self.sockets.values())
        if not wanted:
            return
        now_ms = self.deps.clock.now_ms()

        def read() -> list[notices.Told]:
            with self.deps.store.read() as work:
                return notices.look(work, wanted, now_ms)

        for sids, notice in self.deps.pool.run(read):
            self.send_to(sids, "notice", notice)

    def _send_findings(self) -> None:
        heard, self._findings = self._findings, {}
        hearers = findings.hearers(self.rooms.values(), self.sockets) if heard else []
        if not hearers:
            return
        now_ms = self.deps.clock.now_ms()

        def read() -> list[findings.Told]:
            with self.deps.store.read() as work:
                return findings.look(work, list(heard), hearers, now_ms=now_ms)

        for told in self.deps.pool.run(read):
            self.send_to(told.sids, "finding", told.content)
            self.deps.audit.add(told.audit)

    def _end_windows(self) -> None:
        """Say that a window is over, once; positions stop by themselves, since `Room.pick` looks at the window."""
        now_ms = self.deps.clock.now_ms()
        for room in list(self.rooms.values()):
            if room.ends_at_ms is not None and now_ms > room.ends_at_ms:
                room.ends_at_ms = None
                room.dirty = True
                room.full_at_s = 0.0
                self.send_to(room.members, "ended", {"watch": room.target.named(), "reason": "window"})

    def _count(self) -> None:
        self.deps.metrics.watches.set(sum(len(room.members) for room in self.rooms.values()))
