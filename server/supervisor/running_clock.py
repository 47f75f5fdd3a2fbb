"""Let the commands beside a running `sixfixed up` go by its clock: a shifted one is written into the data folder."""

import os
from contextlib import suppress
from pathlib import Path

from server.errors import StartError

_FILE = "clock"


def write_running_clock(folder: Path, spec: str) -> None:
    """Write a resolved clock and this process's id, or take the file away for the machine's own; raise StartError."""
    path = folder / _FILE
    try:
        if not spec:
            path.unlink(missing_ok=True)
            return
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(f"{os.getpid()} {spec}\n")
    except OSError as why:
        raise StartError(
            f"{path} can't be written ({why.strerror}); give the data folder to this user"
        ) from why


def forget_running_clock(folder: Path) -> None:
    """Take the file away at the end; one that stays is known by its process being gone."""
    with suppress(OSError):
        (folder / _FILE).unlink(missing_ok=True)


def find_running_clock(folder: Path) -> str | None:
    """Give the clock of the `up` that runs on the folder; None where none runs or it goes by the machine's."""
    try:
        pid, _, spec = (folder / _FILE).read_text("utf-8").strip().partition(" ")
        os.kill(int(pid), 0)
    except PermissionError:
        return None  # another user's file or process: no clock of ours
    except (OSError, ValueError):
        return None
    return spec or None
