"""Put Socket.IO beside the HTTP application: who may connect, `watch`, `unwatch`, and the pushes' source."""

from __future__ import annotations

import logging
from collections.abc import Collection
from typing import Any

import gevent
from flask import Flask, request
from flask_socketio import ConnectionRefusedError as Refused
from flask_socketio import SocketIO

from server.errors import NotLoggedInError, SixFixedError
from server.live import checks
from server.live.intake import Intake
from server.live.rooms import Rooms
from server.live.sockets import Socket
from server.service import accounts, watching
from server.service.errors_shape import error_body
from server.service.origin import cookie_name, is_own_host, is_own_origin
from server.service.policy import Caller
from server.service.web_deps import WebDeps

MAX_MESSAGE = 64 * 1024
# One lost ping must not close a phone in a tunnel; 45 s without any is gone.
PING_EVERY_S, PING_WAIT_S = 25, 20
MAX_QUEUED = 500  # messages that a slow phone hasn't taken; it gets a fresh snapshot when it comes back

_log = logging.getLogger("live")


def attach_live(app: Flask, deps: WebDeps) -> SocketIO:
    """Attach it, begin to hear the house's topics, and give it; `app.extensions["rooms"]` holds the rooms."""
    settings = deps.settings

    def allowed(origin: str | None, environ: dict[str, Any]) -> bool:
        host = environ.get("HTTP_HOST", "")
        return is_own_host(settings, host) and is_own_origin(settings, origin, host)

    socketio = SocketIO(
        app,
        async_mode="gevent",
        transports=["websocket"],
        allow_upgrades=False,
        cors_allowed_origins=allowed,
        max_http_buffer_size=MAX_MESSAGE,
        http_compression=False,
        cookie=None,
        manage_session=False,
        ping_interval=PING_EVERY_S,
        ping_timeout=PING_WAIT_S,
        always_connect=False,
    )

    def emit(event: str, content: object, sids: Collection[str]) -> None:
        slow = {sid for sid in sids if _queued(socketio, sid) > MAX_QUEUED}
        for sid in slow:
            gevent.spawn(drop, sid)
        if hear := [sid for sid in sids if sid not in slow]:
            # To all of them at once, so that it is made into text once; each socket is a room of its own name.
            socketio.server.emit(event, content, to=hear)

    def drop(sid: str) -> None:
        try:
            socketio.server.disconnect(sid)
        except (KeyError, OSError):
            _log.debug("the socket had gone before")

    rooms = Rooms(deps, emit, drop)
    _add_events(socketio, rooms, deps)
    intake = Intake(rooms.take, deps.metrics.ignored.inc)
    deps.ended.listen(rooms.end)
    app.extensions["rooms"] = rooms
    rooms.begin()
    gevent.spawn(checks.watch_rights, rooms)
    deps.subscribe(intake.hear)
    return socketio


def _add_events(socketio: SocketIO, rooms: Rooms, deps: WebDeps) -> None:
    @socketio.on("connect")  # type: ignore[untyped-decorator]
    def connect(auth: object = None) -> None:
        token = auth.get("token") if isinstance(auth, dict) else None
        cookie = request.cookies.get(cookie_name(deps.settings))
        digest = accounts.digest(token) if isinstance(token, str) and token else None
        session_id = accounts.digest(cookie) if cookie and digest is None else None

        def read() -> Caller | None:
            with deps.store.read() as work:
                return checks.find_caller(work, session_id, digest, deps.real.now_ms())

        caller = deps.pool.run(read)
        if caller is None:
            refusal = NotLoggedInError("You are not logged in: log in and connect again.")
            raise Refused(refusal.message, error_body(refusal))
        rooms.enter(Socket(_sid(), caller, digest))

    @socketio.on("disconnect")  # type: ignore[untyped-decorator]
    def disconnect(*_reason: object) -> None:
        rooms.leave(_sid())

    @socketio.on("watch")  # type: ignore[untyped-decorator]
    def watch(message: object = None, *_more: object) -> dict[str, Any]:
        socket = rooms.sockets.get(_sid())
        if socket is None:
            return error_body(NotLoggedInError("This socket has ended: connect again."))
        try:
            socket.spend(deps.real.monotonic())
            return rooms.watch(socket, message)
        except SixFixedError as error:
            return error_body(error)

    @socketio.on("unwatch")  # type: ignore[untyped-decorator]
    def unwatch(message: object = None, *_more: object) -> dict[str, Any]:
        socket = rooms.sockets.get(_sid())
        if socket is not None:
            try:
                socket.spend(deps.real.monotonic())
                _, target = watching.read_target(message)
            except SixFixedError as error:
                return error_body(error)
            rooms.unwatch(socket, target)
        return {}

    @socketio.on_error_default  # type: ignore[untyped-decorator]
    def failed(error: Exception) -> dict[str, Any]:
        _log.error("a live message failed", exc_info=error)
        return {
            "error": {
                "code": "internal",
                "message": "The server made a mistake; it is in its log.",
                "fields": {},
            }
        }


def _sid() -> str:
    sid: str = request.sid  # type: ignore[attr-defined]
    return sid


def _queued(socketio: SocketIO, sid: str) -> int:
    """Say how many packets wait for a socket."""
    eio_sid = socketio.server.manager.eio_sid_from_sid(sid, "/")
    socket = socketio.server.eio.sockets.get(eio_sid)
    return 0 if socket is None else socket.queue.qsize()
