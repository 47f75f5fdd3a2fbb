"""Zones and settings go in and out of the database as every other file does, from a workbook too."""

from pathlib import Path

import pytest
from sqlalchemy import select

from server.adapters.db import tables as t
from server.adapters.db.engine import Database
from server.adapters.db.plan_store import DbPackStore
from server.service.packs.exporting import export_pack
from tests.builders.pack import FILES, edit_pack, make_book, write_book_pack, write_pack
from tests.integration.db.test_import import NOW_MS, everything, one, run_import


def settings_of(db: Database) -> set[tuple[str, str, str, str]]:
    with db.read() as connection:
        rows = connection.execute(select(t.settings).where(t.settings.c.ended_at_ms.is_(None)))
        return {(row.scope, row.scope_id, row.name, row.value) for row in rows}


def test_zones_and_settings_are_stored_by_what_they_name(db: Database, tmp_path: Path) -> None:
    files = edit_pack("settings.csv", "route:R1,arrival_late_s,420", "permit:P-AM,arrival_late_s,0420")
    run_import(db, write_pack(tmp_path / "pack", files))
    bridge, school = one(db, t.zones, "Z-BRIDGE"), one(db, t.zones, "Z-SCHOOL")
    assert (bridge.kind, bridge.limit_kmh, bridge.width_m) == ("hazard", None, 8)
    assert bridge.wkt == "LINESTRING (105.11 37.5, 105.112 37.5)"
    assert (school.limit_kmh, school.valid_from, school.valid_until) == (30, "2026-09-01", "2027-07-15")
    assert settings_of(db) == {
        ("system", "", "corridor_m", "60"),
        ("operator", one(db, t.operators, "OP").id, "stale_intervals", "3.5"),
        ("permit", one(db, t.permits, "P-AM").id, "arrival_late_s", "420"),
    }


def test_a_workbook_of_the_same_changes_nothing(db: Database, tmp_path: Path) -> None:
    run_import(db, write_pack(tmp_path / "pack"))
    before = everything(db)
    report = run_import(db, write_book_pack(tmp_path / "book", make_book(FILES)), NOW_MS + 1)
    assert not report.changed
    assert report.imported["zones.csv"] == 3
    assert everything(db) == before


def test_a_setting_that_is_gone_is_ended_and_a_changed_one_changed(db: Database, tmp_path: Path) -> None:
    run_import(db, write_pack(tmp_path / "pack"))
    files = {"settings.csv": "scope,name,value\nsystem,corridor_m,70\n", "zones.csv": FILES["zones.csv"]}
    assert run_import(db, write_pack(tmp_path / "next", files), NOW_MS + 1).changed
    assert settings_of(db) == {("system", "", "corridor_m", "70")}


def test_a_setting_ends_with_what_it_is_for(db: Database, tmp_path: Path) -> None:
    files = edit_pack("settings.csv", "route:R1", "permit:P-AM")
    run_import(db, write_pack(tmp_path / "pack", files))
    alone = {"permits.csv": FILES["permits.csv"].replace("P-AM,OP,R1-AM", "P-2,OP,R1-AM")}
    run_import(db, write_pack(tmp_path / "alone", alone), NOW_MS + 1)
    assert {scope for scope, *_ in settings_of(db)} == {"system", "operator"}
    assert not any(setting.scope == "permit:P-AM" for setting in DbPackStore(db).load().pack.settings or ())


@pytest.mark.parametrize("name", ["out", "out.zip"])
def test_they_come_out_as_they_went_in(db: Database, tmp_path: Path, name: str) -> None:
    run_import(db, write_pack(tmp_path / "pack"))
    counts = export_pack(tmp_path / name, DbPackStore(db))
    assert (counts["zones.csv"], counts["settings.csv"]) == (3, 3)
    before = everything(db)
    assert not run_import(db, tmp_path / name, NOW_MS + 1).changed
    assert everything(db) == before
    if name == "out":
        assert (tmp_path / "out/settings.csv").read_text().split() == [
            "scope,name,value",
            "operator:OP,stale_intervals,3.5",
            "route:R1,arrival_late_s,420",
            "system,corridor_m,60",
        ]


def test_to_whom_a_family_lends_its_child_no_pack_says_or_ends(db: Database, tmp_path: Path) -> None:
    run_import(db, write_pack(tmp_path / "pack"))
    zhang, li = one(db, t.users, "zhang", "username").id, one(db, t.users, "li", "username").id
    child = one(db, t.riders, "ST-1").id
    lent = {"id": "lent", "user_id": li, "rider_id": child, "name": "Aunt", "shared_by": zhang}
    with db.write() as connection:
        connection.execute(t.guardians.insert().values(**lent, may_change=False, valid_until="2026-12-31"))
    export_pack(tmp_path / "out", DbPackStore(db))
    assert (tmp_path / "out/guardians.csv").read_text().count("\n") == 3, "its head, and two guardians"
    before = everything(db)
    assert not run_import(db, tmp_path / "out", NOW_MS + 1).changed
    assert everything(db) == before
    named = edit_pack("guardians.csv", "li,ST-2", "li,ST-1,李母,,,姨母,\nli,ST-2")
    run_import(db, write_pack(tmp_path / "named", named), NOW_MS + 2)
    row = one(db, t.guardians, "lent", "id")
    assert (row.shared_by, row.may_change, row.valid_until, row.relation) == (None, True, None, "姨母")
