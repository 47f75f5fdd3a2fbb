"""Sockets against a listening web role: who may connect, what they are sent, and when it ends."""

import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import requests
import websocket

from server.adapters.db import tables as t
from server.adapters.db.engine import Database
from tests.builders.schema import new_sqlite
from tests.builders.served import Phone, Served, serving
from tests.builders.world import ALPHA, BRAVO, NEIGHBOUR, NOW_MS, ON, PASSWORD, build_world, change
from tests.waiting import PATIENCE_S, promised, until

Dial = Callable[..., Phone]
ENDS_S = 5.0  # QUALITY, security 7


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Served]:
    database = Database(new_sqlite(tmp_path / "test.db"))
    build_world(database)
    with serving(database, tmp_path / "dist") as found:
        yield found
    database.dispose()


def log_in(served: Served, username: str) -> tuple[str, str]:
    answer = requests.post(
        f"{served.url}/api/v1/session", json={"username": username, "password": PASSWORD}, timeout=PATIENCE_S
    )
    assert answer.status_code == 200, answer.text
    return answer.cookies["sixfixed"], answer.json()["csrf"]


@pytest.fixture
def dial(served: Served) -> Iterator[Dial]:
    phones: list[Phone] = []

    def connect(username: str) -> Phone:
        phones.append(Phone(served.url, cookie=log_in(served, username)[0]))
        return phones[-1]

    yield connect
    for phone in phones:
        phone.close()


def say(served: Served, topic: str, **payload: object) -> None:
    served.web.house.say(topic, json.dumps(payload).encode())


def settle(served: Served, phone: Phone) -> None:
    """Wait until everything said so far was sent: a notice of its own goes out after a round's positions and rides."""
    number = len(phone.of("notice")) + 1
    say(
        served,
        "live/notices",
        items=[{"id": ALPHA.id("notice"), "user_id": "user-guardian-alpha".ljust(32, "0")}],
    )
    phone.wait("notice", number)


def a_position(side: object = ALPHA, **changed: object) -> dict[str, object]:
    return {
        "vehicle_id": side.id("bus"), "operator_id": side.id("operator"), "trip_id": side.id("run"),
        "lat": 37.5, "lon": 105.207, "spd": 33.0, "hdg": 90.0, "at_ms": NOW_MS, "interval_s": 5.0, "metre": 700.0,
    } | changed  # type: ignore[attr-defined]  # fmt: skip


@contextmanager
def a_line(served: Served, cookie: str, origin: str) -> Iterator[websocket.WebSocket]:
    """Open a bare WebSocket: the Socket.IO library forgets to close one that was refused."""
    address = f"ws://127.0.0.1:{served.port}/socket.io/?EIO=4&transport=websocket"
    line = websocket.create_connection(
        address, origin=origin, cookie=f"sixfixed={cookie}", timeout=PATIENCE_S
    )
    try:
        yield line
    finally:
        line.shutdown()


def test_a_stranger_is_refused_with_the_reason(served: Served) -> None:
    with a_line(served, "not-a-session", served.url) as line:
        assert line.recv().startswith("0{")
        line.send("40")
        refused = line.recv()
    assert refused.startswith("44") and '"not_logged_in"' in refused
    assert served.rooms.sockets == {}


def test_a_page_of_another_site_is_refused(served: Served) -> None:
    cookie, _ = log_in(served, "guardian-alpha")
    for origin in ("https://elsewhere.example", f"http://localhost:{served.port}"):
        with a_line(served, cookie, origin) as line:
            assert line.recv() == ""
    with a_line(served, cookie, served.url) as line:
        assert line.recv().startswith("0{")


def test_a_token_opens_a_socket_until_it_is_revoked(served: Served) -> None:
    cookie, csrf = log_in(served, "operator-alpha")
    kept = {"cookies": {"sixfixed": cookie}, "headers": {"X-CSRF-Token": csrf}, "timeout": PATIENCE_S}
    made = requests.post(f"{served.url}/api/v1/tokens", json={}, **kept).json()  # type: ignore[arg-type]
    phone = Phone(served.url, token=made["token"])
    assert phone.ask("watch", {"fleet": True})["position"]["items"]
    requests.delete(f"{served.url}/api/v1/tokens/{made['id']}", **kept)  # type: ignore[arg-type]
    assert phone.wait("ended") == {"watch": None, "reason": "session"}
    until(lambda: not phone.io.connected, "the socket is closed")
    phone.close()


def test_watching_a_child_gives_a_snapshot_and_then_the_bus_moves(served: Served, dial: Dial) -> None:
    phone = dial("guardian-alpha")
    shown = phone.ask("watch", {"child": ALPHA.id("child")})
    assert shown["child"]["trip"]["id"] == shown["trip"]["id"] == ALPHA.id("run")
    assert [item["lon"] for item in shown["position"]["items"]] == [105.205]
    assert len(shown["child"]["trip"]["shape"]) == 3
    say(served, "live/positions", items=[a_position(), a_position(BRAVO)])
    [item] = phone.wait("position")["items"]
    assert set(item) == set(shown["position"]["items"][0])
    assert (item["lon"], item["trip_id"], item["at"]) == (
        105.207,
        ALPHA.id("run"),
        "2026-09-21T07:08:00+08:00",
    )
    assert phone.ask("unwatch", {"child": ALPHA.id("child")}) == {}
    assert served.rooms.rooms == {}


def test_positions_of_one_tick_come_as_one_message(served: Served, dial: Dial) -> None:
    phone = dial("operator-alpha")
    phone.ask("watch", {"fleet": True})
    number = 0

    def come_together() -> bool:
        """Say four things at once; they fall into two ticks at the most, unless the machine had other work in between."""
        nonlocal number
        number += 1
        before, last = len(phone.of("position")), f"bus{number}"
        for lon in (105.206, 105.207, 105.208):
            say(served, "live/positions", items=[a_position(lon=lon)])
        say(served, "live/positions", items=[a_position(lon=105.3, vehicle_id=last)])
        until(lambda: any(i["vehicle_id"] == last for m in phone.of("position") for i in m["items"]), "both")
        come = [i for m in phone.of("position")[before:] for i in m["items"]]
        assert [i["lon"] for i in come if i["vehicle_id"] == ALPHA.id("bus")][-1] == 105.208
        return len(phone.of("position")) - before <= 2

    until(come_together, "four positions in two messages")


def test_a_foreign_child_can_t_be_watched_and_is_never_sent(served: Served, dial: Dial) -> None:
    phone = dial("guardian-alpha")
    for wanted in ({"child": BRAVO.id("child")}, {"child": NEIGHBOUR}, {"trip": BRAVO.id("run")}):
        assert phone.ask("watch", wanted)["error"]["code"] == "not_found"
    for wanted in ({"fleet": True}, {"school": ALPHA.id("school")}):
        assert phone.ask("watch", wanted)["error"]["code"] == "forbidden"
    for odd in (
        None,
        7,
        [],
        {},
        {"child": 7},
        {"child": "a\0b"},
        {"fleet": False},
        {"child": "a", "trip": "b"},
    ):
        assert phone.ask("watch", odd)["error"]["code"] == "invalid"
    phone.ask("watch", {"child": ALPHA.id("child")})
    say(served, "live/positions", items=[a_position(BRAVO)])
    say(
        served,
        "live/rides",
        items=[{"trip_id": ALPHA.id("run"), "rider_id": NEIGHBOUR, "dir": "on", "at_ms": NOW_MS}],
    )
    say(
        served,
        "live/notices",
        items=[{"id": BRAVO.id("notice"), "user_id": "user-guardian-bravo".ljust(32, "0")}],
    )
    # Whatever a message says, the row says whose a notice is.
    mine = "user-guardian-alpha".ljust(32, "0")
    say(served, "live/notices", items=[{"id": BRAVO.id("notice"), "user_id": mine}])
    settle(served, phone)
    assert {name for name, _ in phone.heard} == {"notice"}
    assert {notice["id"] for notice in phone.of("notice")} == {ALPHA.id("notice")}


def test_a_ride_and_a_changed_trip_come_by_themselves(served: Served, dial: Dial) -> None:
    phone = dial("guardian-alpha")
    phone.ask("watch", {"child": ALPHA.id("child")})
    served.web.real.advance(2)
    with served.web.database.write() as connection:
        connection.execute(
            t.trip_riders.update()
            .where(t.trip_riders.c.rider_id == ALPHA.id("child"), t.trip_riders.c.trip_id == ALPHA.id("run"))
            .values(state="aboard", since_ms=NOW_MS)
        )
    ride = {"trip_id": ALPHA.id("run"), "rider_id": ALPHA.id("child"), "dir": "on", "at_ms": NOW_MS}
    say(served, "live/rides", items=[ride | {"stop_id": ALPHA.id("stop-corner")}])
    say(served, "live/trips", ids=[ALPHA.id("run")])
    heard = phone.wait("ride")
    assert (heard["child"], heard["dir"], heard["stop"]["name"]) == (ALPHA.id("child"), "on", "Alpha corner")
    child = phone.wait("child")
    assert child["state"] == "aboard"
    assert "shape" not in child["trip"] and len(child["trip"]["stops"]) == 3
    # Aboard to school: the estimate is for the school now.
    assert child["trip"]["stops_before"] == 1


def test_a_notice_goes_to_its_own_user_alone(served: Served, dial: Dial) -> None:
    mine, other = dial("guardian-alpha"), dial("neighbour-guardian-alpha")
    say(
        served,
        "live/notices",
        items=[{"id": ALPHA.id("notice"), "user_id": "user-guardian-alpha".ljust(32, "0")}],
    )
    notice = mine.wait("notice")
    assert notice["text"]["en"] == "Alpha is near"
    settle(served, mine)
    other.ask("watch", {"child": NEIGHBOUR})
    assert other.of("notice") == []


def test_the_window_s_end_is_told_and_no_position_comes_after(served: Served, dial: Dial) -> None:
    phone = dial("guardian-alpha")
    phone.ask("watch", {"child": ALPHA.id("child")})
    change(served.web.database, t.trips, ALPHA.id("run"), state="arrived", arrived_at_ms=NOW_MS)
    served.web.real.advance(2)
    say(served, "live/trips", ids=[ALPHA.id("run")])
    assert phone.wait("child")["trip"]["state"] == "arrived"
    served.web.clock.advance(301)
    assert phone.wait("ended") == {"watch": {"child": ALPHA.id("child")}, "reason": "window"}
    assert phone.wait("child", 2)["trip"]["position"] is None
    for at_ms in (served.web.clock.now_ms(), NOW_MS):
        say(served, "live/positions", items=[a_position(at_ms=at_ms)])
        settle(served, phone)
    assert phone.of("position") == []


@pytest.mark.timed
def test_log_out_closes_its_sockets_and_no_others(served: Served) -> None:
    cookie, csrf = log_in(served, "guardian-alpha")
    kept_cookie, _ = log_in(served, "guardian-alpha")
    phone, kept = Phone(served.url, cookie=cookie), Phone(served.url, cookie=kept_cookie)
    began = time.monotonic()
    answer = requests.delete(
        f"{served.url}/api/v1/session",
        cookies={"sixfixed": cookie},
        headers={"X-CSRF-Token": csrf},
        timeout=PATIENCE_S,
    )
    assert answer.status_code == 204
    assert phone.wait("ended")["reason"] == "session"
    until(lambda: not phone.io.connected, "the socket is closed")
    promised("the socket's end after the log-out", time.monotonic() - began, ENDS_S)
    phone.close()
    assert "error" not in kept.ask("watch", {"child": ALPHA.id("child")})
    kept.close()


@pytest.mark.timed
def test_an_unlinked_child_and_a_closed_account_end_within_seconds(served: Served, dial: Dial) -> None:
    # As an import or a command does: it moves the catalogue's number, and says nothing else.
    phone, other, desk = dial("guardian-alpha"), dial("school-alpha"), dial("operator-alpha")
    phone.ask("watch", {"child": ALPHA.id("child")})
    desk.ask("watch", {"fleet": True})
    change(served.web.database, t.guardians, ALPHA.id("g-child"), ended_at_ms=1)
    change(served.web.database, t.users, "user-school-alpha".ljust(32, "0"), ended_at_ms=1)
    change(served.web.database, t.counters, "catalog", value=2)
    began = time.monotonic()
    assert phone.wait("ended") == {"watch": {"child": ALPHA.id("child")}, "reason": "rights"}
    assert other.wait("ended") == {"watch": None, "reason": "session"}
    promised("the end of what is watched without a right", time.monotonic() - began, ENDS_S)
    user_id = "user-guardian-alpha".ljust(32, "0")
    say(served, "live/notices", items=[{"id": ALPHA.id("notice"), "user_id": user_id}])
    for lon in (105.206, 105.207):  # the second round is over when the first one's notices are out
        say(served, "live/positions", items=[a_position(lon=lon)])
        until(
            lambda lon=lon: desk.of("position") and desk.of("position")[-1]["items"][0]["lon"] == lon,
            "a round",
        )
    assert (phone.of("position"), phone.of("notice")) == ([], [])


@pytest.mark.timed
def test_a_session_that_is_ended_elsewhere_and_a_carers_last_day_end_within_seconds(
    served: Served, dial: Dial
) -> None:
    cookie, csrf = log_in(served, "guardian-alpha")
    lost, carer = dial("guardian-alpha"), dial("neighbour-guardian-alpha")
    carer_of = {
        "id": "lent".ljust(32, "0"), "user_id": "user-neighbour-guardian-alpha".ljust(32, "0"), "name": "Aunt",
        "rider_id": ALPHA.id("child"), "shared_by": "user-guardian-alpha".ljust(32, "0"), "valid_until": ON,
    }  # fmt: skip
    with served.web.database.write() as connection:
        connection.execute(t.guardians.insert().values(**carer_of))
    carer.ask("watch", {"child": ALPHA.id("child")})
    kept = {"cookies": {"sixfixed": cookie}, "headers": {"X-CSRF-Token": csrf}, "timeout": PATIENCE_S}
    began = time.monotonic()
    ended = requests.delete(f"{served.url}/api/v1/me/sessions", **kept)  # type: ignore[arg-type]
    assert ended.status_code == 204
    assert lost.wait("ended") == {"watch": None, "reason": "session"}
    promised("the end of a session's socket", time.monotonic() - began, ENDS_S)
    began = time.monotonic()
    served.web.clock.advance(24 * 3600)
    until(
        lambda: {"watch": {"child": ALPHA.id("child")}, "reason": "rights"} in carer.of("ended"),
        "the carer's watch is over",
    )
    promised("the end of a carer's watch", time.monotonic() - began, ENDS_S)


def test_a_school_sees_its_buses_while_they_serve_it(served: Served, dial: Dial) -> None:
    phone = dial("school-alpha")
    shown = phone.ask("watch", {"school": ALPHA.id("school")})
    assert {trip["id"] for trip in shown["trips"]["items"]} == {ALPHA.id("run"), ALPHA.id("later")}
    say(served, "live/positions", items=[a_position(), a_position(BRAVO)])
    assert [item["vehicle_id"] for item in phone.wait("position")["items"]] == [ALPHA.id("bus")]
    say(served, "live/positions", items=[a_position(trip_id=None)])
    say(served, "live/positions", items=[a_position(lon=105.22)])
    until(lambda: phone.of("position")[-1]["items"][0]["lon"] == 105.22, "the next position on the trip")
    assert all(item["trip_id"] for message in phone.of("position") for item in message["items"])


def test_a_message_on_the_house_s_topics_that_can_t_be_read_is_counted(served: Served, dial: Dial) -> None:
    phone = dial("operator-alpha")
    phone.ask("watch", {"fleet": True})
    served.web.house.say("live/positions", b"{")
    served.web.house.say("live/positions", b'{"items":[{"vehicle_id":7}]}')
    say(served, "live/positions", items=[a_position()])
    phone.wait("position")
    assert b"sixfixed_live_ignored_total 2.0" in served.web.deps.metrics.text()


def test_too_many_messages_are_refused_and_a_huge_one_ends_the_socket(served: Served, dial: Dial) -> None:
    phone = dial("guardian-alpha")
    codes = [phone.ask("watch", {"child": "x"})["error"]["code"] for _ in range(45)]
    assert codes[0] == "not_found" and codes[-1] == "too_many"
    big = dial("guardian-alpha")
    big.io.emit("watch", {"child": "x" * 70_000})
    until(lambda: not big.io.connected, "the socket is closed")
    assert "error" in dial("guardian-alpha").ask("watch", {"child": "x"})


def test_watching_a_child_is_in_the_audit(served: Served, dial: Dial) -> None:
    dial("guardian-alpha").ask("watch", {"child": ALPHA.id("child")})

    def noted() -> list[str]:
        with served.web.database.read() as connection:
            query = t.audit.select().where(t.audit.c.object == ALPHA.id("child"))
            return [row.action for row in connection.execute(query)]

    assert until(noted, "the audit's line") == ["watch_child"]
