"""Everything that a bus is at an instant: written down with its records, read again, it goes on as if nothing had been."""

from __future__ import annotations

import msgspec

from device_sim.doors import Passing, Seat
from device_sim.gps import Gps


class Due(msgspec.Struct, array_like=True, frozen=True):
    """Something that the crew will do at an instant."""

    at_ms: int
    what: str


class BusState(msgspec.Struct):
    """The state of one bus.

    `road` says which path `metre` counts along: a trip's, a way there, or none (it stands); `stop_index` which halt it is at or
    makes for.
    """

    t_ms: int
    dice: int
    lat: float
    lon: float
    heading: float
    odo_m: float
    reported_ms: int
    phase: str = "parked"
    road: str = "none"
    metre: float = 0.0
    speed: float = 0.0
    mood: float = 1.0
    run_key: tuple[int, str] | None = None
    last_key: tuple[int, str] = (0, "")
    stop_index: int = 0
    opened_ms: int = 0
    close_after_ms: int = 0
    ign: bool = False
    door: bool = False
    reported: tuple[bool, bool] = (False, False)
    moving_s: int = 5
    parked_s: int = 60
    aboard: dict[str, Seat] = {}
    passings: list[Passing] = []
    agenda: list[Due] = []
    gps: Gps = msgspec.field(default_factory=Gps)
    runs_done: int = 0
    ajar_until_ms: int = 0

    @property
    def door_seen(self) -> bool:
        """Whether the door's contact says open: it may, for a while, when the crew thinks that it is shut."""
        return self.door or self.t_ms < self.ajar_until_ms


_encoder = msgspec.json.Encoder()
_decoder = msgspec.json.Decoder(BusState)


def write_state(state: BusState) -> bytes:
    """The state as JSON."""
    return _encoder.encode(state)


def read_state(text: bytes) -> BusState | None:
    """The state of `write_state`; None when it was written by another version of this program."""
    try:
        return _decoder.decode(text)
    except msgspec.DecodeError:
        return None
