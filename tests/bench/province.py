"""`make bench-import`: a pack of 100,000 riders and 1,000 routes into an empty data folder, and the same pack again.

`python -m tests.bench.province [--runs N] [--routes N] [--riders N]`: riders on each route. Goal: at most 60 s, made trips included. A
password's hash costs some 50 ms of two threads by design, so the guardians share an account of each company here: what is measured
is the rows. The limit beside it: the rows of the same files read by the bare csv module and put into a bare SQLite table.
"""

from __future__ import annotations

import argparse
import csv
import os
import sqlite3
import tempfile
import time
from contextlib import closing
from pathlib import Path
from typing import NamedTuple

from tests.bench.county import write_county
from tests.bench.roles import House, free_port
from tests.bench.spread import Spread
from tests.bench.throughput import CLOCK


class Took(NamedTuple):
    """What a command took: seconds of wall time, and of its processor time."""

    wall_s: float
    cpu_s: float


def main() -> int:
    """Measure and print."""
    options = _options()
    with tempfile.TemporaryDirectory() as name:
        pack = Path(name) / "pack"
        write_county(pack, options.routes, options.riders)
        first, again, bare, loads = [], [], [], []
        for run in range(options.runs):
            loads.append(os.getloadavg()[0])
            data = Path(name) / f"data{run}"
            first.append(import_pack(data, pack))
            again.append(import_pack(data, pack))
            bare.append(_read_barely(pack, Path(name) / f"bare{run}.db"))
    print(f"\n{options.routes:,} routes, {options.routes * options.riders:,} riders, SQLite FULL")
    for spread in (
        Spread("import into an empty folder", "s", [one.wall_s for one in first]),
        Spread("its processor time", "s", [one.cpu_s for one in first]),
        Spread("the same pack again, nothing changed", "s", [one.wall_s for one in again]),
        Spread("its processor time", "s", [one.cpu_s for one in again]),
        Spread("bare csv into bare tables, same files", "s", bare),
        Spread("load average beside it", "", loads),
    ):
        print("  " + spread.line(), flush=True)
    return 0


def import_pack(data: Path, pack: Path) -> Took:
    """Run `sixfixed import` on the data folder; give what it took."""
    before, began = os.times(), time.perf_counter()
    House(data, CLOCK, free_port()).run("import", str(pack))
    after = os.times()
    return Took(
        time.perf_counter() - began,
        after.children_user + after.children_system - before.children_user - before.children_system,
    )


def _read_barely(pack: Path, database: Path) -> float:
    """Put every row of the pack's files into tables without keys or checks, in one flushed transaction."""
    began = time.perf_counter()
    with closing(sqlite3.connect(database)) as connection, connection:
        connection.execute("PRAGMA synchronous=FULL")
        for file in sorted(pack.iterdir()):
            with file.open(encoding="utf-8", newline="") as handle:
                rows = csv.reader(handle)
                names = next(rows)
                table = file.name.replace(".", "_")
                connection.execute(f"CREATE TABLE {table} ({', '.join(names)})")
                connection.executemany(f"INSERT INTO {table} VALUES ({', '.join('?' * len(names))})", rows)
    return time.perf_counter() - began


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--routes", type=int, default=1000)
    parser.add_argument("--riders", type=int, default=100, help="on each route")
    return parser.parse_args()


if __name__ == "__main__":
    raise SystemExit(main())
