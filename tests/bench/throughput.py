"""How many records a second ingest commits: everything is loaded into the broker first, then ingest is started and watched."""

from __future__ import annotations

import contextlib
import sqlite3
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Final, NamedTuple

from device_sim.load import run_load
from device_sim.loadplan import Feed
from server.adapters.mqtt.endpoint import Endpoint
from tests.bench.bare_subscriber import embedded_broker, make_session, measure_bare, preload
from tests.bench.county import write_county
from tests.bench.roles import House, Role, copy_folder, cost_of, free_port, run_mosquitto

# After the end of the longest morning, so that no record comes from the future.
CLOCK: Final = "start=2026-09-21T07:40:00+08:00"
# Slow enough for the loader to have the buses take turns, as real ones do; it is not part of the figure.
LOAD_PER_S: Final = 12_000
STALLED_S: Final = 180.0
BULK: Final = 0.95
_LOOK_S: Final = 0.02


class Plan(NamedTuple):
    """What is measured: how many buses with how many riders, how many messages of each, through which broker."""

    buses: int = 500
    riders: int = 40
    messages: int = 200
    mosquitto: bool = False


class Run(NamedTuple):
    """One run: records a second of wall time and of processor time, the memory (MB), the broker's share of a core.

    `last_s` is when the last record was committed, `folded_s` when all were folded, in seconds after the first commit. The broker
    may send some of a backlog only after its `ack_wait` of 20 s, so the rate is taken up to BULK of the records. `whole_us` is the
    processor time of a record with all that is folded after its commit.
    """

    per_s: float
    per_cpu_s: float
    cpu_us: float
    peak_mb: float
    broker_share: float
    last_s: float
    folded_s: float
    whole_us: float


def make_template(folder: Path, plan: Plan) -> Path:
    """Import the county once; give the data folder that each run gets a copy of."""
    write_county(folder / "pack", plan.buses, plan.riders)
    House(folder / "data", CLOCK, free_port()).run("import", str(folder / "pack"))
    return folder / "data"


@contextlib.contextmanager
def open_house(template: Path, mosquitto: bool) -> Iterator[tuple[House, int]]:
    """Run a broker on a fresh copy of the data folder, ingest's session in it; give the house and the broker's process."""
    with tempfile.TemporaryDirectory() as name, contextlib.ExitStack() as stack:
        folder = Path(name)
        port = free_port()
        url = f"mqtt://role-ingest:bench@127.0.0.1:{port}" if mosquitto else ""
        house = House(copy_folder(template, folder / "data"), CLOCK, port, url)
        if mosquitto:
            pid = stack.enter_context(run_mosquitto(folder, port))
        else:
            stack.enter_context(house.role("broker"))
            pid = house.broker_pid()
        with house.role("ingest"):
            pass  # makes the session, so that the broker keeps what is loaded next
        yield house, pid


def measure_ingest(template: Path, plan: Plan, feeds: list[Feed]) -> Run:
    """Load, start ingest, and watch the database until every record is committed; check that all were taken and matched."""
    with open_house(template, plan.mosquitto) as (house, broker_pid):
        run_load(feeds, "127.0.0.1", house.port, LOAD_PER_S)
        total = sum(len(feed.packets) for feed in feeds)
        # Mosquitto sends what waits before it grants the subscriptions: ingest has done its work when it is ready.
        with (
            contextlib.closing(sqlite3.connect(house.database, isolation_level=None)) as look,
            house.role("ingest", ready=False) as ingest,
        ):
            begin, cpu, broker, first = _wait(look, 1, ingest, broker_pid)
            end, cpu_end, broker_end, last = _wait(look, int(BULK * total), ingest, broker_pid)
            done, *_ = _wait(look, total, ingest, broker_pid)
            folded = _fold_to_the_end(look, total, len(feeds))
            whole = ingest.cost()
    seconds, records = end - begin, last - first
    if records < total / 2 or cpu_end == cpu:
        raise RuntimeError(
            f"{total} records are over before they can be watched; give more --messages or --buses"
        )
    return Run(
        per_s=records / seconds,
        per_cpu_s=records / (cpu_end - cpu),
        cpu_us=1e6 * (cpu_end - cpu) / records,
        peak_mb=whole.peak_mb,
        broker_share=(broker_end - broker) / seconds,
        last_s=done - begin,
        folded_s=folded - begin,
        whole_us=1e6 * (whole.cpu_s - cpu) / (total - first),
    )


def measure_bare_once(plan: Plan, messages: int) -> float:
    """Give the messages a second that plain paho takes and acknowledges, on a broker of the same kind."""
    with tempfile.TemporaryDirectory() as name, contextlib.ExitStack() as stack:
        if plan.mosquitto:
            port = free_port()
            stack.enter_context(run_mosquitto(Path(name), port))
            endpoint = Endpoint("127.0.0.1", port, "role-ingest", "bench")
        else:
            endpoint = stack.enter_context(embedded_broker(Path(name)))
        make_session(endpoint)
        preload(endpoint, messages)
        return measure_bare(endpoint, messages)


def _wait(
    look: sqlite3.Connection, wanted: int, ingest: Role, broker_pid: int
) -> tuple[float, float, float, int]:
    """Wait for so many records; give the time, ingest's and the broker's processor seconds, and how many there are."""
    deadline = time.monotonic() + STALLED_S
    seen = -1
    while True:
        (count,) = look.execute("SELECT coalesce(max(id), 0) FROM records").fetchone()
        now = time.monotonic()
        if count >= wanted:
            return now, ingest.cost().cpu_s, cost_of(broker_pid).cpu_s, count
        if count != seen:
            seen, deadline = count, now + STALLED_S
        elif now > deadline:
            raise RuntimeError(f"{count} of {wanted} records are committed, then nothing for {STALLED_S:g} s")
        time.sleep(_LOOK_S)


def _fold_to_the_end(look: sqlite3.Connection, total: int, buses: int) -> float:
    """Wait until what was late is folded too; give that instant.

    A figure counts only for work that was done: every record there, none refused, every bus on its trip's shape.
    """
    deadline = time.monotonic() + STALLED_S
    while True:
        refused, taken, matched = (
            look.execute(query).fetchone()[0]
            for query in (
                "SELECT count(*) FROM rejected",
                "SELECT count(*) FROM records",
                "SELECT count(*) FROM trips t JOIN vehicle_heads h ON h.vehicle_id = t.run_vehicle_id"
                " WHERE t.metre_at_ms = h.at_ms AND t.state IN ('scheduled', 'en_route', 'arrived')",
            )
        )
        now = time.monotonic()
        if (taken, refused, matched) == (total, 0, buses):
            return now
        if now > deadline:
            raise RuntimeError(
                f"{taken} of {total} records taken, {refused} refused, {matched} of {buses} buses matched to the end: "
                "what was measured is not ingest's work"
            )
        time.sleep(_LOOK_S)
