"""Keep a second `sixfixed up` off a data folder."""

import fcntl
import os
from pathlib import Path

from server.errors import StartError


class FolderLock:
    """Holds `<data>/up.lock` until `release` or this process's end (the kernel lets go; none is stale)."""

    def __init__(self, folder: Path) -> None:
        """Take the lock, making the folder; raise StartError when another holds it or it can't be written."""
        path = folder / "up.lock"
        try:
            folder.mkdir(parents=True, exist_ok=True)
            self._handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
        except OSError as why:
            raise StartError(
                f"the data folder {folder} can't be written ({why.strerror}); "
                "give it to this user or choose another with --data DIR"
            ) from why
        try:
            fcntl.flock(self._handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = os.read(self._handle, 32).decode("ascii", "replace").strip() or "unknown"
            os.close(self._handle)
            raise StartError(
                f"another 'sixfixed up' (process {holder}) runs on the data folder {folder}; "
                "stop it, or give this one a folder of its own with --data DIR"
            ) from None
        os.ftruncate(self._handle, 0)
        os.write(self._handle, f"{os.getpid()}\n".encode())

    def release(self) -> None:
        """Let go of the folder."""
        os.close(self._handle)
