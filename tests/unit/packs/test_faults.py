"""Each kind of fault is said with its file, line and column, alone; the sound pack has none."""

from collections.abc import Mapping
from pathlib import Path

import pytest

from server.service.packs.fault import PackFault, Remarks
from server.service.packs.judging import judge
from server.service.packs.network import lay_out
from server.service.packs.pack import Pack
from server.service.packs.reading import complete, read_pack
from server.service.packs.source import read_source
from tests.builders.pack import FILES, edit_pack, make_pack, write_pack, zip_pack


def judge_files(files: Mapping[str, str | bytes]) -> Remarks:
    remarks = Remarks()
    read = read_pack(
        {name: text.encode() if isinstance(text, str) else text for name, text in files.items()}, remarks
    )
    pack = complete(read, Pack(), remarks)
    full = pack.over(Pack())
    judge(pack, full, remarks)
    lay_out(full, remarks)
    return remarks


def where(faults: list[PackFault]) -> list[tuple[str, int, str, str]]:
    return [(fault.file, fault.line, fault.column, fault.value) for fault in faults]


def test_the_sound_pack_has_no_fault_and_no_warning() -> None:
    remarks = judge_files(FILES)
    assert (remarks.faults, remarks.warnings) == ([], [])


# file, what is replaced by what, then where the one fault is and what it says
FAULTS = [
    ("riders.csv", "04A1B2C4", "04-A1", (3, "card", "04-A1"), "0-9"),
    ("riders.csv", "04A1B2C4", "0" * 33, (3, "card", "0" * 33), "1 to 32"),
    ("riders.csv", "04A1B2C4", "04A1B2C3", (3, "card", "04A1B2C3"), "line 2 has the same card"),
    ("riders.csv", "ST-3,SC1", "ST-3,SC7", (4, "school_id", "SC7"), "schools.csv"),
    ("riders.csv", "马晓燕", "", (4, "name", ""), "must not be empty"),
    ("riders.csv", "马晓燕", "马\x07燕", (4, "name", "马\x07燕"), "can't be printed"),
    ("vehicles.csv", "36", "0", (2, "seats", "0"), "from 1 to 200"),
    ("vehicles.csv", "宁E·A0018校", "宁E·A0017校", (3, "plate", "宁E·A0017校"), "line 2"),
    ("vehicles.csv", "2027-03-01,2027-03-01\nV2", "2027-02-30,2027-03-01\nV2", (2, "inspection_until", "2027-02-30"), "no day"),
    ("vehicles.csv", "V2,OP", "V1,OP", None, None),
    ("devices.csv", "ZW-0002,V2", "ZW-0002,V1", (3, "vehicle_id", "V1"), "one recorder"),
    ("devices.csv", "ZW-0002", "ZW 0002", (3, "id", "ZW 0002"), "1 to 32 of"),
    ("devices.csv", "first-device-secret", "short", (2, "secret", "…"), "12 to 128"),
    ("people.csv", "driver,李卫东", "pilot,李卫东", (3, "role", "pilot"), "driver, attendant"),
    ("people.csv", "1978-02-03", "3/2/1978", (3, "born", "3/2/1978"), "YYYY-MM-DD"),
    ("permits.csv", "2026-09-01,2027-01-31\nP-PM", "2027-02-01,2027-01-31\nP-PM", (2, "valid_until", "2027-01-31"), "before"),
    ("permits.csv", "P-PM,OP,R1-PM", "P-PM,OP,R1-AM", (3, "valid_from", "2026-09-01"), "may not overlap"),
    ("permits.csv", "R1-AM,V1,D-1,T-1", "R1-AM,V1,T-1,T-1", (2, "driver_badge", "T-1"), "name a driver"),
    ("permits.csv", "P-PM,OP,R1-PM,V1", "P-PM,OP,R1-PM,V9", (3, "vehicle_id", "V9"), "vehicles.csv"),
    ("ride_plans.csv", "ST-3,R1-PM,C", "ST-3,R1-PM,S2", (6, "stop_id", "S2"), "doesn't stop there"),
    ("ride_plans.csv", "ST-2,R1-AM,C,5", "ST-2,R1-AM,C,45", (5, "weekdays", "45"), "same weekday"),
    ("ride_plans.csv", "ST-2,R1-AM,C,5", "ST-2,R1-AM,C,8", (5, "weekdays", "8"), "Monday 1"),
    ("agency.txt", "Asia/Shanghai", "Asia/Zhongwei", (2, "agency_timezone", "Asia/Zhongwei"), "tz database"),
    ("users.csv", "gate,school,SC1", "gate,school,SC9", (5, "scope_id", "SC9"), "schools.csv has no such row"),
    ("users.csv", "gate,school,SC1", "gate,school,", (5, "scope_id", ""), "needs a scope"),
    ("users.csv", "root,admin,", "root,admin,SC1", (2, "scope_id", "SC1"), "has no scope"),
    ("users.csv", "ma,attendant,T-1", "ma,attendant,D-1", (6, "scope_id", "D-1"), "a driver's"),
    ("users.csv", "gate,school,", "gate,teacher,", (5, "role", "teacher"), "one of admin"),
    ("users.csv", "gate,", "a b,", (5, "username", "a b"), "letters, digits"),
    ("users.csv", "a long school password", "short", (5, "password", "…"), "12 to 128"),
    ("guardians.csv", "li,ST-2", "gate,ST-2", (3, "username", "gate"), "a school's"),
    ("guardians.csv", "li,ST-2", "zhao,ST-2", (3, "username", "zhao"), "users.csv"),
    ("guardians.csv", "zhang@example.org", "zhang", (2, "email", "zhang"), "name@example.org"),
    ("jurisdictions.csv", "ZW-SPT,ZW,沙坡头区,county", "ZW-SPT,ZW,沙坡头区,city", (3, "parent_id", "ZW"), "can't sit in"),
    ("jurisdictions.csv", "ZW-SPT,ZW,", "ZW-SPT,XX,", (3, "parent_id", "XX"), "jurisdictions.csv"),
    ("operators.csv", "OP,ZW-SPT", "OP,ZW-X", (2, "jurisdiction_id", "ZW-X"), "jurisdictions.csv"),
    ("schools.csv", "SC2,ZW-SPT,S2", "SC2,ZW-SPT,S9", (3, "stop_id", "S9"), "stops.txt"),
    ("routes.txt", "R1,OP", "R1,ON", (2, "agency_id", "ON"), "agency.txt"),
    ("stops.txt", "37.5050,105.1300", "105.1300,37.5050", (5, "stop_lat", "105.1300"), "swapped"),
    ("stops.txt", "37.5050,105.1300", "37.5.50,105.1300", (5, "stop_lat", "37.5.50"), "number of degrees"),
    ("stops.txt", "B,河沿村", "A,河沿村", None, None),
    ("trips.txt", "R1,SCHOOL,R1-PM,东园村,1,BACK", "R1,SCHOOL,R1-PM,东园村,1,AWAY", (3, "shape_id", "AWAY"), "no such shape"),
    ("trips.txt", "R1,SCHOOL,R1-PM", "R1,SUNDAY,R1-PM", (3, "service_id", "SUNDAY"), "calendar"),
    ("trips.txt", "R1,SCHOOL,R1-PM,东园村,1,BACK", "R1,SCHOOL,R1-PM,东园村,1,OUT", (3, "shape_id", "OUT"), "other way"),
    ("trips.txt", "东园村,1,", "东园村,2,", None, None),
    ("stop_times.txt", "7:04:00,7:05:00,B,2", "6:59:00,7:05:00,B,2", (3, "arrival_time", "06:59:00"), "back in time"),
    ("stop_times.txt", "7:04:00,7:05:00,B,2", "7:04,7:05:00,B,2", (3, "arrival_time", "7:04"), "H:MM:SS"),
    ("stop_times.txt", "R1-AM,7:00:00,7:01:00,A,1", "R1-AM,,,A,1", (2, "arrival_time", ""), "first and last"),
    ("stop_times.txt", "7:04:00,7:05:00,B,2", "7:01:09,7:05:00,B,2", (3, "arrival_time", "07:01:09"), "over 120 km/h"),
    ("stop_times.txt", "B,2", "B,1", (3, "trip_id and stop_sequence", "R1-AM, 1"), "line 2 has the same"),
    ("stop_times.txt", "A,1\n", "Q,1\n", (2, "stop_id", "Q"), "stops.txt"),
    ("stop_times.txt", ",B,2", ",B,two", (3, "stop_sequence", "two"), "whole number"),
    ("calendar.txt", "20260901,20270115", "20270901,20270115", (2, "end_date", "2027-01-15"), "before start_date"),
    ("calendar.txt", "20260901", "2026-09-01", (2, "start_date", "2026-09-01"), "YYYYMMDD"),
    ("calendar_dates.txt", "20261010,1,4", "20261010,1,8", (3, "as_weekday", "8"), "from 1 to 7"),
    ("calendar_dates.txt", "20261010,1,4", "20261010,3,4", (3, "exception_type", "3"), "from 1 to 2"),
    ("zones.csv", "Z-SCHOOL,limit", "Z-SCHOOL,school", (3, "kind", "school"), "expressway, hazard, limit"),
    ("zones.csv", "limit,30,", "limit,,", (3, "limit_kmh", ""), "kind limit says its limit"),
    ("zones.csv", "limit,30,", "limit,130,", (3, "limit_kmh", "130"), "from 5 to 120"),
    ("zones.csv", ",40,,", ",,,", (4, "width_m", ""), "needs the road's width"),
    ("zones.csv", ",40,,", ",400,,", (4, "width_m", "400"), "from 1 to 200"),
    ("zones.csv", '504))",,', '504))",9,', (3, "width_m", "9"), "has no width"),
    ("zones.csv", "2027-07-15", "2026-07-15", (3, "valid_until", "2026-07-15"), "before valid_from"),
    ("zones.csv", "2026-09-01", "2026-9-1", (3, "valid_from", "2026-9-1"), "YYYY-MM-DD"),
    ("zones.csv", "Z-G70", "Z-BRIDGE", (4, "id", "Z-BRIDGE"), "line 2 has the same"),
    ("settings.csv", "corridor_m", "coridor_m", (2, "name", "coridor_m"), "did you mean corridor_m?"),
    ("settings.csv", "corridor_m", "horn", (2, "name", "horn"), "there are corridor_m, off_route_s"),
    ("settings.csv", ",60", ",60.5", (2, "value", "60.5"), "a whole number from 5 to 1000 (m)"),
    ("settings.csv", ",60", ",4", (2, "value", "4"), "from 5 to 1000"),
    ("settings.csv", ",3.5", ",3.5e0", (3, "value", "3.5e0"), "a number from 1 to 20"),
    ("settings.csv", ",420", ",", (4, "value", ""), "must not be empty"),
    ("settings.csv", "route:R1", "route:R9", (4, "scope", "route:R9"), "routes.txt has no such row"),
    ("settings.csv", "route:R1", "permit:R1", (4, "scope", "permit:R1"), "permits.csv has no such row"),
    ("settings.csv", "operator:OP", "operator", (3, "scope", "operator"), "operator:ID, route:ID"),
    ("settings.csv", "operator:OP", "school:OP", (3, "scope", "school:OP"), "operator:ID, route:ID"),
    ("settings.csv", "operator:OP,stale_intervals,3.5", "system,corridor_m,70", (3, "scope and name", "system, corridor_m"), "line 2"),
    ("shapes.txt", "OUT,37.5000,105.1000,1", "OUT,37.5000,205.1000,1", (2, "shape_pt_lon", "205.1000"), "-180 to 180"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("file", "old", "new", "place", "words"),
    [one for one in FAULTS if one[3] is not None],
    ids=lambda value: str(value)[:24],
)
def test_a_fault_is_said_where_it_is(
    file: str, old: str, new: str, place: tuple[int, str, str], words: str
) -> None:
    remarks = judge_files(edit_pack(file, old, new))
    assert where(remarks.faults) == [(file, *place)], [fault.sentence() for fault in remarks.faults]
    assert words in remarks.faults[0].message


@pytest.mark.parametrize(
    ("wkt", "words"),
    [
        ("POLYGON ((105.1 37.5, 105.2 37.5, 105.2 37.6))", "closed"),
        ("POLYGON ((105.1 37.5, 105.2 37.6, 105.1 37.6, 105.2 37.5, 105.1 37.5))", "Self-intersection"),
        ("POLYGON ((37.5 105.1, 37.5 105.2, 37.6 105.2, 37.5 105.1))", "longitude comes first"),
        ("LINESTRING (105.1 37.5)", "can't be read"),
        ("LINESTRING (105.1 37.5, 105.1 37.5)", "no sound shape"),
        ("LINESTRING (105.1 37.5 1200, 105.2 37.5 1200)", "two numbers"),
        ("LINESTRING (1" + "0" * 400 + " 37.5, 105.2 37.5)", "beyond 180 degrees"),
        ("LINESTRING (nan 37.5, 105.2 37.5)", "LINESTRING (lon lat, …)"),
        ("LINESTRING EMPTY", "LINESTRING (lon lat, …)"),
        ("POLYGON ()", "can't be read"),
        ("POINT (105.1 37.5)", "LINESTRING (lon lat, …)"),
        ("MULTIPOLYGON (((105 37, 106 37, 106 38, 105 37)))", "LINESTRING (lon lat, …)"),
        ("LINESTRING (" + ", ".join(["105.1 37.5"] * 4000) + ")", "fewer points"),
    ],
    ids=lambda value: value[:24],
)
def test_a_zone_that_lies_nowhere_is_said(wkt: str, words: str) -> None:
    faults = judge_files(edit_pack("zones.csv", "LINESTRING (105.1 37.6, 105.3 37.61)", wkt)).faults
    assert [(one.file, one.line, one.column) for one in faults] == [("zones.csv", 4, "wkt")], faults
    assert words in faults[0].message


def test_a_double_id_is_said_beside_what_it_breaks() -> None:
    faults = judge_files(edit_pack("vehicles.csv", "V2,OP", "V1,OP")).faults
    assert ("vehicles.csv", 3, "id", "V1") in where(faults)
    assert ("devices.csv", 3, "vehicle_id", "V2") in where(faults)


@pytest.mark.parametrize("file", sorted(FILES))
def test_a_missing_column_is_said_once_and_blames_nobody_else(file: str) -> None:
    lines = FILES[file].splitlines()
    first = lines[0].split(",")[0 if file != "agency.txt" else 1]
    text = "\n".join([lines[0].replace(first, "x", 1), *lines[1:]])
    faults = judge_files(FILES | {file: text}).faults
    assert where(faults) == [(file, 1, first, "")]
    assert "column is missing" in faults[0].message


@pytest.mark.parametrize(
    "file", ["stops.txt", "trips.txt", "riders.csv", "vehicles.csv", "people.csv", "schools.csv"]
)
def test_a_missing_file_that_others_need_is_said(file: str) -> None:
    faults = judge_files(make_pack(**{file.replace(".", "_"): None})).faults
    assert any(file in fault.message and "pack has no such file" in fault.message for fault in faults)


def test_no_operator_at_all_is_said() -> None:
    faults = judge_files({"riders.csv": FILES["riders.csv"]}).faults
    assert ("agency.txt", 0, "", "") in where(faults)


def test_every_fault_is_said_at_once() -> None:
    files = edit_pack("riders.csv", "04A1B2C4", "no card")
    files["vehicles.csv"] = FILES["vehicles.csv"].replace("36", "many")
    files["stops.txt"] = FILES["stops.txt"].replace("37.5100,105.1400", "97.5100,205.1400")
    assert where(sorted(judge_files(files).faults)) == [
        ("riders.csv", 3, "card", "no card"),
        ("stops.txt", 6, "stop_lat", "97.5100"),
        ("stops.txt", 6, "stop_lon", "205.1400"),
        ("vehicles.csv", 2, "seats", "many"),
        ("vehicles.csv", 3, "seats", "many"),
    ]


def test_a_stop_far_from_its_shape_is_a_warning_and_very_far_a_fault() -> None:
    near = judge_files(edit_pack("stops.txt", "B,河沿村,37.5000", "B,河沿村,37.5015"))
    assert near.faults == []
    assert [("stop_id", "B" in one.value, "from shape" in one.message) for one in near.warnings] == [
        ("stop_id", True, True)
    ] * 2
    away = judge_files(edit_pack("stops.txt", "B,河沿村,37.5000", "B,河沿村,37.5150"))
    assert where(away.faults) == [
        ("stop_times.txt", 3, "stop_id", "B"),
        ("stop_times.txt", 8, "stop_id", "B"),
    ]
    assert "over 1 km" in away.faults[0].message


def test_a_timetable_without_a_shape_gets_straight_lines_and_a_warning() -> None:
    remarks = judge_files(edit_pack("trips.txt", ",OUT", ","))
    assert remarks.faults == []
    assert ["1 of 2 timetables have no shape" in one.message for one in remarks.warnings] == [True]


def test_blank_times_between_timepoints_are_filled_by_distance() -> None:
    remarks = Remarks()
    files = edit_pack("stop_times.txt", "7:04:00,7:05:00,B,2", ",,B,2")
    files["stops.txt"] = FILES["stops.txt"].replace("37.5000,105.1100", "37.5000,105.1150")
    read = read_pack({name: text.encode() for name, text in files.items()}, remarks)
    drafts = {draft.code: draft for draft in lay_out(read.over(Pack()), remarks)}
    # Three quarters of the way from A (leaving at 7:01) to C (reached at 7:08).
    assert drafts["R1-AM"].stops[1][:3] == ("B", 7 * 3600 + 60 + 315, 7 * 3600 + 60 + 315)
    assert remarks.faults == []


def test_what_is_not_utf8_is_said_with_its_line() -> None:
    files: dict[str, str | bytes] = dict(FILES)
    files["riders.csv"] = FILES["riders.csv"].encode("gb18030")
    faults = judge_files(files).faults
    assert (faults[0].file, faults[0].line) == ("riders.csv", 2)
    assert "UTF-8" in faults[0].message


def test_a_stray_quote_is_said_with_its_line() -> None:
    faults = judge_files(edit_pack("riders.csv", "ST-3,", '"ST-3,')).faults
    assert where(faults) == [("riders.csv", 4, "", "")]
    assert "stray quote" in faults[0].message


def test_rows_may_be_short_quoted_marked_reordered_and_end_anyhow() -> None:
    files = dict(FILES)
    files["stops.txt"] = (
        "\ufeffstop_lat,colour,STOP_ID,stop_lon,stop_name\r\n"
        '37.5000,red,A,105.1000,"东园村, 北"\r\n\r\n'
        "37.5000,,B,105.1100,河沿村\r\n , , ,\r\n"
        "37.5000,,C, 105.1200 ,城关\r\n37.5050,,S,105.1300,一小\r\n37.5100,,S2,105.1400,二小"
    )
    files["trips.txt"] = FILES["trips.txt"].replace("R1,SCHOOL,R1-AM,第一小学,0,OUT", "R1,SCHOOL,R1-AM")
    remarks = judge_files(files)
    assert [fault.sentence() for fault in remarks.faults] == []


def test_an_unknown_file_is_a_warning_and_an_unreadable_pack_a_fault(tmp_path: Path) -> None:
    folder = write_pack(tmp_path / "pack", {"agency.txt": FILES["agency.txt"], "zone.csv": "id\n"})
    remarks = Remarks()
    assert list(read_source(folder, remarks)) == ["agency.txt"]
    assert where(list(remarks.warnings)) == [("zone.csv", 0, "", "")]
    broken = tmp_path / "broken.zip"
    broken.write_bytes(zip_pack(tmp_path / "sound.zip").read_bytes()[:-400])
    remarks = Remarks()
    assert read_source(broken, remarks) == {}
    assert "no zip file that can be read" in remarks.faults[0].message


def test_a_zip_bomb_is_refused_before_it_fills_the_memory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("server.service.packs.source.LARGEST_BYTES", 1024 * 1024)
    bomb = zip_pack(tmp_path / "bomb.zip", {"stops.txt": "0" * 3_000_000})
    assert bomb.stat().st_size < 10_000
    remarks = Remarks()
    assert read_source(bomb, remarks) == {}
    assert "over 1 MiB together" in remarks.faults[0].message
    many = zip_pack(tmp_path / "many.zip", {f"{n}.txt": "" for n in range(201)})
    remarks = Remarks()
    assert read_source(many, remarks) == {}
    assert "over 200 files" in remarks.faults[0].message
