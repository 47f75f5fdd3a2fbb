"""Makes small county packs near Zhongwei for the emulator's tests."""

from __future__ import annotations

import csv
from pathlib import Path

LAT, LON = 37.5, 105.19
SHANGHAI_MS = 1_788_192_000_000  # 2026-09-01 00:00 at Asia/Shanghai, a Tuesday
DAY_S = 86_400


def at(clock: str, day: int = 0) -> int:
    """UTC ms of a local time of 2026-09-01 (plus days), written HH:MM or HH:MM:SS, over 24:00 too."""
    hours, minutes, *seconds = (int(part) for part in clock.split(":"))
    return SHANGHAI_MS + 1000 * (day * DAY_S + hours * 3600 + minutes * 60 + sum(seconds))


def _gtfs(seconds: int) -> str:
    return f"{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}"


class PackFolder:
    """A pack of `routes` routes with `stops` stops each and the last at a school, both ways, one bus a route.

    Each bus does the trips of `starts` (local HH:MM, `down` to school, `up` from school).
    """

    def __init__(
        self,
        folder: Path,
        starts: tuple[str, ...] = ("07:00 down", "16:30 up"),
        routes: int = 2,
        stops: int = 4,
        riders_a_stop: int = 3,
        leg_s: int = 150,
    ) -> None:
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        files: dict[str, list[dict[str, object]]] = {
            name: []
            for name in (
                "stops.txt", "routes.txt", "trips.txt", "stop_times.txt", "shapes.txt", "schools.csv", "vehicles.csv",
                "devices.csv", "people.csv", "permits.csv", "riders.csv", "ride_plans.csv",
            )
        }  # fmt: skip
        self.files = files
        files["agency.txt"] = [
            {"agency_id": "O1", "agency_name": "Buses", "agency_url": "https://example.org",
             "agency_timezone": "Asia/Shanghai"}
        ]  # fmt: skip
        days = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
        files["calendar.txt"] = [
            {
                "service_id": "every",
                **dict.fromkeys(days, 1),
                "start_date": "20260101",
                "end_date": "20271231",
            }
        ]
        for r in range(1, routes + 1):
            self._route(r, starts, stops, riders_a_stop, leg_s)
        for name, rows in files.items():
            self.write(name, rows)

    def write(self, name: str, rows: list[dict[str, object]]) -> None:
        """Write one file."""
        with (self.folder / name).open("w", newline="", encoding="utf-8") as stream:
            if rows:
                writer = csv.DictWriter(stream, list(rows[0]))
                writer.writeheader()
                writer.writerows(rows)

    def _route(self, r: int, starts: tuple[str, ...], stops: int, riders_a_stop: int, leg_s: int) -> None:
        f = self.files
        # East along a road with a corner at every stop: 900 m and a 300 m step north for each leg.
        line: list[tuple[float, float]] = []
        for i in range(stops):
            line.append((LAT + 0.03 * r + 0.0027 * i, LON + 0.0102 * i))
            if i < stops - 1:
                line.append((LAT + 0.03 * r + 0.0027 * i, LON + 0.0102 * (i + 1)))
        for i in range(stops):
            # The sign stands 8 m off the road.
            f["stops.txt"].append(
                {"stop_id": f"S{r}-{i}", "stop_name": f"Stop {r}-{i}", "stop_lat": line[2 * i][0] + 0.00007,
                 "stop_lon": line[2 * i][1]}
            )  # fmt: skip
        f["schools.csv"].append(
            {"id": f"SCH{r}", "jurisdiction_id": "J", "stop_id": f"S{r}-{stops - 1}", "name": f"School {r}"}
        )
        f["routes.txt"].append(
            {"route_id": f"R{r}", "agency_id": "O1", "route_short_name": str(r), "route_type": 3}
        )
        for name, points in ((f"R{r}-down", line), (f"R{r}-up", line[::-1])):
            f["shapes.txt"] += [
                {"shape_id": name, "shape_pt_lat": lat, "shape_pt_lon": lon, "shape_pt_sequence": i}
                for i, (lat, lon) in enumerate(points)
            ]
        f["vehicles.csv"].append({"id": f"V{r}", "operator_id": "O1", "plate": f"P{r}", "seats": 40})
        f["devices.csv"].append({"id": f"ZW-{r:04}", "vehicle_id": f"V{r}", "secret": f"secret-of-bus-{r}"})
        f["people.csv"] += [
            {"badge": f"D-{r}", "operator_id": "O1", "role": "driver", "name": "D"},
            {"badge": f"A-{r}", "operator_id": "O1", "role": "attendant", "name": "A"},
        ]
        for n in range(riders_a_stop * (stops - 1)):
            f["riders.csv"].append(
                {"id": f"K{r}-{n}", "school_id": f"SCH{r}", "name": f"K {n}", "card": f"{r:02}{n:04}AB"}
            )
        for start in starts:
            clock, way = start.split()
            hours, minutes = (int(part) for part in clock.split(":"))
            begin = hours * 3600 + minutes * 60
            trip = f"R{r}-{way}-{clock.replace(':', '')}"
            f["trips.txt"].append(
                {"route_id": f"R{r}", "service_id": "every", "trip_id": trip,
                 "direction_id": 0 if way == "down" else 1, "shape_id": f"R{r}-{way}"}
            )  # fmt: skip
            order = list(range(stops)) if way == "down" else list(range(stops))[::-1]
            for i, stop in enumerate(order):
                time = _gtfs(begin + i * leg_s)
                f["stop_times.txt"].append(
                    {"trip_id": trip, "arrival_time": time, "departure_time": time, "stop_id": f"S{r}-{stop}",
                     "stop_sequence": i + 1}
                )  # fmt: skip
            f["permits.csv"].append(
                {"id": f"PM-{trip}", "operator_id": "O1", "trip_id": trip, "vehicle_id": f"V{r}", "driver_badge": f"D-{r}",
                 "attendant_badge": f"A-{r}", "tag": f"TAG-{r}", "issuer": "J", "valid_from": "2026-01-01",
                 "valid_until": "2027-12-31"}
            )  # fmt: skip
            for n in range(riders_a_stop * (stops - 1)):
                f["ride_plans.csv"].append(
                    {"rider_id": f"K{r}-{n}", "trip_id": trip, "stop_id": f"S{r}-{n // riders_a_stop}",
                     "weekdays": "1234567"}
                )  # fmt: skip
