"""Reading a county pack's folder, with file, line and column in every complaint."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from zoneinfo import ZoneInfo

from device_sim.csvfile import Row, read_rows
from device_sim.errors import SimError
from device_sim.pack import Call, Device, Pack, Permit, RidePlan, Service, Stop, Timetable
from device_sim.service_time import find_zone, parse_date, parse_seconds

_DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


def read_pack(folder: Path) -> Pack:
    """Read the pack in a folder; raises SimError."""
    if not folder.is_dir():
        raise SimError(f"--pack: {folder} is no folder; name one that holds a county pack")
    zones: list[ZoneInfo] = [
        find_zone(row.need("agency_timezone")) for row in read_rows(folder, "agency.txt", True)
    ]
    if not zones:
        raise SimError(f"{folder}/agency.txt has no agency; give it one with its agency_timezone")
    stops = {row.need("stop_id"): _stop(row) for row in read_rows(folder, "stops.txt", True)}
    calls = _read_calls(folder, stops)
    timetables: dict[str, Timetable] = {}
    for row in read_rows(folder, "trips.txt", True):
        trip_id = row.need("trip_id")
        if len(calls.get(trip_id, ())) >= 2:
            timetables[trip_id] = Timetable(
                trip_id,
                row.text("route_id"),
                row.need("service_id"),
                row.text("direction_id") == "1",
                row.text("shape_id"),
                calls[trip_id],
            )
    return Pack(
        zone=zones[0],
        stops=stops,
        timetables=timetables,
        services=_read_services(folder),
        shapes=_read_shapes(folder),
        devices=_read_devices(folder),
        permits=_read_permits(folder, timetables),
        plans=_read_plans(folder),
    )


def read_secrets(path: Path) -> dict[str, str]:
    """Read the secrets of devices from a CSV file with the columns id and secret."""
    if not path.is_file():
        raise SimError(f"--secrets: {path} is no file; name a CSV file with the columns id,secret")
    return {row.need("id"): row.need("secret") for row in read_rows(path.parent, path.name, True)}


def _stop(row: Row) -> Stop:
    return Stop(row.need("stop_id"), row.text("stop_name"), row.number("stop_lat"), row.number("stop_lon"))


def _seconds(row: Row, column: str) -> int | None:
    text = row.text(column)
    try:
        return parse_seconds(text) if text else None
    except ValueError:
        raise row.fault(column, f"'{text}' is no time; write it like 07:05:00") from None


def _date(row: Row, column: str) -> date:
    text = row.need(column)
    try:
        return parse_date(text)
    except ValueError:
        raise row.fault(column, f"'{text}' is no date; write it like 2026-09-01") from None


def _read_calls(folder: Path, stops: dict[str, Stop]) -> dict[str, tuple[Call, ...]]:
    raw: dict[str, list[tuple[float, str, int | None, int | None]]] = defaultdict(list)
    for row in read_rows(folder, "stop_times.txt", True):
        stop_id = row.need("stop_id")
        if stop_id not in stops:
            raise row.fault("stop_id", f"'{stop_id}' is not in stops.txt")
        arrival, departure = _seconds(row, "arrival_time"), _seconds(row, "departure_time")
        raw[row.need("trip_id")].append((row.number("stop_sequence"), stop_id, arrival, departure))
    return {trip_id: tuple(_fill(sorted(rows))) for trip_id, rows in raw.items()}


def _fill(rows: list[tuple[float, str, int | None, int | None]]) -> Iterator[Call]:
    """Give a stop without times its even share of the time between its timed neighbours (GTFS leaves them blank)."""
    known: list[tuple[int, int, int]] = []
    for at, (_, _, arrival, departure) in enumerate(rows):
        arrived = arrival if arrival is not None else departure
        left = departure if departure is not None else arrival
        if arrived is not None and left is not None:
            known.append((at, arrived, left))
    for at, (_, stop_id, _, _) in enumerate(rows):
        before = [item for item in known if item[0] <= at]
        after = [item for item in known if item[0] >= at]
        if not before or not after:
            return
        if before[-1][0] == at:
            yield Call(stop_id, before[-1][1], before[-1][2])
        else:
            share = (at - before[-1][0]) / (after[0][0] - before[-1][0])
            even = round(before[-1][2] + share * (after[0][1] - before[-1][2]))
            yield Call(stop_id, even, even)


def _read_services(folder: Path) -> dict[str, Service]:
    services: dict[str, Service] = {}
    for row in read_rows(folder, "calendar.txt"):
        weekdays = frozenset(number for number, day in enumerate(_DAYS, 1) if row.text(day) == "1")
        services[row.need("service_id")] = Service(weekdays, _date(row, "start_date"), _date(row, "end_date"))
    for row in read_rows(folder, "calendar_dates.txt"):
        service = services.setdefault(row.need("service_id"), Service())
        on = _date(row, "date")
        if row.text("exception_type") == "2":
            service.removed.add(on)
        else:
            service.added[on] = int(row.number("as_weekday")) if row.text("as_weekday") else on.isoweekday()
    return services


def _read_shapes(folder: Path) -> dict[str, list[tuple[float, float]]]:
    raw: dict[str, list[tuple[float, float, float]]] = defaultdict(list)
    for row in read_rows(folder, "shapes.txt"):
        place = (row.number("shape_pt_sequence"), row.number("shape_pt_lat"), row.number("shape_pt_lon"))
        raw[row.need("shape_id")].append(place)
    return {shape_id: [(lat, lon) for _, lat, lon in sorted(points)] for shape_id, points in raw.items()}


def _read_devices(folder: Path) -> dict[str, Device]:
    rows = read_rows(folder, "devices.csv", True)
    return {
        row.need("id"): Device(row.need("id"), row.need("vehicle_id"), row.text("secret")) for row in rows
    }


def _read_permits(folder: Path, timetables: dict[str, Timetable]) -> dict[str, list[Permit]]:
    permits: dict[str, list[Permit]] = defaultdict(list)
    for row in read_rows(folder, "permits.csv", True):
        permit = Permit(
            row.need("trip_id"),
            row.need("vehicle_id"),
            row.need("driver_badge"),
            row.text("attendant_badge"),
            row.text("tag"),
            _date(row, "valid_from"),
            _date(row, "valid_until"),
        )
        if permit.trip_id not in timetables:
            raise row.fault("trip_id", f"'{permit.trip_id}' is no timetable with two stops in trips.txt")
        permits[permit.vehicle_id].append(permit)
    return permits


def _read_plans(folder: Path) -> dict[str, list[RidePlan]]:
    school_stops = {row.need("id"): row.text("stop_id") for row in read_rows(folder, "schools.csv")}
    riders: dict[str, tuple[str, str]] = {}
    for row in read_rows(folder, "riders.csv"):
        riders[row.need("id")] = (row.text("card"), school_stops.get(row.text("school_id"), ""))
    plans: dict[str, list[RidePlan]] = defaultdict(list)
    for row in read_rows(folder, "ride_plans.csv"):
        rider_id = row.need("rider_id")
        if rider_id not in riders:
            raise row.fault("rider_id", f"'{rider_id}' is not in riders.csv")
        card, school_stop = riders[rider_id]
        weekdays = frozenset(int(day) for day in row.text("weekdays", "12345") if day in "1234567")
        plans[row.need("trip_id")].append(
            RidePlan(rider_id, card, row.need("stop_id"), school_stop, weekdays)
        )
    return plans
