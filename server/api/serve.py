"""Run the web role's one process: gevent's own WSGI server with WebSockets, until a signal ends it."""

from __future__ import annotations

import errno
import logging
import signal
import socket
import sys
import threading
from collections.abc import Callable
from typing import Any

import gevent
from flask import Flask
from gevent.event import Event
from gevent.pywsgi import WSGIServer
from geventwebsocket.handler import WebSocketHandler
from geventwebsocket.websocket import WebSocket

from server.errors import StartError

MAX_MESSAGE = 64 * 1024
IDLE_S = (
    60.0  # above Socket.IO's ping interval and time-out together (45 s): who is silent for longer is gone
)
MAX_CONNECTIONS = 10_000
STOP_S = 1.0
# Every write to a socket lets go of Python's lock; a thread that reads the database takes it and would keep it for 5 ms (the
# interpreter's own choice), so that a message to forty phones took 200 ms (decision 0185).
GIVE_WAY_S = 0.0005

_log = logging.getLogger("web")


class _Budget:
    """Reads frames of one message, up to MAX_MESSAGE in all: the library itself would read any length into memory."""

    def __init__(self, read: Callable[[int], bytes]) -> None:
        self._read = read
        self.spent = 0

    def __call__(self, length: int) -> bytes:
        self.spent += length
        return self._read(length) if self.spent <= MAX_MESSAGE else b""  # nothing ends the connection


class CappedWebSocket(WebSocket):  # type: ignore[misc]
    """A WebSocket whose messages have a largest size, in however many frames they come."""

    __slots__ = ()

    def receive(self) -> Any:  # noqa: ANN401 - text, bytes or None
        """Read one message."""
        own: Any = self
        if not isinstance(own.raw_read, _Budget):
            own.raw_read = _Budget(own.raw_read)
        own.raw_read.spent = 0
        return super().receive()


class Handler(WebSocketHandler):  # type: ignore[misc]
    """One connection: nothing written is held back, a silent one is given up, a WebSocket is capped."""

    def handle(self) -> None:
        """Serve the connection until it ends."""
        self.socket.settimeout(IDLE_S)
        # An answer leaves in two writes, and pushes follow one another: without this the second waits 40 ms for the first one's ACK.
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        super().handle()

    def log_request(self) -> None:
        """Write no line a request: /metrics counts them, and a path or query may name a child."""

    def run_websocket(self) -> None:
        """Run the application on an upgraded connection."""
        self.websocket.__class__ = CappedWebSocket
        super().run_websocket()


class _ErrorLog:
    """Where the server writes what a connection did wrong: one line at a time into the log, without forged breaks."""

    def write(self, text: str) -> None:
        if text.strip():
            _log.warning("%s", text.strip().replace("\r", " "))

    def flush(self) -> None:
        """Nothing is held back."""


def serve(
    app: Flask,
    host: str,
    port: int,
    *,
    on_listening: Callable[[int], None] = lambda port: None,
    stop: Event | None = None,
) -> None:
    """Serve until SIGTERM, SIGINT or `stop`; call `on_listening` with the port once it is open. Raise StartError.

    One process: nothing is left behind that could hold the port when this one is killed.
    """
    server = WSGIServer(
        (host, port), app, handler_class=Handler, log=None, error_log=_ErrorLog(), spawn=MAX_CONNECTIONS
    )
    server.reuse_addr = 1
    sys.setswitchinterval(GIVE_WAY_S)
    try:
        server.start()
    except OSError as why:
        what = (
            "is taken by another program"
            if why.errno == errno.EADDRINUSE
            else f"can't be opened ({why.strerror})"
        )
        raise StartError(
            f"the web address {host}:{port} {what}; choose another with --http HOST:PORT"
        ) from why
    ended = stop or Event()
    # Signals come to the main thread alone; a server in another one (in tests) is stopped by `stop`.
    numbers = (signal.SIGTERM, signal.SIGINT) if threading.current_thread() is threading.main_thread() else ()
    handlers = [gevent.signal_handler(number, ended.set) for number in numbers]
    try:
        on_listening(server.server_port)
        ended.wait()
    finally:
        for handler in handlers:
            handler.cancel()
        server.stop(timeout=STOP_S)
