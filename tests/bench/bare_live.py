"""The limit beside the web role: gevent and python-socketio with nothing of ours, which sends to a room what a pipe brings.

Run as a program it is that server: `python -m tests.bench.bare_live PORT`, lines `ROOM JSON` on standard input.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import msgspec

from server.supervisor.death import die_with_parent
from tests.bench.roles import Cost, cost_of
from tests.conftest import ROOT


class Bare:
    """The running server."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self._process = process

    def cost(self) -> Cost:
        """Ask the kernel what it has used."""
        return cost_of(self._process.pid)

    def say(self, room: int, body: bytes) -> None:
        """Have it send a message to everyone in a room."""
        assert self._process.stdin is not None
        self._process.stdin.write(b"%d %s\n" % (room, body))
        self._process.stdin.flush()


@contextmanager
def bare_server(port: int) -> Iterator[Bare]:
    """Run it until the block ends."""
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.bench.bare_live", str(port)],
        cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, preexec_fn=die_with_parent(),
    )  # fmt: skip
    try:
        assert process.stdout is not None and process.stdout.readline() == b"listening\n"
        yield Bare(process)
    finally:
        process.terminate()
        process.wait(10)


def serve(port: int) -> None:
    """Serve for ever: `watch {"child": ROOM}` joins a room."""
    import gevent.os
    import socketio
    from gevent.pywsgi import WSGIServer
    from geventwebsocket.handler import WebSocketHandler

    live = socketio.Server(async_mode="gevent", transports=["websocket"], http_compression=False)

    @live.on("watch")  # type: ignore[untyped-decorator]
    def watch(sid: str, message: dict[str, str]) -> dict[str, str]:
        live.enter_room(sid, message["child"])
        return {}

    server = WSGIServer(("127.0.0.1", port), socketio.WSGIApp(live), handler_class=WebSocketHandler, log=None)
    server.start()
    print("listening", flush=True)
    gevent.os.make_nonblocking(0)
    rest = b""
    while data := gevent.os.nb_read(0, 65536):
        *lines, rest = (rest + data).split(b"\n")
        for line in lines:
            room, _, body = line.partition(b" ")
            live.emit("position", msgspec.json.decode(body), to=f"room{int(room)}")
    os._exit(0)


if __name__ == "__main__":
    serve(int(sys.argv[1]))
