"""`python -m tests.bench.growth`: what ingest commits a second with 50 buses, with thousands, and the memory that they take.

Each bus has said its first words before anything is measured, so that its plan is read; then ingest is halted, its broker filled, and
ingest let go again. Through Mosquitto and over a few connections, since here it isn't the broker's log-ins that are measured.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import signal
import sqlite3
import tempfile
import time
from pathlib import Path
from typing import Final, NamedTuple

from device_sim.load import run_load
from device_sim.loadplan import Feed
from device_sim.pack import Device
from device_sim.rawmqtt import publish_packet
from tests.bench.county import SECRET, device_id
from tests.bench.morning import say_morning
from tests.bench.spread import Spread
from tests.bench.throughput import BULK, Plan, make_template, open_house

LANES: Final = 20  # connections of the loader
WARM: Final = 6  # messages of each bus before the measure: its sign-on, its first stop, on its way
_LOOK_S: Final = 0.02
_STALLED_S: Final = 120.0


class Size(NamedTuple):
    """What was measured with so many buses: records a second, processor a record (µs), memory now and at most (MB)."""

    per_s: float
    cpu_us: float
    rss_mb: float
    peak_mb: float


def main() -> int:
    """Measure and print."""
    options = _options()
    first: float | None = None
    for buses in options.buses:
        each = max(4, min(200, -(-options.records // buses)))
        with tempfile.TemporaryDirectory() as name:
            template = make_template(Path(name), Plan(buses, 0))
            found = [measure(template, buses, each) for _ in range(options.runs)]
        rates = Spread("committed", "records/s", [one.per_s for one in found])
        first = first or rates.median
        print(f"{buses:,} buses, {each} positions of each, through Mosquitto", flush=True)
        for spread in (
            rates,
            Spread("ingest's processor time", "us/record", [one.cpu_us for one in found]),
            Spread("ingest's memory", "MB", [one.rss_mb for one in found]),
            Spread("ingest's memory, at most", "MB", [one.peak_mb for one in found]),
            Spread(
                f"committed / with {options.buses[0]} buses", "ratio", [one.per_s / first for one in found]
            ),
        ):
            print("  " + spread.line(), flush=True)
    return 0


def measure(template: Path, buses: int, each: int) -> Size:
    """Have every bus known, halt ingest, fill its broker, let it go, and watch what it commits."""
    said = [
        [one for _, one in zip(range(WARM + each), say_morning(bus, 0), strict=False)] for bus in range(buses)
    ]
    bodies = [[(device_id(bus), *one) for one in some] for bus, some in enumerate(said)]
    with (
        open_house(template, mosquitto=True) as (house, _),
        house.role("ingest") as ingest,
        contextlib.closing(sqlite3.connect(house.database, isolation_level=None)) as look,
    ):
        run_load(_lanes(bodies, 0, WARM), "127.0.0.1", house.port, 4_000)
        _wait(look, WARM * buses)
        os.kill(ingest.pid, signal.SIGSTOP)
        try:
            run_load(_lanes(bodies, WARM, WARM + each), "127.0.0.1", house.port, 20_000)
        finally:
            os.kill(ingest.pid, signal.SIGCONT)
        first, cpu, begin = _count(look), ingest.cost().cpu_s, time.monotonic()
        last = _wait(look, first + int(BULK * each * buses))
        seconds, cost = time.monotonic() - begin, ingest.cost()
        _wait(look, (WARM + each) * buses)
        (refused,) = look.execute("SELECT count(*) FROM rejected").fetchone()
        if refused:
            raise RuntimeError(f"{refused} records were refused: what was measured is not ingest's work")
    return Size(
        (last - first) / seconds, 1e6 * (cost.cpu_s - cpu) / (last - first), cost.rss_mb, cost.peak_mb
    )


def _lanes(bodies: list[list[tuple[str, str, bytes]]], since: int, until: int) -> list[Feed]:
    """Give the loader's connections: buses take turns on each, one message at a time."""
    feeds = []
    for lane in range(LANES):
        mine = [bodies[bus][k] for k in range(since, until) for bus in range(lane, len(bodies), LANES)]
        packets = [
            publish_packet(f"bus/{device}/{kind}", body, n % 65535 + 1)
            for n, (device, kind, body) in enumerate(mine)
        ]
        feeds.append(Feed(Device(f"lane{lane}", f"lane{lane}", SECRET), packets))
    return feeds


def _count(look: sqlite3.Connection) -> int:
    (count,) = look.execute("SELECT coalesce(max(id), 0) FROM records").fetchone()
    return int(count)


def _wait(look: sqlite3.Connection, wanted: int) -> int:
    """Wait for so many records; give how many there are."""
    seen, deadline = -1, time.monotonic() + _STALLED_S
    while (count := _count(look)) < wanted:
        if count != seen:
            seen, deadline = count, time.monotonic() + _STALLED_S
        if time.monotonic() > deadline:
            raise RuntimeError(
                f"{count} of {wanted} records are committed, then nothing for {_STALLED_S:g} s"
            )
        time.sleep(_LOOK_S)
    return count


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--buses", type=int, nargs="+", default=[50, 500, 5_000, 20_000])
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument(
        "--records", type=int, default=60_000, help="of a measure, where the buses have so many to say"
    )
    return parser.parse_args()


if __name__ == "__main__":
    raise SystemExit(main())
