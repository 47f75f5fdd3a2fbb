"""`make bench-answers`: how long the web role takes to answer the lists that desks and pages ask for, in a county and in a province.

`python -m tests.bench.answers [--size county|province ...] [--asks N]`. A county is 46 routes of 46 riders, a province 1,000 of
100, both with ten school days behind them and findings of each. Requests go one after another over one connection; the server's
processor time stands beside the wall's. The limit is GET /healthz, which asks the database nothing.
"""

from __future__ import annotations

import argparse
import http.client
import os
import tempfile
import time
from pathlib import Path
from typing import Final, NamedTuple

from tests.bench.county import ON
from tests.bench.history import fill
from tests.bench.roles import House, Role, free_port
from tests.bench.spread import rank
from tests.bench.throughput import CLOCK, Plan, make_template

SIZES: Final = {"county": (46, 46), "province": (1000, 100)}
PASSWORD: Final = "a password of the bench"
STAFF: Final = (
    ("admin", None),
    ("regulator", "CITY"),
    ("operator", "OP0"),
    ("school", "SC0"),
    ("guardian", None),
)
OFFICE: Final = (
    "/trips?limit=200",
    f"/trips?service_date={ON}&state=scheduled",
    "/trips?school_id=SC1",
    "/trips?route_id=R1",
    "/positions",
    "/findings",
    "/findings?state=open&severity=act",
    "/findings?state=acknowledged",
    "/findings?kind=off_route&limit=200",
    "/vehicles",
    "/people",
    "/permits",
)
ASKED: Final = {
    "admin": (*OFFICE, "/riders", "/riders/K7-7", "/devices", "/audit", "/stops?code=S7-3"),
    "regulator": OFFICE,
    "operator": (*OFFICE, "/riders", "/riders/K7-7", "/devices"),
    "school": ("/trips", "/positions", "/board", "/riders"),
    "guardian": ("/children", "/notices"),
}


class Asked(NamedTuple):
    """One address: the middle and the 99th of a hundred answers (ms), the server's processor (ms an answer), the answer's size."""

    p50_ms: float
    p99_ms: float
    cpu_ms: float
    kb: float


def main() -> int:
    """Measure and print."""
    options = _options()
    for size in options.size:
        routes, riders = SIZES[size]
        with tempfile.TemporaryDirectory() as name:
            data = make_template(Path(name), Plan(routes, riders, 0))
            _measure(data, size, routes * riders, options.asks)
    return 0


def _measure(data: Path, size: str, riders: int, asks: int) -> None:
    port = free_port()
    house = House(data, CLOCK, free_port(), more={"HTTP": f"127.0.0.1:{port}"})
    tokens = {}
    for role, scope in STAFF:
        words = ("--scope", scope) if scope else ()
        house.answer("user", "add", role, "--role", role, *words, "--password-stdin", stdin=PASSWORD)
        tokens[role] = house.answer("token", role).split()[-1]
    counts = fill(house.database)
    print(f"\n{size}: {riders:,} riders, {counts}; load {os.getloadavg()[0]:.1f}", flush=True)
    print(f"{'':>10} {'':42} {'p50 ms':>8} {'p99 ms':>8} {'cpu ms':>8} {'kB':>7}")
    with house.role("web") as web:
        _show("anybody", "/healthz", _ask(web, port, "/healthz", "", asks))
        for role, paths in ASKED.items():
            for path in paths:
                _show(role, path, _ask(web, port, f"/api/v1{path}", tokens[role], asks))


def _show(role: str, path: str, found: Asked) -> None:
    print(
        f"{role:>10} {path:42} {found.p50_ms:8.1f} {found.p99_ms:8.1f} {found.cpu_ms:8.1f} {found.kb:7.1f}",
        flush=True,
    )


def _ask(web: Role, port: int, path: str, token: str, asks: int) -> Asked:
    """Ask the same `asks` times after one that isn't counted; raise where an answer isn't 200."""
    line = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    waits: list[float] = []
    size, before = 0, 0.0
    try:
        for turn in range(asks + 1):
            began = time.perf_counter()
            line.request("GET", path, headers={"Authorization": f"Bearer {token}"} if token else {})
            answer = line.getresponse()
            size = len(answer.read())
            if answer.status != 200:
                raise RuntimeError(f"GET {path} answers {answer.status}: what was measured is no list")
            if turn == 0:
                before = web.cost().cpu_s
            else:
                waits.append(1000 * (time.perf_counter() - began))
    finally:
        line.close()
    cpu_ms = 1000 * (web.cost().cpu_s - before) / asks
    return Asked(rank(waits, 0.5), rank(waits, 0.99), cpu_ms, size / 1024)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--size", nargs="+", choices=tuple(SIZES), default=list(SIZES))
    parser.add_argument("--asks", type=int, default=100, help="of each address")
    return parser.parse_args()


if __name__ == "__main__":
    raise SystemExit(main())
