"""Real feeds are read as they are; what is truly wrong in them is said."""

from pathlib import Path

import pytest

from server.service.packs.fault import Remarks
from server.service.packs.judging import judge
from server.service.packs.network import PlanDraft, lay_out
from server.service.packs.pack import Pack
from server.service.packs.reading import complete, read_pack
from server.service.packs.source import read_source

DATA = Path(__file__).parents[4] / "shared" / "data"
needs_data = pytest.mark.skipif(not DATA.exists(), reason="the shared test data is not beside the project")


def lay(path: Path) -> tuple[list[PlanDraft], Remarks, Pack]:
    remarks = Remarks()
    pack = complete(read_pack(read_source(path, remarks), remarks), Pack(), remarks)
    full = pack.over(Pack())
    judge(pack, full, remarks)
    return lay_out(full, remarks), remarks, pack


@needs_data
@pytest.mark.parametrize(
    ("feed", "timetables"),
    [
        ("gtfs/google_sample/sample-feed-1.zip", 11),
        ("gtfs/gtfsrt/bullrunner-gtfs.zip", 15),
        ("gtfs/gtfsrt/bullrunner-gtfs-no-shapes.zip", 15),
        ("avl_transitclock/gtfs/S2", 1267),
        ("avl_transitclock/gtfs/5A", 372),
        ("avl_transitclock/gtfs/3T", 363),
    ],
)
def test_a_feed_is_laid_out_whole(feed: str, timetables: int) -> None:
    drafts, remarks, _ = lay(DATA / feed)
    assert [fault.sentence() for fault in remarks.faults] == []
    assert len(drafts) == timetables
    for draft in drafts:
        metres = [metre for *_, metre in draft.stops]
        times = [at_s for _, arrival_s, departure_s, _ in draft.stops for at_s in (arrival_s, departure_s)]
        assert metres == sorted(metres)
        assert times == sorted(times)
        assert 0 <= metres[0] <= metres[-1] <= draft.metres[-1] + 0.01


@needs_data
def test_short_rows_of_the_sample_are_read() -> None:
    drafts, _, pack = lay(DATA / "gtfs/google_sample/sample-feed-1.zip")
    city = next(draft for draft in drafts if draft.code == "CITY1")
    assert [stop for stop, *_ in city.stops] == ["STAGECOACH", "NANAA", "NADAV", "DADAN", "EMSI"]
    assert [one.direction_id for one in pack.timetables or () if one.trip_id == "STBA"] == [None]
    arrivals = [arrival_s for _, arrival_s, *_ in city.stops]
    assert arrivals == [21600, 21900, 22320, 22740, 23160]


@needs_data
def test_a_broken_feed_is_refused() -> None:
    _, remarks, _ = lay(DATA / "gtfs/gtfsrt/badgtfs.zip")
    assert "no file of a pack" in min(remarks.faults, key=lambda one: one.file != "badgtfs.zip").message
    _, remarks, _ = lay(DATA / "gtfs/gtfsrt/testagency.zip")
    assert {(one.file, one.column) for one in remarks.faults} == {
        ("trips.txt", "direction_id"),
        ("stop_times.txt", "arrival_time"),
        ("stop_times.txt", "departure_time"),
    }
