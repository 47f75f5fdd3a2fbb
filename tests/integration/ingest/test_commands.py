"""Commands to recorders: published once they are committed, answered, sent again to who was away; the day's plan when it changes."""

from __future__ import annotations

from typing import Any

import msgspec
from sqlalchemy import insert, select

from server.adapters.db import tables as t
from server.adapters.db.counters import bump
from server.adapters.db.web_store import DbWebStore
from server.domain.command import LARGEST_B, DayPlan, PlannedRun, StopTold, encode_plan
from server.service import commands
from server.service.command_shapes import Command
from server.service.policy import Caller
from tests.builders.road import START_MS
from tests.builders.town import ON
from tests.integration.ingest.conftest import House, Make

DESK = Caller("user-d", "desk", "operator", "operator", "D", None)


def catch_up(house: House, seconds: float = 2.1) -> None:
    house.clock.advance(seconds)
    house.ingest.tick()


def asked(house: House, kind: str, args: dict[str, Any], minutes: int = 5) -> str:
    with DbWebStore(house.database).write() as work:
        return commands.ask(work, DESK, "DEV-1", kind, args, minutes, house.clock.now_ms()).id


def shown(house: House) -> list[Command]:
    with DbWebStore(house.database).read() as work:
        return commands.list_commands(work, "DEV-1", None, 50, house.clock.now_ms()).items


def came(house: House) -> None:
    """Have the recorder say that it is there."""
    online = {"v": 1, "online": 1, "t": house.clock.now_ms(), "oldest": 1, "next": 1}
    house.feed([house.raw("DEV-1", "online", msgspec.json.encode(online))])


def answer(house: House, command_id: str, device: str = "DEV-1", **more: object) -> None:
    said = {"v": 1, "id": command_id, "ok": True, "data": {"shown": 5}} | more
    house.feed([house.raw(device, "ack", msgspec.json.encode(said))])


def quiet(make: Make) -> House:
    """Make a house whose recorder has its plan already."""
    house = make(devices=2)
    house.clock.set_ms(START_MS - 3_600_000)
    catch_up(house)
    catch_up(house)
    for one in house.speaker.commands:
        answer(house, one.id, one.device_id)
    house.speaker.commands.clear()
    return house


def test_a_command_is_published_once_and_its_answer_is_shown(make_any_house: Make) -> None:
    house = quiet(make_any_house)
    id_ = asked(house, "say", {"text": "Wait at the gate"})
    assert shown(house)[0].state == "waiting"
    for _ in range(3):
        catch_up(house)
    (sent,) = house.speaker.commands
    assert (sent.id, sent.device_id, sent.kind, msgspec.json.decode(sent.args)) == (
        id_, "DEV-1", "say", {"text": "Wait at the gate"},
    )  # fmt: skip
    assert sent.until_ms == START_MS - 3_600_000 + 4200 + 300_000
    assert shown(house)[0].state == "sent"
    catch_up(house, 61)
    assert shown(house)[0].state == "unanswered"
    answer(house, id_, "DEV-2", ok=False)  # another device's word
    answer(house, "nobodys")
    assert shown(house)[0].state == "unanswered"
    answer(house, id_)
    answer(house, id_, ok=False, error="twice")
    one = shown(house)[0]
    assert (one.state, one.ok, one.data, one.error) == ("answered", True, {"shown": 5}, None)


def test_a_refusal_says_why_and_a_broken_answer_is_rejected(make_house: Make) -> None:
    house = quiet(make_house)
    id_ = asked(house, "reboot", {})
    catch_up(house)
    house.feed([house.raw("DEV-1", "ack", b'{"v":1,"id":"x"}'), house.raw("DEV-1", "ack", b"{")])
    answer(house, id_, ok=False, data={}, error="not while driving")
    one = shown(house)[0]
    assert (one.state, one.error) == ("refused", "not while driving")
    with house.database.read() as connection:
        assert list(connection.scalars(select(t.rejected.c.kind))) == ["ack", "ack"]


def test_who_was_away_is_asked_again_under_the_same_id_while_it_holds(make_house: Make) -> None:
    house = quiet(make_house)
    id_ = asked(house, "reboot", {})
    catch_up(house)
    catch_up(house, 100)
    came(house)
    catch_up(house)
    assert [one.id for one in house.speaker.commands] == [id_, id_]
    catch_up(house, 300)
    came(house)
    catch_up(house)
    assert len(house.speaker.commands) == 2, "its time has passed"
    late = asked(house, "reboot", {}, minutes=1)
    with house.database.read() as connection:
        assert (
            connection.scalar(select(t.device_commands.c.sent_at_ms).where(t.device_commands.c.id == late))
            is None
        )
    house.clock.advance(61)
    assert shown(house)[0].state == "expired"
    catch_up(house)
    assert len(house.speaker.commands) == 2


def test_what_was_published_and_not_marked_is_published_again_after_a_crash(make_house: Make) -> None:
    house = quiet(make_house)
    id_ = asked(house, "reboot", {})
    catch_up(house)
    house.start()  # the mark was to come with the next look
    catch_up(house)
    catch_up(house)
    assert [one.id for one in house.speaker.commands] == [id_, id_]


def test_a_broker_that_is_away_leaves_the_command_waiting(make_house: Make) -> None:
    house = quiet(make_house)
    house.speaker.there = False
    asked(house, "reboot", {})
    for _ in range(2):
        catch_up(house)
    assert house.speaker.commands == [] and shown(house)[0].state == "waiting"
    house.speaker.there = True
    for _ in range(2):
        catch_up(house)
    assert len(house.speaker.commands) == 1 and shown(house)[0].state == "sent"


def test_the_plan_follows_who_rides_and_what_runs_and_is_not_said_twice(make_any_house: Make) -> None:
    house = quiet(make_any_house)
    house.start()
    catch_up(house)
    assert house.speaker.commands == [], "a restart changes no plan"
    with house.database.write() as connection:
        absent = {
            "id": "e1",
            "rider_id": "rider2",
            "service_on": ON,
            "direction": "to_school",
            "kind": "absent",
        }
        connection.execute(
            insert(t.exceptions).values(absent | {"user_id": "u", "made_at_ms": house.clock.now_ms()})
        )
        bump(connection, "inputs")
    catch_up(house)
    ((device, plan),) = house.speaker.plans
    stops = plan.trips[0].stops
    assert device == "DEV-1" and stops is not None
    assert [(stop.riders, stop.cards) for stop in stops[:3]] == [(1, ("CARD1",)), (0, ()), (1, ("CARD3",))]
    house.speaker.commands.clear()
    asked(house, "plan", {})
    catch_up(house)
    (sent,) = house.speaker.commands
    assert msgspec.json.decode(sent.args, type=DayPlan) == plan, "asked for by a person, it is filled in"
    assert shown(house)[0].by is not None and shown(house)[1].by is None


def test_a_plan_that_no_message_can_hold_leaves_out_the_stops_of_its_last_trips() -> None:
    stop = StopTold("S-0001", "迎宾桥", 37.5, 105.2, START_MS, 40, tuple(f"04A1B2C{n:02}" for n in range(40)))
    runs = tuple(PlannedRun(f"T{n}", ON, "D", None, START_MS, "to_school", (stop,) * 8) for n in range(4))
    body = encode_plan(DayPlan(ON, runs))
    assert len(body) <= LARGEST_B
    told = msgspec.json.decode(body, type=DayPlan).trips
    assert [run.stops is not None for run in told] == [True, False, False, False]
    assert [run.trip for run in told] == ["T0", "T1", "T2", "T3"]
