"""A pack that is broken in twenty ways is refused with these twenty messages, and nothing is changed."""

from pathlib import Path

import pytest

from server.adapters.db.engine import Database
from server.service.packs.fault import PackRejected
from tests.builders.pack import FILES, make_book, write_book_pack, write_pack
from tests.integration.db.test_import import everything, run_import

# file, what is replaced by what, and the sentence that it must give
BROKEN = (
    ("agency.txt", "Asia/Shanghai", "Asia/Zhongwei", "agency.txt line 2, agency_timezone 'Asia/Zhongwei': "),
    ("jurisdictions.csv", "ZW-SPT,ZW,沙坡头区,county", "ZW-SPT,ZW,沙坡头区,city", "jurisdictions.csv line 3, parent_id 'ZW': "),
    ("operators.csv", "OP,ZW-SPT", "OP,ZW-X", "operators.csv line 2, jurisdiction_id 'ZW-X': "),
    ("stops.txt", "37.5050,105.1300", "105.1300,37.5050", "stops.txt line 5, stop_lat '105.1300': "),
    ("trips.txt", "R1,SCHOOL,R1-PM", "R1,SUNDAY,R1-PM", "trips.txt line 3, service_id 'SUNDAY': "),
    ("stop_times.txt", "7:04:00,7:05:00,B,2", "7:04,7:05:00,B,2", "stop_times.txt line 3, arrival_time '7:04': "),
    ("calendar.txt", "20260901", "2026-09-01", "calendar.txt line 2, start_date '2026-09-01': "),
    ("calendar_dates.txt", "20261010,1,4", "20261010,1,8", "calendar_dates.txt line 3, as_weekday '8': "),
    ("vehicles.csv", ",36,", ",many,", "vehicles.csv line 2, seats 'many': "),
    ("vehicles.csv", "宁E·A0018校", "", "vehicles.csv line 3, plate '': "),
    ("devices.csv", "ZW-0002", "ZW 0002", "devices.csv line 3, id 'ZW 0002': "),
    ("people.csv", "1978-02-03", "3/2/1978", "people.csv line 3, born '3/2/1978': "),
    ("permits.csv", "P-PM,OP,R1-PM", "P-PM,OP,R1-AM", "permits.csv line 3, valid_from '2026-09-01': "),
    ("riders.csv", "ST-3,SC1", "ST-3,SC7", "riders.csv line 4, school_id 'SC7': "),
    ("riders.csv", "04A1B2C4", "04A1B2C3", "riders.csv line 3, card '04A1B2C3': "),
    ("users.csv", "root,admin,", "root,admin,SC1", "users.csv line 2, scope_id 'SC1': "),
    ("users.csv", "a long school password", "short", "users.csv line 5, password '…': "),
    ("guardians.csv", "zhang@example.org", "zhang", "guardians.csv line 2, email 'zhang': "),
    ("zones.csv", "LINESTRING (105.1 37.6", "LINESTRING (37.6 105.1", "zones.csv line 4, wkt 'LINESTRING (37.6 105.1, 105.3 37.61)': "),
    ("settings.csv", "corridor_m", "corridr_m", "settings.csv line 2, name 'corridr_m': "),
)  # fmt: skip


def broken() -> dict[str, str]:
    files = dict(FILES)
    for file, old, new, _ in BROKEN:
        assert old in files[file], (file, old)
        files[file] = files[file].replace(old, new, 1)
    return files


def refusal(db: Database, path: Path) -> list[str]:
    before = everything(db)
    with pytest.raises(PackRejected, match="20 faults and nothing was imported") as refused:
        run_import(db, path)
    assert everything(db) == before
    return list(refused.value.faults)


@pytest.mark.parametrize("county", ["empty", "there"])
def test_a_pack_broken_in_20_ways_gives_20_messages_and_changes_nothing(
    db: Database, tmp_path: Path, county: str
) -> None:
    if county == "there":
        run_import(db, write_pack(tmp_path / "sound"))
    said = sorted(refusal(db, write_pack(tmp_path / "broken", broken())))
    wanted = sorted(start for _, _, _, start in BROKEN)
    assert len(said) == 20
    for sentence, start in zip(said, wanted, strict=True):
        assert sentence.startswith(start), said
        assert len(sentence) > len(start) + 15, sentence  # and says what to do


def test_a_workbook_broken_in_the_same_ways_gives_the_same_messages(db: Database, tmp_path: Path) -> None:
    files = broken()
    in_files = refusal(db, write_pack(tmp_path / "files", files))
    in_book = refusal(db, write_book_pack(tmp_path / "book", make_book(files), files))
    said = {
        one.replace("[county.xlsx]", "").replace("!", ".csv line ", 1) if one[0] == "[" else one
        for one in in_book
    }
    assert said == set(in_files)


def test_a_reference_into_an_absent_file_is_said_plainly(db: Database, tmp_path: Path) -> None:
    files = {name: text for name, text in FILES.items() if name != "jurisdictions.csv"}
    with pytest.raises(PackRejected) as refused:
        run_import(db, write_pack(tmp_path / "pack", files))
    assert (
        "operators.csv line 2, jurisdiction_id 'ZW-SPT': the pack has no such file as jurisdictions.csv, and the "
        "database knows none of this name; bring it or correct this"
    ) in refused.value.faults
