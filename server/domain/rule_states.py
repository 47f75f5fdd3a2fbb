"""What the rules keep of a running trip between two inputs, a small Struct each; all of it is `TripState.watch`.

A rule's state changes only when it has something to remember, so that an ordinary position leaves it the same object.
"""

from __future__ import annotations

import msgspec
from msgspec.structs import replace

from server.domain.finding import Evidence


class Unseen(msgspec.Struct, frozen=True, gc=False):
    """A stretch that was driven without a word: metres and instants (UTC ms) of the positions before and after it."""

    from_m: float
    to_m: float
    from_ms: int
    to_ms: int


class Astray(msgspec.Struct, frozen=True, gc=False):
    """Positions off the shape, since when, how many, how far (m); `back_ms` when one lay on it again, None before.

    `left_m` is where the shape was left, `beside_m` the metre of it that the newest of them is nearest to; None once it was joined again.
    """

    since_ms: int
    fixes: int
    worst_m: float
    left_m: float
    evidence: tuple[Evidence, ...]
    back_ms: int | None = None
    beside_m: float | None = None


class Backward(msgspec.Struct, frozen=True, gc=False):
    """A bus that goes back along the shape: since when, from which metre, and where it is."""

    since_ms: int
    from_m: float
    at_m: float
    fixes: int
    evidence: tuple[Evidence, ...]


class Course(msgspec.Struct, frozen=True, gc=False):
    """How the shape was driven: where it was joined, what was left out in sight, what wasn't seen."""

    joined_m: float
    skipped: tuple[tuple[float, float], ...] = ()
    unseen: tuple[Unseen, ...] = ()
    astray: Astray | None = None
    backward: Backward | None = None


class Spell(msgspec.Struct, frozen=True, gc=False):
    """Something that has to last before it is said: since when, how many fixes, the worst of it, and what about."""

    since_ms: int
    fixes: int
    worst: float
    limit: float
    about: str
    evidence: tuple[Evidence, ...]


class Halt(msgspec.Struct, frozen=True, gc=False):
    """A bus that stands away from every stop with its door open, or with cards read, since an instant."""

    since_ms: int
    lat: float
    lon: float


class Watch(msgspec.Struct, frozen=True):
    """The rules' memory of one trip. `aboard` riders, strangers and unknown cards included, as rides say."""

    aboard: int = 0
    elsewhere: bool = False  # seen off the shape before it was first on it
    over_seats: int | None = None  # the seats, while more than that are aboard
    second: bool = False  # more are aboard than one attendant may care for
    course: Course | None = None
    speeding: Spell | None = None
    door: Spell | None = None
    lamps: Spell | None = None
    sign: Spell | None = None
    halt: Halt | None = None
    driver_away_ms: int | None = None
    attendant_away_ms: int | None = None
    has_door: bool = False  # these were sent, so they are fitted
    has_lamps: bool = False
    has_sign: bool = False
    drivers: tuple[str, ...] = ()  # badges that were signed on while the trip had the bus
    attendants: tuple[str, ...] = ()
    tag: str | None = None  # as read for this trip
    breath: bool = False  # a driver's breath was measured
    pressed_ms: int | None = None  # when the button at the rear was last pressed on the way

    def handed_over(self) -> Watch:
        """Give what is kept of a trip when another bus takes it over: what was begun on the first bus ends with its turn."""
        course = None if self.course is None else replace(self.course, astray=None, backward=None)
        return replace(
            self, course=course, over_seats=None, second=False, speeding=None, door=None, lamps=None, sign=None, halt=None, tag=None,
            driver_away_ms=None, attendant_away_ms=None, has_door=False, has_lamps=False, has_sign=False,
        )  # fmt: skip
