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
from tests.bench.county import SECRET, device_id
from tests.bench.morning import make_feed
from tests.bench.spread import rank
from tests.bench.throughput import Plan, open_house

PROBE_EVERY_S: Final = 0.02
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
    each = max(2, round(per_s * seconds / (plan.buses - 1)))
    feeds = [make_feed(bus, plan.riders, each) for bus in range(plan.buses - 1)]
    probe = make_feed(plan.buses - 1, 0, round(seconds / PROBE_EVERY_S), interval_s=1.0)
    with open_house(template, plan.mosquitto) as (house, _), house.role("ingest") as ingest:
        loader = multiprocessing.get_context("spawn").Process(target=_load, args=(feeds, house.port, per_s))
        loader.start()
        try:
            # The first seconds read plans and heads from the database; they are not a steady rate.
            deadline = time.monotonic() + _PATIENCE_S
            with contextlib.closing(sqlite3.connect(house.database, isolation_level=None)) as look:
                while look.execute("SELECT count(*) FROM vehicle_heads").fetchone()[0] < len(feeds):
                    if time.monotonic() > deadline:
                        raise RuntimeError(
                            f"not every bus was heard within {_PATIENCE_S:g} s; is the machine too busy?"
                        )
                    time.sleep(0.05)
                begin, cpu = time.monotonic(), ingest.cost().cpu_s
                waits = _probe(look, probe, house.port, loader)
                share = (ingest.cost().cpu_s - cpu) / (time.monotonic() - begin)
        finally:
            loader.join(_PATIENCE_S)
            if loader.is_alive():
                loader.terminate()
    return Latency(rank(waits, 0.5), rank(waits, 0.99), max(waits), share)


def _load(feeds: list[Feed], port: int, per_s: int) -> None:
    run_load(feeds, "127.0.0.1", port, per_s)


def _probe(
    look: sqlite3.Connection, feed: Feed, port: int, loader: multiprocessing.process.BaseProcess
) -> list[float]:
    """Send the probe's records while the load lasts; give the wait of each in ms."""
    device = device_id(int(feed.device.id[1:]))
    waits: list[float] = []
    with open_connection("127.0.0.1", port, device, SECRET) as line:
        sent: list[float] = []
        begin = time.perf_counter()
        query = "SELECT coalesce(max(seq), 0) FROM records WHERE device_id = ? AND epoch = 0"
        while len(waits) < len(sent) or (len(sent) < len(feed.packets) and loader.is_alive()):
            now = time.perf_counter()
            if (
                len(sent) < len(feed.packets)
                and now - begin >= len(sent) * PROBE_EVERY_S
                and loader.is_alive()
            ):
                line.setblocking(True)
                line.sendall(feed.packets[len(sent)])
                sent.append(time.perf_counter())
            (committed,) = look.execute(query, (device,)).fetchone()
            now = time.perf_counter()
            waits += [1000 * (now - at) for at in sent[len(waits) : committed]]
            if sent and now - sent[-1] > _PATIENCE_S:
                raise RuntimeError(
                    f"the probe's record {committed + 1} was not committed within {_PATIENCE_S:g} s"
                )
            time.sleep(_LOOK_S)
    if not waits:
        raise RuntimeError("the load was over before the probe could send; give it more seconds")
    return waits
