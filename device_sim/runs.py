"""What a vehicle has to do: its timetables on their service dates, in the order in which they begin."""

from __future__ import annotations

from datetime import date, timedelta

import msgspec

from device_sim.pack import Pack, Permit, Timetable
from device_sim.service_time import date_at, origin_ms

LOOK_AHEAD_DAYS = 40


class Run(msgspec.Struct, frozen=True):
    """One timetable on one service date, by one permit."""

    permit: Permit
    timetable: Timetable
    on: date
    weekday: int
    origin_ms: int

    @property
    def key(self) -> tuple[int, str]:
        """Planned start and timetable: what runs of a vehicle are told apart and put in order by."""
        return self.departure_ms(0), self.timetable.id

    @property
    def end_ms(self) -> int:
        """Planned arrival at the last stop."""
        return self.origin_ms + self.timetable.calls[-1].arrival_s * 1000

    def departure_ms(self, index: int) -> int:
        """Planned departure from a stop."""
        return self.origin_ms + self.timetable.calls[index].departure_s * 1000

    def arrival_ms(self, index: int) -> int:
        """Planned arrival at a stop."""
        return self.origin_ms + self.timetable.calls[index].arrival_s * 1000


class Runs:
    """The runs of one vehicle, worked out date by date when asked for."""

    def __init__(self, pack: Pack, vehicle_id: str) -> None:
        self._pack = pack
        self._permits = pack.permits.get(vehicle_id, [])
        self._days: dict[date, list[Run]] = {}

    @property
    def trip_ids(self) -> list[str]:
        """The timetables this vehicle has permits for."""
        return sorted({permit.trip_id for permit in self._permits})

    def find_next(self, after: tuple[int, str], not_ended_at: int) -> Run | None:
        """The first run beyond the key `after` that is planned to end later than an instant; None in 40 days."""
        first = date_at(not_ended_at, self._pack.zone) - timedelta(days=2)
        best: Run | None = None
        for offset in range(LOOK_AHEAD_DAYS):
            on = first + timedelta(days=offset)
            # Times over 24:00 overlap the next day, never the one after next: then nothing earlier can come.
            if best and origin_ms(on, self._pack.zone) > best.key[0]:
                break
            for run in self._on(on):
                if run.key > after and run.end_ms > not_ended_at and (best is None or run.key < best.key):
                    best = run
        return best

    def find(self, key: tuple[int, str]) -> Run | None:
        """The run of that key."""
        around = date_at(key[0], self._pack.zone)
        for offset in range(-3, 2):
            for run in self._on(around + timedelta(days=offset)):
                if run.key == key:
                    return run
        return None

    def _on(self, on: date) -> list[Run]:
        if on not in self._days:
            if len(self._days) > LOOK_AHEAD_DAYS + 10:
                self._days.clear()
            self._days[on] = sorted(self._make(on), key=lambda run: run.key)
        return self._days[on]

    def _make(self, on: date) -> list[Run]:
        origin = origin_ms(on, self._pack.zone)
        runs = []
        for permit in self._permits:
            timetable = self._pack.timetables[permit.trip_id]
            service = self._pack.services.get(timetable.service_id)
            weekday = service.weekday_on(on) if service else None
            if weekday is not None and permit.valid_from <= on <= permit.valid_until:
                runs.append(Run(permit, timetable, on, weekday, origin))
        return runs
