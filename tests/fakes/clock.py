"""A clock that stands still until a test moves it."""


class FakeClock:
    """Satisfies `server.clock.Clock`; both hands move by `advance` alone."""

    def __init__(self, now_ms: int = 1_788_215_400_000, speed: float = 1.0) -> None:
        self.speed = speed
        self._now_ms = now_ms
        self._monotonic_s = 0.0

    def now_ms(self) -> int:
        """Give the instant as UTC milliseconds since 1970."""
        return self._now_ms

    def monotonic(self) -> float:
        """Give the seconds that `advance` has moved so far."""
        return self._monotonic_s

    def advance(self, seconds: float) -> None:
        """Move both hands on by real seconds."""
        self._now_ms += round(seconds * 1000 * self.speed)
        self._monotonic_s += seconds

    def set_ms(self, now_ms: int) -> None:
        """Put the wall clock anywhere, backwards too; the monotonic hand stays."""
        self._now_ms = now_ms
