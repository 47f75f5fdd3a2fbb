"""What else than positions reaches those who watch: rides by what they may read, a child's trip, and the end of a watch."""

import http.client
import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from server.adapters.db import migrate
from server.adapters.db import tables as t
from server.adapters.db.engine import Database
from tests.builders.served import Phone, Served, serving
from tests.builders.world import ALPHA, BRAVO, NEIGHBOUR, NOW_MS, build_world, change
from tests.integration.api.test_live import log_in, say
from tests.waiting import PATIENCE_S, until

Dial = Callable[..., Phone]


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    folder: Path = tmp_path_factory.mktemp("watchers")
    url = f"sqlite:///{folder / 'test.db'}"
    migrate.upgrade(url)
    database = Database(url)
    build_world(database)
    with serving(database, folder / "dist") as found:
        yield found
    database.dispose()


@pytest.fixture
def dial(served: Served) -> Iterator[Dial]:
    phones: list[Phone] = []

    def connect(username: str) -> Phone:
        phones.append(Phone(served.url, cookie=log_in(served, username)[0]))
        return phones[-1]

    yield connect
    for phone in phones:
        phone.close()


def a_ride(rider_id: str) -> dict[str, object]:
    return {"trip_id": ALPHA.id("run"), "rider_id": rider_id, "dir": "on", "at_ms": NOW_MS,
            "stop_id": ALPHA.id("stop-corner")}  # fmt: skip


def riders_of(phone: Phone) -> list[str]:
    return [ride["child"] for ride in phone.of("ride")]


def test_rides_reach_who_watches_the_trip_or_the_school_as_far_as_each_may_read(
    served: Served, dial: Dial
) -> None:
    run, school = ALPHA.id("run"), ALPHA.id("school")
    crew, desk, gate, bureau, parent, other = (
        dial(name)
        for name in (
            "attendant-alpha", "operator-alpha", "school-alpha", "regulator-alpha", "guardian-alpha",
            "operator-bravo",
        )
    )  # fmt: skip
    for phone in (crew, desk, bureau, parent):
        assert "error" not in phone.ask("watch", {"trip": run})
    assert "error" not in gate.ask("watch", {"school": school})
    assert "error" not in other.ask("watch", {"trip": BRAVO.id("run")})
    say(served, "live/rides", items=[a_ride(NEIGHBOUR), a_ride(ALPHA.id("child"))])
    for phone in (crew, desk, gate):
        phone.wait("ride", 2)
        assert riders_of(phone) == [NEIGHBOUR, ALPHA.id("child")]
    heard = gate.of("ride")[0]
    assert heard["rider"] == {"id": NEIGHBOUR, "code": "neighbour-alpha", "name": "Neighbour child"}
    assert heard["trip"] == {"id": run, "code": "run-alpha", "name": "Alpha line"}
    assert (heard["dir"], heard["stop"]["name"]) == ("on", "Alpha corner")
    assert heard["at"] == "2026-09-21T07:08:00+08:00"
    # A guardian hears of the own child alone; who may read no manifest hears of nobody.
    parent.wait("ride")
    say(served, "live/rides", items=[a_ride(NEIGHBOUR)])
    desk.wait("ride", 3)
    assert (riders_of(parent), riders_of(bureau), riders_of(other)) == ([ALPHA.id("child")], [], [])


def test_each_ride_that_staff_are_told_of_is_in_the_audit(served: Served, dial: Dial) -> None:
    desk = dial("operator-alpha")
    desk.ask("watch", {"trip": ALPHA.id("run")})
    say(served, "live/rides", items=[a_ride(NEIGHBOUR)])
    desk.wait("ride")

    def noted() -> bool:
        with served.web.deps.store.read() as work:
            rows = work.audit.page({"action": "watch_ride", "object": NEIGHBOUR}, None, 50)
        return "operator-alpha" in {row.user.code for row in rows if row.user is not None}

    until(noted, "the audit's line")


def test_a_change_of_the_child_s_trip_comes_as_the_push_trip_too(served: Served, dial: Dial) -> None:
    phone = dial("guardian-alpha")
    snapshot = phone.ask("watch", {"child": "child-alpha"})["trip"]
    served.web.real.advance(2)
    with served.web.database.write() as connection:
        connection.execute(
            t.trip_riders.update()
            .where(t.trip_riders.c.rider_id == ALPHA.id("child"), t.trip_riders.c.trip_id == ALPHA.id("run"))
            .values(state="aboard", since_ms=NOW_MS)
        )
    say(served, "live/trips", ids=[ALPHA.id("run")])
    pushed = phone.wait("trip")
    assert pushed["rider_state"] == "aboard" and pushed["id"] == snapshot["id"]
    # In the snapshot's shape; the line of the same trip, which never changes, isn't said again.
    assert set(snapshot) - set(pushed) == {"shape", "shape_metres"}


def test_a_watch_by_code_ends_by_code(served: Served, dial: Dial) -> None:
    phone = dial("guardian-alpha")
    phone.ask("watch", {"child": "child-alpha"})
    assert phone.ask("unwatch", {"child": "child-alpha"}) == {}
    [socket] = [each for each in served.rooms.sockets.values() if each.caller.username == "guardian-alpha"]
    assert (socket.watches, socket.named) == ({}, {})


def test_a_body_in_chunks_has_the_same_largest_size(served: Served) -> None:
    def send(*chunks: bytes) -> int | None:
        """Give the status, None where the server had hung up on what it wouldn't read before its answer was."""
        line = http.client.HTTPConnection("127.0.0.1", served.port, timeout=PATIENCE_S)
        headers = {"Content-Type": "application/json", "Transfer-Encoding": "chunked"}
        try:
            line.request("POST", "/api/v1/session", iter(chunks), headers, encode_chunked=True)
            return line.getresponse().status
        except ConnectionError:
            return None
        finally:
            line.close()

    login = b'{"username":"nobody","password":"x"}'
    assert send(login[:10], login[10:]) == 401
    # Cut at the limit the rest of it would be good JSON.
    assert until(lambda: send(login, b" " * 70_000, os.urandom(10)), "an answer") == 413


def test_a_room_goes_on_with_the_next_day(served: Served, dial: Dial) -> None:
    phone = dial("school-alpha")
    shown = phone.ask("watch", {"school": "school-alpha"})
    assert {trip["service_date"] for trip in shown["trips"]["items"]} == {"2026-09-21"}
    change(served.web.database, t.trips, ALPHA.id("later"), service_on="2026-09-22")
    served.web.clock.advance(24 * 3600)
    served.web.real.advance(120)
    say(served, "live/trips", ids=[ALPHA.id("later")])
    assert phone.wait("trip")["service_date"] == "2026-09-22"
