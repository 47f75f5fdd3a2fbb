"""What is told of at once: the alarm button, a collision, counts that differ, and a bus that is more than ten minutes late."""

from __future__ import annotations

import msgspec
import pytest

from server.domain.hand import HAND, HeadCount, Received
from server.domain.record import Event
from server.domain.vehicle_day import Entry, Key
from tests.builders.moments import found, told
from tests.builders.road import LEG_M, START_MS, Plans, Recorder, a_plan, folded


def press(bus: Recorder, kind: str = "sos", **fields: object) -> None:
    bus.seq += 1
    bus.say(msgspec.convert({"v": 1, "seq": bus.seq, "t": bus.t, "kind": kind, **fields}, Event))


def test_the_alarm_button_is_found_with_the_place_on_the_trip_that_runs() -> None:
    bus = Recorder()
    bus.duty()
    bus.pos(300, 30)
    bus.wait(2)
    press(bus)
    trip = folded(bus.entries, Plans(a_plan())).trip
    assert trip is not None
    (one,) = found(trip, "sos")
    assert (one.began_ms, one.evidence[0].lon) == (bus.t, bus.entries[1].record.lon)  # type: ignore[union-attr]


def test_a_bus_without_a_trip_has_its_alarm_itself_and_keeps_it_a_day() -> None:
    bus = Recorder()
    press(bus, "rollover", lat=37.5, lon=105.1)
    bus.wait(2)
    press(bus, "collision")
    state = folded(bus.entries, Plans(a_plan()))
    assert [(one.kind, one.evidence[0].lat) for one in state.findings] == [("collision", 37.5)], "one crash"
    bus.wait(86_400)
    press(bus, "sos")
    assert [one.kind for one in folded(bus.entries, Plans(a_plan())).findings] == ["sos"]


@pytest.mark.parametrize(("after_s", "times"), [(30, 1), (61, 2)])
def test_a_button_that_is_held_is_one_alarm(after_s: int, times: int) -> None:
    bus = Recorder()
    press(bus)
    bus.wait(after_s)
    press(bus)
    assert len(folded(bus.entries, Plans(a_plan())).findings) == times


def test_a_harsh_brake_is_no_alarm() -> None:
    bus = Recorder()
    press(bus, "harsh_brake", data={"g": -0.6})
    assert folded(bus.entries, Plans(a_plan())).findings == ()


def test_counts_that_differ_are_one_finding_until_they_agree() -> None:
    bus = Recorder()
    bus.duty()
    said: tuple[HeadCount | Received, ...] = (
        HeadCount(START_MS + 1000, "trip1", 4, "a"),
        Received(START_MS + 2000, "trip1", 3, "s"),
        Received(START_MS + 3000, "trip1", 2, "s"),
        HeadCount(START_MS + 4000, "trip1", 2, "a"),
        Received(START_MS + 5000, "trip1", 1, "s"),
    )
    seen = []
    for n, one in enumerate(said, start=1):
        bus.entries.append(Entry(Key(one.t, HAND, 0, n), one))
        trip = folded(bus.entries, Plans(a_plan())).trip
        assert trip is not None
        seen.append(
            [
                (
                    each.began_ms - START_MS,
                    each.ended_ms and each.ended_ms - START_MS,
                    each.measured,
                    each.limit,
                )
                for each in found(trip, "count_mismatch")
            ]
        )
    assert seen == [
        [],
        [(2000, None, 3, 4)],
        [(2000, None, 2, 4)],
        [(2000, 4000, 2, 4)],
        [(2000, 4000, 2, 4), (5000, None, 1, 2)],
    ]


@pytest.mark.parametrize(("late_s", "riders"), [(590, []), (620, ["rider2", "rider3", "rider4"])])
def test_more_than_ten_minutes_late_is_told_once_to_who_still_waits(late_s: int, riders: list[str]) -> None:
    bus = Recorder(at_ms=START_MS + late_s * 1000 - 20_000)
    bus.duty()
    bus.stop_at(0, ("CARD1",))
    bus.drive(0, LEG_M)
    bus.stop_at(LEG_M, ("CARD2",))
    bus.drive(LEG_M, 2 * LEG_M)
    trip = folded(bus.entries, Plans(a_plan())).trip
    assert trip is not None
    assert sorted(rider for rider, _ in told(trip, "late")) == riders
    assert {one.minutes for one in trip.announcements if one.kind == "late"} == ({10} if riders else set())


def test_a_bus_stuck_before_its_next_stop_is_late_without_reaching_it() -> None:
    bus = Recorder(at_ms=START_MS - 20_000)
    bus.duty()
    bus.stop_at(0, ("CARD1",))
    bus.drive(0, 500, seconds=50)
    bus.t = START_MS + 120_000 + 601_000
    bus.pos(510, 2)
    trip = folded(bus.entries, Plans(a_plan())).trip
    assert trip is not None and [rider for rider, _ in told(trip, "late")] == ["rider2", "rider3", "rider4"]
