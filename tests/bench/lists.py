"""Measure a province's lists: 100,000 riders, guardians and ride plans searched, sorted and paged through the web role; and single changes.

`python -m tests.bench.lists [--riders N] [--rounds N]` prints the median and the 95th percentile of each question in milliseconds
of real time, and exits 1 where a median is over the limit of issue 5 (100 ms).
"""

from __future__ import annotations

import argparse
import statistics
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, insert

from server.adapters.db import tables as t
from server.adapters.db.engine import Database
from tests.builders.schema import new_sqlite
from tests.builders.web import Browser, Web
from tests.builders.world import ALPHA, BRAVO, build_world

LIMIT_MS = 100.0
FAMILY = "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗"
GIVEN = "小雨明晓燕建国志强丽华文博子涵梓萱宇轩浩然欣怡"
SCHOOLS = 50


def build_province(database: Database, riders: int) -> None:
    """Insert schools and children, half of them Bravo's company's."""
    build_world(database)
    with database.write() as connection:
        _many(connection, t.schools, [
            {"id": f"school{n:026}", "code": f"S{n}", "name": f"第{n}小学", "jurisdiction_id": ALPHA.id("town"),
             "stop_id": ALPHA.id("stop-gate")} for n in range(SCHOOLS)
        ])  # fmt: skip
        _many(connection, t.riders, [
            {"id": f"rider{n:027}", "school_id": f"school{n % SCHOOLS:026}", "code": f"ST-{n:06}", "name": _name(n),
             "grade": f"{n % 6 + 1}", "card": f"CA{n:08X}"} for n in range(riders)
        ])  # fmt: skip
        _many(connection, t.users, [
            {"id": f"parent{n:026}", "username": f"parent{n}", "role": "guardian", "name": _name(n + 7),
             "password_hash": "x", "made_at_ms": 0, "changed_at_ms": 0} for n in range(riders)
        ])  # fmt: skip
        _many(connection, t.guardians, [
            {"id": f"guard{n:027}", "user_id": f"parent{n:026}", "rider_id": f"rider{n:027}", "name": _name(n + 7)}
            for n in range(riders)
        ])  # fmt: skip
        _many(connection, t.ride_plans, [
            {"id": f"plan{n:028}", "rider_id": f"rider{n:027}", "stop_id": side.id("stop-home"), "weekdays": "12345",
             "timetable_id": side.id("table-run")} for n in range(riders) for side in ((ALPHA, BRAVO)[n % 2],)
        ])  # fmt: skip


def _many(connection: Connection, table: Any, rows: list[dict[str, Any]]) -> None:  # noqa: ANN401 - any table
    for begin in range(0, len(rows), 10_000):
        connection.execute(insert(table), rows[begin : begin + 10_000])


def _name(n: int) -> str:
    return FAMILY[n % 20] + GIVEN[n // 20 % 22] + GIVEN[n // 440 % 22]


def questions(riders: int) -> list[tuple[str, str]]:
    """Give who asks what."""
    some = _name(riders // 3)
    return [
        ("admin", "/riders"),
        ("admin", f"/riders?q={some}"),
        ("admin", "/riders?q=nobody"),
        ("admin", f"/riders?q=ST-{riders // 2:06}"),
        ("admin", "/riders?sort=name"),
        ("admin", f"/riders?sort=-name&q={some[0]}"),
        ("admin", "/riders?sort=card&grade=3"),
        ("admin", f"/riders?card=CA{riders // 2:08X}"),
        ("admin", f"/riders?code=ST-{riders // 2:06}"),
        ("admin", "/riders?school_id=S7&sort=name"),
        ("operator-bravo", "/riders"),
        ("operator-bravo", f"/riders?q={some}"),
        ("operator-bravo", "/riders?sort=name"),
        ("operator-bravo", "/riders?q=nobody"),
        ("admin", f"/guardians?q={some}"),
        ("admin", f"/ride-plans?q={some}"),
        ("admin", f"/users?q={some}&sort=name"),
        ("admin", "/users?q=nobody"),
    ]


def _measure_changes(admin: Browser, riders: int, rounds: int) -> float:
    """Change one child after the other, judged and stored; give the median in milliseconds."""
    times = []
    for n in range(rounds):
        began = time.perf_counter()
        answer = admin.ask("PATCH", f"/riders/ST-{riders // 2 + n:06}", {"grade": "9", "card": f"NEW{n}"})
        times.append((time.perf_counter() - began) * 1000)
        assert answer.status_code == 200, answer.text
    middle = statistics.median(times)
    print(
        f"{'admin':15} {'PATCH /riders/{code}':36} {rounds:4} changes  median {middle:5.1f} ms  p95 {max(times):7.1f} ms"
    )
    return middle


def main() -> int:
    """Measure and print; 1 where a median is over the limit."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--riders", type=int, default=100_000)
    parser.add_argument("--rounds", type=int, default=15)
    args = parser.parse_args()
    over = False
    with tempfile.TemporaryDirectory() as folder:
        database = Database(new_sqlite(Path(folder) / "lists.db"))
        build_province(database, args.riders)
        web = Web(database, Path(folder))
        browsers = {name: web.browser(name) for name in ("admin", "operator-bravo")}
        for who, path in questions(args.riders):
            times, count = [], 0
            for _ in range(args.rounds):
                began = time.perf_counter()
                answer = browsers[who].get(path)
                times.append((time.perf_counter() - began) * 1000)
                assert answer.status_code == 200, answer.text
                count = len(answer.json["items"])
            middle, worst = statistics.median(times), sorted(times)[int(len(times) * 0.95)]
            over |= middle > LIMIT_MS
            print(f"{who:15} {path:36} {count:4} items  median {middle:7.1f} ms  p95 {worst:7.1f} ms")
        over |= _measure_changes(browsers["admin"], args.riders, args.rounds) > LIMIT_MS
        database.dispose()
    return 1 if over else 0


if __name__ == "__main__":
    sys.exit(main())
