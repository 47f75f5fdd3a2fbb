"""Look passwords up in a file of those that have leaked, however large, without reading it into memory."""

from __future__ import annotations

import hashlib
import mmap
import re
from pathlib import Path
from typing import Final

from server.errors import StartError

_LINE: Final = re.compile(rb"([0-9A-Fa-f]{10,40})(?::[0-9]+)?\s*")
_LONGEST: Final = 200  # bytes of a line; what has none so long is no such list


class BreachedFile:
    """A text file whose lines begin with the SHA-1 of a password in hexadecimal, or its first 10 digits or more, sorted.

    That is what Have I Been Pwned gives (`HASH:COUNT`). The file is opened anew each time, so it may be replaced at any time.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._read(b"")  # a wrong setting is told at the start, not to the first who chooses a password

    def holds(self, password: str) -> bool:
        """Say whether the password is on the list; raise StartError where the file can't be read."""
        # What SHA-1 is weak at (collisions) doesn't matter: the list has it, and nothing is proved by it.
        return self._read(hashlib.sha1(password.encode(), usedforsecurity=False).hexdigest().upper().encode())

    def _read(self, digest: bytes) -> bool:
        try:
            with (
                self._path.open("rb") as file,
                mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as lines,
            ):
                first = _LINE.fullmatch(lines[:_LONGEST].partition(b"\n")[0])
                if first is None:
                    raise StartError(
                        f"breached-passwords: {self._path} doesn't begin with a SHA-1 hash; give a sorted list of them"
                    )
                return bool(digest) and _search(lines, digest)
        except (OSError, ValueError) as why:  # an empty file can't be mapped: ValueError
            raise StartError(
                f"breached-passwords: {self._path} can't be read ({why}); give a file that is there"
            ) from why


def _search(lines: mmap.mmap, digest: bytes) -> bool:
    """Search by halves: `low` is where a line begins that is not after the digest's, `high` the end of what is left."""
    low, high = 0, len(lines)
    while low < high:
        middle = (low + high) // 2
        begin = lines.rfind(b"\n", low, middle) + 1 or low
        end = lines.find(b"\n", begin, begin + _LONGEST)
        end = len(lines) if end < 0 else end
        match = _LINE.fullmatch(lines[begin:end])
        if match is None:
            return False
        known = match[1].upper()
        if digest.startswith(known):
            return True
        if known < digest:
            low = end + 1
        else:
            high = begin
    return False
