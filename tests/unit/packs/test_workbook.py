"""The files that GTFS doesn't know may be sheets of a workbook; what a spreadsheet does to them is undone or said."""

import zipfile
from collections.abc import Callable
from datetime import date, datetime, time
from io import BytesIO
from pathlib import Path

import msgspec
import pytest
from openpyxl import Workbook
from openpyxl.styles import numbers

from server.service.packs.fault import Remarks
from server.service.packs.judging import judge
from server.service.packs.pack import FILES as KINDS
from server.service.packs.pack import Pack
from server.service.packs.reading import complete, read_pack
from server.service.packs.source import read_source
from tests.builders.pack import FILES, make_book, write_book_pack, write_pack


def read(path: Path) -> tuple[Pack, Remarks]:
    remarks = Remarks()
    pack = complete(read_pack(read_source(path, remarks), remarks), Pack(), remarks)
    judge(pack, pack.over(Pack()), remarks)
    return pack, remarks


def without_lines(pack: Pack) -> dict[str, object]:
    return {
        kind.name: [msgspec.structs.replace(row, line=0) for row in pack.of(kind) or ()] for kind in KINDS
    }


def sentences(remarks: Remarks) -> list[str]:
    return [fault.sentence() for fault in sorted(remarks.faults)]


def broken(tmp_path: Path, sheet: str, cell: str, value: object, shown_as: str | None = None) -> list[str]:
    """Give the faults of a sound workbook in which one cell is another."""
    book = make_book(FILES)
    book[sheet][cell] = value
    if shown_as is not None:
        book[sheet][cell].number_format = shown_as
    return sentences(read(write_book_pack(tmp_path / "pack", book))[1])


def test_sheets_say_what_files_say(tmp_path: Path) -> None:
    pack, remarks = read(write_book_pack(tmp_path / "book", make_book(FILES)))
    assert (sentences(remarks), remarks.warnings) == ([], [])
    assert without_lines(pack) == without_lines(read(write_pack(tmp_path / "files"))[0])


def test_dates_and_numbers_may_be_what_the_spreadsheet_made_of_them(tmp_path: Path) -> None:
    book = make_book(FILES)
    book["people"]["F2"] = date(1980, 2, 3)
    book["people"]["G2"] = datetime(2005, 6, 1)
    book["people"]["E2"] = 13900000001
    book["vehicles"]["D2"] = 36.0
    book["ride_plans"]["D2"] = 12345
    book["settings"]["C3"] = 3.5
    book["riders"]["E2"] = 12.0
    book["riders"]["E3"] = 12
    book["riders"]["E3"].number_format = "0000"
    book["riders"]["E4"] = "0013"
    pack, remarks = read(write_book_pack(tmp_path / "pack", book))
    assert sentences(remarks) == []
    assert (
        pack.people and pack.people[0].born == "1980-02-03" and pack.people[0].licence_since == "2005-06-01"
    )
    assert pack.people[0].phone == "13900000001"
    assert pack.vehicles and pack.vehicles[0].seats == 36
    assert pack.ride_plans and pack.ride_plans[0].weekdays == "12345"
    assert pack.settings and pack.settings[1].value == "3.5"
    assert pack.riders and [rider.card for rider in pack.riders] == ["12", "0012", "0013"]


@pytest.mark.parametrize(
    ("cell", "value", "words"),
    [
        ("C2", "=A2&B2", "name '=A2&B2': this is a formula"),
        ("C2", "#N/A", "name '#N/A': this is a spreadsheet's error"),
        ("E2", 6.2284801234567891e18, "15 digits"),
        ("E2", "04-A1", "card '04-A1': use 1 to 32"),
        ("E2", date(2026, 1, 2), "card '2026-01-02': this became a date"),
        ("E2", time(7, 30), "card '07:30:00': this is a time of day"),
        ("E2", 1.5, "card '1.5': use 1 to 32"),
        ("B2", True, "school_id 'TRUE': schools.csv has no such row"),
    ],
)
def test_a_cell_that_says_nothing_certain_is_a_fault_at_its_place(
    tmp_path: Path, cell: str, value: object, words: str
) -> None:
    (fault,) = broken(tmp_path, "riders", cell, value)
    assert fault.startswith(f"[county.xlsx]riders!{cell[1:]}, ")
    assert words in fault


def test_a_date_with_a_time_is_a_fault(tmp_path: Path) -> None:
    (fault,) = broken(tmp_path, "people", "F2", datetime(1980, 2, 3, 8), numbers.FORMAT_DATE_DATETIME)
    assert "[county.xlsx]people!2, born '1980-02-03 08:00:00'" in fault


def test_a_formula_in_a_column_that_no_part_of_a_pack_has_is_nobodys_business(tmp_path: Path) -> None:
    book = make_book(FILES)
    book["riders"]["F1"], book["riders"]["F2"] = "age", "=YEAR(A1)"
    assert sentences(read(write_book_pack(tmp_path / "pack", book))[1]) == []


def test_blank_rows_and_columns_and_another_order_are_as_in_files(tmp_path: Path) -> None:
    book = make_book(FILES)
    book["riders"].insert_rows(1, 2)
    book["riders"].insert_rows(5, 3)
    book["riders"].insert_cols(1)
    book["riders"]["F9"] = "04-A1"
    assert sentences(read(write_book_pack(tmp_path / "pack", book))[1]) == [
        "[county.xlsx]riders!9, card '04-A1': use 1 to 32 of 0-9, A-Z, a-z"
    ]


def test_one_fault_is_told_of_the_sheet_and_another_of_the_file(tmp_path: Path) -> None:
    book = make_book(FILES)
    book["permits"]["C2"] = "R9"
    files = FILES | {"stops.txt": FILES["stops.txt"].replace("37.5050,105.1300", "97.5050,105.1300")}
    assert [fault[:40] for fault in sentences(read(write_book_pack(tmp_path / "pack", book, files))[1])] == [
        "[county.xlsx]permits!2, trip_id 'R9': tr",
        "stops.txt line 5, stop_lat '97.5050': de",
    ]


def test_a_sheet_beside_its_file_is_a_fault(tmp_path: Path) -> None:
    folder = write_book_pack(tmp_path / "pack", make_book(FILES))
    (folder / "riders.csv").write_text(FILES["riders.csv"])
    assert sentences(read(folder)[1]) == [
        "[county.xlsx]riders: riders.csv is in the pack twice; leave one of them"
    ]


def test_two_workbooks_are_a_fault(tmp_path: Path) -> None:
    folder = write_book_pack(tmp_path / "pack", make_book(FILES))
    make_book({"zones.csv": FILES["zones.csv"]}).save(folder / "more.xlsx")
    (folder / "~$county.xlsx").write_bytes(b"a spreadsheet's lock")
    assert any(
        "a pack has one workbook, and county.xlsx is there" in one for one in sentences(read(folder)[1])
    )


def test_gtfs_in_a_sheet_is_a_fault_and_an_unknown_sheet_a_warning(tmp_path: Path) -> None:
    book = make_book(FILES)
    book.create_sheet("Stops").append(["stop_id"])
    book.create_sheet("notes").append(["call the school"])
    _, remarks = read(write_book_pack(tmp_path / "pack", book))
    assert sentences(remarks) == [
        "[county.xlsx]Stops: GTFS is text: save this sheet as CSV UTF-8 under the name stops.txt"
    ]
    assert [warning.file for warning in remarks.warnings] == ["[county.xlsx]notes"]


def test_a_workbook_alone_and_one_in_a_zip_are_packs(tmp_path: Path) -> None:
    folder = write_book_pack(tmp_path / "pack", make_book(FILES))
    remarks = Remarks()
    alone = read_pack(read_source(folder / "county.xlsx", remarks), remarks)
    assert alone.riders is not None and alone.stops is None
    with zipfile.ZipFile(tmp_path / "pack.zip", "w") as archive:
        for file in folder.iterdir():
            archive.write(file, f"county/{file.name}")
    pack, remarks = read(tmp_path / "pack.zip")
    assert sentences(remarks) == []
    assert pack.riders and len(pack.riders) == 3 and pack.stops


def rewritten(book: Workbook, part: str, change: Callable[[bytes], bytes]) -> bytes:
    """Give a workbook's bytes with one of its parts forged."""
    sound, forged = BytesIO(), BytesIO()
    book.save(sound)
    with zipfile.ZipFile(sound) as old, zipfile.ZipFile(forged, "w", zipfile.ZIP_DEFLATED) as new:
        for entry in old.namelist():
            content = old.read(entry)
            new.writestr(entry, change(content) if entry == part else content)
    return forged.getvalue()


def faults_of(content: bytes) -> list[str]:
    remarks = Remarks()
    read_pack({"county.xlsx": content}, remarks)
    return sentences(remarks)


SHEET = "xl/worksheets/sheet1.xml"
RIDERS = {"riders.csv": FILES["riders.csv"]}


def test_a_workbook_that_inflates_without_end_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("server.service.packs.workbook.LARGEST_INFLATED", 1024 * 1024)
    bomb = rewritten(make_book(RIDERS), "docProps/app.xml", lambda _: b" " * 3_000_000)
    assert len(bomb) < 20_000
    assert faults_of(bomb) == ["county.xlsx: this inflates to over 1 MiB; split it"]


def test_entities_are_not_expanded() -> None:
    declared = b'<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;">]>'
    forged = rewritten(
        make_book(RIDERS), SHEET, lambda xml: xml.replace(b"<worksheet", declared + b"<worksheet", 1)
    )
    assert faults_of(forged) == [
        "county.xlsx: this is no workbook that can be read (EntitiesForbidden); save it again as .xlsx"
    ]


def test_a_row_number_beyond_the_limit_ends_the_reading() -> None:
    forged = rewritten(
        make_book(RIDERS), SHEET, lambda xml: xml.replace(b'<row r="3"', b'<row r="999999999999"', 1)
    )
    assert faults_of(forged) == [
        "[county.xlsx]riders!200001: a sheet has at most 200000 rows; save it as CSV instead"
    ]


def test_a_size_that_is_a_lie_is_not_believed() -> None:
    forged = rewritten(
        make_book(RIDERS), SHEET, lambda xml: xml.replace(b'ref="A1:E4"', b'ref="A1:XFD1048576"', 1)
    )
    remarks = Remarks()
    assert read_pack({"county.xlsx": forged}, remarks).riders
    assert remarks.faults == []


@pytest.mark.parametrize("cut", [0, 30, 2000])
def test_what_is_no_workbook_is_said(cut: int) -> None:
    sound = BytesIO()
    make_book(RIDERS).save(sound)
    (fault,) = faults_of(sound.getvalue()[:cut])
    assert "no workbook that can be read" in fault


def test_a_workbook_without_a_sheet_of_a_pack_is_said() -> None:
    content = BytesIO()
    Workbook().save(content)
    (fault,) = faults_of(content.getvalue())
    assert "no sheet of this is part of a pack" in fault
    assert "riders" in fault
