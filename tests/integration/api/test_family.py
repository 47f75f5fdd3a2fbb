"""What a guardian gets of their child, and what not."""

import json
from datetime import UTC, datetime

import pytest

from server.adapters.db import tables as t
from tests.builders.web import Web
from tests.builders.world import ALPHA, EVIL, MIDNIGHT_MS, NEIGHBOUR, NOW_MS, ON, change


def test_a_guardian_sees_the_child_the_bus_and_when_it_comes(web: Web) -> None:
    answer = web.browser("guardian-alpha").get("/children")
    assert answer.status_code == 200
    assert answer.headers["Cache-Control"] == "no-store"
    [child] = answer.json["items"]
    assert answer.json["next"] is None
    assert child["name"] == EVIL
    assert answer.content_type == "application/json"
    assert child["trip"]["id"] == ALPHA.id("run")
    assert child["trip"]["state"] == "en_route"
    assert child["bus"]["name"] == "Alpha 1234"
    assert child["stop"]["name"] == "Alpha corner"
    assert child["trip"]["stops_before"] == 0
    assert child["trip"]["planned_start_at"] == "2026-09-21T07:01:00+08:00"
    eta = {key: datetime.fromisoformat(value) for key, value in child["eta"].items()}
    now = datetime.fromtimestamp(NOW_MS / 1000, UTC)
    assert now < eta["low"] < eta["at"] < eta["high"]
    # Half of the nine planned minutes are left, less what a late bus wins back.
    assert 250 < (eta["at"] - now).total_seconds() < 270
    assert child["trip"]["delay_s"] == pytest.approx(7 * 60 - 4 - 270, abs=1)
    assert [ride["dir"] for ride in child["rides"]] == ["on"]
    assert "stops" not in child["trip"] and "shape" not in child["trip"]


def test_one_child_comes_with_stops_and_shape(web: Web) -> None:
    trip = web.browser("guardian-alpha").get(f"/children/{ALPHA.id('child')}").json["trip"]
    assert [stop["mine"] for stop in trip["stops"]] == [False, True, False]
    assert [stop["passed"] for stop in trip["stops"]] == [True, False, False]
    assert [stop["eta"] is None for stop in trip["stops"]] == [True, False, False]
    assert len(trip["shape"]) == len(trip["shape_metres"]) == 3
    assert trip["position"]["age_s"] == 4.0 and trip["position"]["stale"] is False


def test_a_child_goes_by_its_code_too(web: Web) -> None:
    browser = web.browser("guardian-alpha")
    assert browser.get("/children/child-alpha").json["id"] == ALPHA.id("child")
    assert browser.get("/children/child-bravo").status_code == 404


def test_a_parents_json_holds_no_other_child_and_no_crew(web: Web) -> None:
    browser = web.browser("guardian-alpha")
    for path in (
        "/children",
        f"/children/{ALPHA.id('child')}",
        f"/trips/{ALPHA.id('run')}",
        "/trips",
        "/notices",
    ):
        answer = browser.get(path)
        assert answer.status_code == 200, path
        for secret in ("Neighbour", NEIGHBOUR, "Wheeler", "555-", "badge-", "Bravo", "bravo", "CARD"):
            assert secret not in answer.text, (path, secret)


def test_there_is_no_estimate_from_a_stale_position(web: Web) -> None:
    web.clock.advance(70)
    child = web.browser("guardian-alpha").get(f"/children/{ALPHA.id('child')}").json
    assert child["eta"] is None and child["trip"]["delay_s"] is None
    assert child["trip"]["position"]["stale"] is True and child["trip"]["position"]["age_s"] == 74.0


def test_the_bus_is_shown_within_the_window_only(web: Web) -> None:
    browser = web.browser("guardian-alpha")
    path = f"/children/{ALPHA.id('child')}/bus"
    assert browser.get(path).json["lon"] == 105.205
    arrived_ms = NOW_MS + 600_000
    change(web.database, t.trips, ALPHA.id("run"), state="arrived", arrived_at_ms=arrived_ms)
    change(web.database, t.vehicle_heads, ALPHA.id("bus"), at_ms=arrived_ms)
    for after_s, status in ((0, 200), (300, 200), (301, 404), (3600, 404)):
        web.clock.set_ms(arrived_ms + after_s * 1000)
        assert browser.get(path).status_code == status, after_s
    for shown in (browser.get(f"/children/{ALPHA.id('child')}"), browser.get(f"/trips/{ALPHA.id('run')}")):
        assert "105.205" not in shown.text


def test_a_position_from_before_the_window_is_not_shown_in_it(web: Web) -> None:
    # Where the bus stood overnight is nobody's business.
    browser = web.browser("guardian-alpha")
    change(web.database, t.trips, ALPHA.id("run"), state="scheduled", started_at_ms=None, run_vehicle_id=None)
    change(web.database, t.vehicle_heads, ALPHA.id("bus"), at_ms=MIDNIGHT_MS, trip_id=None)
    assert browser.get(f"/children/{ALPHA.id('child')}/bus").status_code == 404


def test_a_bus_on_another_trip_before_the_window_opens_is_not_shown(web: Web) -> None:
    web.clock.set_ms(MIDNIGHT_MS + 15 * 3_600_000)
    change(web.database, t.vehicle_heads, ALPHA.id("bus"), at_ms=web.clock.now_ms())
    assert web.browser("guardian-alpha").get(f"/children/{ALPHA.id('child')}/bus").status_code == 404


def test_an_ended_link_and_a_carers_last_day_end_the_sight(web: Web) -> None:
    browser = web.browser("guardian-alpha")
    link = ALPHA.id("g-child")
    change(web.database, t.guardians, link, valid_until=ON)
    assert len(browser.get("/children").json["items"]) == 1
    change(web.database, t.guardians, link, valid_until="2026-09-20")
    assert browser.get("/children").json["items"] == []
    assert browser.get(f"/children/{ALPHA.id('child')}").status_code == 404
    change(web.database, t.guardians, link, valid_until=None, ended_at_ms=1)
    assert browser.get("/children").json["items"] == []


def test_not_riding_is_an_input_for_the_fold_and_can_be_taken_back(web: Web) -> None:
    browser = web.browser("guardian-alpha")
    path = f"/children/{ALPHA.id('child')}/exceptions"
    body = {"service_date": ON, "direction": "from_school", "kind": "absent"}
    made = browser.post(path, body)
    assert made.status_code == 201, made.text
    assert browser.post(path, body).status_code == 409
    assert browser.get(f"/children/{ALPHA.id('child')}").json["exceptions"] == [made.json]
    topic, said = web.house.published[-1]
    assert topic == "wake/ingest"
    assert json.loads(said) == {"why": "inputs", "vehicles": [ALPHA.id("bus")]}
    assert browser.delete(f"{path}/{made.json['id']}").status_code == 204
    assert browser.delete(f"{path}/{made.json['id']}").status_code == 404
    with web.database.read() as connection:
        rows = connection.execute(t.inputs.select().order_by(t.inputs.c.id)).all()
    assert [json.loads(row.body)["absent"] for row in rows] == [True, False]
    assert {row.trip_id for row in rows} == {ALPHA.id("later")}
    assert browser.post(path, body).status_code == 201


def test_who_rode_this_morning_may_still_stay_at_home_from_the_next_ride_of_that_direction(web: Web) -> None:
    browser = web.browser("guardian-alpha")
    path = f"/children/{ALPHA.id('child')}/exceptions"
    body = {"service_date": ON, "direction": "to_school", "kind": "absent"}
    change(web.database, t.trips, ALPHA.id("run"), state="closed")
    refused = browser.post(path, body)
    assert refused.status_code == 409
    assert "Trip run-alpha can't be changed any more (trip closed" in refused.json["error"]["message"]
    change(web.database, t.trips, ALPHA.id("later"), direction="to_school")
    assert browser.post(path, body).status_code == 201
    with web.database.read() as connection:
        rows = connection.execute(t.inputs.select()).all()
    assert [row.trip_id for row in rows] == [ALPHA.id("later")]


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"service_date": "2026-09-20", "direction": "to_school", "kind": "absent"}, "service_date"),
        ({"service_date": "21.9.2026", "direction": "to_school", "kind": "absent"}, "service_date"),
        ({"service_date": ON, "direction": "up", "kind": "absent"}, "direction"),
        ({"service_date": ON, "direction": "to_school"}, "kind"),
    ],
)
def test_a_wrong_exception_says_which_field(web: Web, body: dict[str, str], field: str) -> None:
    answer = web.browser("guardian-alpha").post(f"/children/{ALPHA.id('child')}/exceptions", body)
    assert answer.status_code == 422
    assert list(answer.json["error"]["fields"]) == [field]


def test_notices_are_the_own_ones_and_can_be_read(web: Web) -> None:
    browser = web.browser("guardian-alpha")
    [notice] = browser.get("/notices").json["items"]
    assert notice["text"] == {"zh": "Alpha 快到了", "en": "Alpha is near"}
    assert notice["read_at"] is None and notice["late"] is False
    assert browser.post(f"/notices/{notice['id']}/read").status_code == 204
    assert browser.get("/notices").json["items"][0]["read_at"] == "2026-09-21T07:08:00+08:00"


def test_every_reading_of_a_child_is_in_the_audit(web: Web) -> None:
    browser = web.browser("guardian-alpha")
    browser.get(f"/children/{ALPHA.id('child')}/bus")
    web.browser("school-alpha").get(f"/trips/{ALPHA.id('run')}/manifest")
    web.deps.audit.flush()
    items = web.browser("admin").get("/audit?object=" + ALPHA.id("child")).json["items"]
    assert {(item["user"]["code"], item["action"]) for item in items} == {
        ("guardian-alpha", "read_child_bus"),
        ("school-alpha", "read_manifest"),
    }
    assert "GET /children/{child}/bus" in [item["detail"] for item in items]


def test_whom_to_call_is_the_school_and_the_company_where_they_have_a_number_and_never_the_driver(
    web: Web,
) -> None:
    browser = web.browser("guardian-alpha")
    path = f"/children/{ALPHA.id('child')}"
    assert browser.get(path).json["call"] == []
    change(web.database, t.schools, ALPHA.id("school"), phone="0955-701234")
    change(web.database, t.operators, ALPHA.id("operator"), phone="0955-709999")
    child = browser.get(path).json
    assert child["call"] == [
        {"name": "Alpha school", "role": "school", "phone": "0955-701234"},
        {"name": "Alpha buses", "role": "operator", "phone": "0955-709999"},
    ]
    assert "555-" not in browser.get(path).text


def test_a_bus_that_runs_instead_of_the_usual_one_is_said_with_it(web: Web) -> None:
    browser = web.browser("guardian-alpha")
    path = f"/children/{ALPHA.id('child')}"
    change(web.database, t.trips, ALPHA.id("run"), permit_id=ALPHA.id("permit-run"))
    assert browser.get(path).json["trip"]["instead_of"] is None
    with web.database.write() as connection:
        connection.execute(
            t.vehicles.insert().values(
                id="spare", operator_id=ALPHA.id("operator"), code="ZW-0017", plate="Spare 17", seats=30
            )
        )
    change(web.database, t.trips, ALPHA.id("run"), run_vehicle_id="spare")
    trip = browser.get(path).json["trip"]
    assert (trip["bus"]["name"], trip["instead_of"]["name"]) == ("Spare 17", "Alpha 1234")
