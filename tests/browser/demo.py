"""A real `sixfixed up --demo` on ports and a data folder of its own, and what a test may do to it."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import requests
from sqlalchemy import Connection, select, update

from server.adapters.db import tables as t
from server.adapters.db.engine import Database
from server.demo.accounts import AHEAD_S, next_boarding
from tests.conftest import ROOT
from tests.waiting import until

# Fast enough that a bus reaches the next stop soon and a silent one is stale after eight seconds; slow enough for a phone to follow.
SPEED = 8
# A run is like the next, whatever the hour at which it is made; DEMO_START=2026-12-31T23:58:00+08:00 makes it another's.
START = os.environ.get("DEMO_START", "2026-09-22T09:00:00+08:00")
# A family sees the bus from 15 min before its trip on (PRODUCT); a minute less, so that it does so by now.
SEEN_BEFORE_S = 840
LOOK_S = 3_600


@dataclass(frozen=True)
class Family:
    """A guardian who can log in, and the child that the page will be about."""

    username: str
    password: str
    rider_id: str
    child: str
    stop: str


class Demo:
    """The running system."""

    def __init__(self, data: Path, http: int, mqtt: int) -> None:
        self.data = data
        self.url = f"http://127.0.0.1:{http}"
        self.log = data.parent / "up.log"
        self.mqtt = f"127.0.0.1:{mqtt}"
        self.settings = ["--data", str(data), "--http", f"127.0.0.1:{http}", "--mqtt", self.mqtt]
        self.database = Database(f"sqlite:///{data / 'sixfixed.db'}")
        self.process: subprocess.Popen[bytes]

    def start(self) -> None:
        """Start, and wait until the accounts are printed, which is the last thing that a person waits for."""
        command = [
            sys.executable,
            "-m",
            "server",
            "up",
            "--demo",
            "--demo-buses",
            "6",
            *self.settings,
            "--clock",
            f"start={START},speed={SPEED}",
        ]
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(command, cwd=ROOT, stdout=log, stderr=subprocess.STDOUT)
        until(lambda: self.accounts or self.process.poll() is not None, "the demo prints its accounts", 180)
        assert self.process.poll() is None, self.log.read_text("utf-8")

    def stop(self) -> None:
        """End as Ctrl-C does; a process that was paused is woken first."""
        for role in ("up", "fleet"):
            self.resume(role)
        self.process.send_signal(signal.SIGINT)
        self.process.wait(60)
        self.database.dispose()

    @property
    def accounts(self) -> dict[str, tuple[str, str]]:
        """Give user name and password by role, as they were printed."""
        text = self.log.read_text("utf-8", "replace")
        return {
            role: (username, password)
            for role, username, password in re.findall(r"^  (\w+) +(\S+) +(\S{12,})(?:  .*)?$", text, re.M)
        }

    def now_ms(self) -> int:
        """Give the system's clock."""
        now = requests.get(f"{self.url}/api/v1/config", timeout=60).json()["now"]
        return round(datetime.fromisoformat(now).timestamp() * 1000)

    def family_boarding(self, after_s: int, into_s: int = 60, before_end_s: int = 300) -> Family:
        """Give the guardian of the child who boards soonest, but `after_s` seconds of the system's clock from now at least.

        It boards on the way, `into_s` after the trip's planned start at least (at a first stop nobody is told that the bus comes
        near) and `before_end_s` before its planned end; and the bus may be seen by now. It is the guardian's only child: the page
        begins with whichever of several matters most.
        """
        now_ms = self.now_ms()
        from_ms, last_ms = now_ms + after_s * 1000, now_ms + (after_s + LOOK_S) * 1000
        with self.database.read() as connection:
            while from_ms < last_ms:
                boarding = next_boarding(connection, from_ms)
                trip, at_ms = boarding.trip, boarding.at_ms
                if (
                    trip.planned_start_ms + into_s * 1000
                    <= at_ms
                    <= trip.planned_end_ms - before_end_s * 1000
                    and trip.planned_start_ms - now_ms < SEEN_BEFORE_S * 1000
                    and _alone(connection, boarding.rider_id)
                ):
                    name = connection.scalar(
                        select(t.riders.c.name).where(t.riders.c.id == boarding.rider_id)
                    )
                    break
                # Of several who board at the same instant only the first is given.
                from_ms = at_ms - AHEAD_S * 1000 + 1
            else:
                raise AssertionError(
                    f"no only child boards on the way within {LOOK_S} s after the next {after_s} s"
                )
        return self._family(boarding.rider_id, str(name), boarding.stop)

    def any_family(self, besides: str) -> Family:
        """Give the guardian of some child that isn't `besides` and rides on no trip with them."""
        own_trips = select(t.trip_riders.c.trip_id).where(t.trip_riders.c.rider_id == besides)
        fellows = select(t.trip_riders.c.rider_id).where(t.trip_riders.c.trip_id.in_(own_trips))
        with self.database.read() as connection:
            rows = connection.execute(
                select(t.riders.c.id, t.riders.c.name)
                .join(t.guardians, t.guardians.c.rider_id == t.riders.c.id)
                .where(t.riders.c.id != besides, t.riders.c.id.not_in(fellows))
                .order_by(t.riders.c.id)
            )
            row = next(each for each in rows.all() if _alone(connection, each.id))
        return self._family(row.id, row.name, "")

    def _family(self, rider_id: str, child: str, stop: str) -> Family:
        with self.database.read() as connection:
            username = connection.scalar(
                select(t.users.c.username)
                .join(t.guardians, t.guardians.c.user_id == t.users.c.id)
                .where(t.guardians.c.rider_id == rider_id)
                .order_by(t.users.c.username)
            )
        password = self.run("user", "passwd", str(username)).splitlines()[-1]
        return Family(str(username), password, rider_id, child, stop)

    def rename(self, family: Family, name: str) -> None:
        """Give the child another name, as an import would."""
        with self.database.write() as connection:
            connection.execute(update(t.riders).where(t.riders.c.id == family.rider_id).values(name=name))

    def run(self, *words: str) -> str:
        """Run a command of the program on this data folder; give what it printed."""
        command = [sys.executable, "-m", "server", *words, *self.settings]
        return subprocess.run(
            command, cwd=ROOT, capture_output=True, text=True, check=True, timeout=120
        ).stdout

    def pid(self, role: str) -> int | None:
        """Find the process of a role (`up`, `web`, `ingest`, `worker`, `broker`, `fleet`) among those of this data folder."""
        if role == "up":
            return self.process.pid
        word = "device_sim" if role == "fleet" else role
        for entry in Path("/proc").iterdir():
            if not entry.name.isdigit():
                continue
            try:
                words = (entry / "cmdline").read_bytes().decode("utf-8", "replace").replace("\0", " ").split()
                parent = int((entry / "stat").read_text("utf-8").rpartition(")")[2].split()[1])
            except (OSError, IndexError, ValueError):
                continue
            if parent == self.process.pid and word in words:
                return int(entry.name)
        return None

    def signal(self, role: str, number: int) -> None:
        """Send a signal to a role's process, once it is there."""
        pid = until(lambda: self.pid(role), f"a process of the role {role}")
        assert pid is not None
        os.kill(pid, number)

    def pause(self, role: str) -> None:
        """Make a role stand still without ending."""
        self.signal(role, signal.SIGSTOP)

    def resume(self, role: str) -> None:
        """Let it go on."""
        self.signal(role, signal.SIGCONT)


@contextmanager
def running(folder: Path, http: int, mqtt: int) -> Iterator[Demo]:
    """Run the demo until the block ends."""
    demo = Demo(folder / "data", http, mqtt)
    demo.start()
    try:
        yield demo
    finally:
        demo.stop()


def _alone(connection: Connection, rider_id: str) -> bool:
    """Say whether each guardian of the child has no other."""
    own = select(t.guardians.c.user_id).where(t.guardians.c.rider_id == rider_id)
    others = select(t.guardians.c.id).where(
        t.guardians.c.user_id.in_(own), t.guardians.c.rider_id != rider_id
    )
    return connection.execute(others.limit(1)).first() is None
