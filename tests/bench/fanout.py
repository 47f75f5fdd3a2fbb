"""`make bench-fanout`: 2,000 phones at one web process, each hearing of its own child's bus once a second.

`python -m tests.bench.fanout [--phones N] [--buses N] [--seconds S] [--runs N]`. Buses speak one after another, evenly over the second.
Goal: at most 25 % of a core and p99 at most 20 ms, from the message in the house to the phone's socket. Beside it stands a bare server
(gevent and python-socketio with nothing of ours) that sends the same bytes to the same listeners: `--bare`.
"""

from __future__ import annotations

import argparse
import os
import resource
import tempfile
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Final, NamedTuple

import msgspec

from server.adapters.mqtt.endpoint import Endpoint
from server.adapters.mqtt.live_feed import LiveFeed
from server.clock import SystemClock, make_clock
from server.secrets import ensure_role_secrets
from tests.bench.bare_live import Bare, bare_server
from tests.bench.crowd import gathered
from tests.bench.history import set_out
from tests.bench.listeners import Heard
from tests.bench.prey import Prey, find_prey
from tests.bench.roles import House, Role, free_port
from tests.bench.spread import Spread, rank
from tests.bench.throughput import CLOCK, Plan, make_template
from tests.waiting import until

OPEN_FILES: Final = 16_384
SETTLE_S: Final = 2.0
TOPIC: Final = "live/positions"


class Fan(NamedTuple):
    """One run: the server's share of a core, the waits (ms) from the house's message to the phone, messages a second, lost ones."""

    core_share: float
    p50_ms: float
    p99_ms: float
    max_ms: float
    per_s: float
    lost: int


def main() -> int:
    """Measure and print."""
    options = _options()
    _allow_files()
    with tempfile.TemporaryDirectory() as name:
        data = make_template(Path(name), Plan(options.buses, options.phones // options.buses, 0))
        set_out(data / "sixfixed.db")
        ours, bare, loads = [], [], []
        for _ in range(options.runs):
            loads.append(os.getloadavg()[0])
            ours.append(measure_fan(data, options.phones, options.buses, options.seconds))
            bare.append(measure_bare(options.phones, options.buses, options.seconds))
    print(
        f"\n{options.phones:,} phones of {options.buses} buses, one message a second each, {options.seconds:g} s"
    )
    for title, runs in (("web", ours), ("bare server, same bytes", bare)):
        for spread in (
            Spread(f"{title}: share of a core", "cores", [run.core_share for run in runs]),
            Spread(f"{title}: p50", "ms", [run.p50_ms for run in runs]),
            Spread(f"{title}: p99", "ms", [run.p99_ms for run in runs]),
            Spread(f"{title}: worst", "ms", [run.max_ms for run in runs]),
            Spread(f"{title}: messages a second", "", [run.per_s for run in runs]),
            Spread(f"{title}: messages lost", "", [float(run.lost) for run in runs]),
        ):
            print("  " + spread.line(), flush=True)
    print("  " + Spread("load average beside it", "", loads).line())
    return 0


def measure_fan(data: Path, phones: int, buses: int, seconds: float) -> Fan:
    """Run broker and web on the data folder, gather the phones, and speak as ingest does."""
    port = free_port()
    house = House(data, CLOCK, free_port(), more={"HTTP": f"127.0.0.1:{port}"})
    token = house.answer("token", "guardian0").split()[-1]
    prey = find_prey(house.database, buses)
    wanted = [(n, token, {"child": prey[n % buses].riders[n // buses]}) for n in range(phones)]
    secret = ensure_role_secrets(data)["role-worker"]
    with ExitStack() as stack:
        stack.enter_context(house.role("broker"))
        web = stack.enter_context(house.role("web"))
        crowd = stack.enter_context(gathered([(n, t, dict(w)) for n, t, w in wanted], port))
        feed = LiveFeed(Endpoint("127.0.0.1", house.port, "role-worker", secret), clock=SystemClock())
        feed.start()
        stack.callback(feed.stop)
        until(lambda: feed.ready, "the speaker is connected")
        time.sleep(SETTLE_S)  # what the connecting left to do is no part of the figure
        sent, share = _speak(lambda _bus, body: feed.publish(TOPIC, body), prey, seconds, web)
        time.sleep(SETTLE_S)  # what is still on its way isn't lost
        return _judge(crowd.heard(), sent, share, phones // buses, seconds)


def measure_bare(phones: int, buses: int, seconds: float) -> Fan:
    """The same against a bare Socket.IO server, which is handed each message over a pipe and sends it to a room."""
    port = free_port()
    prey = [Prey(f"v{n}", f"t{n}", ()) for n in range(buses)]
    with bare_server(port) as bare:
        wanted: list[tuple[int, str, dict[str, object]]] = [
            (n, "", {"child": f"room{n % buses}"}) for n in range(phones)
        ]
        with gathered(wanted, port) as crowd:
            time.sleep(SETTLE_S)
            sent, share = _speak(bare.say, prey, seconds, bare)
            time.sleep(SETTLE_S)
            return _judge(crowd.heard(), sent, share, phones // buses, seconds)


def _speak(
    say: Callable[[int, bytes], None], prey: list[Prey], seconds: float, server: Role | Bare
) -> tuple[dict[float, float], float]:
    """Say a position of each bus a second, evenly; give when each mark was said (s) and the server's share of a core meanwhile."""
    clock = make_clock(CLOCK)
    sent: dict[float, float] = {}
    begin, cpu = time.monotonic(), server.cost().cpu_s
    for n in range(round(seconds * len(prey))):
        time.sleep(max(0.0, begin + n / len(prey) - time.monotonic()))
        bus = prey[n % len(prey)]
        mark = round((n + 1) / 1000, 3)
        item = {
            "vehicle_id": bus.vehicle_id, "operator_id": "o" * 32, "trip_id": bus.trip_id, "lat": 37.5, "lon": 105.2 + n / 1e6,
            "spd": 28.8, "hdg": mark, "at_ms": clock.now_ms(), "interval_s": 1.0, "metre": 1000.0 + n / 10,
        }  # fmt: skip
        sent[mark] = time.monotonic()
        say(n % len(prey), msgspec.json.encode({"items": [item]}))
    took_s = time.monotonic() - begin
    return sent, (server.cost().cpu_s - cpu) / took_s


def _judge(heard: list[Heard], sent: dict[float, float], share: float, each: int, seconds: float) -> Fan:
    waits = [1000 * (one.at_s - sent[mark]) for one in heard for mark in one.marks if mark in sent]
    if not waits:
        raise RuntimeError("no phone heard of any bus: what was measured is no fan-out")
    lost = each * len(sent) - len(waits)
    return Fan(share, rank(waits, 0.5), rank(waits, 0.99), max(waits), len(waits) / seconds, lost)


def _allow_files() -> None:
    """Let this process and its children have a socket for each phone; raise where the system doesn't."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    if most != resource.RLIM_INFINITY and most < OPEN_FILES:
        raise SystemExit(f"the system allows {most} open files; allow {OPEN_FILES}: ulimit -n {OPEN_FILES}")
    resource.setrlimit(resource.RLIMIT_NOFILE, (OPEN_FILES, most))


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--phones", type=int, default=2000)
    parser.add_argument("--buses", type=int, default=50)
    parser.add_argument("--seconds", type=float, default=20.0, help="of each run")
    parser.add_argument("--runs", type=int, default=5)
    return parser.parse_args()


if __name__ == "__main__":
    raise SystemExit(main())
