"""Hear when a child says that it is ready (the other end of `server.ready`)."""

import asyncio
import secrets
import socket
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path


class ReadySocket:
    """A datagram socket of its own for each child; `name` goes into its NOTIFY_SOCKET."""

    def __init__(self, on_ready: Callable[[], None]) -> None:
        self._on_ready = on_ready
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.setblocking(False)
        self._path: Path | None = None
        if sys.platform.startswith("linux"):
            # Without a file nothing is left behind by a kill -9.
            self.name = f"@sixfixed-{secrets.token_hex(8)}"
            self._socket.bind("\0" + self.name[1:])
        else:
            self._path = Path(tempfile.mkdtemp(prefix="sixfixed-")) / "ready"
            self.name = str(self._path)
            self._socket.bind(self.name)
        asyncio.get_running_loop().add_reader(self._socket, self._hear)

    def close(self) -> None:
        """Stop listening."""
        asyncio.get_running_loop().remove_reader(self._socket)
        self._socket.close()
        if self._path is not None:
            self._path.unlink(missing_ok=True)
            self._path.parent.rmdir()

    def _hear(self) -> None:
        if "READY=1" in self._socket.recv(4096).decode("utf-8", "replace").splitlines():
            self._on_ready()
