"""A whole school day of the demo county by a fast clock: nothing lost, nothing twice, nobody told what isn't theirs."""

from __future__ import annotations

import os
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import pytest

from tests.faults.recorders import Recorders
from tests.faults.system import System
from tests.faults.witness import check_records, waiting_notices
from tests.soak.school_day import County, Ridden, Run, Told, list_left_out, list_runs, list_told
from tests.waiting import until

START = "2026-09-21T00:00:00+08:00"  # a Monday
DAY_MIN = 288  # the day of the demo's children (docs/demo.md)
BUSES = int(os.environ.get("SOAK_DAY_BUSES", "46"))
SPEED = float(os.environ.get("SOAK_DAY_SPEED", "40"))
MINUTES = float(os.environ.get("SOAK_DAY_MINUTES", DAY_MIN))
AT_HOME = 0.03
DRAIN_S = 90
LEFT_OUT_AFTER_MS = 5 * 60_000  # a trip that ended this long before the end of the day has had its alarms
ON_ITS_WAY_MS = 5 * 60_000  # what was read just before the end may not have been folded
RIDE_KINDS = ("boarded", "alighted", "arrived")

One = TypeVar("One", Ridden, Told)


@pytest.mark.soak
@pytest.mark.timeout(1800)
def test_a_school_day_loses_nothing_doubles_nothing_and_misdirects_nothing(
    make_system: Callable[..., System], tmp_path: Path
) -> None:
    began_s = time.monotonic()
    system = make_system(f"start={START}")
    pack = Path(system.command("demo", "pack", "--demo-buses", str(BUSES)).strip().splitlines()[-1])
    system.clock = f"start={START},speed={SPEED:g},at={time.time_ns() // 1_000_000}"
    system.start()
    recorders = Recorders(tmp_path, pack, system.mqtt, system.clock)
    start_ms = recorders.now_ms()
    recorders.start("--absent", str(AT_HOME))
    try:
        until(lambda: recorders.now_ms() >= start_ms + MINUTES * 60_000, "the day is over", 1500)
        end_ms = recorders.now_ms()
        recorders.until_saved(end_ms, DRAIN_S)
    finally:
        recorders.stop()
    until(lambda: waiting_notices(system) == 0, "every notice is told or too late to be", DRAIN_S)
    took_s = time.monotonic() - began_s
    county, log = County(pack), recorders.printed_log()
    check_records(system, log, end_ms)
    runs = list_runs(county, log)
    until_ms = end_ms - ON_ITS_WAY_MS
    said = [check_rides(system, runs, until_ms), check_told(system, county, runs, start_ms, until_ms)]
    said.append(check_quiet(system, county, runs))
    print(f"\n{MINUTES:g} min of {BUSES} buses in {took_s:.0f} s: {len(log)} records, {len(runs)} trips")
    print("\n".join(said))
    assert os.environ.get("SOAK_DAY_MINUTES") or took_s < 600


def check_rides(system: System, runs: list[Run], until_ms: int) -> str:
    """Every card that was read is one ride of its child, on its trip, in its direction; and there is no other."""
    wanted = Counter(ride for run in runs for ride in run.rides if ride.at_ms < until_ms)
    with system.database() as connection:
        found = Counter(
            Ridden(*row)
            for row in connection.execute(
                "SELECT riders.code, trips.code, trips.service_on, rides.dir, rides.at_ms FROM rides"
                " LEFT JOIN riders ON riders.id = rides.rider_id LEFT JOIN trips ON trips.id = rides.trip_id"
                " WHERE rides.at_ms < ?",
                (until_ms,),
            )
        )
    assert found == wanted, _apart(found, wanted)
    return f"{len(wanted)} rides, each once"


def check_told(system: System, county: County, runs: list[Run], start_ms: int, until_ms: int) -> str:
    """Every guardian was told of every ride of their child, once, in time; nobody of another's; nearing at most once a trip."""
    wanted = Counter(one for one in list_told(county, runs) if one.at_ms < until_ms)
    with system.database() as connection:
        rows = connection.execute(
            "SELECT users.username, riders.code, trips.code, trips.service_on, notices.kind, notices.at_ms,"
            " notices.sent_at_ms, notices.expired_at_ms FROM notices JOIN users ON users.id = notices.user_id"
            " JOIN riders ON riders.id = notices.rider_id JOIN trips ON trips.id = notices.trip_id"
            " WHERE notices.withdrawn_at_ms IS NULL AND notices.finding_id IS NULL"
        ).fetchall()
    found = Counter(Told(*row[:6]) for row in rows if row[4] in RIDE_KINDS and row[5] < until_ms)
    assert found == wanted, _apart(found, wanted)
    assert [row for row in rows if row[4] == "correction"] == []
    # A trip that was under way when the recorders began is written down whole, from before its sign-on.
    assert [row for row in rows if row[7] is not None and row[5] >= start_ms] == [], "too late to be told"
    assert [row for row in rows if row[0] not in county.guardians[row[1]]] == [], "told to somebody else"
    near = Counter(row[:4] for row in rows if row[4] == "approaching")
    assert [key for key, times in near.items() if times > 1] == []
    delays = sorted(row[6] - row[5] for row in rows if row[4] in RIDE_KINDS and row[5] >= start_ms)
    middle, most = delays[len(delays) // 2] / SPEED, delays[-1] / SPEED
    return (
        f"{len(rows)} notices, each once, to {len({row[0] for row in rows})} guardians; {near.total()} of nearing;"
        f" told after {middle:.0f} ms (median), {most:.0f} ms (longest) of real time"
    )


def check_quiet(system: System, county: County, runs: list[Run]) -> str:
    """Alarms are those of the children who stayed at home, and no others."""
    with system.database() as connection:
        alarms = Counter(
            kind
            for (kind,) in connection.execute(
                "SELECT kind FROM findings WHERE withdrawn_at_ms IS NULL AND kind <> 'no_show' AND severity = 'act'"
            )
        )
        missing = {
            row
            for row in connection.execute(
                "SELECT riders.code, trips.code, trips.service_on FROM findings"
                " JOIN riders ON riders.id = findings.rider_id JOIN trips ON trips.id = findings.trip_id"
                " WHERE findings.kind = 'no_show' AND findings.withdrawn_at_ms IS NULL"
            )
        }
    assert not alarms, f"false alarms: {alarms}"
    last_ms = max(run.ended_ms or 0 for run in runs)
    settled = [run for run in runs if run.ended_ms is not None and run.ended_ms < last_ms - LEFT_OUT_AFTER_MS]
    away = list_left_out(county, settled)
    assert away <= missing, f"stayed away unnoticed: {sorted(away - missing)[:5]}"
    boarded = {(ride.rider, ride.trip, ride.service_on) for run in runs for ride in run.rides}
    assert not missing & boarded, f"missed, and aboard: {sorted(missing & boarded)[:5]}"
    return f"{len(missing)} children who stayed at home missed at their stops, no other alarm"


def _apart(found: Counter[One], wanted: Counter[One]) -> str:
    lost, surplus = wanted - found, found - wanted
    return f"{lost.total()} lost, {surplus.total()} surplus: {list(lost)[:3]} / {list(surplus)[:3]}"
