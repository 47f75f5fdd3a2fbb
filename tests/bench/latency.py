"""How long a position takes from its publish to its commit, while the other buses send at a steady rate."""

from __future__ import annotations

import contextlib
import multiprocessing
import sqlite3
import time
from pathlib import Path
from typing import Final, NamedTuple

from device_sim.load import run_load
from device_sim.loadplan import Feed
from device_sim.rawmqtt import open_connection
from tests.bench.county import SECRET
from tests.bench.morning import make_feed
from tests.bench.spread import rank
from tests.bench.throughput import Plan, open_house

PROBE_EVERY_S: Final = 0.02
WARM: Final = 3  # records of each bus before the load
_LOOK_S: Final = 0.0005
_PATIENCE_S: Final = 20.0


class Latency(NamedTuple):
    """Publish to committed in ms: the middle, the 99th of a hundred, the worst; and the share of a core that ingest took."""

    p50_ms: float
    p99_ms: float
    max_ms: float
    core_share: float


def measure_latency(template: Path, plan: Plan, per_s: int, seconds: float) -> Latency:
    """Let all buses but one send `per_s` together for so many seconds; the last bus is the probe.

    "Committed" is what another connection to the database sees; it looks every half millisecond, which is the figure's error.
    """
    # The load is there before the probe and after it; the probe ends it.
    each = max(2, round(per_s * (seconds + _PATIENCE_S) / (plan.buses - 1)))
    interval_s = 5.0 if each <= 200 else 1.0  # of a morning there are some 250 positions at 5 s
    feeds = [make_feed(bus, plan.riders, each, interval_s) for bus in range(plan.buses - 1)]
    probe = make_feed(plan.buses - 1, 0, round(seconds / PROBE_EVERY_S), interval_s=1.0)
    first = [Feed(feed.device, feed.packets[:WARM]) for feed in feeds]
    rest = [Feed(feed.device, feed.packets[WARM:]) for feed in feeds]
    with (
        open_house(template, plan.mosquitto) as (house, _),
        house.role("ingest") as ingest,
        contextlib.closing(sqlite3.connect(house.database, isolation_level=None)) as look,
    ):
        # With a bus's first records its plan is read from the database, which is no part of a steady rate.
        run_load(first, "127.0.0.1", house.port, per_s)
        _wait_for(look, WARM * len(first))
        loader = multiprocessing.get_context("spawn").Process(target=_load, args=(rest, house.port, per_s))
        loader.start()
        try:
            _wait_for(look, WARM * len(first) + per_s)
            begin, cpu = time.monotonic(), ingest.cost().cpu_s
            waits = _probe(look, probe, house.port)
            share = (ingest.cost().cpu_s - cpu) / (time.monotonic() - begin)
            if not loader.is_alive():
                raise RuntimeError(
                    "the load was over before the probe; take fewer messages a second or fewer seconds"
                )
        finally:
            loader.terminate()
            loader.join()
    return Latency(rank(waits, 0.5), rank(waits, 0.99), max(waits), share)


def _wait_for(look: sqlite3.Connection, records: int) -> None:
    deadline = time.monotonic() + _PATIENCE_S
    while look.execute("SELECT count(*) FROM records").fetchone()[0] < records:
        if time.monotonic() > deadline:
            raise RuntimeError(f"not {records} records within {_PATIENCE_S:g} s; is the machine too busy?")
        time.sleep(0.05)


def _load(feeds: list[Feed], port: int, per_s: int) -> None:
    run_load(feeds, "127.0.0.1", port, per_s)


def _probe(look: sqlite3.Connection, feed: Feed, port: int) -> list[float]:
    """Send the probe's records, PROBE_EVERY_S apart; give the wait of each in ms."""
    device = feed.device.id
    waits: list[float] = []
    sent: list[float] = []
    query = "SELECT coalesce(max(seq), 0) FROM records WHERE device_id = ? AND epoch = 0"
    with open_connection("127.0.0.1", port, device, SECRET) as line:
        line.setblocking(True)
        begin = time.perf_counter()
        while len(waits) < len(feed.packets):
            now = time.perf_counter()
            if len(sent) < len(feed.packets) and now - begin >= len(sent) * PROBE_EVERY_S:
                line.sendall(feed.packets[len(sent)])
                sent.append(now)
            (committed,) = look.execute(query, (device,)).fetchone()
            now = time.perf_counter()
            waits += [1000 * (now - at) for at in sent[len(waits) : committed]]
            if now - sent[-1] > _PATIENCE_S:
                raise RuntimeError(
                    f"the probe's record {committed + 1} was not committed within {_PATIENCE_S:g} s"
                )
            time.sleep(_LOOK_S)
    return waits
