"""The same trip in every order and doubling leads to the same rows (I5), and a restart in the middle too."""

from __future__ import annotations

import random
from collections.abc import Callable

import msgspec
import pytest

from server.domain.record import Event
from server.domain.vehicle_day import Entry
from server.domain.verdict import SIX, Verdicts
from tests.builders.road import LEG_M, LEGS, START_MS, Recorder, a_morning
from tests.builders.town import outcome
from tests.integration.ingest.conftest import House

Make = Callable[..., House]


def a_bad_morning() -> list[Entry]:
    """Drive the morning with everything wrong about people: one doesn't come, one leaves on the way, one stays on the bus; sos."""
    bus = Recorder(at_ms=START_MS - 60_000)
    bus.duty()
    bus.duty("A-1", "attendant", tag=None)
    for n, cards in enumerate((("CARD1",), (), ("CARD1", "CARD3"), ("CARD4",))):
        bus.stop_at(LEG_M * n, cards)
        bus.drive(LEG_M * n, LEG_M * (n + 1))
    bus.seq += 1
    bus.say(Event(v=1, seq=bus.seq, t=bus.t, kind="sos"))
    bus.stop_at(LEG_M * LEGS, ("CARD3",), dwell_s=30)
    for _ in range(8):
        bus.wait(60)
        bus.pos(LEG_M * LEGS, 0)
    bus.card("CARD4")
    bus.wait(60)
    bus.pos(LEG_M * LEGS, 0)
    return bus.entries


def run(
    house: House, way: str, seed: int = 1, make: Callable[[], list[Entry]] = a_morning
) -> dict[str, list[tuple[object, ...]]]:
    entries = make()
    house.clock.set_ms(entries[-1].key.t + 1000)
    chance = random.Random(seed)
    messages = [house.message(entry) for entry in entries]
    match way:
        case "in order":
            house.feed(messages)
        case "one by one":
            house.feed(messages, at_once=1)
        case "shuffled":
            chance.shuffle(messages)
            house.feed(messages, at_once=7)
        case "reversed":
            house.feed(reversed(messages), at_once=7)
        case "five times each":
            messages *= 5
            chance.shuffle(messages)
            house.feed(messages, at_once=11)
        case "half as backlog":
            half = len(entries) // 2
            late = [house.batch(entries[n : min(n + 25, half)]) for n in range(0, half, 25)]
            live = messages[half:]
            mixed = [*live[:3], *late[:1], *live[3:20], *late[1:], *live[20:]]
            house.feed(mixed, at_once=3)
        case "restarts":
            for first in range(0, len(messages), 9):
                house.feed(messages[first : first + 9])
                house.start()
        case "shuffled with pauses":
            chance.shuffle(messages)
            for first in range(0, len(messages), 10):
                house.feed(messages[first : first + 10])
                house.settle()
        case "shuffled with restarts":
            chance.shuffle(messages)
            for first in range(0, len(messages), 10):
                house.feed(messages[first : first + 10])
                if first % 20:
                    house.settle()
                house.start()
        case "clocked" | "clocked late":
            clocked(house, entries, chance, late=way == "clocked late")
    house.clock.set_ms(entries[-1].key.t + 1000)
    house.settle()
    return outcome(house.database)


def clocked(house: House, entries: list[Entry], chance: random.Random, *, late: bool) -> None:
    """Feed records as they are written, or minutes late and mixed, while the clock is looked at every few seconds."""
    by_due = sorted(
        (entry.key.t + (chance.randrange(400_000) if late else 0), n) for n, entry in enumerate(entries)
    )
    now_ms = entries[0].key.t
    while by_due or now_ms < entries[-1].key.t:
        now_ms += chance.choice((2_500, 7_000, 31_000))
        house.clock.set_ms(now_ms)
        due = [n for at_ms, n in by_due if at_ms <= now_ms]
        by_due = by_due[len(due) :]
        house.feed([house.message(entries[n]) for n in due], at_once=3)
        house.clock.advance(2.1)
        now_ms += 2_100
        house.ingest.tick()


@pytest.fixture
def in_order(make_house: Make) -> dict[str, list[tuple[object, ...]]]:
    return run(make_house(), "in order")


def test_the_morning_in_order_is_complete(in_order: dict[str, list[tuple[object, ...]]]) -> None:
    assert in_order["trips"][0][1] == "closed"
    assert len(in_order["visits"]) == 5
    assert len(in_order["rides"]) == 8
    assert {row[4] for row in in_order["riders"]} == {"alighted"}
    kinds = [row[3] for row in in_order["notices"]]
    assert (kinds.count("boarded"), kinds.count("arrived"), kinds.count("approaching")) == (4, 4, 3)
    assert len(in_order["records"]) == len(a_morning())


def test_a_clean_morning_passes_all_six_and_opens_no_finding(
    in_order: dict[str, list[tuple[object, ...]]],
) -> None:
    ((_, body),) = in_order["verdicts"]
    assert isinstance(body, bytes)
    said = msgspec.json.decode(body, type=Verdicts)
    assert [said.of(which).value for which in SIX] == ["pass"] * 6
    assert said.final
    assert in_order["findings"] == []


def astray() -> list[Entry]:
    """Drive the morning with a part of it beside the road, past a stop and with a wrong driver: several findings."""
    bus = Recorder(at_ms=START_MS - 120_000)
    bus.duty("D-9")
    bus.duty("A-1", "attendant", tag=None)
    bus.wait(60)
    bus.stop_at(0, ("CARD1",))
    for metre in range(50, 3000, 50):
        bus.wait(5)
        bus.pos(metre, 36, lat=37.502 if 1300 < metre < 2400 else 37.5)
    bus.stop_at(3000, ("CARD4",))
    bus.drive(3000, 4000)
    bus.stop_at(4000, ("CARD1", "CARD4"))
    bus.wait(20)
    bus.check()
    return bus.entries


@pytest.mark.parametrize(
    "way", ["one by one", "shuffled with pauses", "reversed", "restarts", "shuffled with restarts"]
)
def test_what_is_found_is_the_same_in_every_order(make_house: Make, way: str) -> None:
    expected = run(make_house(), "in order", make=astray)
    assert {row[3] for row in expected["findings"]} >= {
        "wrong_driver", "off_route", "route_not_covered", "stop_skipped"
    }  # fmt: skip
    found = run(make_house(), way, make=astray)
    for name, rows in expected.items():
        assert found[name] == rows, f"{name} differ when the records come {way}"


WAYS = (
    "one by one", "shuffled", "reversed", "five times each", "half as backlog", "restarts", "shuffled with pauses",
    "shuffled with restarts",
)  # fmt: skip


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_every_order_leads_to_the_same_rows(
    make_house: Make, in_order: dict[str, list[tuple[object, ...]]], way: str, seed: int
) -> None:
    found = run(make_house(), way, seed)
    for name, rows in in_order.items():
        assert found[name] == rows, f"{name} differ when the records come {way}"


def test_a_bad_morning_in_order_finds_all_of_it(make_house: Make) -> None:
    found = run(make_house(), "in order", make=a_bad_morning)
    assert sorted(row[3] for row in found["findings"]) == [
        "left_aboard", "no_show", "rear_check_missing", "sos", "wrong_stop",
    ]  # fmt: skip
    assert {row[2] for row in found["notices"] if row[3] == "no_show"} == {"trip1"}
    states = {row[1]: row[4] for row in found["riders"]}
    assert states == {"rider1": "alighted", "rider2": "no_show", "rider3": "alighted", "rider4": "alighted"}


@pytest.mark.parametrize("way", [*WAYS, "clocked", "clocked late"])
@pytest.mark.parametrize("seed", [1, 2])
def test_every_order_and_every_look_at_the_clock_leads_to_the_same_findings(
    make_house: Make, way: str, seed: int
) -> None:
    straight = run(make_house(), "in order", make=a_bad_morning)
    found = run(make_house(), way, seed, make=a_bad_morning)
    for name, rows in straight.items():
        assert found[name] == rows, f"{name} differ when the records come {way}"


def test_two_trips_back_to_back_keep_their_own_rows_in_every_order(make_house: Make) -> None:
    def day(shuffle: int | None) -> dict[str, list[tuple[object, ...]]]:
        house = make_house(trips=2)
        bus = Recorder(at_ms=START_MS - 120_000)
        a_morning(bus)
        bus.t = START_MS + 38 * 60_000
        a_morning(bus, trip="T2")
        house.clock.set_ms(bus.t)
        messages = [house.message(entry) for entry in bus.entries]
        if shuffle is not None:
            random.Random(shuffle).shuffle(messages)
        house.feed(messages, at_once=9)
        house.settle()
        return outcome(house.database)

    straight = day(None)
    assert [row[1] for row in straight["trips"]] == ["closed", "closed"]
    for seed in range(3):
        assert day(seed) == straight
