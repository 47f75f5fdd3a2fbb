"""The demo county is made once, its papers are renewed, somebody boards soon whatever the hour, and accounts fit."""

from datetime import date, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from server.adapters.db import tables as t
from server.adapters.db.engine import Database
from server.config import Settings, load_settings
from server.demo import announce, ensure_pack
from server.demo.accounts import next_boarding
from server.errors import StartError
from server.service.passwords import verify_password
from tests.builders.pack import write_pack
from tests.fakes.clock import FakeClock


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return small(tmp_path, "6")


def small(tmp_path: Path, buses: str) -> Settings:
    return load_settings(
        environ={
            "SIXFIXED_DATA": str(tmp_path / "data"),
            "SIXFIXED_DEMO": "1",
            "SIXFIXED_DEMO_BUSES": buses,
        }
    )


def test_it_is_made_once_and_its_papers_are_renewed(settings: Settings) -> None:
    clock = FakeClock()
    folder = ensure_pack(settings, clock)
    assert (folder.stat().st_mode & 0o777, (folder / "devices.csv").stat().st_mode & 0o777) == (0o700, 0o600)
    first = {file.name: file.read_bytes() for file in folder.iterdir()}
    clock.advance(86_400)
    ensure_pack(settings, clock)
    assert {file.name: file.read_bytes() for file in folder.iterdir()} == first
    clock.advance(170 * 86_400)
    ensure_pack(settings, clock)
    renewed = {name for name in first if (folder / name).read_bytes() != first[name]}
    assert renewed == {"permits.csv", "vehicles.csv", "people.csv"}
    database = Database(settings.database_url)
    with database.read() as connection:
        today = (date(1970, 1, 1) + timedelta(milliseconds=clock.now_ms())).isoformat()
        found = connection.execute(select(t.trips.c.permit_id).where(t.trips.c.service_on == today))
        assert {row.permit_id is None for row in found} == {False}
    database.dispose()


@pytest.mark.parametrize(("buses", "longest_s", "usual_s"), [("6", 120, 65), ("46", 60, 35)])
def test_somebody_boards_soon_whatever_the_hour(
    tmp_path: Path, buses: str, longest_s: float, usual_s: float
) -> None:
    settings, clock = small(tmp_path, buses), FakeClock()
    ensure_pack(settings, clock)
    database = Database(settings.database_url)
    with database.read() as connection:
        waits = []
        for _ in range(60):
            # Over a day, each time at another minute of the hour.
            clock.advance(24 * 60 + 7)
            waits.append((next_boarding(connection, clock.now_ms()).at_ms - clock.now_ms()) / 1000)
    database.dispose()
    assert min(waits) >= 15
    assert max(waits) <= longest_s
    assert sum(waits) / len(waits) <= usual_s


def test_every_announced_account_belongs_to_the_trip_that_the_child_boards(tmp_path: Path) -> None:
    settings, clock = small(tmp_path, "46"), FakeClock()
    ensure_pack(settings, clock)
    database = Database(settings.database_url)
    with database.read() as connection:
        trip = next_boarding(connection, clock.now_ms()).trip
        named = {account.role: account.username for account in announce(settings, clock)}
        scopes = {
            row.role: row.scope_id
            for row in connection.execute(
                select(t.users.c.role, t.users.c.scope_id).where(t.users.c.username.in_(named.values()))
            )
        }
        top = connection.scalar(select(t.jurisdictions.c.id).where(t.jurisdictions.c.level == "city"))
    database.dispose()
    assert (scopes["attendant"], scopes["driver"]) == (trip.attendant_id, trip.driver_id)
    assert (scopes["school"], scopes["operator"]) == (trip.school_id, trip.operator_id)
    assert scopes["regulator"] == top


def test_a_county_that_is_there_keeps_its_buses(tmp_path: Path) -> None:
    clock = FakeClock()
    folder = ensure_pack(small(tmp_path, "2"), clock)
    clock.advance(170 * 86_400)
    assert ensure_pack(small(tmp_path, "46"), clock) == folder
    lines = (folder / "vehicles.csv").read_text("utf-8").splitlines()
    assert len(lines) == 1 + 2


def test_announced_accounts_can_log_in_and_no_other(settings: Settings) -> None:
    clock = FakeClock()
    ensure_pack(settings, clock)
    accounts = announce(settings, clock)
    assert [account.role for account in accounts] == [
        "guardian", "attendant", "driver", "school", "operator", "regulator", "admin",
    ]  # fmt: skip
    database = Database(settings.database_url)
    with database.read() as connection:
        hashes = {row.username: row.password_hash for row in connection.execute(select(t.users))}
    database.dispose()
    for account in accounts:
        assert verify_password(hashes.pop(account.username), account.password)
    assert set(hashes.values()) == {"!"}
    assert not verify_password("!", "!")
    again = announce(settings, clock)
    assert {one.password for one in again}.isdisjoint({one.password for one in accounts})


def test_it_leaves_another_county_alone(settings: Settings, tmp_path: Path) -> None:
    from server.adapters.db import migrate
    from server.adapters.db.plan_store import DbPackStore
    from server.service.devices import DeviceHasher
    from server.service.packs.importing import import_pack

    migrate.upgrade(settings.database_url)
    database = Database(settings.database_url)
    hasher = DeviceHasher()
    import_pack(
        write_pack(tmp_path / "own"),
        DbPackStore(database),
        secret_hasher=hasher,
        password_hasher=hasher,
        now_ms=1,
    )
    database.dispose()
    with pytest.raises(StartError, match="operator OP"):
        ensure_pack(settings, FakeClock())
