"""Kill processes of a running system at random moments, and measure how long its service was away."""

from __future__ import annotations

import os
import random
import signal
import threading
import time
from collections import defaultdict
from collections.abc import Sequence

import msgspec

from tests.faults.system import NATS, System
from tests.waiting import PATIENCE_S, until

VICTIMS = ("ingest", "web", "worker", "broker", NATS)
BACK_S = 10.0  # QUALITY, I9
_PAUSE = threading.Event()


class Outage(msgspec.Struct, frozen=True):
    """What one kill cost (s): until the role worked again and /readyz said 200, and until every recorder was back."""

    victim: str
    service_s: float
    recorders_s: float | None


def kill(system: System, victim: str, recorders: int) -> Outage:
    """Kill -9 and wait until the service is whole: a new process, a heartbeat and a committed record after it, /readyz."""
    role = "broker" if victim == NATS else victim
    old, at_ms = system.pid(victim), time.time_ns() // 1_000_000
    seen_ms = system.value("SELECT max(seen_at_ms) FROM device_status") or 0
    began = time.monotonic()
    os.kill(old, signal.SIGKILL)
    until(lambda: system.find_pid(victim) not in (None, old), f"another {victim}", PATIENCE_S)
    last = system.value("SELECT max(id) FROM records") or 0

    def whole() -> bool:
        return (
            (role == "web" or (_beat(system, role) or 0) > at_ms)
            and (system.value("SELECT max(id) FROM records") or 0) > last
            and system.is_ready()
        )

    until(whole, f"service after {victim} was killed", PATIENCE_S)
    service_s, recorders_s = time.monotonic() - began, None
    if role == "broker":
        query = "SELECT count(*) FROM device_status WHERE online AND seen_at_ms > ?"
        until(lambda: system.value(query, seen_ms) == recorders, "every recorder is back", PATIENCE_S)
        recorders_s = time.monotonic() - began
    return Outage(victim, service_s, recorders_s)


def kill_at_random(
    system: System, recorders: int, times: int, seed: int, pause_s: float = 1.2
) -> list[Outage]:
    """Kill each victim so many times, in a seeded order and at seeded moments, some while the last is still coming back."""
    dice = random.Random(seed)
    order = list(VICTIMS) * times
    dice.shuffle(order)
    outages = []
    for victim in order:
        # The moment is part of the fault, not something that is waited for.
        _PAUSE.wait(dice.uniform(0, pause_s))
        outages.append(kill(system, victim, recorders))
    return outages


def describe(outages: Sequence[Outage]) -> str:
    """Give one line a victim: how often, and the middle and the longest time away."""
    by_victim: dict[str, list[Outage]] = defaultdict(list)
    for one in outages:
        by_victim[one.victim].append(one)
    lines = []
    for victim, found in sorted(by_victim.items()):
        away = sorted(one.service_s for one in found)
        line = f"{victim}: killed {len(away)} times, service back after {away[len(away) // 2]:.1f} s, at most {away[-1]:.1f} s"
        back = [one.recorders_s for one in found if one.recorders_s is not None]
        lines.append(line + (f"; every recorder after at most {max(back):.1f} s" if back else ""))
    return "\n".join(lines)


def _beat(system: System, role: str) -> int | None:
    found: int | None = system.value("SELECT value FROM counters WHERE name = ?", f"alive.{role}")
    return found
