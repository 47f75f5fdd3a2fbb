"""What a school day must have led to: worked out from the pack's files and the recorders' own log alone.

It shares no code with the server. A crew's sign-on says which trip its bus runs; a card read between sign-on and sign-off is a
ride of that trip, on and off by turns; and the guardians of guardians.csv are told of it.
"""

from __future__ import annotations

import csv
import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import msgspec

from device_sim.logbook import Entry

SAME_READING_MS = 60_000  # PROTOCOL, ride
DAY_S = 86_400


class Told(msgspec.Struct, frozen=True, order=True):
    """That a guardian is told of a child's ride: `at_ms` is the card's instant."""

    username: str
    rider: str
    trip: str
    service_on: str
    kind: str
    at_ms: int


class Ridden(msgspec.Struct, frozen=True, order=True):
    """A card that was read aboard a trip."""

    rider: str
    trip: str
    service_on: str
    dir: str
    at_ms: int


class Run(msgspec.Struct):
    """One trip as a recorder's log has it: from the first sign-on to the last sign-off (None: it is still under way)."""

    device: str
    trip: str
    service_on: str
    began_ms: int
    ended_ms: int | None = None
    rides: list[Ridden] = []


class County:
    """The pack's files, as far as they say who rides what."""

    def __init__(self, folder: Path) -> None:
        self.zone = ZoneInfo(next(_rows(folder / "agency.txt"))["agency_timezone"])
        self.rider_of_card = {row["card"]: row["id"] for row in _rows(folder / "riders.csv") if row["card"]}
        self.to_school = {row["trip_id"]: row["direction_id"] == "0" for row in _rows(folder / "trips.txt")}
        self.guardians: Mapping[str, list[str]] = defaultdict(list)
        for row in _rows(folder / "guardians.csv"):
            self.guardians[row["rider_id"]].append(row["username"])
        self.planned: Mapping[str, set[str]] = defaultdict(set)
        for row in _rows(folder / "ride_plans.csv"):
            assert row["weekdays"] == "1234567", "this witness knows of no weekdays"
            self.planned[row["trip_id"]].add(row["rider_id"])
        self.departs_s: dict[str, int] = {}
        for row in _rows(folder / "stop_times.txt"):
            if row["stop_sequence"] in ("0", "1"):
                hours, minutes, seconds = map(int, row["departure_time"].split(":"))
                departs = hours * 3600 + minutes * 60 + seconds
                self.departs_s[row["trip_id"]] = min(departs, self.departs_s.get(row["trip_id"], departs))

    def service_on(self, trip: str, t_ms: int) -> str:
        """Give the service date on which a timetable's departure lies nearest to an instant."""
        moved = datetime.fromtimestamp(t_ms / 1000, UTC) - timedelta(seconds=self.departs_s[trip])
        return f"{(moved.astimezone(self.zone) + timedelta(hours=12)).date()}"


def _rows(file: Path) -> Iterator[dict[str, str]]:
    with file.open(encoding="utf-8-sig", newline="") as lines:
        yield from csv.DictReader(lines)


def list_runs(county: County, log: Iterable[Entry]) -> list[Run]:
    """Give the trips that the recorders ran, with the cards that were read on each."""
    runs: list[Run] = []
    running: dict[str, Run] = {}
    aboard: dict[str, set[str]] = defaultdict(set)
    read: dict[tuple[str, str], int] = {}
    for one in sorted(log, key=lambda entry: (entry.device, entry.t, entry.epoch, entry.seq)):
        if one.kind not in ("duty", "ride"):
            continue
        body = json.loads(bytes(one.body))
        if one.kind == "duty":
            _sign(county, runs, running, one, body)
            continue
        card, last = body["card"], read.get((one.device, body["card"]))
        read[one.device, card] = one.t
        if last is not None and one.t - last < SAME_READING_MS:
            continue
        run = running[one.device]
        way = "off" if card in aboard[one.device] else "on"
        (aboard[one.device].discard if way == "off" else aboard[one.device].add)(card)
        run.rides.append(Ridden(county.rider_of_card[card], run.trip, run.service_on, way, one.t))
    return runs


def _sign(
    county: County, runs: list[Run], running: dict[str, Run], one: Entry, body: dict[str, object]
) -> None:
    trip = body.get("trip")
    if body["state"] == "on" and isinstance(trip, str):
        service_on = county.service_on(trip, one.t)
        run = running.get(one.device)
        if run is None or (run.trip, run.service_on) != (trip, service_on):
            running[one.device] = Run(one.device, trip, service_on, one.t)
            runs.append(running[one.device])
    elif body["state"] == "off" and one.device in running:
        running[one.device].ended_ms = one.t


def list_told(county: County, runs: Iterable[Run]) -> list[Told]:
    """Give what guardians are to be told of rides: boarded; arrived at school in the morning, alighted in the afternoon."""
    return [
        Told(username, ride.rider, ride.trip, ride.service_on, kind, ride.at_ms)
        for run in runs
        for ride in run.rides
        for kind in [
            "boarded" if ride.dir == "on" else "arrived" if county.to_school[run.trip] else "alighted"
        ]
        for username in county.guardians[ride.rider]
    ]


def list_left_out(county: County, runs: Iterable[Run]) -> set[tuple[str, str, str]]:
    """Give (rider, trip, service date) of those who were planned on a trip that has ended and whose card was not read on it."""
    return {
        (rider, run.trip, run.service_on)
        for run in runs
        if run.ended_ms is not None
        for rider in county.planned[run.trip] - {ride.rider for ride in run.rides}
    }
