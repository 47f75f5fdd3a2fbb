"""What may go wrong on purpose: no network, no power, messages twice, messages out of order."""

from __future__ import annotations

import msgspec

from device_sim.errors import SimError

KINDS = ("dead_zone", "power_cut", "dup", "shuffle")


class Window(msgspec.Struct, frozen=True):
    """A stretch of simulated time (UTC ms, end not included) that some devices feel, all when none is named."""

    from_ms: int
    to_ms: int
    devices: frozenset[str] = frozenset()

    def holds(self, device: str, at_ms: int) -> bool:
        """Whether that device is in it at an instant."""
        return self.from_ms <= at_ms < self.to_ms and (not self.devices or device in self.devices)


class Faults(msgspec.Struct):
    """The faults of a session: `copies` of each live message; live messages drawn at random out of `shuffle` waiting ones."""

    dead_zones: list[Window] = []
    power_cuts: list[Window] = []
    copies: int = 1
    shuffle: int = 1

    def offline(self, device: str, at_ms: int) -> bool:
        """Whether the device has no network at an instant (without power it has none either)."""
        return any(w.holds(device, at_ms) for w in self.dead_zones) or self.dead(device, at_ms)

    def dead(self, device: str, at_ms: int) -> bool:
        """Whether the device has no power at an instant."""
        return any(w.holds(device, at_ms) for w in self.power_cuts)


class Fault(msgspec.Struct, forbid_unknown_fields=True):
    """One fault as a scenario names it; seconds of simulated time after the start."""

    kind: str
    from_s: float = 0.0
    to_s: float = 0.0
    devices: list[str] = []
    times: int = 2
    window: int = 10


def parse_fault(text: str) -> Fault:
    """Read `dead_zone:600-900[@DEVICE+DEVICE]`, `power_cut:600-660`, `dup:5` or `shuffle:20`; raises SimError.

    >>> parse_fault("dead_zone:600-900@ZW-1").devices
    ['ZW-1']
    """
    kind, _, rest = text.partition(":")
    rest, _, devices = rest.partition("@")
    try:
        if kind in ("dead_zone", "power_cut"):
            begin, _, end = rest.partition("-")
            return Fault(kind, float(begin), float(end), devices.split("+") if devices else [])
        if kind == "dup":
            return Fault(kind, times=int(rest))
        if kind == "shuffle":
            return Fault(kind, window=int(rest))
    except ValueError:
        pass
    raise SimError(
        f"--fault: cannot read '{text}'; write dead_zone:600-900, power_cut:600-660, dup:5 or shuffle:20"
    )


def make_faults(faults: list[Fault], start_ms: int) -> Faults:
    """Put faults on the time line that begins at `start_ms`; raises SimError for one that cannot be."""
    made = Faults()
    for fault in faults:
        window = Window(
            start_ms + round(fault.from_s * 1000),
            start_ms + round(fault.to_s * 1000),
            frozenset(fault.devices),
        )
        if fault.kind in ("dead_zone", "power_cut"):
            if window.to_ms <= window.from_ms:
                raise SimError(
                    f"fault {fault.kind}: it ends at {fault.to_s:g} s, before it begins; set to_s beyond from_s"
                )
            (made.dead_zones if fault.kind == "dead_zone" else made.power_cuts).append(window)
        elif fault.kind == "dup" and 1 <= fault.times <= 100:
            made.copies = fault.times
        elif fault.kind == "shuffle" and 1 <= fault.window <= 1000:
            made.shuffle = fault.window
        else:
            raise SimError(
                f"fault '{fault.kind}' is unknown or out of range; the kinds are {', '.join(KINDS)}"
            )
    return made
