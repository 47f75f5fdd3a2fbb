"""A whole `sixfixed up` on a data folder of its own, as a test starts, hurts, asks and ends it."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import psutil

from tests.conftest import ROOT
from tests.waiting import PATIENCE_S, until

ROLES = ("broker", "ingest", "web", "worker")
NATS = "nats-server"


class System:
    """One installation: its folder, its ports, its clock, and the process while it runs."""

    def __init__(self, folder: Path, http_port: int, mqtt_port: int, clock: str = "") -> None:
        self.data = folder / "data"
        self.log_file = folder / "up.log"
        self.http, self.mqtt = f"127.0.0.1:{http_port}", f"127.0.0.1:{mqtt_port}"
        self.clock = clock
        self.process: subprocess.Popen[bytes] | None = None
        self._known: list[psutil.Process] = []

    # --- commands ------------------------------------------------------------------------------------------------

    def environ(self) -> dict[str, str]:
        """Give the environment of every command: this installation's settings and nobody else's."""
        clean = {key: value for key, value in os.environ.items() if not key.startswith("SIXFIXED_")}
        settings = {"DATA": str(self.data), "HTTP": self.http, "MQTT": self.mqtt, "CLOCK": self.clock}
        return {**clean, **{f"SIXFIXED_{name}": value for name, value in settings.items() if value}}

    def command(self, *words: str, stdin: str = "") -> str:
        """Run a command of the real program to its end; give its standard output, fail on its error."""
        done = subprocess.run(
            [sys.executable, "-m", "server", *words],
            cwd=ROOT,
            env=self.environ(),
            input=stdin,
            capture_output=True,
            text=True,
            timeout=300,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    def spawn(self, *words: str) -> subprocess.Popen[bytes]:
        """Start a command of the real program, its words in the log file."""
        with self.log_file.open("ab") as log:
            return subprocess.Popen(
                [sys.executable, "-m", "server", *words],
                cwd=ROOT,
                env=self.environ(),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    # --- the run -------------------------------------------------------------------------------------------------

    def start(self, *options: str, within_s: float = 2 * PATIENCE_S) -> float:
        """Start and wait until /readyz answers 200; give how long that took (s)."""
        began = time.monotonic()
        self.process = self.spawn("up", *options)
        until(lambda: self.is_ready() or self._ended(), "ready", within_s)
        assert not self._ended(), self.log
        took_s = time.monotonic() - began
        self.remember_processes()
        return took_s

    def stop(self, how: signal.Signals = signal.SIGINT) -> float:
        """Ask it to end and wait; give how long that took (s). Its exit status must be 0."""
        assert self.process is not None
        self.remember_processes()
        began = time.monotonic()
        self.process.send_signal(how)
        assert self.process.wait(PATIENCE_S) == 0, self.log
        return time.monotonic() - began

    def end(self) -> None:
        """End whatever still runs of it, at the end of a test."""
        if self.process is not None and self.process.poll() is None:
            self.remember_processes()
            self.process.send_signal(signal.SIGINT)
            try:
                self.process.wait(PATIENCE_S)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        for process in self.left_behind():
            process.kill()

    def _ended(self) -> bool:
        return self.process is not None and self.process.poll() is not None

    # --- processes -----------------------------------------------------------------------------------------------

    def remember_processes(self) -> None:
        """Note who runs below the supervisor now."""
        assert self.process is not None
        try:
            self._known += psutil.Process(self.process.pid).children(recursive=True)
        except psutil.NoSuchProcess:
            return

    def left_behind(self) -> list[psutil.Process]:
        """List the processes of this installation, seen at some time below the supervisor, that still live."""
        return [one for one in self._known if one.is_running() and one.status() != psutil.STATUS_ZOMBIE]

    def find_pid(self, role: str) -> int | None:
        """Find the present process of a role, or nats-server's, below the supervisor."""
        assert self.process is not None
        try:
            for one in psutil.Process(self.process.pid).children(recursive=True):
                try:
                    words = " ".join(one.cmdline())
                    alive = one.status() != psutil.STATUS_ZOMBIE
                except psutil.NoSuchProcess:
                    continue
                mine = (
                    one.name() == NATS
                    if role == NATS
                    else words.startswith(f"sixfixed {role} --data {self.data}")
                )
                if mine and alive:
                    return one.pid
        except psutil.NoSuchProcess:
            return None
        return None

    def pid(self, role: str) -> int:
        """Give the present process of a role."""
        return until(lambda: self.find_pid(role), f"{role} runs") or 0

    # --- questions -----------------------------------------------------------------------------------------------

    @property
    def log(self) -> str:
        """Give what it said so far."""
        return self.log_file.read_text("utf-8", "replace") if self.log_file.exists() else ""

    def is_ready(self) -> bool:
        """Say whether /readyz answers 200."""
        return self.ask("/readyz") == 200

    def ask(self, path: str) -> int | None:
        """Give the status of a GET, None where nobody answers."""
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        try:
            with opener.open(f"http://{self.http}{path}", timeout=20) as answer:
                return int(answer.status)
        except urllib.error.HTTPError as answer:
            return answer.code
        except OSError:
            return None

    @property
    def database_file(self) -> Path:
        """Give the database's file."""
        return next(self.data.glob("*.db"))

    @contextmanager
    def database(self) -> Iterator[sqlite3.Connection]:
        """Open the database to read, beside the system that writes it."""
        with closing(
            sqlite3.connect(f"file:{self.database_file}?mode=ro", uri=True, timeout=PATIENCE_S)
        ) as connection:
            yield connection

    def value(self, query: str, *values: object) -> Any:  # noqa: ANN401 - any column
        """Give the first column of the first row, None where there is none."""
        with self.database() as connection:
            row = connection.execute(query, values).fetchone()
            return row[0] if row else None
