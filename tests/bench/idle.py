"""What the demo county costs while people look at it: processor and memory of everything that `sixfixed up --demo` runs, by the minute.

`python -m tests.bench.idle [--minutes 10] [--buses 46]`. Goal (QUALITY, Speed): at most 60 % of one core in all, memory flat.
"""

from __future__ import annotations

import argparse
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Final

import psutil

from tests.conftest import ROOT
from tests.waiting import until

SETTLE_S: Final = 20.0  # the county's making, the first plans and the announced accounts aren't idling
_MB: Final = 1024 * 1024


def main() -> None:
    """Run it and print a line a minute, then the whole."""
    options = argparse.ArgumentParser(prog="python -m tests.bench.idle", description=__doc__)
    options.add_argument("--minutes", type=float, default=10.0)
    options.add_argument("--buses", type=int, default=46)
    asked = options.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        process = _start(Path(folder), asked.buses)
        try:
            log = Path(folder) / "up.log"
            until(
                lambda: "attendant" in log.read_text("utf-8") or process.poll() is not None, "accounts", 120
            )
            if process.poll() is not None:
                raise SystemExit(log.read_text("utf-8"))
            time.sleep(SETTLE_S)
            _measure(process.pid, asked.minutes)
        finally:
            process.send_signal(signal.SIGINT)
            process.wait(20)


def _start(folder: Path, buses: int) -> subprocess.Popen[bytes]:
    settings = [
        "--data",
        str(folder / "data"),
        "--http",
        f"127.0.0.1:{_port()}",
        "--mqtt",
        f"127.0.0.1:{_port()}",
    ]
    environ = {name: value for name, value in os.environ.items() if not name.startswith("SIXFIXED_")}
    with (folder / "up.log").open("wb") as log:
        return subprocess.Popen(
            [sys.executable, "-m", "server", "up", "--demo", "--demo-buses", str(buses), *settings],
            cwd=ROOT, env=environ, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True,
        )  # fmt: skip


def _port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


def _measure(pid: int, minutes: float) -> None:
    began_s, before = time.monotonic(), _costs(pid)
    first, last = before, before
    print(f"{'minute':>6}  {'all: % of a core':>16}  {'MB':>6}  of which")
    for minute in range(1, round(minutes) + 1):
        time.sleep(max(0.0, began_s + 60 * minute - time.monotonic()))
        now = _costs(pid)
        print(
            f"{minute:>6}  {_share(last, now, 60):>16.1f}  {_memory(now):>6.0f}  {_parts(last, now)}",
            flush=True,
        )
        last = now
    took_s = time.monotonic() - began_s
    print(
        f"in all: {_share(first, last, took_s):.1f} % of one core over {took_s / 60:.1f} min;"
        f" memory {_memory(first):.0f} MB at the start, {_memory(last):.0f} MB at the end"
    )


def _costs(pid: int) -> dict[str, tuple[float, float]]:
    """Give processor seconds and own memory (MB, shared pages divided among those who share them) by role."""
    found: dict[str, tuple[float, float]] = {}
    main = psutil.Process(pid)
    for process in [main, *main.children(recursive=True)]:
        times = process.cpu_times()
        name = _role(process) if process.pid != pid else "up"
        cpu_s, memory = found.get(name, (0.0, 0.0))
        used = process.memory_full_info().pss / _MB
        found[name] = (cpu_s + times.user + times.system, memory + used)
    return found


def _role(process: psutil.Process) -> str:
    """Give a role's name: `sixfixed ROLE …`, or the emulator's, or that of a program of somebody else's."""
    words = " ".join(process.cmdline()).split()
    if words[:1] == ["sixfixed"]:
        return words[1]
    return "fleet" if "device_sim" in words else process.name()


def _share(before: dict[str, tuple[float, float]], after: dict[str, tuple[float, float]], s: float) -> float:
    return 100 * (sum(cpu for cpu, _ in after.values()) - sum(cpu for cpu, _ in before.values())) / s


def _memory(costs: dict[str, tuple[float, float]]) -> float:
    return sum(memory for _, memory in costs.values())


def _parts(before: dict[str, tuple[float, float]], after: dict[str, tuple[float, float]]) -> str:
    return ", ".join(
        f"{name} {100 * (cpu - before.get(name, (0.0, 0.0))[0]) / 60:.1f} % {memory:.0f} MB"
        for name, (cpu, memory) in sorted(after.items(), key=lambda item: -item[1][0])
    )


if __name__ == "__main__":
    main()
