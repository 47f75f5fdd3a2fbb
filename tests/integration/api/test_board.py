"""A school's board: who is missing by name, and the bus that comes in another's place."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from sqlalchemy import delete, insert, update

from server.adapters.db import tables as t
from server.domain.trip import Count, SignOff
from tests.builders.spares import add_spares
from tests.builders.web import Web
from tests.builders.world import ALPHA, NEIGHBOUR, NOW_MS, ON, change

RUN, LATER = ALPHA.id("run"), ALPHA.id("later")


def _row(web: Web, trip: str) -> dict[str, Any]:
    answer = web.browser("school-alpha").get(f"/board?service_date={ON}")
    assert answer.status_code == 200, answer.text
    row: dict[str, Any] = next(one for one in answer.json["items"] if one["trip"]["id"] == trip)
    return row


def _state(web: Web, state: str) -> None:
    with web.database.write() as connection:
        connection.execute(
            update(t.trip_riders)
            .where(t.trip_riders.c.trip_id == RUN, t.trip_riders.c.rider_id == ALPHA.id("child"))
            .values(state=state)
        )


def _missing(web: Web) -> dict[str, str]:
    return {rider["id"]: rider["state"] for rider in _row(web, RUN)["missing"]}


def test_a_child_who_did_not_come_is_missing_by_name(web: Web) -> None:
    _state(web, "no_show")
    assert _missing(web)[ALPHA.id("child")] == "no_show"


def test_a_child_who_is_aboard_or_excused_is_not_missing(web: Web) -> None:
    for state in ("aboard", "alighted", "absent"):
        _state(web, state)
        assert ALPHA.id("child") not in _missing(web), state


def test_a_bus_in_anothers_place_says_so(web: Web) -> None:
    assert _row(web, LATER)["substitution"] is None
    add_spares(web.database, ALPHA)
    body = {"trip_id": LATER, "vehicle_id": "spare-alpha", "reason": "broken down"}
    assert web.browser("operator-alpha").post("/substitutions", body).status_code == 201
    row = _row(web, LATER)
    assert row["trip"]["vehicle"]["code"] == row["substitution"]["vehicle"]["code"] == "spare-alpha"
    assert row["substitution"]["reason"] == "broken down"


CHILD, NEIGHBOUR_ID = ALPHA.id("child"), NEIGHBOUR
COUNTED_MS = NOW_MS - 10_000


def _seen(
    web: Web, rider_id: str, by: str, at_ms: int = COUNTED_MS - 60_000, state: str = "alighted"
) -> None:
    """Have a rider seen off the bus, by a card or a tick."""
    with web.database.write() as connection:
        connection.execute(
            update(t.trip_riders)
            .where(t.trip_riders.c.trip_id == RUN, t.trip_riders.c.rider_id == rider_id)
            .values(state=state, since_ms=at_ms)
        )
        connection.execute(delete(t.rides).where(t.rides.c.trip_id == RUN, t.rides.c.rider_id == rider_id))
        ride = {
            "source": f"x:{rider_id}", "id": f"ride-{rider_id}"[:32], "vehicle_id": ALPHA.id("bus"), "trip_id": RUN,
            "rider_id": rider_id, "dir": "off", "at_ms": at_ms, "by": by,
        }  # fmt: skip
        if state != "absent":
            connection.execute(insert(t.rides).values(**ride))


def _count(web: Web, received: int, delivered: int | None = None) -> tuple[dict[str, int], list[str]]:
    """Have the school count against what the bus said; give both counts and the names in doubt."""
    said = SignOff(None if delivered is None else Count(delivered, COUNTED_MS, "user-a"))
    change(web.database, t.trips, RUN, sign_off=msgspec.json.encode(said))
    answer = web.browser("school-alpha").post(f"/trips/{RUN}/arrival", {"count": received})
    assert answer.status_code == 409, answer.text
    fields = answer.json["error"]["fields"]
    doubt = [each["id"] for each in fields.pop("in_doubt")]
    return fields, doubt


@pytest.mark.parametrize(("received", "delivered"), [(1, 2), (3, 2), (1, None), (0, None)])
def test_every_rider_was_ticked_off_and_the_counts_still_differ(
    web: Web, received: int, delivered: int | None
) -> None:
    _seen(web, CHILD, "attendant")
    _seen(web, NEIGHBOUR_ID, "card")
    fields, doubt = _count(web, received, delivered)
    assert fields == {"delivered": 2, "received": received}
    assert doubt[0] == CHILD, "no card says that this child is there"
    assert len(doubt) == abs(received - 2)


@pytest.mark.parametrize(
    ("child", "neighbour", "received", "delivered", "first"),
    [
        (
            ("card", -60_000, "aboard"),
            ("attendant", -60_000, "alighted"),
            1,
            2,
            CHILD,
        ),  # not seen off the bus
        (
            ("card", 5_000, "alighted"),
            ("card", -60_000, "alighted"),
            1,
            2,
            CHILD,
        ),  # after the bus had counted
        (("card", -90_000, "alighted"), ("card", -60_000, "alighted"), 1, 2, NEIGHBOUR_ID),  # the last one
        (("card", 0, "absent"), ("card", -60_000, "alighted"), 2, 1, CHILD),  # one more: who was not to come
        (
            ("card", 0, "absent"),
            ("card", -60_000, "alighted"),
            0,
            1,
            NEIGHBOUR_ID,
        ),  # one fewer: who was to be there
    ],
)
def test_who_is_the_likeliest_to_be_in_doubt_is_named_first_and_alone(
    web: Web,
    child: tuple[str, int, str],
    neighbour: tuple[str, int, str],
    received: int,
    delivered: int,
    first: str,
) -> None:
    for rider_id, (by, after_ms, state) in ((CHILD, child), (NEIGHBOUR_ID, neighbour)):
        _seen(web, rider_id, by, COUNTED_MS + after_ms, state)
    _, doubt = _count(web, received, delivered)
    if first == NEIGHBOUR_ID and child[2] != "absent":
        assert doubt == [NEIGHBOUR_ID, CHILD], "nothing points at anybody: all of them"
    else:
        assert doubt == [first]


def test_in_the_afternoon_who_was_to_board_and_was_not_seen_is_in_doubt_both_ways(web: Web) -> None:
    later = ALPHA.id("later")
    for received, delivered in ((1, 2), (2, 1)):
        with web.database.write() as connection:
            mine = (t.trip_riders.c.trip_id == later) & (t.trip_riders.c.rider_id == NEIGHBOUR_ID)
            connection.execute(update(t.trip_riders).where(mine).values(state="aboard"))
        said = msgspec.json.encode(SignOff(Count(delivered, COUNTED_MS, "user-a")))
        change(web.database, t.trips, later, sign_off=said)
        answer = web.browser("school-alpha").post(f"/trips/{later}/arrival", {"count": received})
        assert answer.status_code == 409
        assert [each["id"] for each in answer.json["error"]["fields"]["in_doubt"]] == [CHILD]
