"""What people say on pages reaches the trip: ticks, both counts, the rear check, a cancellation."""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from sqlalchemy import insert, select, update

from server.adapters.db import tables as t
from server.adapters.db.ingest_store import DatabaseLog
from server.adapters.db.web_store import DbWebStore
from server.domain.trip import SignOff
from server.errors import ConflictError, InvalidError
from server.service.crew import Said, Ticked
from server.service.policy import Caller
from tests.builders.road import CARDS, LEG_M, LEGS, START_MS, Recorder
from tests.builders.town import outcome
from tests.integration.ingest.conftest import House

Make = Callable[..., House]
ATTENDANT = Caller("user-a", "attendant", "attendant", "attendant", "A", None)
SCHOOL = Caller("user-s", "gate", "school", "school", "S", None)
DESK = Caller("user-d", "desk", "operator", "operator", "D", None)


def instant(ms: int) -> datetime:
    return datetime.fromtimestamp(ms / 1000, UTC)


def staffed(house: House) -> DbWebStore:
    """Give the school somebody who signs, and the riders their plans."""
    with house.database.write() as connection:
        connection.execute(
            insert(t.users).values(
                id="user-s", username="gate", role="school", scope_id="school", password_hash="-", made_at_ms=0,
                changed_at_ms=0,
            )
        )  # fmt: skip
        for rider in CARDS.values():
            connection.execute(
                insert(t.ride_plans).values(
                    id=f"plan-{rider}",
                    rider_id=rider,
                    timetable_id="tt1",
                    stop_id="stop0",
                    weekdays="1234567",
                )
            )
    return DbWebStore(house.database)


def say(house: House, caller: Caller, what: Callable[[Said], object], trip: str = "trip1") -> None:
    with DbWebStore(house.database).write() as work:
        what(Said(work, caller, trip, house.clock.now_ms()))


def drive(bus: Recorder) -> list[tuple[int, Ticked]]:
    """Drive the morning without cards; give what the attendant ticks meanwhile."""
    ticks: list[tuple[int, Ticked]] = []

    def tick(rider: str, way: str) -> None:
        ticks.append((bus.t, Ticked(rider, way, instant(bus.t), f"{rider}-{way}")))  # type: ignore[arg-type]

    bus.duty()
    for n in range(LEGS):
        bus.pos(LEG_M * n, 0, door=1)
        bus.wait(5)
        tick(f"rider{n + 1}", "on")
        bus.wait(10)
        bus.pos(LEG_M * n, 0, door=0)
        bus.drive(LEG_M * n, LEG_M * (n + 1))
    bus.pos(LEG_M * LEGS, 0, door=1)
    for rider in CARDS.values():
        bus.wait(3)
        tick(rider, "off")
    bus.wait(10)
    bus.pos(LEG_M * LEGS, 0, door=0)
    return ticks


def state(house: House) -> str:
    with house.database.read() as connection:
        return str(connection.scalar(select(t.trips.c.state).where(t.trips.c.id == "trip1")))


def run(house: House, order: random.Random | None = None) -> None:
    staffed(house)
    bus = Recorder(at_ms=START_MS - 60_000)
    ticks = [one for _, one in drive(bus)]
    house.clock.set_ms(bus.t + 60_000)
    parts: list[Callable[[], object]] = [
        lambda: house.feed([house.message(entry) for entry in bus.entries]),
        *(lambda one=one: say(house, ATTENDANT, lambda said: said.tick([one], None)) for one in ticks),  # type: ignore[misc]
    ]
    if order is not None:
        order.shuffle(parts)
    for part in parts:
        part()
        house.settle()


def test_ticks_by_hand_board_and_leave_as_cards_do(make_house: Make) -> None:
    house = make_house()
    run(house)
    found = outcome(house.database)
    assert {row[4] for row in found["riders"]} == {"alighted"}
    assert [row[3] for row in found["notices"]].count("arrived") == 4
    assert {row[-1] for row in found["rides"]} == {"attendant"}
    assert state(house) == "arrived"


def test_ticks_that_come_in_any_order_lead_to_the_same_rows(make_house: Make) -> None:
    straight, mixed = make_house(), make_house()
    run(straight)
    run(mixed, random.Random(3))
    first, second = outcome(straight.database), outcome(mixed.database)
    for name in ("trips", "visits", "riders", "notices"):
        assert first[name] == second[name], name


def test_a_trip_closes_only_when_both_sides_agree_and_the_rear_was_checked(make_house: Make) -> None:
    house = make_house()
    run(house)
    now = instant(house.clock.now_ms())
    for what, caller, after in (
        (lambda said: said.headcount(4, now, None), ATTENDANT, "arrived"),
        (lambda said: said.receive(3, "one fewer", None), SCHOOL, "arrived"),
        (lambda said: said.rear_check(now, None), ATTENDANT, "arrived"),
        (lambda said: said.receive(4, "found her", None), SCHOOL, "closed"),
    ):
        say(house, caller, what)  # type: ignore[arg-type]
        house.settle()
        house.clock.advance(2)
        assert state(house) == after
    with DbWebStore(house.database).read() as work:
        sides = work.trips.get("trip1").sign_off
    assert isinstance(sides, SignOff) and sides.delivered and sides.received
    assert (sides.delivered.count, sides.received.count, sides.received.remarks) == (4, 4, "found her")


def test_the_same_tick_said_twice_is_one(make_house: Make) -> None:
    house = make_house()
    staffed(house)
    tick = Ticked("rider1", "on", instant(START_MS), "c-1")
    house.clock.set_ms(START_MS)
    for _ in range(3):
        say(house, ATTENDANT, lambda said: said.tick([tick], None))
        house.settle()
    assert len(outcome(house.database)["rides"]) == 1


def test_a_tick_of_a_rider_of_nobody_here_is_refused_by_name_and_nothing_is_kept(make_house: Make) -> None:
    house = make_house()
    staffed(house)
    house.clock.set_ms(START_MS)
    items = [
        Ticked("rider1", "on", instant(START_MS), "c-1"),
        Ticked("stranger", "on", instant(START_MS), "c-2"),
    ]
    with pytest.raises(InvalidError) as refused:
        say(house, ATTENDANT, lambda said: said.tick(items, None))
    assert refused.value.fields == {"items.1.rider_id": "unknown"}
    house.settle()
    assert outcome(house.database)["rides"] == []


def test_a_cancelled_trip_tells_each_guardian_once_and_stays_cancelled(make_house: Make) -> None:
    house = make_house()
    staffed(house)
    house.clock.set_ms(START_MS - 600_000)
    say(house, DESK, lambda said: said.cancel("Snow on the pass."))
    house.settle()
    assert state(house) == "cancelled"
    with house.database.read() as connection:
        texts = list(connection.execute(select(t.notices.c.text_zh, t.notices.c.text_en)))
    assert all("（Snow on the pass）" in zh and "(Snow on the pass)." in en for zh, en in texts)
    kinds = [row[3] for row in outcome(house.database)["notices"]]
    assert kinds == ["cancelled"] * 4
    with pytest.raises(ConflictError):
        say(house, DESK, lambda said: said.cancel("more snow"))


def test_what_is_said_of_a_trip_without_a_bus_is_heard_once_and_holds_nobody_up(make_house: Make) -> None:
    """Once its cancellation was written and told again every two seconds, and its ticks were listed before all others for ever."""
    house = make_house()
    staffed(house)
    with house.database.write() as connection:
        connection.execute(update(t.trips).values(vehicle_id=None))
    house.clock.set_ms(START_MS)
    tick = Ticked("rider1", "on", instant(START_MS), "c-1")
    say(house, ATTENDANT, lambda said: said.tick([tick], None))
    say(house, DESK, lambda said: said.cancel("snow"))
    house.settle()
    assert state(house) == "cancelled"
    told = len(house.speaker.trip_ids)
    house.settle()
    assert len(house.speaker.trip_ids) == told
    assert [row[3] for row in outcome(house.database)["notices"]] == ["cancelled"] * 4
    with DatabaseLog(house.database).write() as work:
        assert work.list_hand_inputs(10) == []


def test_a_running_trip_can_be_called_off(make_house: Make) -> None:
    house = make_house()
    staffed(house)
    bus = Recorder()
    bus.duty()
    bus.stop_at(0, ("CARD1",))
    bus.drive(0, 500, seconds=50)
    house.clock.set_ms(bus.t)
    house.feed([house.message(entry) for entry in bus.entries])
    house.settle()
    say(house, DESK, lambda said: said.cancel("broken down"))
    house.settle()
    assert state(house) == "cancelled"
