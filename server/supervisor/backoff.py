"""Say how long to wait before a process that died is started again."""


class Backoff:
    """Doubles from `first_s` to `limit_s`; forgets when a process lived for `reset_after_s`.

    The service shall be back 10 s after any fault (QUALITY, I9), and those who connect to what was started wait a
    little of their own: hence the limit. A program that lived for 10 s had started well.

    >>> backoff = Backoff()
    >>> [backoff.next_s(lived_s=0.1) for _ in range(6)], backoff.next_s(lived_s=11)
    ([0.2, 0.4, 0.8, 1.6, 3.0, 3.0], 0.2)
    """

    def __init__(self, first_s: float = 0.2, limit_s: float = 3.0, reset_after_s: float = 10.0) -> None:
        self._first_s = first_s
        self._limit_s = limit_s
        self._reset_after_s = reset_after_s
        self._next_s = first_s

    def next_s(self, lived_s: float) -> float:
        """Give the seconds to wait after a life of `lived_s`."""
        if lived_s >= self._reset_after_s:
            self._next_s = self._first_s
        wait_s = self._next_s
        self._next_s = min(wait_s * 2, self._limit_s)
        return wait_s
