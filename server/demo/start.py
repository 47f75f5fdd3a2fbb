"""Make and import the demo county once, and renew its papers at later starts."""

from __future__ import annotations

import csv
from datetime import date, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from sqlalchemy import select

from server.adapters.db import migrate, tables
from server.adapters.db.engine import Database
from server.adapters.db.plan_store import DbPackStore
from server.adapters.db.timetabling import DbTimetabling
from server.clock import Clock
from server.config import Settings
from server.demo.areas import COMPANIES, ZONE
from server.demo.county_pack import make_county, renew
from server.domain.service_time import local_date
from server.errors import StartError
from server.service.devices import DeviceHasher
from server.service.packs.exporting import write_folder
from server.service.packs.fault import Remarks
from server.service.packs.importing import import_pack
from server.service.packs.pack import Pack
from server.service.packs.reading import read_pack
from server.service.packs.source import read_source
from server.service.passwords import LOCKED
from server.service.timetabling import make_trips

RENEW_BEFORE = timedelta(days=30)
_OURS = {company.code for company in COMPANIES}


class LockedHasher:
    """Gives the demo's accounts a hash that no password has: those that are announced get one then."""

    def hash(self, secret: str) -> str:
        """Give what is no hash."""
        return LOCKED

    def verify(self, encoded: str, secret: str) -> bool:
        """Say no."""
        return False


def ensure_pack(settings: Settings, clock: Clock) -> Path:
    """Give the folder of the demo's pack, imported and with trips for today; raise StartError.

    It is made once under `<data>/demo/pack` (0700, files 0600: its devices.csv holds the emulated recorders' secrets).
    """
    folder = settings.data / "demo" / "pack"
    migrate.upgrade(settings.database_url)
    database = Database(settings.database_url)
    try:
        owner = _operator(database)
        if owner is not None and (owner not in _OURS or not folder.exists()):
            raise StartError(
                f"{settings.data} holds another county (operator {owner}); "
                "start without --demo, or name another folder with --data"
            )
        if _write(folder, clock, settings.demo_buses) or owner is None:
            import_pack(
                folder,
                DbPackStore(database),
                secret_hasher=DeviceHasher(),
                password_hasher=LockedHasher(),
                now_ms=clock.now_ms(),
            )
        make_trips(DbTimetabling(database), clock.now_ms())
    finally:
        database.dispose()
    return folder


def _operator(database: Database) -> str | None:
    with database.read() as connection:
        found: str | None = connection.scalar(
            select(tables.operators.c.code).where(tables.operators.c.ended_at_ms.is_(None)).limit(1)
        )
        return found


def _write(folder: Path, clock: Clock, buses: int) -> bool:
    """Write the pack, or renew its papers before they end; say whether anything was written.

    A county that is there keeps its buses, however many are asked for now.
    """
    today = local_date(clock.now_ms(), ZoneInfo(ZONE))
    if not (folder / "permits.csv").exists():
        folder.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        write_folder(folder, make_county(today, buses))
        return True
    if _papers_last(folder, today):
        return False
    write_folder(folder, renew(_read(folder), today))
    return True


def _papers_last(folder: Path, today: date) -> bool:
    # Every start asks this: reading the whole pack would take a third of a second.
    from_on, until_on = (today - timedelta(days=1)).isoformat(), (today + RENEW_BEFORE).isoformat()
    with (folder / "permits.csv").open(encoding="utf-8", newline="") as file:
        return all(
            row["valid_from"] <= from_on and row["valid_until"] >= until_on for row in csv.DictReader(file)
        )


def _read(folder: Path) -> Pack:
    remarks = Remarks()
    pack = read_pack(read_source(folder, remarks), remarks)
    remarks.raise_if_any()
    return pack
