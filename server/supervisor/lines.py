"""Print the children's lines and the supervisor's own, interleaved, each with its time and role."""

import os
import time
from typing import TextIO

from server.log import printable

_COLOURS = {"broker": 36, "ingest": 34, "web": 32, "worker": 35, "fleet": 33, "up": 1}
_LEVEL_COLOURS = {"warning:": 33, "error:": 31, "critical:": 31}
_LONGEST = 8192


class Lines:
    """Writes to `out`; in colour when that is a terminal and NO_COLOR isn't set."""

    def __init__(self, out: TextIO) -> None:
        self._out = out
        self._colour = out.isatty() and not os.environ.get("NO_COLOR")

    def say(self, role: str, text: str) -> None:
        """Write one line; a reader that has gone away is no reason to stop the buses."""
        level = text.split(" ", 1)[0]
        text = self._paint(printable(text.replace("\t", "    ")), _LEVEL_COLOURS.get(level))
        try:
            self._out.write(
                f"{time.strftime('%H:%M:%S')} {self._paint(f'{role:7}', _COLOURS.get(role))} {text}\n"
            )
            self._out.flush()
        except OSError:
            return

    def _paint(self, text: str, colour: int | None) -> str:
        return f"\x1b[{colour}m{text}\x1b[0m" if self._colour and colour else text


class LineSplitter:
    """Cuts what a pipe gives into lines; a line without an end is cut at 8 KiB."""

    def __init__(self) -> None:
        self._rest = b""

    def feed(self, chunk: bytes) -> list[str]:
        """Give the lines that are whole now; an empty chunk is the pipe's end and gives the rest."""
        *lines, self._rest = (self._rest + chunk).split(b"\n")
        if self._rest and (not chunk or len(self._rest) > _LONGEST):
            lines.append(self._rest)
            self._rest = b""
        return [text for line in lines if (text := line.decode("utf-8", "replace").rstrip())]
