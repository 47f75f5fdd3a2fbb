"""The listeners' processes: so many sockets divided among a few, begun together, asked at the end what they heard."""

from __future__ import annotations

import multiprocessing
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing.connection import Connection
from typing import Final

from tests.bench.listeners import Heard, listen

_PATIENCE_S: Final = 180.0
Wanted = list[tuple[int, str, dict[str, object]]]


class Crowd:
    """Listeners that are all connected and watch."""

    def __init__(self, lines: list[Connection]) -> None:
        self._lines = lines

    def heard(self) -> list[Heard]:
        """End them; give what all of them heard, in no order."""
        for line in self._lines:
            line.send("end")
        found: list[Heard] = []
        for line in self._lines:
            if not line.poll(_PATIENCE_S):
                raise RuntimeError("a process of listeners doesn't answer; its words are above")
            found += line.recv()
        return found


@contextmanager
def gathered(wanted: Wanted, port: int, processes: int = 2) -> Iterator[Crowd]:
    """Open a socket for each (number, token, what to watch) in processes of their own; they are all there within the block."""
    context = multiprocessing.get_context("spawn")
    lines, begun = [], []
    try:
        for part in range(processes):
            ours, theirs = context.Pipe()
            process = context.Process(target=_run, args=(wanted[part::processes], port, theirs), daemon=True)
            process.start()
            theirs.close()
            lines.append(ours)
            begun.append(process)
        for line in lines:
            if not line.poll(_PATIENCE_S) or line.recv() != "ready":
                raise RuntimeError("the listeners aren't connected; the server's words are above")
        yield Crowd(lines)
    finally:
        for process in begun:
            process.terminate()
            process.join()


def _run(wanted: Wanted, port: int, line: Connection) -> None:
    line.send(listen(wanted, port, lambda: line.send("ready"), lambda: not line.poll()))
