"""What a thief tries who is somebody: filters, cursors, dates and codes of others; each must give no more than nothing."""

import pytest

from server.adapters.db import tables as t
from server.service import policy
from server.service.policy import Caller
from tests.builders.web import Browser, Web
from tests.builders.world import ALPHA, BRAVO, MIDNIGHT_MS, NOW_MS, PASSWORD, change

FILTERS = ("school_id", "route_id", "vehicle_id", "code")
FOREIGN = {
    "school_id": (BRAVO.id("school"), "school-bravo"),
    "route_id": (BRAVO.id("route"), "route-bravo"),
    "vehicle_id": (BRAVO.id("bus"), "bus-bravo"),
    "code": ("run-bravo",),
}
NARROW = ("regulator", "operator", "school", "attendant", "driver", "guardian")


@pytest.mark.parametrize("role", NARROW)
def test_a_filter_by_another_side_s_thing_finds_nothing(web: Web, role: str) -> None:
    browser = web.browser(ALPHA.user(role))
    for name in FILTERS:
        for value in FOREIGN[name]:
            assert browser.get(f"/trips?{name}={value}").json == {"items": [], "next": None}


@pytest.mark.parametrize("role", NARROW)
def test_another_side_s_trip_is_no_cursor_and_says_nothing_of_being_there(web: Web, role: str) -> None:
    browser = web.browser(ALPHA.user(role))
    foreign, unknown = (browser.get(f"/trips?after={ref}") for ref in (BRAVO.id("run"), "f" * 32))
    assert foreign.status_code == unknown.status_code == 422
    assert foreign.json == unknown.json


def test_another_s_notice_is_no_cursor(web: Web) -> None:
    assert web.browser("guardian-alpha").get(f"/notices?after={BRAVO.id('notice')}").status_code == 422


def test_lists_of_devices_and_children_take_a_code_and_find_no_foreign_one(web: Web) -> None:
    desk, parent = web.browser("operator-alpha"), web.browser("guardian-alpha")
    assert [item["code"] for item in desk.get("/devices?code=DEV-alpha").json["items"]] == ["DEV-alpha"]
    assert desk.get("/devices?code=DEV-bravo").json["items"] == []
    assert [item["id"] for item in parent.get("/children?code=child-alpha").json["items"]] == [
        ALPHA.id("child")
    ]
    assert parent.get("/children?code=child-bravo").json["items"] == []


def test_a_code_reaches_no_further_than_an_id(web: Web) -> None:
    parent = web.browser("guardian-alpha")
    assert parent.get("/children/child-alpha").status_code == 200
    for ref in ("child-bravo", "neighbour-alpha"):
        assert parent.get(f"/children/{ref}").status_code == 404
    assert web.browser("operator-alpha").get("/vehicles/bus-bravo").status_code == 404


def test_an_unlinked_guardian_reads_and_marks_no_notice_of_the_child(web: Web) -> None:
    browser = web.browser("guardian-alpha")
    assert browser.get("/notices").json["items"]
    change(web.database, t.guardians, ALPHA.id("g-child"), ended_at_ms=1)
    try:
        assert browser.get("/notices").json["items"] == []
        assert browser.post(f"/notices/{ALPHA.id('notice')}/read").status_code == 404
    finally:
        change(web.database, t.guardians, ALPHA.id("g-child"), ended_at_ms=None)
    assert browser.get("/notices").json["items"]


def test_times_without_an_offset_and_days_that_are_none_are_refused(web: Web) -> None:
    desk = web.browser("operator-alpha")
    track = f"/trips/{ALPHA.id('run')}/track"
    for query, field in (
        ("?from=2026-09-21T07:00:00", "from"), ("?to=2026-09-21T07:00:00", "to"), ("?from=yesterday", "from"),
    ):  # fmt: skip
        answer = desk.get(track + query)
        assert (answer.status_code, list(answer.json["error"]["fields"])) == (422, [field])
    assert desk.get(track + "?from=2026-09-21T07:00:00%2B08:00").status_code == 200
    for day in ("2026-13-45", "2026-02-30"):
        answer = desk.get(f"/trips?service_date={day}")
        assert (answer.status_code, list(answer.json["error"]["fields"])) == (422, ["service_date"])


@pytest.mark.parametrize("header", ["X-Forwarded-For", "Forwarded", "X-Real-IP", "Via"])
def test_whoever_comes_through_a_proxy_is_not_this_machine(web: Web, header: str) -> None:
    for path in ("/metrics", "/readyz", "/healthz"):
        assert web.client().flask.get(path, headers={header: "for=203.0.113.7"}).status_code == 404


def test_a_log_in_ignores_the_session_that_it_was_given(web: Web) -> None:
    browser = web.client()
    browser.flask.set_cookie("sixfixed", "chosen-by-somebody-else")
    answer = browser.post("/session", {"username": "guardian-alpha", "password": PASSWORD})
    assert answer.status_code == 200
    cookie = browser.flask.get_cookie("sixfixed")
    assert cookie is not None and cookie.value != "chosen-by-somebody-else"
    stolen = Browser(web.app.test_client())
    stolen.flask.set_cookie("sixfixed", "chosen-by-somebody-else")
    assert stolen.get("/me").status_code == 401


def test_a_closed_trip_s_bus_is_seen_to_the_end_of_its_window_and_no_longer(web: Web) -> None:
    arrived = {"state": "closed", "arrived_at_ms": NOW_MS - 60_000, "ended_at_ms": NOW_MS - 30_000}
    browser = web.browser("guardian-alpha")
    change(web.database, t.trips, ALPHA.id("run"), **arrived)
    before_ms = web.clock.now_ms()
    try:
        assert browser.get(f"/children/{ALPHA.id('child')}/bus").status_code == 200
        web.clock.advance(5 * 60)
        assert browser.get(f"/children/{ALPHA.id('child')}/bus").status_code == 404
    finally:
        web.clock.set_ms(before_ms)
        change(web.database, t.trips, ALPHA.id("run"), state="en_route", arrived_at_ms=None, ended_at_ms=None)


@pytest.mark.parametrize(
    ("service_on", "start_h", "end_h", "now_h", "seen"),
    [
        ("2026-09-21", 23.5, 24.5, 24.2, True),  # over midnight: still to be driven
        ("2026-09-21", 23.5, 24.5, 25.2, False),  # over
        ("2026-09-22", 24.1, 24.5, 23.9, True),  # about to begin
        ("2026-09-22", 24.1, 24.5, 22.0, False),  # tomorrow's
    ],
)
def test_a_crew_keeps_its_trip_over_midnight(
    web: Web, service_on: str, start_h: float, end_h: float, now_h: float, seen: bool
) -> None:
    hour = 3_600_000
    was = {"service_on": "2026-09-21", "planned_start_ms": MIDNIGHT_MS + 16 * hour + 60_000,
           "planned_end_ms": MIDNIGHT_MS + 16 * hour + 1_200_000}  # fmt: skip
    change(
        web.database, t.trips, ALPHA.id("later"), service_on=service_on,
        planned_start_ms=MIDNIGHT_MS + round(start_h * hour), planned_end_ms=MIDNIGHT_MS + round(end_h * hour),
    )  # fmt: skip
    caller = Caller("u", "u", "driver", ALPHA.id("driver"), None, None)
    try:
        with web.deps.store.read() as work:
            scope = policy.scope_of(work.scopes, caller, MIDNIGHT_MS + round(now_h * hour))
            assert (work.scopes.find_trip_id(scope, ALPHA.id("later")) is not None) == seen
    finally:
        change(web.database, t.trips, ALPHA.id("later"), **was)


def test_a_scope_is_of_the_day_on_which_it_is_looked_at_again(web: Web) -> None:
    caller = Caller("u", "u", "school", ALPHA.id("school"), None, None)
    with web.deps.store.read() as work:
        scope = policy.scope_of(work.scopes, caller, NOW_MS)
        later = policy.move_scope(work.scopes, scope, NOW_MS + 24 * 3_600_000)
    assert (scope.on, later.on, later.ids) == ("2026-09-21", "2026-09-22", scope.ids)
