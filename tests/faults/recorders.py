"""An emulated fleet as its own process, and what its recorders wrote."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import msgspec

from device_sim.clock import parse_clock
from device_sim.errors import SimError
from device_sim.logbook import Entry, read_log
from tests.conftest import ROOT
from tests.waiting import PATIENCE_S, until


class Recorders:
    """One `device-sim run` on a pack; its log outlives its runs."""

    def __init__(self, folder: Path, pack: Path, mqtt: str, clock: str) -> None:
        self.pack = pack
        self.state = folder / "recorders"
        self.log_file = folder / "recorders.log"
        self.mqtt = mqtt
        self.clock = clock
        self.process: subprocess.Popen[bytes] | None = None

    def start(self, *options: str) -> None:
        """Let them run."""
        words = [
            "run",
            "--pack",
            str(self.pack),
            "--state",
            str(self.state),
            "--mqtt",
            self.mqtt,
            "--no-table",
        ]
        words += ["--clock", self.clock] if self.clock else []
        with self.log_file.open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "device_sim", *words, *options],
                cwd=ROOT,
                env={**os.environ, "PYTHONUNBUFFERED": "1"},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    def stop(self) -> None:
        """End them in order; what they hold stays in their log."""
        if self.process is not None and self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            self.process.wait(PATIENCE_S)

    def now_ms(self) -> int:
        """Give the instant by their clock."""
        return parse_clock(self.clock or None).now_ms()

    def written(self) -> list[Entry]:
        """List what they wrote, beside the running process."""
        try:
            return list(read_log(self.state))
        except SimError:  # they are about to make it
            return []

    def until_saved(self, before_ms: int, within_s: float) -> None:
        """Wait until the server has said of every record that was written before an instant that it is saved."""

        def unsaved() -> list[Entry]:
            return [one for one in self.written() if one.t < before_ms and not one.saved]

        try:
            until(lambda: not unsaved(), "every record saved", within_s)
        except AssertionError:
            left = unsaved()
            named = [(one.device, one.epoch, one.seq, one.kind) for one in left[:5]]
            raise AssertionError(
                f"{len(left)} records were not saved within {within_s:g} s, first {named}"
            ) from None

    def printed_log(self) -> list[Entry]:
        """Read the log as a stranger would: through `device-sim log --json`."""
        done = subprocess.run(
            [sys.executable, "-m", "device_sim", "log", "--state", str(self.state), "--json"],
            cwd=ROOT,
            capture_output=True,
            timeout=2 * PATIENCE_S,
            check=True,
        )
        return [msgspec.json.decode(line, type=Entry) for line in done.stdout.splitlines()]
