"""A backup restores into an empty place of either kind, loses nothing that devices still have, tells nobody twice (QUALITY, fault 19)."""

from __future__ import annotations

import zipfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import insert, select

from server.adapters.db import tables as t
from server.adapters.db.archive import DbLoading, DbSnapshot
from server.adapters.db.counters import QUIET_UNTIL, value_of
from server.adapters.db.engine import Database
from server.adapters.db.outbox import DatabaseOutbox
from server.errors import ConflictError, InvalidError, StartError
from server.service.backup import restore_backup, write_backup
from server.service.courier import Courier, Waiting
from tests.builders.road import a_morning
from tests.builders.schema import new_sqlite
from tests.integration.ingest.conftest import House, Make

MADE_AT = "2026-09-21T00:00:00+00:00"
NOT_COMPARED = {"leases", "counters"}
NewUrl = Callable[[], str]


class Told:
    def __init__(self) -> None:
        self.notices: list[str] = []

    def tell(self, notices: Sequence[Waiting]) -> None:
        self.notices += [notice.id for notice in notices]


@pytest.fixture(params=["sqlite", "postgresql"])
def new_place(request: pytest.FixtureRequest, tmp_path: Path, make_postgres: Callable[..., str]) -> NewUrl:
    """Give URLs of databases that aren't there yet, or are empty."""
    if request.param == "postgresql":
        return lambda: make_postgres(empty=True)
    return lambda: f"sqlite:///{tmp_path / 'restored' / 'sixfixed.db'}"


def back_up(database: Database, folder: Path) -> Path:
    data = folder / "data"
    (data / "keys").mkdir(parents=True, exist_ok=True)
    (data / "keys" / "push.pem").write_bytes(b"a key")
    (data / "keys" / ".lock").touch()
    (data / "settings.toml").write_text('public-url = "https://bus.example.org"\n')
    target = folder / "backup.zip"
    with DbSnapshot(database.url) as snapshot:
        write_backup(target, snapshot, data, MADE_AT)
    return target


def rows_of(url: str) -> dict[str, list[tuple[Any, ...]]]:
    database = Database(url)
    with database.read() as connection:
        found = {
            table.name: sorted(map(tuple, connection.execute(select(table))), key=repr)
            for table in t.metadata.sorted_tables
            if table.name not in NOT_COMPARED
        }
    database.dispose()
    return found


def halfway(house: House) -> int:
    """Feed the first half of a morning and tell what it says; give how many were told."""
    entries = a_morning()
    half = entries[: len(entries) // 2]
    house.clock.set_ms(half[-1].key.t + 1000)
    house.feed([house.message(entry) for entry in half])
    house.settle()
    told = Told()
    Courier(DatabaseOutbox(house.database), [told], house.clock).deliver()
    return len(told.notices)


def test_a_backup_of_either_kind_restores_into_either_kind(
    make_any_house: Make, new_place: NewUrl, tmp_path: Path
) -> None:
    house = make_any_house()
    assert halfway(house) > 0
    with house.database.write() as connection:
        connection.execute(insert(t.jurisdictions), [
            {"id": f"{n:032d}", "code": f"J{n}", "parent_id": None if n == 3 else f"{n + 1:032d}", "name": "县", "level": "county"}
            for n in (3, 2, 1)
        ])  # fmt: skip
    archive = back_up(house.database, tmp_path)
    assert archive.stat().st_mode & 0o777 == 0o600
    url, data = new_place(), tmp_path / "restored"
    said = restore_backup(archive, DbLoading(url), data, now_ms=house.clock.now_ms())
    assert rows_of(url) == rows_of(house.database.url)
    assert said["files"] == 2
    # All that is compared, the catalogue's counters beside it.
    assert said["rows"] >= sum(map(len, rows_of(url).values())) > 50
    assert (data / "keys" / "push.pem").read_bytes() == b"a key"
    assert not (data / "keys" / ".lock").exists()
    with pytest.raises(ConflictError, match="is not empty"):
        restore_backup(archive, DbLoading(url), tmp_path / "other", now_ms=0)
    assert not (tmp_path / "other").exists()
    with pytest.raises(InvalidError, match="is there already"):
        restore_backup(archive, DbLoading(url), data, now_ms=0)


def test_what_was_lost_since_the_backup_comes_again_and_nobody_is_told_twice(
    make_any_house: Make, new_place: NewUrl, tmp_path: Path
) -> None:
    whole = make_any_house()
    entries = a_morning()
    whole.clock.set_ms(entries[-1].key.t + 1000)
    whole.feed([whole.message(entry) for entry in entries])
    expected = whole.outcome()
    house = make_any_house()
    halfway(house)
    archive = back_up(house.database, tmp_path)
    url = new_place()
    # The old system went on for a while after its backup, and told what happened then.
    now_ms = entries[-1].key.t + 60_000
    restore_backup(archive, DbLoading(url), tmp_path / "elsewhere", now_ms)
    restored = House(Database(url))
    restored.clock.set_ms(now_ms)
    restored.feed([restored.message(entry) for entry in entries])
    assert restored.outcome() == expected
    told = Told()
    with restored.database.read() as connection:
        quiet_until_ms = value_of(connection, QUIET_UNTIL)
    courier = Courier(
        DatabaseOutbox(restored.database), [told], restored.clock, quiet_until_ms=quiet_until_ms
    )
    assert courier.deliver() > 0, "the second half's notices are there again, in the list"
    assert told.notices == []
    # What people add from now on is numbered after what was there.
    with restored.database.write() as connection:
        before = connection.scalars(select(t.audit.c.id)).all()
        connection.execute(insert(t.audit), [{"at_ms": 1, "action": "test"}])
        assert len(connection.scalars(select(t.audit.c.id)).all()) == len(before) + 1
    restored.check_against_the_log()
    restored.database.dispose()


def a_house_with_an_archive(make_house: Make, tmp_path: Path) -> Path:
    house = make_house()
    halfway(house)
    return back_up(house.database, tmp_path)


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def flip(path: Path) -> None:
    with zipfile.ZipFile(path) as archive:
        member = max(archive.infolist(), key=lambda info: info.compress_size)
    content = bytearray(path.read_bytes())
    content[member.header_offset + 80 + member.compress_size // 2] ^= 0x55
    path.write_bytes(content)


def rewrite(path: Path, name: str, change: Callable[[bytes], bytes]) -> None:
    with zipfile.ZipFile(path) as archive:
        members = {info.filename: archive.read(info) for info in archive.infolist()}
    members[name] = change(members[name])
    with zipfile.ZipFile(path, "w") as archive:
        for member, content in members.items():
            archive.writestr(member, content)


def lose_a_row(path: Path) -> None:
    rewrite(path, "tables/records.jsonl", lambda lines: lines[: lines.rindex(b"\n[") + 1])


def climb_out(path: Path) -> None:
    rewrite(path, "manifest.json", lambda text: text.replace(b'"keys/push.pem"', b'"keys/../../x"'))


@pytest.mark.parametrize("harm", [cut, flip, lose_a_row, climb_out, Path.unlink])
def test_a_damaged_archive_is_refused_and_nothing_is_made(
    harm: Callable[[Path], None], make_house: Make, tmp_path: Path
) -> None:
    archive = a_house_with_an_archive(make_house, tmp_path)
    harm(archive)
    target = tmp_path / "restored"
    with pytest.raises(InvalidError, match="nothing was changed"):
        restore_backup(archive, DbLoading(f"sqlite:///{target / 'sixfixed.db'}"), target, now_ms=0)
    assert not target.exists()


def test_an_archive_of_a_newer_program_is_refused(make_house: Make, tmp_path: Path) -> None:
    archive = a_house_with_an_archive(make_house, tmp_path)
    rewrite(archive, "manifest.json", lambda text: text.replace(b'"revision": "', b'"revision": "9'))
    with pytest.raises(StartError, match="a newer one made it"):
        restore_backup(archive, DbLoading(f"sqlite:///{tmp_path / 'new.db'}"), tmp_path / "d", now_ms=0)
    assert not (tmp_path / "new.db").exists()


def test_a_backup_doesnt_replace_a_file_and_leaves_none_half_written(
    make_house: Make, tmp_path: Path
) -> None:
    archive = a_house_with_an_archive(make_house, tmp_path)
    with pytest.raises(InvalidError, match="is there already"):
        back_up(Database(new_sqlite(tmp_path / "more.db")), tmp_path)
    with (
        pytest.raises(InvalidError, match="can't be written"),
        DbSnapshot(new_sqlite(tmp_path / "another.db")) as snapshot,
    ):
        write_backup(tmp_path / "nowhere" / "b.zip", snapshot, tmp_path / "data", MADE_AT)
    assert [path.name for path in tmp_path.glob("*.part")] == []
    assert archive.exists()
