"""A town of three buses and a spare one as a whole `sixfixed up` of its own, and the hand of a test on what its buses do.

The demo's buses drive by themselves; here a bus stands until the test has done what is to be done at the stop. No child has a card.
"""

from __future__ import annotations

import csv
import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

import paho.mqtt.client as mqtt

from server.clock import ShiftedClock
from tests.faults.system import System
from tests.waiting import PATIENCE_S, until

START = "2026-09-21T07:00:00+08:00"  # a Monday
# A stop is reached in some seconds, and what has to be done by hand before a trip counts as late takes as many minutes.
SPEED = 6.0
FIRST_DEPARTURE, AT_SCHOOL = "07:10:00", "07:16:00"
LAT, LON, M_PER_DEG_LON = 37.5, 105.19, 88_214.0
LEG_M = 360
PACE_MS = 11.0  # m/s: 40 km/h
STEP_S, REPORT_S = 5, 15
PASSWORD = "a password of the town"
STOPS = (("A", "东园村"), ("B", "河沿村"), ("S", "第一小学"))
# Two board at the first stop, two at the second.
CHILDREN = {
    17: ("张小雨", "李明", "马晓燕", "王子轩"),
    18: ("赵一诺", "钱多多", "孙悦", "周浩然"),
    19: ("吴桐", "郑爽", "冯佳", "陈晨"),
}
SPARE = 20

Row = dict[str, object]


def lon_at(metre: float) -> float:
    """Give the longitude at a metre of the road."""
    return round(LON + metre / M_PER_DEG_LON, 7)


def write_town_pack(folder: Path) -> Path:
    """Write the pack: bus 17 drives trip R17, and so on; guardian `p17-0` is that of its first child; give the folder."""
    folder.mkdir()
    for name, rows in {**_network(), **_fleet(), **_people()}.items():
        with (folder / name).open("w", newline="", encoding="utf-8") as file:
            writer = csv.DictWriter(file, fieldnames=list(rows[0]))
            writer.writeheader()
            writer.writerows(rows)
    return folder


def _network() -> dict[str, list[Row]]:
    week = dict.fromkeys(("monday", "tuesday", "wednesday", "thursday", "friday"), 1)
    return {
        "agency.txt": [
            {"agency_id": "OP", "agency_name": "中卫校车公司", "agency_url": "https://example.org",
             "agency_timezone": "Asia/Shanghai", "agency_lang": "zh"}
        ],
        "jurisdictions.csv": [{"id": "ZW", "name": "中卫市", "level": "city"}],
        "operators.csv": [
            {"id": "OP", "jurisdiction_id": "ZW", "name": "中卫校车公司", "phone": "0955-7000000"}
        ],
        "stops.txt": [
            {"stop_id": code, "stop_name": name, "stop_lat": LAT, "stop_lon": lon_at(n * LEG_M)}
            for n, (code, name) in enumerate(STOPS)
        ],
        "schools.csv": [
            {"id": "SC", "jurisdiction_id": "ZW", "stop_id": "S", "name": "第一小学", "phone": "0955-7000001"}
        ],
        "routes.txt": [
            {"route_id": f"W{bus}", "agency_id": "OP", "route_short_name": f"{bus}路",
             "route_long_name": "东园村—第一小学", "route_type": 712}
            for bus in CHILDREN
        ],
        "shapes.txt": [
            {"shape_id": "ROAD", "shape_pt_lat": LAT, "shape_pt_lon": lon_at(n * LEG_M), "shape_pt_sequence": n}
            for n in range(len(STOPS))
        ],
        "calendar.txt": [
            {"service_id": "SCHOOL", **week, "saturday": 0, "sunday": 0, "start_date": "20260901", "end_date": "20270115"}
        ],
        "trips.txt": [
            {"route_id": f"W{bus}", "service_id": "SCHOOL", "trip_id": f"R{bus}", "direction_id": 0, "shape_id": "ROAD"}
            for bus in CHILDREN
        ],
        "stop_times.txt": [
            {"trip_id": f"R{bus}", "arrival_time": at, "departure_time": at, "stop_id": code, "stop_sequence": n}
            for bus in CHILDREN
            for n, ((code, _), at) in enumerate(zip(STOPS, (FIRST_DEPARTURE, "07:13:00", AT_SCHOOL), strict=True), 1)
        ],
    }  # fmt: skip


def _fleet() -> dict[str, list[Row]]:
    buses = (*CHILDREN, SPARE)
    names = {
        17: ("王建国", "马秀英"),
        18: ("李卫东", "杨春梅"),
        19: ("张志强", "刘桂兰"),
        SPARE: ("陈永福", "白玉兰"),
    }
    return {
        "vehicles.csv": [
            {"id": f"ZW-00{bus}", "operator_id": "OP", "plate": f"宁E·A00{bus}校", "seats": 36,
             "inspection_until": "2027-03-01", "insurance_until": "2027-03-01"}
            for bus in buses
        ],
        "devices.csv": [
            {"id": f"DEV-{bus}", "vehicle_id": f"ZW-00{bus}", "secret": f"secret of the recorder {bus}"} for bus in buses
        ],
        "people.csv": [
            {"badge": f"{letter}-{bus}", "operator_id": "OP", "role": role, "name": name, "phone": f"139000000{bus}",
             "qualified_until": "2027-09-01"}
            for bus in buses
            for letter, role, name in zip("DA", ("driver", "attendant"), names[bus], strict=True)
        ],
        "permits.csv": [
            {"id": f"P{bus}", "operator_id": "OP", "trip_id": f"R{bus}", "vehicle_id": f"ZW-00{bus}",
             "driver_badge": f"D-{bus}", "attendant_badge": f"A-{bus}", "tag": f"NX-E-00{bus}", "issuer": "教育局",
             "valid_from": "2026-09-01", "valid_until": "2027-01-31"}
            for bus in CHILDREN
        ],
    }  # fmt: skip


def _people() -> dict[str, list[Row]]:
    each = [(bus, n, name) for bus, names in CHILDREN.items() for n, name in enumerate(names)]
    staff = (
        ("desk", "operator", "OP", "调度"),
        ("gate", "school", "SC", "门卫"),
        *((f"attendant{bus}", "attendant", f"A-{bus}", "") for bus in CHILDREN),
        *((f"p{bus}-{n}", "guardian", "", f"{name[0]}家长") for bus, n, name in each),
    )
    return {
        "riders.csv": [
            {"id": f"ST-{bus}-{n}", "school_id": "SC", "name": name, "grade": "三年级"} for bus, n, name in each
        ],
        "guardians.csv": [
            {"username": f"p{bus}-{n}", "rider_id": f"ST-{bus}-{n}", "name": f"{name[0]}家长"} for bus, n, name in each
        ],
        "ride_plans.csv": [
            {"rider_id": f"ST-{bus}-{n}", "trip_id": f"R{bus}", "stop_id": "AB"[n // 2], "weekdays": "12345"}
            for bus, n, _ in each
        ],
        "users.csv": [
            {"username": username, "role": role, "scope_id": scope, "name": name, "password": PASSWORD}
            for username, role, scope, name in staff
        ],
    }  # fmt: skip


class Town:
    """The running town."""

    def __init__(self, system: System, clock: ShiftedClock) -> None:
        self.system, self.clock = system, clock
        self.url = f"http://{system.http}"
        self._buses: list[Bus] = []

    def bus(self, number: int) -> Bus:
        """Give a bus at the first stop, its driver signed on and its recorder on the line."""
        made = Bus(number, self.system.mqtt, self.clock)
        self._buses.append(made)
        made.begin()
        return made

    def rides(self) -> list[tuple[str, str]]:
        """List who was ticked on or off by hand, in order, as the database has it."""
        query = "SELECT name, dir FROM rides JOIN riders ON riders.id = rider_id WHERE \"by\" = 'attendant' ORDER BY at_ms"
        with self.system.database() as connection:
            return list(connection.execute(query))

    def leave(self) -> None:
        """Take the recorders off the line."""
        for bus in self._buses:
            bus.end()


class Bus:
    """One bus and its recorder, as PROTOCOL has it."""

    def __init__(self, number: int, address: str, clock: ShiftedClock) -> None:
        self._number, self._clock = number, clock
        self._seq, self._metre, self._spd, self._door = 0, 0.0, 0.0, 0
        self._writing, self._ended = threading.Lock(), threading.Event()
        self._device = f"DEV-{number}"
        self._reporting = threading.Thread(target=self._report, daemon=True)
        self._line = mqtt.Client(
            mqtt.CallbackAPIVersion.VERSION2, client_id=f"bus-{self._device}", clean_session=False
        )
        self._line.username_pw_set(self._device, f"secret of the recorder {number}")
        host, _, port = address.partition(":")
        self._line.connect(host, int(port))
        self._line.loop_start()
        until(self._line.is_connected, f"the recorder of bus {number} is on the line")

    def end(self) -> None:
        """Go off the line."""
        self._ended.set()
        self._reporting.join(PATIENCE_S)
        self._line.disconnect()
        self._line.loop_stop()

    def say(self, topic: str, **values: object) -> None:
        """Publish one record of now."""
        with self._writing:
            self._seq += 1
            body = {"v": 1, "seq": self._seq, "t": self._clock.now_ms(), **values}
            sent = self._line.publish(f"bus/{self._device}/{topic}", json.dumps(body), qos=1)
        sent.wait_for_publish(PATIENCE_S)

    def begin(self) -> None:
        """Sign the driver on to the permit's trip, and open the door at the first stop."""
        self.say(
            "duty", badge=f"D-{self._number}", role="driver", state="on", trip=f"R{self._number}",
            alcohol=0.0, tag=f"NX-E-00{self._number}",
        )  # fmt: skip
        self.stand(door=1)
        self._reporting.start()

    def stand(self, door: int) -> None:
        """Stand here with the door open or shut."""
        self._say_place(0, door)

    def _report(self) -> None:
        """Say where the bus is, now and then, as every recorder does: of a silent one nothing is complete."""
        while not self._ended.wait(REPORT_S / SPEED):
            self._say_place(self._spd, self._door)

    def drive(self, stop: int) -> None:
        """Shut the door, drive to the stop of this number and open it there."""
        self.stand(door=0)
        while self._metre < stop * LEG_M:
            due_ms = self._clock.now_ms() + STEP_S * 1000
            until(lambda due_ms=due_ms: self._clock.now_ms() >= due_ms, "five seconds of the town's clock")
            self._metre = min(stop * LEG_M, self._metre + PACE_MS * STEP_S)
            self._say_place(PACE_MS * 3.6 if self._metre < stop * LEG_M else 0, 0)
        self.stand(door=1)

    def alarm(self) -> None:
        """Press the driver's alarm button."""
        self.say("event", kind="sos", data={})

    def _say_place(self, spd: float, door: int) -> None:
        self._spd, self._door = spd, door
        self.say(
            "pos", lat=LAT, lon=lon_at(self._metre), spd=spd, hdg=90, acc=4.0, sat=17, fix=1, ign=1,
            door=door, lamp=door, arm=door,
        )  # fmt: skip


@contextmanager
def living(folder: Path, http: int, mqtt_port: int) -> Iterator[Town]:
    """Import the town and run it until the block ends; it is ten minutes before its trips."""
    system = System(folder, http, mqtt_port, f"start={START}")
    pack = write_town_pack(folder / "pack")
    system.command("import", str(pack))
    at_ms = time.time_ns() // 1_000_000
    system.clock = f"start={START},speed={SPEED:g},at={at_ms}"
    start_ms = round(datetime.fromisoformat(START).timestamp() * 1000)
    town = Town(system, ShiftedClock(start_ms=start_ms, at_ms=at_ms, speed=SPEED))
    try:
        system.start()
        yield town
    finally:
        town.leave()
        system.end()
