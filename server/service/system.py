"""How the house is, for the administrator, in one glance: roles, broker, database, what waits, recorders, disk."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from datetime import datetime
from typing import Final, Literal

import msgspec

from server.service.instants import at, day, zone
from server.service.web_deps import WebDeps
from server.service.web_ports import Work

HOUSE_ROLES: Final = ("broker", "ingest", "web", "worker")
FRESH_MS: Final = 10_000  # as for /readyz: five heartbeats
SILENT_MS: Final = 180_000
LEAST_FREE_PERCENT: Final = 10  # own choice: below it a day's records may not fit


class Clocked(msgspec.Struct, frozen=True):
    """The school day's clock."""

    now: datetime
    speed: float


class HouseRole(msgspec.Struct, frozen=True):
    """A role; instants by the machine's clock."""

    role: str
    alive: bool
    heard_at: datetime | None
    age_s: float | None
    started_at: datetime | None
    version: str | None


class BrokerItem(msgspec.Struct, frozen=True):
    """The broker that devices talk to."""

    kind: Literal["embedded", "other"]
    address: str
    alive: bool


class DatabaseItem(msgspec.Struct, frozen=True):
    """The database, its size and the revision of its schema."""

    kind: Literal["sqlite", "postgresql"]
    bytes: int | None
    revision: str | None


class OutboxItem(msgspec.Struct, frozen=True):
    """What waits to be told."""

    waiting: int
    oldest_at: datetime | None
    pushes_waiting: int
    findings_calling: int


class RecordersItem(msgspec.Struct, frozen=True):
    """Recorders in use, by what is known of them."""

    active: int
    online: int
    silent_on_trip: int
    rejected_today: int


class DiskItem(msgspec.Struct, frozen=True):
    """The disk of the data folder."""

    free_bytes: int
    total_bytes: int
    free_percent: float


class System(msgspec.Struct, frozen=True):
    """All of it; `at` by the machine's clock."""

    at: datetime
    version: str
    clock: Clocked
    roles: list[HouseRole]
    broker: BrokerItem
    database: DatabaseItem
    outbox: OutboxItem
    recorders: RecordersItem
    disk: DiskItem
    problems: list[str]


def read_system(work: Work, deps: WebDeps, reasons: Sequence[str]) -> System:
    """Read how the house is; `reasons` are those for which it is not ready."""
    now_ms, real_ms, timezone = deps.clock.now_ms(), deps.real.now_ms(), work.scopes.timezone()
    runs, settings = work.house.runs(), deps.settings
    roles = []
    for role in HOUSE_ROLES:
        heard_ms = real_ms if role == "web" else work.house.counter(f"alive.{role}")
        started_ms, version = runs.get(role, (None, None))
        alive = heard_ms is not None and real_ms - heard_ms <= FRESH_MS
        age_s = None if heard_ms is None else max(0, real_ms - heard_ms) / 1000
        roles.append(HouseRole(role, alive, at(heard_ms, timezone), age_s, at(started_ms, timezone), version))
    kind, size, revision = work.house.database()
    waiting, oldest_ms, calling = work.house.outbox()
    active, online, silent, rejected = work.house.recorders(
        now_ms - SILENT_MS, _midnight_ms(now_ms, timezone)
    )
    disk = shutil.disk_usage(settings.data)
    free = round(100 * disk.free / disk.total, 1)
    problems = list(reasons)
    if free < LEAST_FREE_PERCENT:
        problems.append(f"the disk of the data folder is nearly full ({free:g} % free): make room")
    return System(
        at=at(real_ms, timezone), version=settings.version, clock=Clocked(at(now_ms, timezone), deps.clock.speed), roles=roles,
        broker=BrokerItem("other" if settings.broker_url else "embedded", settings.mqtt, roles[0].alive),
        database=DatabaseItem("sqlite" if kind == "sqlite" else "postgresql", size, revision),
        outbox=OutboxItem(waiting, at(oldest_ms, timezone), work.house.pushes_waiting(), calling),
        recorders=RecordersItem(active, online, silent, rejected),
        disk=DiskItem(disk.free, disk.total, free), problems=problems,
    )  # fmt: skip


def _midnight_ms(now_ms: int, timezone: str) -> int:
    today = datetime.fromisoformat(day(now_ms, timezone)).replace(tzinfo=zone(timezone))
    return round(today.timestamp() * 1000)
