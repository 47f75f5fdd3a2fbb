"""A web role that listens on a port, on a loop in a thread of its own, and sockets to talk with it."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import socketio
from gevent.event import Event

from server.adapters.db.engine import Database
from server.api.serve import serve
from server.live.attach import attach_live
from tests.builders.web import Web
from tests.waiting import PATIENCE_S, until


class Served:
    """A web role at a port."""

    def __init__(self, web: Web, port: int) -> None:
        self.web = web
        self.port = port
        self.url = f"http://127.0.0.1:{port}"

    @property
    def rooms(self) -> Any:  # noqa: ANN401 - the live layer's own
        """Give the rooms, to be looked at."""
        return self.web.app.extensions["rooms"]


@contextmanager
def serving(database: Database, dist: Path, **settings: Any) -> Iterator[Served]:  # noqa: ANN401 - any setting
    """Serve until the block ends."""
    found: list[Served] = []
    stop: list[Event] = []

    def run() -> None:
        # Everything of gevent belongs to the thread that made it.
        web = Web(database, dist, **settings)
        attach_live(web.app, web.deps)
        stop.append(Event())
        serve(
            web.app, "127.0.0.1", 0, on_listening=lambda port: found.append(Served(web, port)), stop=stop[0]
        )

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    until(lambda: found or not thread.is_alive(), "the server listens")
    assert found, "the server ended before it listened: the thread's exception says why"
    try:
        yield found[0]
    finally:
        stop[0].set()
        thread.join(PATIENCE_S)
        assert not thread.is_alive()


class Phone:
    """A Socket.IO client that keeps what it is sent."""

    def __init__(self, url: str, cookie: str | None = None, token: str | None = None) -> None:
        self.heard: list[tuple[str, Any]] = []
        self.io = socketio.Client(reconnection=False)
        self.io.on("*", lambda event, *data: self.heard.append((event, data[0] if data else None)))
        self.refused: list[Any] = []
        self.io.on("connect_error", lambda data=None: self.refused.append(data))
        sent = {} if cookie is None else {"Cookie": f"sixfixed={cookie}"}
        auth = None if token is None else {"token": token}
        try:
            self.io.connect(url, headers=sent, auth=auth, transports=["websocket"], wait_timeout=PATIENCE_S)
        except Exception:
            self.close()
            raise

    def ask(self, event: str, message: object) -> Any:  # noqa: ANN401 - the acknowledgement
        """Emit and give the acknowledgement."""
        return self.io.call(event, message, timeout=PATIENCE_S)

    def of(self, event: str) -> list[Any]:
        """Give what was heard of one kind."""
        return [content for name, content in list(self.heard) if name == event]

    def wait(self, event: str, number: int = 1, within_s: float = PATIENCE_S) -> Any:  # noqa: ANN401 - what was sent
        """Give the newest of one kind once there are `number` of them."""
        return until(
            lambda: len(self.of(event)) >= number and self.of(event), f"{number} x {event}", within_s
        )[-1]

    def close(self) -> None:
        """Hang up, and close the connection that the library forgets when the other side ended it."""
        if self.io.connected:
            self.io.disconnect()
        connection = getattr(self.io.eio, "ws", None)
        if connection is not None:
            connection.close()
            if connection.sock is not None:
                connection.sock.close()
