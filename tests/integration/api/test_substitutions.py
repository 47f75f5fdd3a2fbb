"""Another bus, driver or attendant: approved at the desk, seen at once by everybody, refused where it would not be lawful."""

from __future__ import annotations

from datetime import date
from zoneinfo import ZoneInfo

import msgspec
import pytest
from sqlalchemy import select

from server.adapters.db import tables as t
from server.adapters.db.counters import value_of
from server.adapters.db.timetabling import DbTimetabling
from server.domain.service_time import instant_ms
from server.domain.trip import OnDuty
from server.service import watching
from server.service.policy import Caller, scope_of
from server.service.timetabling import make_trips
from tests.builders.spares import add_spares
from tests.builders.web import Browser, Web
from tests.builders.world import ALPHA, BRAVO, ON, ZONE, change

RUN, LATER = ALPHA.id("run"), ALPHA.id("later")
SPARE = {"vehicle_id": "spare-alpha", "reason": "broken down"}


@pytest.fixture
def desk(web: Web) -> Browser:
    add_spares(web.database, ALPHA)
    add_spares(web.database, BRAVO)
    return web.browser("operator-alpha")


def refused(desk: Browser, **body: str | None) -> dict[str, str]:
    answer = desk.post("/substitutions", {"trip_id": RUN, **SPARE, **body})
    assert answer.status_code == 422, answer.text
    fields: dict[str, str] = answer.json["error"]["fields"]
    return fields


def test_another_bus_is_seen_at_once_by_desk_school_and_family(web: Web, desk: Browser) -> None:
    with web.database.read() as connection:
        before = value_of(connection, "substitutions")
    body = {"trip_id": LATER, **SPARE, "driver_id": ALPHA.id("spare-driver")}
    answer = desk.post("/substitutions", body)
    assert answer.status_code == 201, answer.text
    made = answer.json
    assert (made["from_on"], made["until_on"], made["reason"]) == (ON, ON, "broken down")
    assert (made["vehicle"]["code"], made["driver"]["code"], made["attendant"]) == (
        "spare-alpha", "spare-driver-alpha", None,
    )  # fmt: skip
    assert made["by"]["name"] == "User Operator-Alpha" and made["timetable"]["code"] == "later-alpha"
    with web.database.read() as connection:
        assert value_of(connection, "substitutions") == before + 1
    assert ("live/trips", msgspec.json.encode({"ids": [LATER]})) in web.house.published
    assert [topic for topic, _ in web.house.published].count("wake/ingest") == 1
    for role in ("operator", "regulator", "school", "guardian", "attendant"):
        shown = web.browser(ALPHA.user(role)).get(f"/trips/{LATER}")
        assert shown.status_code == 200, (role, shown.text)
        trip = shown.json
        assert trip["vehicle"]["code"] == "spare-alpha", role
        assert trip["substitution"]["vehicle"]["code"] == "spare-alpha", role
        named = (trip["driver"] or {}).get("code"), trip["substitution"]["reason"]
        assert named == ((None, None) if role == "guardian" else ("spare-driver-alpha", "broken down"))
    child = web.browser("guardian-alpha").get(f"/children/{ALPHA.id('child')}").json
    assert {trip["code"]: trip["bus"]["code"] for trip in child["trips_today"]} == {
        "run-alpha": "bus-alpha", "later-alpha": "spare-alpha",
    }  # fmt: skip
    assert [one["id"] for one in desk.get(f"/substitutions?trip={LATER}").json["items"]] == [made["id"]]
    assert [one["id"] for one in desk.get("/substitutions").json["items"]] == [made["id"]]
    assert desk.get(f"/substitutions?trip={RUN}").json["items"] == []


def test_a_driver_who_is_put_on_a_trip_finds_it_and_the_other_does_not(web: Web, desk: Browser) -> None:
    desk.post("/substitutions", {"trip_id": LATER, "driver_id": "spare-driver-alpha", "reason": "ill"})
    seen = web.browser("driver-alpha").get(f"/trips?service_date={ON}").json["items"]
    assert [trip["code"] for trip in seen] == ["run-alpha"]


def test_a_running_trip_names_the_bus_to_come_and_shows_the_place_of_the_one_that_has_the_children(
    web: Web, desk: Browser
) -> None:
    assert desk.post("/substitutions", {"trip_id": RUN, **SPARE}).status_code == 201
    child = web.browser("guardian-alpha").get(f"/children/{ALPHA.id('child')}").json
    assert child["bus"]["code"] == "spare-alpha"
    assert child["trip"]["position"]["vehicle_id"] == ALPHA.id("bus")
    with web.deps.store.read() as work:
        row = work.trips.get(RUN)
        assert (row.vehicle and row.vehicle.id, row.runs_id) == (ALPHA.id("spare"), ALPHA.id("bus"))
    change(
        web.database, t.trips, RUN, run_vehicle_id=ALPHA.id("spare"), assigned_at_ms=web.clock.now_ms() + 1
    )
    with web.deps.store.read() as work:
        row = work.trips.get(RUN)
        assert row.runs_id == ALPHA.id("spare")


def test_who_is_signed_on_is_shown_to_staff(web: Web, desk: Browser) -> None:
    assert desk.get(f"/trips/{RUN}").json["duty"] is None
    crew = OnDuty("badge-driver-alpha", "unknown-badge", web.clock.now_ms())
    change(web.database, t.trips, RUN, crew=msgspec.json.encode(crew))
    duty = desk.get(f"/trips/{RUN}").json["duty"]
    assert (duty["driver"]["name"], duty["attendant"]["code"]) == ("Alpha driver Wheeler", "unknown-badge")
    assert duty["since"].startswith(f"{ON}T07:08")
    assert web.browser("guardian-alpha").get(f"/trips/{RUN}").json["duty"] is None


def test_what_is_taken_back_gives_the_trip_to_its_own_bus_again(web: Web, desk: Browser) -> None:
    made = desk.post("/substitutions", {"trip_id": LATER, **SPARE}).json
    assert desk.delete(f"/substitutions/{made['id']}").status_code == 204
    trip = desk.get(f"/trips/{LATER}").json
    assert (trip["vehicle"]["code"], trip["substitution"]) == ("bus-alpha", None)
    assert desk.get("/substitutions").json["items"] == []
    assert desk.delete(f"/substitutions/{made['id']}").status_code == 404


def test_another_time_is_seen_at_once_by_desk_school_and_family(web: Web, desk: Browser) -> None:
    answer = desk.post("/substitutions", {"trip_id": LATER, "shift_s": 1800, "reason": "half day"})
    assert answer.status_code == 201, answer.text
    assert (answer.json["shift_s"], answer.json["vehicle"]) == (1800, None)
    assert ("live/trips", msgspec.json.encode({"ids": [LATER]})) in web.house.published

    for role in ("operator", "school", "guardian", "attendant"):
        shown = web.browser(ALPHA.user(role)).get(f"/trips/{LATER}").json
        assert shown["planned_start_at"] == f"{ON}T16:31:00+08:00", role
        assert shown["substitution"]["shift_s"] == 1800 and shown["substitution"]["vehicle"] is None
    assert desk.get(f"/trips/{LATER}").json["visits"][0]["planned_at"] == f"{ON}T16:30:00+08:00"
    assert desk.delete(f"/substitutions/{answer.json['id']}").status_code == 204
    assert desk.get(f"/trips/{LATER}").json["planned_start_at"] == f"{ON}T16:01:00+08:00"


@pytest.mark.parametrize("shift_s", [0, 10801, -10801, "600"])
def test_a_time_that_is_none_is_refused_with_the_field(desk: Browser, shift_s: object) -> None:
    answer = desk.post("/substitutions", {"trip_id": LATER, "shift_s": shift_s, "reason": "ice"})
    assert answer.status_code in (400, 422), answer.text
    assert "shift_s" in answer.json["error"]["fields"]


def test_another_way_is_seen_at_once_by_desk_and_family(web: Web, desk: Browser) -> None:
    usual = desk.get(f"/trips/{LATER}").json
    first, left_out, last = (stop["code"] for stop in usual["plan"]["stops"])
    assert usual["substitution"] is None
    way = {
        "skip_stops": [left_out],
        "shape": [*usual["plan"]["shape"][:1], [37.51, 105.2], *usual["plan"]["shape"][-1:]],
    }
    answer = desk.post("/substitutions", {"trip_id": LATER, "detour": way, "reason": "road works"})
    assert answer.status_code == 201, answer.text
    assert [stop["code"] for stop in answer.json["detour"]["skip_stops"]] == [left_out]
    assert answer.json["detour"]["shape"] == way["shape"]
    for role in ("operator", "school", "guardian", "attendant"):
        shown = web.browser(ALPHA.user(role)).get(f"/trips/{LATER}").json
        assert [stop["code"] for stop in shown["plan"]["stops"]] == [first, last], role
        assert shown["plan"]["shape"] == way["shape"]
        assert [stop["code"] for stop in shown["substitution"]["skip_stops"]] == [left_out]
    assert desk.delete(f"/substitutions/{answer.json['id']}").status_code == 204
    again = desk.get(f"/trips/{LATER}").json
    assert (again["plan"], again["substitution"]) == (usual["plan"], None)


@pytest.mark.parametrize(
    ("detour", "field"),
    [
        ({}, "detour"),
        ({"skip_stops": ["elsewhere"]}, "detour.skip_stops"),
        ({"skip_stops": ["gate-alpha"]}, "detour.skip_stops"),
        ({"shape": [[37.5, 105.0]]}, "detour.shape"),
        ({"shape": [[37.5, 105.0], [137.5, 105.0]]}, "detour.shape"),
        ({"shape": [[10.0, 10.0], [10.1, 10.1]]}, "detour.shape"),
    ],
)
def test_a_way_that_is_none_is_refused_with_the_field(
    desk: Browser, detour: dict[str, object], field: str
) -> None:
    answer = desk.post("/substitutions", {"trip_id": LATER, "detour": detour, "reason": "road works"})
    assert answer.status_code == 422, answer.text
    assert field in answer.json["error"]["fields"]


def test_a_trip_does_not_move_to_where_its_bus_is_on_another(web: Web, desk: Browser) -> None:
    with web.database.read() as connection:
        trips = {
            row.id: row for row in connection.execute(select(t.trips).where(t.trips.c.id.in_([RUN, LATER])))
        }
    away_s = (trips[LATER].planned_start_ms - trips[RUN].planned_end_ms) // 1000
    assert away_s > 10800  # the day is built so that nothing may meet
    change(
        web.database, t.trips, LATER, planned_start_ms=trips[RUN].planned_end_ms + 600_000,
        planned_end_ms=trips[RUN].planned_end_ms + 1_200_000,
    )  # fmt: skip
    answer = desk.post("/substitutions", {"trip_id": RUN, "shift_s": 1200, "reason": "ice"})
    assert (answer.status_code, answer.json["error"]["code"]) == (409, "on_trip"), answer.text
    assert "later-alpha" in answer.json["error"]["message"]


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"reason": " "}, "reason"),
        ({"vehicle_id": None}, "vehicle_id"),
        ({"vehicle_id": "bus-bravo"}, "vehicle_id"),
        ({"vehicle_id": "spare-bravo"}, "vehicle_id"),
        ({"driver_id": "spare-attendant-alpha"}, "driver_id"),
        ({"driver_id": "badge-driver-alpha"}, "driver_id"),
        ({"attendant_id": "spare-driver-alpha"}, "attendant_id"),
        ({"from_on": "2026-09-20"}, "from_on"),
        ({"from_on": "2026-09-30", "until_on": "2026-09-29"}, "until_on"),
        ({"until_on": "2027-03-23"}, "until_on"),
        ({"from_on": "2026-02-31"}, "from_on"),
    ],
)
def test_what_would_not_be_lawful_is_refused_with_the_field(
    desk: Browser, body: dict[str, str | None], field: str
) -> None:
    assert field in refused(desk, **body)


def test_papers_and_seats_are_looked_at_to_the_last_day(web: Web, desk: Browser) -> None:
    spare, driver = ALPHA.id("spare"), ALPHA.id("spare-driver")
    for table, id_, values, field in (
        (t.vehicles, spare, {"inspection_until": "2026-09-30"}, "vehicle_id"),
        (t.vehicles, spare, {"insurance_until": None}, "vehicle_id"),
        (t.vehicles, spare, {"seats": 1}, "vehicle_id"),
        (t.people, driver, {"qualified_until": "2026-09-30"}, "driver_id"),
        (t.people, driver, {"born": "1960-01-01"}, "driver_id"),
        (t.people, driver, {"licence_since": "2025-01-01"}, "driver_id"),
    ):
        with web.database.read() as connection:
            row = connection.execute(select(table).where(table.c.id == id_)).one()
        change(web.database, table, id_, **values)
        wanted = {"driver_id": driver, "until_on": "2026-10-01"}
        assert list(refused(desk, **wanted)) == [field], values
        change(web.database, table, id_, **{name: getattr(row, name) for name in values})


def test_what_is_asked_of_a_driver_is_a_setting(web: Web, desk: Browser) -> None:
    change(web.database, t.people, ALPHA.id("spare-driver"), born="2005-01-01", licence_since="2025-01-01")
    assert (
        "the driver is 21 years old then, and the limit is 25"
        in refused(desk, driver_id=ALPHA.id("spare-driver"))["driver_id"]
    )
    with web.database.write() as connection:
        for name, value in (("driver_age_min", "18"), ("licence_years_min", "1")):
            connection.execute(
                t.settings.insert().values(id=name, scope="system", scope_id="", name=name, value=value)
            )
    body = {"trip_id": LATER, "driver_id": ALPHA.id("spare-driver"), "reason": "ill"}
    assert desk.post("/substitutions", body).status_code == 201


def test_who_is_on_another_trip_at_that_time_is_named_with_it(web: Web, desk: Browser) -> None:
    change(
        web.database, t.vehicles, ALPHA.id("bus"), inspection_until="2027-06-30", insurance_until="2027-06-30"
    )
    with web.database.read() as connection:
        run = connection.execute(select(t.trips).where(t.trips.c.id == RUN)).one()
    change(
        web.database, t.trips, LATER, planned_start_ms=run.planned_start_ms, planned_end_ms=run.planned_end_ms,
        vehicle_id=ALPHA.id("spare"),
    )  # fmt: skip
    answer = desk.post("/substitutions", {"trip_id": RUN, **SPARE})
    assert (answer.status_code, answer.json["error"]["code"]) == (409, "on_trip")
    assert "later-alpha" in answer.json["error"]["message"]
    shown = {one["code"]: one for one in desk.get(f"/trips/{RUN}/substitutes").json["vehicles"]}
    assert shown["spare-alpha"]["why_not"] == {
        "code": "on_trip",
        "trip": {"id": LATER, "code": "later-alpha", "name": "Alpha line"},
    }
    assert shown["bus-alpha"]["why_not"] == {"code": "same"}


def test_who_may_take_a_trip_is_listed_free_ones_first(desk: Browser) -> None:
    shown = desk.get(f"/trips/{LATER}/substitutes").json
    assert [(one["code"], one["free"]) for one in shown["vehicles"]] == [
        ("spare-alpha", True), ("bus-alpha", False),
    ]  # fmt: skip
    assert [(one["code"], one["free"], one["phone"]) for one in shown["drivers"]] == [
        ("spare-driver-alpha", True, "100"),
        ("badge-driver-alpha", False, "555-driver-alpha"),
    ]
    assert shown["attendants"][0]["free"] and shown["vehicles"][0]["why_not"] is None


def test_trips_that_are_over_take_nobody_else(web: Web, desk: Browser) -> None:
    change(web.database, t.trips, RUN, state="closed")
    assert desk.post("/substitutions", {"trip_id": RUN, **SPARE}).status_code == 409


def test_trips_that_are_made_later_are_the_substitutes_too(web: Web, desk: Browser) -> None:
    with web.database.write() as connection:
        for n, stop in enumerate(("home", "corner", "gate")):
            for what, start_s in (("run", 7 * 3600), ("later", 16 * 3600)):
                connection.execute(
                    t.stop_times.insert().values(
                        timetable_id=ALPHA.id(f"table-{what}"), seq=n, stop_id=ALPHA.id(f"stop-{stop}"),
                        arrival_s=start_s + 600 * n, departure_s=start_s + 600 * n,
                    )
                )  # fmt: skip
    body = {"timetable": "run-alpha", "from_on": "2026-09-22", "until_on": "2026-09-23", **SPARE}
    assert desk.post("/substitutions", body).status_code == 201
    other = {**body, "timetable": "later-alpha"}
    assert desk.post("/substitutions", other).status_code == 201, "at another hour it is free"
    moved = {key: body[key] for key in ("timetable", "from_on", "until_on", "reason")} | {"shift_s": -900}
    assert desk.post("/substitutions", moved).status_code == 201
    store = DbTimetabling(web.database)
    make_trips(store, web.clock.now_ms())
    with web.database.read() as connection:
        rows = connection.execute(select(t.trips).where(t.trips.c.timetable_id == ALPHA.id("table-run")))
        trips = {row.service_on: row for row in rows}
    tomorrow = trips["2026-09-22"]
    assert tomorrow.vehicle_id == ALPHA.id("spare")
    assert tomorrow.planned_start_ms == instant_ms(date(2026, 9, 22), 7 * 3600 - 900, ZoneInfo(ZONE))
    assert make_trips(store, web.clock.now_ms()).rebound == 0, "they stay as they were approved"


def test_a_room_follows_the_bus_that_runs_the_trip(web: Web, desk: Browser) -> None:
    desk.post("/substitutions", {"trip_id": RUN, **SPARE})
    me = web.browser("guardian-alpha").get("/me").json["user"]
    with web.deps.store.read() as work:
        caller = Caller(me["id"], me["username"], "guardian", None, None, None)
        scope = scope_of(work.scopes, caller, web.clock.now_ms())
        view = watching.look(work, scope, watching.Target("trip", RUN), web.clock.now_ms())
    assert [follow.vehicle_id for follow in view.follows] == [ALPHA.id("bus")]


def test_another_operator_s_trips_and_substitutions_are_not_there(web: Web, desk: Browser) -> None:
    made = desk.post("/substitutions", {"trip_id": LATER, **SPARE}).json
    thief = web.browser("operator-bravo")
    mine = {"vehicle_id": "spare-bravo", "reason": "theft"}
    assert thief.post("/substitutions", {"trip_id": RUN, **mine}).status_code == 404
    assert thief.post("/substitutions", {"timetable": "run-alpha", **mine}).status_code == 404
    assert thief.delete(f"/substitutions/{made['id']}").status_code == 404
    assert thief.get("/substitutions").json["items"] == []
    for path in (f"/substitutions?trip={LATER}", f"/trips/{LATER}/substitutes"):
        assert thief.get(path).status_code == 404
    taken = {"trip_id": BRAVO.id("later"), "vehicle_id": ALPHA.id("spare"), "reason": "theft"}
    assert thief.post("/substitutions", taken).status_code == 422
