"""Take the house's `live/` messages from whatever thread hears them onto the event loop, decoded; a bad one is counted."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import Any

import gevent
import msgspec

from server.service.ended import TOPIC as ENDED
from server.service.ended import EndedMessage
from server.service.watching import Live

KEPT = 20_000  # while the loop is busy; the oldest go, since only the newest position counts


class Positions(msgspec.Struct, frozen=True):
    """live/positions."""

    items: list[Live]


class Trips(msgspec.Struct, frozen=True):
    """live/trips: these changed."""

    ids: list[str]


class RideItem(msgspec.Struct, frozen=True):
    """One ride."""

    trip_id: str | None
    rider_id: str
    dir: str
    at_ms: int
    stop_id: str | None = None


class Rides(msgspec.Struct, frozen=True):
    """live/rides."""

    items: list[RideItem]


class NoticeItem(msgspec.Struct, frozen=True):
    """One notice."""

    id: str
    user_id: str


class Notices(msgspec.Struct, frozen=True):
    """live/notices."""

    items: list[NoticeItem]


class Findings(msgspec.Struct, frozen=True):
    """live/findings: these were found, changed, called or answered."""

    ids: list[str]


SHAPES: dict[str, Any] = {
    "live/positions": Positions,
    "live/trips": Trips,
    "live/rides": Rides,
    "live/notices": Notices,
    "live/findings": Findings,
    ENDED: EndedMessage,
}
Message = Positions | Trips | Rides | Notices | Findings | EndedMessage


class Intake:
    """A way from any thread to `take`, which is called on the loop, in order."""

    def __init__(self, take: Callable[[Message], None], ignored: Callable[[], None]) -> None:
        self._take = take
        self._ignored = ignored
        self._waiting: deque[Message] = deque(maxlen=KEPT)
        self._wake = gevent.get_hub().loop.async_()
        self._wake.start(self._drain)

    def hear(self, topic: str, payload: bytes) -> None:
        """Decode a message and hand it over; call it from any thread."""
        shape = SHAPES.get(topic)
        if shape is None:
            return
        try:
            self._waiting.append(msgspec.json.decode(payload, type=shape))
        except msgspec.DecodeError:
            self._ignored()
            return
        self._wake.send()

    def close(self) -> None:
        """Hear no more."""
        self._wake.stop()
        self._wake.close()

    def _drain(self) -> None:
        while self._waiting:
            self._take(self._waiting.popleft())
