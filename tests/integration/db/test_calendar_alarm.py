"""A date that no calendar covers gets no trips, a warning at import and an alarm until a calendar covers it."""

import logging
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
import pytest
from sqlalchemy import select

from server.adapters.db import tables as t
from server.adapters.db.engine import Database
from server.adapters.db.timetabling import DbTimetabling
from server.service.timetabling import make_trips
from tests.builders.pack import FILES, edit_pack, write_pack
from tests.integration.db.test_import import everything, one, run_import

DAY_MS = 86_400_000


def at(text: str) -> int:
    """Give the instant of a wall-clock time in Shanghai."""
    return round((datetime.fromisoformat(text).replace(tzinfo=UTC) - timedelta(hours=8)).timestamp() * 1000)


def alarms(db: Database) -> list[tuple[str, str, int, int | None, object]]:
    with db.read() as connection:
        rows = connection.execute(select(t.alarms).order_by(t.alarms.c.since_ms, t.alarms.c.kind))
        return [
            (row.kind, row.object, row.since_ms, row.ended_at_ms, msgspec.json.decode(row.detail))
            for row in rows
        ]


def make(db: Database, now_ms: int) -> None:
    make_trips(DbTimetabling(db), now_ms)


def warnings_of(db: Database, folder: Path, files: dict[str, str], now_ms: int) -> list[str]:
    return [one.sentence() for one in run_import(db, write_pack(folder, files), now_ms).warnings]


def test_a_calendar_that_ends_in_time_raises_one_alarm_until_it_is_extended(
    db: Database, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    run_import(db, write_pack(tmp_path / "pack"), at("2026-12-30T12:00"))
    make(db, at("2026-12-30T12:00"))  # tomorrow and fourteen days: up to 14 January, the last covered but one
    assert alarms(db) == []
    first_ms = at("2027-01-01T12:00")
    with caplog.at_level(logging.INFO, "sixfixed.calendar"):
        make(db, first_ms)
        make(db, first_ms + 3_600_000)
    detail = {"edge": "2027-01-15", "from": "2027-01-16", "to": "2027-01-16", "timetables": 2}
    assert alarms(db) == [("calendar_ended", "SCHOOL", first_ms, None, detail)]
    assert [record.levelname for record in caplog.records] == ["WARNING"]
    assert "2027-01-16: service SCHOOL ended on 2027-01-15, so its 2 timetables" in caplog.messages[0]
    before = everything(db)
    make(db, first_ms + 3_700_000)
    assert everything(db) == before

    make(db, first_ms + DAY_MS)
    assert alarms(db) == [("calendar_ended", "SCHOOL", first_ms, None, detail | {"to": "2027-01-17"})]
    with db.read() as connection:
        assert connection.scalar(select(t.alarms.c.operator_id)) == one(db, t.operators, "OP").id

    longer = {"calendar.txt": FILES["calendar.txt"].replace("20270115", "20270715")}
    ended_ms = first_ms + DAY_MS + 5
    assert warnings_of(db, tmp_path / "longer", longer, ended_ms) == []
    with caplog.at_level(logging.INFO, "sixfixed.calendar"):
        make(db, ended_ms)
    assert [(alarm[0], alarm[3]) for alarm in alarms(db)] == [("calendar_ended", ended_ms)]
    assert "covers service SCHOOL again" in caplog.messages[-1]


def test_the_import_warns_of_a_calendar_that_is_over_and_makes_no_trip_by_guess(
    db: Database, tmp_path: Path
) -> None:
    now_ms = at("2027-03-01T06:00")
    (warning,) = warnings_of(db, tmp_path / "pack", FILES, now_ms)
    assert warning.startswith(
        "calendar.txt line 2, end_date '2027-01-15': no calendar covers 2027-02-28 to 2027-03-16: "
        "service SCHOOL ended on 2027-01-15"
    )
    make(db, now_ms)
    with db.read() as connection:
        assert connection.execute(select(t.trips)).all() == []
    assert [alarm[0] for alarm in alarms(db)] == ["calendar_ended"]


def test_a_calendar_that_has_not_begun_is_said(db: Database, tmp_path: Path) -> None:
    (warning,) = warnings_of(db, tmp_path / "pack", FILES, at("2026-08-20T12:00"))
    assert "start_date '2026-09-01'" in warning
    assert "2026-08-19 to 2026-08-31: service SCHOOL begins on 2026-09-01" in warning
    make(db, at("2026-08-20T12:00"))
    assert [alarm[0] for alarm in alarms(db)] == ["calendar_not_begun"]


def test_holidays_that_are_said_raise_nothing(db: Database, tmp_path: Path) -> None:
    days = "".join(f"SCHOOL,202701{day},2,\n" for day in range(16, 32))
    files = FILES | {"calendar_dates.txt": FILES["calendar_dates.txt"] + days}
    assert warnings_of(db, tmp_path / "pack", files, at("2027-01-10T12:00")) == []
    make(db, at("2027-01-10T12:00"))
    assert alarms(db) == []


def test_a_timetable_of_the_next_term_raises_nothing_while_this_term_runs(
    db: Database, tmp_path: Path
) -> None:
    files = edit_pack("trips.txt", "R1,SCHOOL,R1-PM", "R1,SPRING,R1-SP,第一小学,0,OUT\nR1,SCHOOL,R1-PM")
    files["calendar.txt"] = FILES["calendar.txt"] + "SPRING,1,1,1,1,1,0,0,20270116,20270715\n"
    files["stop_times.txt"] = FILES["stop_times.txt"] + "".join(
        line.replace("R1-AM", "R1-SP") + "\n"
        for line in FILES["stop_times.txt"].splitlines()
        if "R1-AM" in line
    )
    assert warnings_of(db, tmp_path / "pack", files, at("2026-11-02T06:00")) == []
    make(db, at("2026-11-02T06:00"))
    assert alarms(db) == []
    # In the new year the way to school goes on, the way home has no calendar.
    make(db, at("2027-01-20T06:00"))
    assert [(alarm[0], alarm[1]) for alarm in alarms(db)] == [("calendar_ended", "SCHOOL")]


def test_a_pack_without_calendars_is_not_nagged_about_them(db: Database, tmp_path: Path) -> None:
    warnings_of(db, tmp_path / "pack", FILES, at("2026-11-02T06:00"))
    alone = {"riders.csv": FILES["riders.csv"]}
    assert warnings_of(db, tmp_path / "alone", alone, at("2027-03-01T06:00")) == []
