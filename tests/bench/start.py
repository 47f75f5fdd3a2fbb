"""`make bench-start`: how long `sixfixed up` takes on a data folder that is there already, until /readyz answers 200.

`python -m tests.bench.start [--runs N] [--buses N] [--riders N] [--imports]`. Goal (QUALITY, Speed): at most 3 s. Beside it stands what
cannot be spared: the interpreter with each role's modules, one after another, and nats-server alone.
"""

from __future__ import annotations

import argparse
import contextlib
import http.client
import os
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Final, NamedTuple

import psutil

from tests.bench.roles import free_port
from tests.bench.spread import Spread
from tests.bench.throughput import CLOCK, Plan, make_template
from tests.conftest import ROOT

_LOOK_S: Final = 0.01
_PATIENCE_S: Final = 60.0
_END_S: Final = 15.0
# What each role's process loads before it does anything: bootstrap's own imports are inside its functions.
MODULES: Final = {
    "broker": ("server.bootstrap", "server.adapters.mqtt.broker"),
    "ingest": ("server.bootstrap", "server.adapters.db.ingest_store", "server.adapters.mqtt.subscriber", "server.service.ingest"),
    "web": ("server.bootstrap", "server.adapters.db.web_store", "server.api.app", "server.live.attach", "server.adapters.push.gate"),
    "worker": ("server.bootstrap", "server.jobs.scheduler", "server.service.push_delivery", "server.adapters.push.sender"),
}  # fmt: skip


class Start(NamedTuple):
    """One start: seconds to /readyz, processor seconds of all its processes until then, load average of the machine."""

    ready_s: float
    cpu_s: float
    load: float


def main() -> int:
    """Measure and print."""
    options = _options()
    if options.imports:
        for role in MODULES:
            print(f"{role}: {_load(role):.2f} s of processor to load")
        return 0
    with tempfile.TemporaryDirectory() as name:
        plan = Plan(options.buses, options.riders, 0)
        data = make_template(Path(name), plan)
        measure_start(data)  # makes keys and the broker's store: what is measured is a later start
        found, loads = [], []
        for _ in range(options.runs):
            found.append(measure_start(data))
            loads.append(sum(_load(role) for role in MODULES))
    print(f"\n{options.buses} buses, {options.buses * options.riders} riders, SQLite, the embedded broker")
    for spread in (
        Spread("start to /readyz", "s", [one.ready_s for one in found]),
        Spread("processor time of all processes until then", "s", [one.cpu_s for one in found]),
        Spread("the roles' modules alone, processor", "s", loads),
        Spread("load average beside it", "", [one.load for one in found]),
    ):
        print("  " + spread.line(), flush=True)
    return 0


def measure_start(data: Path) -> Start:
    """Start everything on the data folder, wait for /readyz, end it."""
    _forget_heartbeats(data)
    port = free_port()
    settings = {"DATA": data, "HTTP": f"127.0.0.1:{port}", "MQTT": f"127.0.0.1:{free_port()}", "CLOCK": CLOCK}
    bare = {key: value for key, value in os.environ.items() if not key.startswith("SIXFIXED_")}
    environ = bare | {f"SIXFIXED_{key}": str(value) for key, value in settings.items()}
    load = os.getloadavg()[0]
    with (data.parent / "up.log").open("wb") as log:
        began = time.perf_counter()
        process = subprocess.Popen(
            [sys.executable, "-m", "server", "up"],
            cwd=ROOT, env=environ, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True,
        )  # fmt: skip
    try:
        while not _is_ready(port):
            if process.poll() is not None or time.perf_counter() - began > _PATIENCE_S:
                said = (data.parent / "up.log").read_text("utf-8", "replace")
                raise RuntimeError(f"not ready within {_PATIENCE_S:g} s; it said:\n{said}")
            time.sleep(_LOOK_S)
        ready_s = time.perf_counter() - began
        return Start(ready_s, _cpu_s(process.pid), load)
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(_END_S)


def _forget_heartbeats(data: Path) -> None:
    """Take away what the roles of the run before left: for ten seconds /readyz would take them for alive."""
    with contextlib.closing(sqlite3.connect(data / "sixfixed.db", timeout=10)) as connection, connection:
        connection.execute("DELETE FROM counters WHERE name LIKE 'alive.%'")


def _is_ready(port: int) -> bool:
    line = http.client.HTTPConnection("127.0.0.1", port, timeout=2)
    try:
        line.request("GET", "/readyz")
        return line.getresponse().status == 200
    except (OSError, http.client.HTTPException):
        return False
    finally:
        line.close()


def _cpu_s(pid: int) -> float:
    """Add up what the process, those below it and those of them that have ended have used."""
    main = psutil.Process(pid)
    times = [each.cpu_times() for each in (main, *main.children(recursive=True))]
    return sum(t.user + t.system + t.children_user + t.children_system for t in times)


def _load(role: str) -> float:
    """Give the processor seconds that an interpreter takes to load a role's modules and end."""
    words = f"import {', '.join(MODULES[role])}"
    before = os.times()
    subprocess.run([sys.executable, "-c", words], cwd=ROOT, check=True)
    after = os.times()
    return after.children_user + after.children_system - before.children_user - before.children_system


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--buses", type=int, default=46)
    parser.add_argument("--riders", type=int, default=45, help="on each bus")
    parser.add_argument("--imports", action="store_true", help="only what loading each role's modules costs")
    return parser.parse_args()


if __name__ == "__main__":
    raise SystemExit(main())
