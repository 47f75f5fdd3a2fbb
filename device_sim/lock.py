"""One emulator a state folder: a second one would give two records the same number."""

from __future__ import annotations

import fcntl
from pathlib import Path
from typing import IO

from device_sim.errors import SimError


def lock_folder(folder: Path) -> IO[str]:
    """Make the folder if need be and hold its lock until the file is closed; raises SimError when it is held."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        held = (folder / "lock").open("w")
    except OSError as error:
        raise SimError(
            f"--state: {folder} cannot be written ({error.strerror}); name a folder that can"
        ) from None
    try:
        fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        held.close()
        raise SimError(
            f"--state: {folder} is in use by another device-sim; end it or name another folder"
        ) from None
    return held
