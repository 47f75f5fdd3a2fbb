"""Carry what a process writes to the printer of lines, through a pipe of our own.

asyncio's own pipe would hold back the news of a process's end until its last descendant has closed it.
"""

import asyncio
import os
from contextlib import suppress

from server.supervisor.lines import Lines, LineSplitter

_REST_S = 1.0


class Output:
    """Give `handle` to the process, then `begin`; `end` prints the rest."""

    def __init__(self, role: str, lines: Lines) -> None:
        self._role = role
        self._lines = lines
        self._read, self.handle = os.pipe()
        self._transport: asyncio.ReadTransport | None = None
        self._task: asyncio.Task[None] | None = None

    async def begin(self) -> None:
        """Let go of the process's end of the pipe and print what comes out of the other."""
        os.close(self.handle)
        loop = asyncio.get_running_loop()
        reader = asyncio.StreamReader()
        protocol = asyncio.StreamReaderProtocol(reader)
        self._transport, _ = await loop.connect_read_pipe(lambda: protocol, os.fdopen(self._read, "rb", 0))
        self._task = asyncio.create_task(self._print(reader), name=f"print {self._role}")

    async def end(self) -> None:
        """Print the rest; whoever still holds the pipe after a second is no longer heard."""
        if self._task and self._transport:
            with suppress(TimeoutError):
                await asyncio.wait_for(self._task, _REST_S)
            self._transport.close()

    async def _print(self, reader: asyncio.StreamReader) -> None:
        splitter = LineSplitter()
        while True:
            chunk = await reader.read(65536)
            for line in splitter.feed(chunk):
                self._lines.say(self._role, line)
            if not chunk:
                return
