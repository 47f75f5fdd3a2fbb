"""The emulator's standard county as a whole `sixfixed up` of its own: a morning in which the first bus did several things wrong.

The recorders' past is driven before the system hears of it and comes as their backlog, so that no test waits for a bus.
"""

from __future__ import annotations

import csv
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from importlib import resources
from pathlib import Path

from server.clock import ShiftedClock
from tests.builders.standard_pack import write_standard_pack
from tests.conftest import ROOT
from tests.faults.system import System
from tests.waiting import PATIENCE_S, until

DAY = "2026-09-21"
# The recorders are switched on before the first trip (07:10); the system starts in the second one (07:40), when its first bus has
# just left the stop at which a child got off that lives elsewhere.
DRIVEN_FROM, DRIVEN_TO = f"{DAY}T07:03:00+08:00", f"{DAY}T07:05:00+08:00"
START = f"{DAY}T07:46:30+08:00"
SPEED = 2.0
# What is wrong with this morning: the emulator's own scenarios, all of the first bus.
SCENARIOS = ("off_route", "overspeed", "lamps_off", "wrong_stop_alighting")
TRIP, LATER = "AM-1", "PM-1"
LOST = "K1-0-0"  # the child of `wrong_stop_alighting`
PASSWORD = "a password of the county"
STAFF = (("desk", "operator", "OP"), ("watch", "regulator", "J"))


class County:
    """The running county."""

    def __init__(self, system: System, clock: ShiftedClock) -> None:
        self.system, self.clock = system, clock
        self.url = f"http://{system.http}"

    def kinds(self) -> set[str]:
        """Give the kinds of what was found on the trips of the first bus and stands."""
        query = "SELECT DISTINCT kind FROM findings JOIN trips ON trips.id = trip_id WHERE code IN (?, ?) AND withdrawn_at_ms IS NULL"
        with self.system.database() as connection:
            return {str(kind) for (kind,) in connection.execute(query, (TRIP, LATER))}


def write_pack(folder: Path) -> Path:
    """Write the standard county with people who can log in; give the folder."""
    write_standard_pack(folder)
    file = folder / "users.csv"
    with file.open(encoding="utf-8", newline="") as lines:
        users = list(csv.DictReader(lines))
    for user in users:
        user.update(scope_id="", password=PASSWORD if user["username"] == f"p-{LOST}" else "")
    users += [
        {"username": name, "role": role, "scope_id": scope, "password": PASSWORD}
        for name, role, scope in STAFF
    ]
    with file.open("w", encoding="utf-8", newline="") as lines:
        writer = csv.DictWriter(lines, ["username", "role", "scope_id", "password"])
        writer.writeheader()
        writer.writerows(users)
    return folder


def write_scenario(file: Path) -> Path:
    """Put the deviations of the scenarios together; give the file."""
    folder = resources.files("device_sim") / "scenarios"
    parts = [(folder / f"{name}.toml").read_text("utf-8") for name in SCENARIOS]
    # A bus on a detour doesn't race as well: that it does on the next leg.
    parts = [part.replace("at = 1.1", "at = 2.1") for part in parts]
    deviations = "\n".join(part[part.index("[[deviation]]") :] for part in parts)
    file.write_text(f'title = "A bad morning"\nshows = "what a desk has to do"\n{deviations}', "utf-8")
    return file


class Recorders:
    """The emulator as a process of its own, on the county's pack."""

    def __init__(self, folder: Path, pack: Path, mqtt: str) -> None:
        self._words = [
            sys.executable, "-m", "device_sim", "run", "--pack", str(pack), "--mqtt", mqtt, "--absent", "0", "--no-table",
            "--state", str(folder / "recorders"), "--scenario", str(write_scenario(folder / "scenario.toml")),
        ]  # fmt: skip
        self._log = folder / "recorders.log"
        self._process: subprocess.Popen[bytes] | None = None

    def _spawn(self, *words: str) -> subprocess.Popen[bytes]:
        clean = {key: value for key, value in os.environ.items() if not key.startswith("SIXFIXED_")}
        with self._log.open("ab") as log:
            return subprocess.Popen([*self._words, *words], cwd=ROOT, env=clean, stdout=log, stderr=log)

    def switch_on(self) -> None:
        """Let them be on for two minutes before the first trip: from then on they are driven to whatever the clock says."""
        done = self._spawn("--clock", f"start={DRIVEN_FROM},speed=60", "--until", DRIVEN_TO).wait(PATIENCE_S)
        assert done == 0, self._log.read_text("utf-8", "replace")

    def start(self, clock: str) -> None:
        """Drive to the present, and on."""
        self._process = self._spawn("--clock", clock)

    def stop(self) -> None:
        """End as Ctrl-C does."""
        if self._process is not None:
            self._process.send_signal(signal.SIGINT)
            self._process.wait(PATIENCE_S)


@contextmanager
def bad_morning(folder: Path, http: int, mqtt: int) -> Iterator[County]:
    """Run the county until the block ends; what went wrong in its morning is found."""
    system = System(folder, http, mqtt, f"start={START}")
    pack = write_pack(folder / "pack")
    system.command("import", str(pack))
    recorders = Recorders(folder, pack, system.mqtt)
    recorders.switch_on()
    at_ms = time.time_ns() // 1_000_000
    system.clock = f"start={START},speed={SPEED:g},at={at_ms}"
    start_ms = round(datetime.fromisoformat(START).timestamp() * 1000)
    county = County(system, ShiftedClock(start_ms=start_ms, at_ms=at_ms, speed=SPEED))
    try:
        system.start()
        recorders.start(system.clock)
        wrong = {"off_route", "overspeed", "lamps_off", "wrong_stop"}
        until(lambda: wrong <= county.kinds(), f"the morning's findings: {sorted(wrong)}")
        yield county
    finally:
        recorders.stop()
        system.end()
