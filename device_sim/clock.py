"""Simulated time: where it starts, how fast it runs, and which real instant that was."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import datetime

import msgspec

from device_sim.errors import SimError


def real_ms() -> int:
    """Real UTC milliseconds since 1970."""
    return time.time_ns() // 1_000_000


def parse_instant(text: str, what: str) -> int:
    """Turn RFC 3339 with an offset into UTC milliseconds; raises SimError naming `what`.

    >>> parse_instant("2026-09-01T06:30:00+08:00", "--until")
    1788215400000
    """
    try:
        instant = datetime.fromisoformat(text)
    except ValueError:
        raise SimError(
            f"{what}: '{text}' is not a date and time; write it like 2026-09-01T06:30:00+08:00"
        ) from None
    if instant.tzinfo is None:
        raise SimError(f"{what}: '{text}' has no offset from UTC; write it like 2026-09-01T06:30:00+08:00")
    return round(instant.timestamp() * 1000)


class Clock(msgspec.Struct, frozen=True):
    """now = start + (real now - at) * speed, in UTC milliseconds; `speed` is simulated seconds per real one."""

    start_ms: int
    at_ms: int
    speed: float = 1.0
    real: Callable[[], int] = real_ms

    def now_ms(self) -> int:
        """The simulated instant."""
        return self.start_ms + round((self.real() - self.at_ms) * self.speed)

    def spec(self) -> str:
        """The text that `parse_clock` reads back."""
        start = datetime.fromtimestamp(self.start_ms / 1000).astimezone().isoformat()
        return f"start={start},speed={self.speed:g},at={self.at_ms}"


def parse_clock(spec: str | None, real: Callable[[], int] = real_ms) -> Clock:
    """Read `start=RFC3339,speed=20[,at=<real epoch ms>]`; every part may be left out, None is real time."""
    now = real()
    fields: dict[str, str] = {}
    for part in filter(None, (spec or "").split(",")):
        name, _, value = part.partition("=")
        if name not in ("start", "speed", "at") or not value:
            raise SimError(f"--clock: cannot read '{part}'; write start=RFC3339,speed=20[,at=milliseconds]")
        fields[name] = value
    try:
        at = int(fields.get("at", now))
        speed = float(fields.get("speed", 1.0))
    except ValueError:
        raise SimError(f"--clock: speed and at must be numbers in '{spec}'") from None
    if not 0 < speed <= 10_000:
        raise SimError(f"--clock: speed {speed:g} is not between 0 and 10000")
    start = parse_instant(fields["start"], "--clock start") if "start" in fields else at
    return Clock(start, at, speed, real)
