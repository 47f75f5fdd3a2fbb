"""A pack goes into the database whole or not at all, again without change, and out again as it is."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec
import pytest
from sqlalchemy import Row, Table, func, select, update

from server.adapters.db import tables as t
from server.adapters.db.counters import bump
from server.adapters.db.engine import Database
from server.adapters.db.plan_store import DbPackStore
from server.domain.plan import PlanVersion
from server.errors import ConflictError
from server.service.devices import DeviceHasher
from server.service.packs.exporting import export_pack
from server.service.packs.fault import PackRejected, PackReport
from server.service.packs.importing import import_pack
from server.service.packs.port import Change
from tests.builders.pack import FILES, edit_pack, make_pack, write_pack, zip_pack
from tests.builders.schema import new_sqlite

SAMPLE = Path(__file__).parents[4] / "shared/data/gtfs/google_sample/sample-feed-1.zip"
NOW_MS = 1_793_000_000_000  # 26 October 2026


class CountingHasher(DeviceHasher):
    """A real hasher that counts."""

    def __init__(self) -> None:
        super().__init__()
        self.hashed = 0

    def hash(self, secret: str) -> str:
        self.hashed += 1
        return super().hash(secret)


def run_import(
    db: Database, path: Path, now_ms: int = NOW_MS, hasher: DeviceHasher | None = None
) -> PackReport:
    hasher = hasher or DeviceHasher()
    return import_pack(path, DbPackStore(db), secret_hasher=hasher, password_hasher=hasher, now_ms=now_ms)


def everything(db: Database) -> Mapping[str, list[tuple[Any, ...]]]:
    with db.read() as connection:
        return {
            table.name: sorted(map(tuple, connection.execute(select(table))), key=repr)
            for table in t.metadata.sorted_tables
        }


def one(db: Database, table: Table, code: str, key: str = "code") -> Row[Any]:
    with db.read() as connection:
        return connection.execute(select(table).where(table.c[key] == code)).one()


def test_a_sound_pack_is_stored_whole(db: Database, tmp_path: Path) -> None:
    report = run_import(db, write_pack(tmp_path / "pack"))
    assert report.imported == {name: text.count("\n") - 1 for name, text in FILES.items()}
    assert report.changed
    assert report.warnings == ()
    assert [device for device, _ in report.made_secrets] == ["ZW-0002"]
    assert [user for user, _ in report.made_passwords] == ["li"]
    timetable = one(db, t.timetables, "R1-AM")
    with db.read() as connection:
        body = connection.scalar(select(t.plans.c.body).where(t.plans.c.id == timetable.plan_id))
    plan = msgspec.json.decode(body, type=PlanVersion)
    assert (plan.timetable_code, plan.direction, plan.timezone) == ("R1-AM", "to_school", "Asia/Shanghai")
    assert [(stop.code, stop.name, stop.arrival_s) for stop in plan.stops][:2] == [
        ("A", "东园村", 25200),
        ("B", "河沿村", 25440),
    ]
    assert [round(stop.metre) for stop in plan.stops] == [0, 882, 1764, 2807]
    assert plan.metres[-1] == pytest.approx(plan.stops[-1].metre, abs=0.01)
    device = one(db, t.devices, "ZW-0001", "id")
    assert device.active
    assert DeviceHasher().verify(device.secret_hash, "first-device-secret")
    made = dict(report.made_secrets)["ZW-0002"]
    assert DeviceHasher().verify(one(db, t.devices, "ZW-0002", "id").secret_hash, made)
    assert one(db, t.users, "gate", "username").scope_id == one(db, t.schools, "SC1").id
    assert one(db, t.users, "ma", "username").scope_id == one(db, t.people, "T-1", "badge").id


def test_a_zip_with_a_folder_inside_is_a_pack_too(db: Database, tmp_path: Path) -> None:
    assert run_import(db, zip_pack(tmp_path / "pack.zip", inside="county/")).imported["riders.csv"] == 3


def test_the_same_pack_again_changes_nothing_and_hashes_nothing(db: Database, tmp_path: Path) -> None:
    pack = write_pack(tmp_path / "pack")
    run_import(db, pack)
    before = everything(db)
    hasher = CountingHasher()
    again = run_import(db, pack, NOW_MS + 60_000, hasher)
    assert everything(db) == before
    assert (again.changed, again.made_secrets, again.made_passwords, hasher.hashed) == (False, (), (), 0)


@pytest.mark.parametrize("name", ["out", "out.zip"])
def test_importing_an_export_changes_nothing(db: Database, tmp_path: Path, name: str) -> None:
    run_import(db, write_pack(tmp_path / "pack"))
    before = everything(db)
    counts = export_pack(tmp_path / name, DbPackStore(db))
    assert counts["ride_plans.csv"] == 5
    report = run_import(db, tmp_path / name, NOW_MS + 60_000)
    assert not report.changed
    assert everything(db) == before


def _texts(folder: Path) -> dict[str, bytes]:
    return {file.name: file.read_bytes() for file in folder.iterdir()}


@pytest.mark.parametrize("form", ["folder", "out.zip", "county.xlsx"])
def test_what_is_exported_imported_into_an_empty_database_and_exported_is_the_same_bytes(
    db: Database, tmp_path: Path, form: str
) -> None:
    odd = FILES["riders.csv"] + "'=1+1,SC1,'=cmd,0012,0012\n7,SC2,#N/A,TRUE,1E5\n2026-03-04,SC2,-,,\n"
    run_import(db, write_pack(tmp_path / "pack", make_pack(riders_csv=odd)))
    export_pack(tmp_path / "first", DbPackStore(db))
    before = _texts(tmp_path / "first")
    moved = tmp_path / form
    if form == "county.xlsx":
        moved = tmp_path / "both"
        moved.mkdir()
        for name, content in before.items():
            if name.endswith(".txt"):
                (moved / name).write_bytes(content)
        export_pack(moved / form, DbPackStore(db))
        assert (moved / form).stat().st_mode & 0o777 == 0o600
    else:
        export_pack(moved, DbPackStore(db))
    other = Database(new_sqlite(tmp_path / "empty.db"))
    run_import(other, moved)
    export_pack(tmp_path / "second", DbPackStore(other))
    other.dispose()
    assert _texts(tmp_path / "second") == before
    assert b"'=1+1,SC1,'=cmd,0012,0012" in before["riders.csv"]


def test_what_no_cell_of_a_workbook_can_hold_is_refused_and_no_file_is_left(
    db: Database, tmp_path: Path
) -> None:
    run_import(db, write_pack(tmp_path / "pack"))
    points = ", ".join(f"105.{n:06} 37.5" for n in range(2000))
    with db.write() as connection:
        connection.execute(
            update(t.zones).where(t.zones.c.code == "Z-G70").values(wkt=f"LINESTRING ({points})")
        )
    with pytest.raises(ConflictError, match="has a cell of"):
        export_pack(tmp_path / "county.xlsx", DbPackStore(db))
    assert not (tmp_path / "county.xlsx").exists()


def test_an_export_holds_no_secret(db: Database, tmp_path: Path) -> None:
    run_import(db, write_pack(tmp_path / "pack"))
    export_pack(tmp_path / "out", DbPackStore(db))
    text = "".join(file.read_text() for file in (tmp_path / "out").iterdir())
    assert "张小雨" in text
    for secret in ("first-device-secret", "password,", "a long", "argon2"):
        assert secret not in text.replace("name,password\r\n", "")
    assert {file.stat().st_mode & 0o777 for file in (tmp_path / "out").iterdir()} == {0o600}


def test_a_row_that_a_present_file_lost_is_ended_and_comes_back(db: Database, tmp_path: Path) -> None:
    run_import(db, write_pack(tmp_path / "pack"))
    rider = one(db, t.riders, "ST-2")
    fewer = {
        name: "".join(line for line in text.splitlines(True) if "ST-2" not in line)
        for name, text in FILES.items()
    }
    run_import(db, write_pack(tmp_path / "fewer", fewer), NOW_MS + 1)
    assert one(db, t.riders, "ST-2").ended_at_ms == NOW_MS + 1
    with db.read() as connection:
        live = select(func.count()).where(
            t.ride_plans.c.rider_id == rider.id, t.ride_plans.c.ended_at_ms.is_(None)
        )
        assert connection.scalar(live) == 0
    run_import(db, write_pack(tmp_path / "back"), NOW_MS + 2)
    back = one(db, t.riders, "ST-2")
    assert (back.id, back.ended_at_ms) == (rider.id, None)


def test_an_absent_file_changes_nothing(db: Database, tmp_path: Path) -> None:
    run_import(db, write_pack(tmp_path / "pack"))
    before = everything(db)
    alone = {"riders.csv": FILES["riders.csv"].replace("三年级", "四年级")}
    run_import(db, write_pack(tmp_path / "alone", alone), NOW_MS + 1)
    after = everything(db)
    assert {name for name in after if after[name] != before[name]} == {"riders", "counters"}
    assert one(db, t.riders, "ST-1").grade == "四年级"


def test_what_names_an_ended_row_ends_along(db: Database, tmp_path: Path) -> None:
    run_import(db, write_pack(tmp_path / "pack"))
    alone = {"riders.csv": FILES["riders.csv"].replace("ST-2,SC1,李明,四年级,04A1B2C4\n", "")}
    run_import(db, write_pack(tmp_path / "alone", alone), NOW_MS + 1)
    with db.read() as connection:
        assert connection.scalar(select(func.count()).where(t.guardians.c.ended_at_ms == NOW_MS + 1)) == 1
        assert connection.scalar(select(func.count()).where(t.ride_plans.c.ended_at_ms == NOW_MS + 1)) == 2


def test_a_device_that_is_gone_loses_its_rights(db: Database, tmp_path: Path) -> None:
    run_import(db, write_pack(tmp_path / "pack"))
    files = edit_pack("devices.csv", "ZW-0002,V2,\n", "")
    run_import(db, write_pack(tmp_path / "fewer", files), NOW_MS + 5)
    device = one(db, t.devices, "ZW-0002", "id")
    assert (device.active, device.changed_at_ms, device.ended_at_ms) == (False, NOW_MS + 5, NOW_MS + 5)


def test_a_new_password_is_hashed_and_a_blank_one_keeps_the_old(db: Database, tmp_path: Path) -> None:
    run_import(db, write_pack(tmp_path / "pack"))
    old = one(db, t.users, "zhang", "username").password_hash
    files = edit_pack("users.csv", "a long admin password", "another admin password")
    files["users.csv"] = files["users.csv"].replace("a long guardian password", "")
    hasher = CountingHasher()
    report = run_import(db, write_pack(tmp_path / "second", files), NOW_MS + 5, hasher)
    root = one(db, t.users, "root", "username")
    assert hasher.verify(root.password_hash, "another admin password")
    assert root.changed_at_ms == NOW_MS + 5
    assert one(db, t.users, "zhang", "username").password_hash == old
    assert (hasher.hashed, report.made_passwords) == (1, ())


def test_a_moved_stop_makes_a_new_plan_version_and_keeps_the_old(db: Database, tmp_path: Path) -> None:
    run_import(db, write_pack(tmp_path / "pack"))
    first = one(db, t.timetables, "R1-AM").plan_id
    moved = write_pack(tmp_path / "moved", edit_pack("stops.txt", "37.5000,105.1100", "37.5001,105.1110"))
    run_import(db, moved, NOW_MS + 5)
    second = one(db, t.timetables, "R1-AM").plan_id
    assert second != first
    run_import(db, write_pack(tmp_path / "again"), NOW_MS + 9)
    assert one(db, t.timetables, "R1-AM").plan_id == first
    with db.read() as connection:
        assert connection.scalar(select(func.count()).select_from(t.plans)) == 4


def test_a_faulty_pack_changes_nothing_and_says_every_fault(db: Database, tmp_path: Path) -> None:
    run_import(db, write_pack(tmp_path / "pack"))
    before = everything(db)
    files = make_pack(
        riders_csv=FILES["riders.csv"].replace("04A1B2C4", "not a card"),
        vehicles_csv=FILES["vehicles.csv"].replace("36", "lots", 1),
    )
    with pytest.raises(PackRejected) as refused:
        run_import(db, write_pack(tmp_path / "bad", files))
    assert [(f.file, f.line, f.column, f.value) for f in refused.value.pack_faults] == [
        ("riders.csv", 3, "card", "not a card"),
        ("vehicles.csv", 2, "seats", "lots"),
    ]
    assert everything(db) == before


def test_the_last_administrator_stays(db: Database, tmp_path: Path) -> None:
    run_import(db, write_pack(tmp_path / "pack"))
    files = edit_pack("users.csv", "root,admin,,管理员,a long admin password\n", "")
    report = run_import(db, write_pack(tmp_path / "none", files), NOW_MS + 5)
    assert one(db, t.users, "root", "username").ended_at_ms is None
    assert ["administrator" in warning.message for warning in report.warnings] == [True]


def test_dropping_what_absent_files_name_is_a_fault(db: Database, tmp_path: Path) -> None:
    run_import(db, write_pack(tmp_path / "pack"))
    alone = {"schools.csv": FILES["schools.csv"].replace("SC1,", "SC9,")}
    with pytest.raises(PackRejected, match="a fault") as refused:
        run_import(db, write_pack(tmp_path / "alone", alone))
    assert "rows of riders.csv in the database name this" in refused.value.faults[0]


class MovingStore(DbPackStore):
    """The real store, with another writer that comes between judging and storing a few times."""

    def __init__(self, db: Database, times: int) -> None:
        super().__init__(db)
        self.times = times

    def apply(self, change: Change, version: int, now_ms: int) -> bool:
        if self.times:
            self.times -= 1
            with self._db.write() as connection:
                bump(connection, "catalog")
        return super().apply(change, version, now_ms)


def test_a_pack_is_judged_again_when_the_database_changed_meanwhile(db: Database, tmp_path: Path) -> None:
    pack, hasher = write_pack(tmp_path / "pack"), DeviceHasher()
    store = MovingStore(db, 2)
    assert import_pack(pack, store, secret_hasher=hasher, password_hasher=hasher, now_ms=NOW_MS).changed
    assert one(db, t.riders, "ST-1").name == "张小雨"
    with pytest.raises(ConflictError, match="import it again"):
        import_pack(pack, MovingStore(db, 99), secret_hasher=hasher, password_hasher=hasher, now_ms=NOW_MS)


@pytest.mark.skipif(not SAMPLE.exists(), reason="the shared test data is not beside the project")
def test_a_feed_without_any_other_file_is_a_fleet_of_one_operator(db: Database) -> None:
    report = run_import(db, SAMPLE)
    assert report.imported["trips.txt"] == 11
    operator = one(db, t.operators, "DTA")
    assert (operator.name, operator.jurisdiction_id) == ("Demo Transit Authority", None)
    assert one(db, t.timetables, "STBA").direction == "to_school"
    assert one(db, t.timetables, "STBA").plan_id is not None
    assert not run_import(db, SAMPLE).changed
