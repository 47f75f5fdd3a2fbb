"""What a vehicle has to do: its timetables on their service dates, in the order in which they begin."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Literal

import msgspec
from msgspec.structs import replace

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


class Told(msgspec.Struct, frozen=True):
    """A run as the server's `plan` names it; badges are missing where nobody is planned. `start`: when it begins, UTC ms."""

    trip: str
    driver: str | None = None
    attendant: str | None = None
    start: int | None = None


class DayPlan(msgspec.Struct, frozen=True):
    """What the server says that a bus has to run on a service date."""

    service_date: date
    trips: list[Told]


class Runs:
    """The runs of one vehicle, worked out date by date when asked for: by its permits, or as the server told it for a date."""

    def __init__(self, pack: Pack, vehicle_id: str, *, anyway: bool = False) -> None:
        """`anyway`: also what its permits name is run on dates on which they are not valid."""
        self._anyway = anyway
        self._pack = pack
        self._vehicle_id = vehicle_id
        self._permits = pack.permits.get(vehicle_id, [])
        self._days: dict[date, list[Run]] = {}
        self._told: dict[date, list[Permit]] = {}
        self._starts: dict[tuple[date, str], int | None] = {}
        self._taken: dict[date, list[Permit]] = {}
        self._left: set[tuple[int, str]] = set()

    def leave(self, run: Run) -> None:
        """Leave a run out, since another bus does it."""
        self._left.add(run.key)
        self._days.pop(run.on, None)

    def take(self, run: Run, crew: Literal["run", "own"]) -> None:
        """Do another vehicle's run, with its crew or the own one; the plate is the own one."""
        own = next(iter(self._permits), None)
        by = own if own is not None and crew == "own" else run.permit
        permit = Permit(
            run.timetable.id, self._vehicle_id, by.driver_badge, by.attendant_badge, self._tag, run.on, run.on
        )
        self._taken.setdefault(run.on, []).append(permit)
        self._days.pop(run.on, None)

    @property
    def _tag(self) -> str:
        return next((each.tag for each in self._permits), "")

    def heed(self, plan: DayPlan) -> int:
        """Run on a date what the server says instead of what the permits say; give how many of its trips are known here.

        A crew that drives whatever its permit says drives on by one that has lapsed.
        """
        on = plan.service_date
        as_told = (self._as_told(told, on) for told in plan.trips if told.trip in self._pack.timetables)
        found = [permit for permit in as_told if permit is not None]
        if self._anyway:
            lapsed = (each for each in self._permits if not each.valid_from <= on <= each.valid_until)
            named = {permit.trip_id for permit in found}
            self._told[on] = [*found, *(each for each in lapsed if each.trip_id not in named)]
        else:
            self._told[on] = found
        self._starts |= {(on, told.trip): told.start for told in plan.trips}
        self._days.pop(on, None)
        return len(found)

    def _as_told(self, told: Told, on: date) -> Permit | None:
        """Give the permit by which a run that the server names is driven: the own one where it says the same."""
        own = next(
            (
                each
                for each in self._permits
                if each.trip_id == told.trip and (self._anyway or each.valid_from <= on <= each.valid_until)
            ),
            None,
        )
        if told.driver is None:
            return own
        said = (told.driver, told.attendant or "")
        if own is not None and (own.driver_badge, own.attendant_badge or "") == said:
            return own
        # The plate stays on its bus, whatever the bus drives.
        tag = own.tag if own else self._tag
        return Permit(told.trip, self._vehicle_id, *said, tag, on, on)

    @property
    def trip_ids(self) -> list[str]:
        """The timetables this vehicle has permits for."""
        more = [
            permit for days in (self._told, self._taken) for permits in days.values() for permit in permits
        ]
        return sorted({permit.trip_id for permit in (*self._permits, *more)})

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
        for permit in (*self._told.get(on, self._permits), *self._taken.get(on, ())):
            timetable = self._pack.timetables[permit.trip_id]
            service = self._pack.services.get(timetable.service_id)
            weekday = service.weekday_on(on) if service else None
            if weekday is not None and (self._anyway or permit.valid_from <= on <= permit.valid_until):
                run = Run(permit, timetable, on, weekday, origin)
                start_ms = self._starts.get((on, timetable.id))
                if start_ms is not None:  # all of it so much later or earlier
                    run = replace(run, origin_ms=origin + start_ms - run.departure_ms(0))
                runs.append(run)
        return [run for run in runs if run.key not in self._left]
