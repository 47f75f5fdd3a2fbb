"""A school's board: who is missing by name, and the bus that comes in another's place."""

from __future__ import annotations

from typing import Any

from sqlalchemy import update

from server.adapters.db import tables as t
from tests.builders.spares import add_spares
from tests.builders.web import Web
from tests.builders.world import ALPHA, ON

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
