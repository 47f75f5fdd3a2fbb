"""Who deviates when: the deviations of a session, given out run by run."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeVar

from device_sim.deviations import (
    AnyDeviation,
    ClockSkew,
    Deviation,
    DrivesAnyway,
    Stranger,
    TakesRun,
    find_device,
)

D = TypeVar("D", bound=Deviation)


class Script:
    """What one bus does otherwise than planned on one run."""

    __slots__ = ("_deviations",)

    def __init__(self, deviations: Iterable[AnyDeviation] = ()) -> None:
        self._deviations = tuple(deviations)

    def find(self, kind: type[D]) -> D | None:
        """The first deviation of a kind."""
        return next(iter(self.list(kind)), None)

    def list(self, kind: type[D]) -> tuple[D, ...]:
        """The deviations of a kind."""
        return tuple(one for one in self._deviations if isinstance(one, kind))

    def __bool__(self) -> bool:
        return bool(self._deviations)


AS_PLANNED = Script()


class Scripts:
    """The deviations of a session's buses; raises SimError where one names a bus that isn't there."""

    def __init__(self, deviations: Iterable[AnyDeviation] = (), devices: Iterable[str] = ()) -> None:
        self._devices = list(devices)
        self._deviations: list[tuple[AnyDeviation, str | None]] = []
        for one in deviations:
            bus = None if one.bus is None else self.device(one.bus, one)
            if isinstance(one, TakesRun | Stranger):
                self.device(one.of, one)
            self._deviations.append((one, bus))

    def of(self, device: str, number: int) -> Script:
        """What a bus does otherwise on the run of that number, from 0."""
        if not self._deviations:
            return AS_PLANNED
        return Script(
            one
            for one, bus in self._deviations
            if bus in (None, device) and one.run in (None, number) and not isinstance(one, TakesRun)
        )

    def skew_ms(self, device: str) -> int:
        """How far a bus's clock is ahead."""
        return sum(
            round(one.by_s * 1000)
            for one, bus in self._deviations
            if isinstance(one, ClockSkew) and bus in (None, device)
        )

    def drives_anyway(self, device: str) -> bool:
        """Whether a bus does what its permits named once, though they are out of date."""
        return any(isinstance(one, DrivesAnyway) and bus in (None, device) for one, bus in self._deviations)

    def taken(self) -> list[TakesRun]:
        """The runs that a bus does for another."""
        return [one for one, _ in self._deviations if isinstance(one, TakesRun)]

    def device(self, bus: int | str, deviation: AnyDeviation) -> str:
        """The device of the bus that a deviation names; raises SimError."""
        return find_device(bus, self._devices, str(deviation.__struct_config__.tag))
