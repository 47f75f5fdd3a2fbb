"""Keeps files under the data folder, outside of everything that the web serves by path."""

from __future__ import annotations

import re
from pathlib import Path

from server.secrets import write_secret_file

_NAME = re.compile(r"[a-z]{1,16}/[0-9a-f]{32}")


class FolderFiles:
    """Implements `service.documents.Files` in a folder; names are `KIND/ID`, made by the server."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def put(self, name: str, content: bytes) -> None:
        """Write it, mode 0600."""
        path = self._path(name)
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        write_secret_file(path, content)

    def get(self, name: str) -> bytes | None:
        """Read it."""
        try:
            return self._path(name).read_bytes()
        except FileNotFoundError:
            return None

    def _path(self, name: str) -> Path:
        if not _NAME.fullmatch(name):
            raise ValueError(f"{name!r} is no name of a kept file")
        return self._folder / name
