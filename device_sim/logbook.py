"""What every device of a state folder wrote, read beside a running session."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import msgspec

from device_sim.errors import SimError
from device_sim.outbox import Memory


class Entry(msgspec.Struct, frozen=True):
    """One record: `saved` when the server said that it is committed; `body` is the message it went out as."""

    device: str
    epoch: int
    seq: int
    kind: str
    t: int
    saved: bool
    body: msgspec.Raw


def read_log(folder: Path, devices: list[str] | None = None) -> Iterator[Entry]:
    """Yield every record in the log by device, epoch and seq; raises SimError when there is none."""
    path = folder / "outbox.sqlite"
    if not path.is_file():
        raise SimError(
            f"--state: there is no log in {folder}; name the folder that `device-sim run --state` used"
        )
    db = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
    try:
        memories = {}
        for device, epoch, next_seq, upto, missing in db.execute(
            "SELECT device, epoch, next_seq, upto, missing FROM devices"
        ):
            spans = msgspec.json.decode(missing, type=list[tuple[int, int]])
            memories[device] = (epoch, Memory(device, epoch, next_seq, upto, spans).unsaved())
        for device, epoch, seq, kind, t, body in db.execute(
            "SELECT device, epoch, seq, kind, t, body FROM records ORDER BY device, epoch, seq"
        ):
            if devices and device not in devices:
                continue
            now, unsaved = memories[device]
            yield Entry(device, epoch, seq, kind, t, epoch < now or seq not in unsaved, msgspec.Raw(body))
    except sqlite3.Error as error:
        raise SimError(
            f"{path} cannot be read ({error}); name a folder that `device-sim run --state` used"
        ) from None
    finally:
        db.close()
