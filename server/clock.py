"""Tell the time that the school day goes by, real or shifted; nothing else in the server asks the system.

Network timers use `monotonic()`, which is always real seconds.
"""

import time
from datetime import UTC, datetime
from typing import Protocol

import msgspec

from server.errors import SettingError


class Clock(Protocol):
    """What is given to everything that needs the time."""

    @property
    def speed(self) -> float:
        """Give how many of this clock's seconds pass in a real one."""

    def now_ms(self) -> int:
        """Give the instant as UTC milliseconds since 1970."""

    def monotonic(self) -> float:
        """Give real seconds since some fixed point; never steps back."""


class ClockSpec(msgspec.Struct, frozen=True, kw_only=True):
    """A clock as a setting says it; at the real instant `at_ms` it showed `start_ms`."""

    start_ms: int | None = None
    speed: float = 1.0
    at_ms: int | None = None


class SystemClock:
    """The machine's own clock."""

    speed = 1.0

    def now_ms(self) -> int:
        """Give the instant as UTC milliseconds since 1970."""
        return time.time_ns() // 1_000_000

    def monotonic(self) -> float:
        """Give real seconds since some fixed point."""
        return time.monotonic()


class ShiftedClock:
    """A clock that showed `start_ms` at the real instant `at_ms` and runs at `speed` since."""

    def __init__(self, *, start_ms: int, at_ms: int, speed: float = 1.0, real: Clock | None = None) -> None:
        self.speed = speed
        self._start_ms = start_ms
        self._at_ms = at_ms
        self._real: Clock = real or SystemClock()

    def now_ms(self) -> int:
        """Give the shifted instant as UTC milliseconds since 1970."""
        return self._start_ms + round((self._real.now_ms() - self._at_ms) * self.speed)

    def monotonic(self) -> float:
        """Give real seconds: a faster school day doesn't make the network faster."""
        return self._real.monotonic()


def parse_clock(spec: str) -> ClockSpec:
    """Read `start=RFC3339,speed=NUMBER,at=REAL_MS`, each part optional; raise SettingError.

    >>> parse_clock("start=2026-09-01T06:30:00+08:00,speed=20")
    ClockSpec(start_ms=1788215400000, speed=20.0, at_ms=None)
    """
    seen: dict[str, str] = {}
    for part in filter(None, (piece.strip() for piece in spec.split(","))):
        key, sign, value = part.partition("=")
        if not sign or key not in ("start", "speed", "at") or key in seen:
            raise SettingError(
                f"clock: {part!r} is not one of start=TIME, speed=NUMBER, at=MILLISECONDS (each once); "
                "write for example start=2026-09-01T06:30:00+08:00,speed=20"
            )
        seen[key] = value
    return ClockSpec(
        start_ms=_instant_ms(seen["start"]) if "start" in seen else None,
        speed=_speed(seen.get("speed", "1")),
        at_ms=_real_ms(seen["at"]) if "at" in seen else None,
    )


def format_clock(spec: ClockSpec) -> str:
    """Write a spec as `parse_clock` reads it."""
    parts = []
    if spec.start_ms is not None:
        at = datetime.fromtimestamp(spec.start_ms / 1000, UTC)
        parts.append(f"start={at.isoformat(timespec='milliseconds')}")
    if spec.speed != 1.0:
        parts.append(f"speed={spec.speed:g}")
    if spec.at_ms is not None:
        parts.append(f"at={spec.at_ms}")
    return ",".join(parts)


def resolve_clock(spec: str, real: Clock | None = None) -> str:
    """Fix a spec to real time by adding `at` (and `start`), so that every process shares one mapping.

    An empty spec (the machine's clock) stays empty, one with `at` stays as it is.
    """
    parsed = parse_clock(spec)
    if parsed == ClockSpec() or parsed.at_ms is not None:
        return spec
    now_ms = (real or SystemClock()).now_ms()
    start_ms = now_ms if parsed.start_ms is None else parsed.start_ms
    return format_clock(msgspec.structs.replace(parsed, start_ms=start_ms, at_ms=now_ms))


def make_clock(spec: str, real: Clock | None = None) -> Clock:
    """Make the clock that a spec says; an empty one is the machine's own."""
    real = real or SystemClock()
    parsed = parse_clock(spec)
    if parsed == ClockSpec():
        return real
    at_ms = real.now_ms() if parsed.at_ms is None else parsed.at_ms
    start_ms = at_ms if parsed.start_ms is None else parsed.start_ms
    return ShiftedClock(start_ms=start_ms, at_ms=at_ms, speed=parsed.speed, real=real)


def _instant_ms(text: str) -> int:
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        raise SettingError(
            f"clock: start={text} is not a time; write for example start=2026-09-01T06:30:00+08:00"
        ) from None
    if at.tzinfo is None:
        raise SettingError(f"clock: start={text} doesn't say its zone; add an offset, for example +08:00")
    return round(at.timestamp() * 1000)


def _speed(text: str) -> float:
    try:
        speed = float(text)
    except ValueError:
        speed = 0.0
    if not 0 < speed <= 1000:
        raise SettingError(f"clock: speed={text} must be a number above 0 and at most 1000")
    return speed


def _real_ms(text: str) -> int:
    if not text.isascii() or not text.isdigit():
        raise SettingError(f"clock: at={text} must be the real instant in whole milliseconds since 1970")
    return int(text)
