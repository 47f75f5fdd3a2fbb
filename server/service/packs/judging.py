"""Judge a whole pack against itself and what the database has: the literal list of checks, each noting every fault."""

from __future__ import annotations

from server.service.packs.fault import Remarks, other_row
from server.service.packs.fleet import judge_fleet
from server.service.packs.pack import FILES, Pack
from server.service.packs.riders import judge_riders
from server.service.packs.settings import judge_settings
from server.service.packs.sheet import columns_of
from server.service.packs.supervision import judge_supervision
from server.service.packs.zones import judge_zones


def judge(pack: Pack, full: Pack, remarks: Remarks) -> None:
    """Note every fault of the present files; `full` is what the database would say after the import."""
    judge_keys(pack, remarks)
    judge_references(pack, full, remarks)
    judge_dropped(pack, full, remarks)
    judge_services(pack, full, remarks)
    judge_supervision(pack, full, remarks)
    judge_fleet(pack, full, remarks)
    judge_riders(pack, full, remarks)
    judge_zones(pack, remarks)
    judge_settings(pack, full, remarks)


def judge_keys(pack: Pack, remarks: Remarks) -> None:
    """Note each row that is named as another of its file."""
    for kind in FILES:
        seen: dict[tuple[object, ...], int] = {}
        for row in pack.of(kind) or ():
            key = tuple(getattr(row, name) for name in kind.key)
            first = seen.setdefault(key, row.line)
            if first != row.line:
                remarks.fault(
                    kind.name,
                    row.line,
                    " and ".join(kind.key),
                    ", ".join(map(str, key)),
                    f"{other_row(first)} has the same; give each row its own",
                )


def judge_references(pack: Pack, full: Pack, remarks: Remarks) -> None:
    """Note each cell that names a row which is nowhere."""
    known: dict[str, set[object]] = {}
    for kind in FILES:
        if len(kind.key) == 1:
            known[kind.name] = {getattr(row, kind.key[0]) for row in full.of(kind) or ()}
    for kind in FILES:
        targets = [
            (column.name, column.refers) for column in columns_of(kind.row) if column.refers is not None
        ]
        for row in pack.of(kind) or ():
            for name, file in targets:
                value = getattr(row, name)
                if value is not None and value not in known[file] and not remarks.is_unread(file, value):
                    remarks.fault(kind.name, row.line, name, value, _nowhere(pack, file))
                    remarks.skip_row(kind.name, getattr(row, kind.key[0]))


# These end with what they name: a permit without its timetable means nothing.
ENDING_ALONG = (
    "trips.txt",
    "stop_times.txt",
    "permits.csv",
    "ride_plans.csv",
    "guardians.csv",
    "devices.csv",
)


def judge_dropped(pack: Pack, full: Pack, remarks: Remarks) -> None:
    """Note each row that a file drops although the database's rows of an absent file name it."""
    for kind in FILES:
        if pack.of(kind) is not None or kind.name in ENDING_ALONG:
            continue
        for column in columns_of(kind.row):
            target = next((one for one in FILES if one.name == column.refers), None)
            if target is None or pack.of(target) is None:
                continue
            kept = {getattr(row, target.key[0]) for row in full.of(target) or ()}
            named = {getattr(row, column.name) for row in full.of(kind) or ()} - {None}
            for value in sorted(named - kept):
                if not remarks.is_unread(target.name, value):
                    remarks.fault(
                        target.name,
                        0,
                        target.key[0],
                        value,
                        f"rows of {kind.name} in the database name this; keep it, or bring {kind.name} too",
                    )


def _nowhere(pack: Pack, file: str) -> str:
    if next(pack.of(kind) for kind in FILES if kind.name == file) is not None:
        return f"{file} has no such row; add it there or correct this"
    return f"the pack has no such file as {file}, and the database knows none of this name; bring it or correct this"


def judge_services(pack: Pack, full: Pack, remarks: Remarks) -> None:
    """Note a fleet without an operator, calendars that end before they begin, and timetables without a calendar."""
    if not full.agencies and pack.agencies is None:
        remarks.fault(
            "agency.txt",
            0,
            "",
            None,
            "a pack needs an operator, and the database has none yet; add this file",
        )
    for week in pack.weekly or ():
        if week.end_date < week.start_date:
            remarks.fault(
                "calendar.txt",
                week.line,
                "end_date",
                week.end_date,
                f"this is before start_date {week.start_date}; put them in order",
            )
    services = {week.service_id for week in full.weekly or ()} | {day.service_id for day in full.dated or ()}
    for timetable in pack.timetables or ():
        if timetable.service_id not in services and not any(
            remarks.is_unread(file, timetable.service_id) for file in ("calendar.txt", "calendar_dates.txt")
        ):
            remarks.fault(
                "trips.txt",
                timetable.line,
                "service_id",
                timetable.service_id,
                "neither calendar.txt nor calendar_dates.txt says when this runs; add it there",
            )
    if pack.timetables is not None and full.shape_points:
        shapes = {point.shape_id for point in full.shape_points}
        for timetable in pack.timetables:
            known = timetable.shape_id is None or timetable.shape_id in shapes
            if not known and not remarks.is_unread("shapes.txt", timetable.shape_id):
                remarks.fault(
                    "trips.txt",
                    timetable.line,
                    "shape_id",
                    timetable.shape_id,
                    "shapes.txt has no such shape; add its points, or leave this blank for straight lines",
                )
