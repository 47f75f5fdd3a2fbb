"""Findings over HTTP: who reads which, their life step by step, what it leaves behind, and a trip's place in the list by need."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from server.adapters.db import tables as t
from server.adapters.db.findings_calls import DatabaseCalls
from server.service.calls import Calls
from tests.builders.findings import calls_of, put_finding, stored
from tests.builders.web import Web
from tests.builders.world import ALPHA, BRAVO, EVIL, NOW_MS, change


def call_now(web: Web) -> None:
    """Make the calls that are due, as the worker does."""
    Calls(DatabaseCalls(web.database), web.clock, web.house.publish, lambda: None).run()


def ids(answer: Any) -> list[str]:  # noqa: ANN401 - a response
    assert answer.status_code == 200, answer.text
    return [item["id"] for item in answer.json["items"]]


def said(web: Web, topic: str) -> list[Any]:
    return [json.loads(payload) for name, payload in web.house.published if name == topic]


def test_a_finding_says_all_that_it_rests_on(web: Web) -> None:
    change(web.database, t.schools, ALPHA.id("school"), phone="555-gate-alpha")
    id_ = put_finding(
        web.database, ALPHA, "wrong_stop", rider_id=ALPHA.id("child"), stop_id=ALPHA.id("stop-home"),
        measured=412.0, limit=40.0,
    )  # fmt: skip
    shown = web.browser("operator-alpha").get(f"/findings/{id_}").json
    assert (shown["kind"], shown["severity"], shown["fixed"], shown["state"]) == (
        "wrong_stop",
        "act",
        None,
        "open",
    )
    assert shown["trip"] == {"id": ALPHA.id("run"), "code": "run-alpha", "name": "Alpha line"}
    assert shown["vehicle"]["name"] == "Alpha 1234" and shown["stop"]["name"] == "Alpha home"
    assert shown["driver"]["code"] == "badge-driver-alpha"
    assert shown["rider"] == {"id": ALPHA.id("child"), "code": "child-alpha", "name": EVIL}
    assert (shown["began_at"], shown["ended_at"]) == ("2026-09-21T07:07:30+08:00", None)
    assert (shown["measured"], shown["limit"], shown["owner"]) == (412.0, 40.0, None)
    assert shown["evidence"] == [
        {"what": "position", "at": "2026-09-21T07:07:30+08:00", "value": 12.5, "lat": 37.5, "lon": 105.2101,
         "source": "DEV-alpha:0:3"}
    ]  # fmt: skip
    assert shown["deadline_at"] == "2026-09-22T07:08:00+08:00"
    assert [(each["role"], each["phone"]) for each in shown["call"]] == [
        ("attendant", "555-attendant-alpha"), ("driver", "555-driver-alpha"), ("school", "555-gate-alpha"),
    ]  # fmt: skip
    assert shown["calls"] == {"tier": "school", "times": 0, "next_at": "2026-09-21T07:08:00+08:00"}
    assert shown["steps"] == []


def test_each_reads_those_of_their_own_fleet_or_area(web: Web) -> None:
    own, foreign = (put_finding(web.database, side, "overspeed") for side in (ALPHA, BRAVO))
    for role in ("operator", "regulator"):
        browser = web.browser(f"{role}-alpha")
        assert ids(browser.get("/findings")) == [own]
        for path in (f"/findings/{foreign}", f"/findings?after={foreign}"):
            assert browser.get(path).status_code in (404, 422)
        assert browser.post(f"/findings/{foreign}/acknowledge", {}).status_code == 404
    assert set(ids(web.browser("admin").get("/findings"))) == {own, foreign}
    for role in ("school", "attendant", "driver", "guardian"):
        assert web.browser(f"{role}-alpha").get("/findings").status_code == 403


def test_a_regulator_reads_a_child_s_code_and_no_name(web: Web) -> None:
    id_ = put_finding(web.database, ALPHA, "no_show", rider_id=ALPHA.id("child"))
    browser = web.browser("regulator-alpha")
    for path in (f"/findings/{id_}", "/findings"):
        answer = browser.get(path)
        assert EVIL not in repr(answer.json) and "child-alpha" in answer.text


def test_reading_a_finding_of_a_child_is_in_the_audit(web: Web) -> None:
    id_ = put_finding(web.database, ALPHA, "no_show", rider_id=ALPHA.id("child"))
    web.browser("operator-alpha").get(f"/findings/{id_}")
    web.deps.audit.flush()
    with web.deps.store.read() as work:
        [row] = work.audit.page({"action": "read_finding", "object": ALPHA.id("child")}, None, 5)
    assert row.user is not None and row.user.code == "operator-alpha"


def test_a_list_is_narrowed_and_paged(web: Web) -> None:
    minute = 60_000
    put = {
        kind: put_finding(web.database, ALPHA, kind, began_ms=NOW_MS - n * minute)
        for n, kind in enumerate(("overspeed", "off_route", "arrived_late", "lamps_off"))
    }
    gone = put_finding(web.database, ALPHA, "gap", withdrawn_at_ms=NOW_MS, began_ms=NOW_MS - 10 * minute)
    elsewhere = put_finding(
        web.database, ALPHA, "clock_skew", trip_id=None, vehicle_id=None, began_ms=NOW_MS - 20 * minute
    )
    browser = web.browser("operator-alpha")
    assert ids(browser.get("/findings")) == [*put.values(), elsewhere]
    assert ids(browser.get("/findings?withdrawn=true")) == [*put.values(), gone, elsewhere]
    assert browser.get(f"/findings/{gone}").json["withdrawn_at"] == "2026-09-21T07:08:00+08:00"
    assert ids(browser.get("/findings?severity=act")) == [put["overspeed"]]
    assert ids(browser.get("/findings?kind=lamps_off")) == [put["lamps_off"]]
    assert ids(browser.get("/findings?state=closed")) == []
    assert ids(browser.get(f"/findings?trip={ALPHA.id('run')}")) == list(put.values())
    assert ids(browser.get("/findings?vehicle=bus-alpha")) == list(put.values())
    assert ids(browser.get("/findings?vehicle=bus-bravo")) == []
    since = "2026-09-21T07:06:00%2B08:00"
    assert ids(browser.get(f"/findings?from={since}")) == list(put.values())[:3]
    assert ids(browser.get(f"/findings?to={since}")) == [put["lamps_off"], elsewhere]
    first = browser.get("/findings?limit=3").json
    assert ids(browser.get(f"/findings?limit=3&after={first['next']}")) == [put["lamps_off"], elsewhere]
    assert browser.get("/findings?from=2026-09-21T07:06:00").status_code == 422
    assert browser.get("/findings?kind=nothing").status_code == 422


def test_the_life_of_a_finding_step_by_step(web: Web) -> None:
    id_ = put_finding(web.database, ALPHA, "overspeed")
    desk, bureau = web.browser("operator-alpha"), web.browser("regulator-alpha")

    def step(browser: Any, name: str, remarks: str | None = None) -> Any:  # noqa: ANN401 - a response
        web.clock.advance(60)
        return browser.post(f"/findings/{id_}/{name}", {} if remarks is None else {"remarks": remarks})

    early = step(desk, "rectify")
    assert early.status_code == 409
    assert early.json["error"]["fields"] == {"state": "open", "possible": "acknowledge"}
    taken = step(desk, "acknowledge", "spoke to the driver").json
    assert (taken["state"], taken["owner"]["code"]) == ("acknowledged", "operator-alpha")
    assert taken["answered_at"] is not None
    assert step(desk, "acknowledge").status_code == 409
    assert step(desk, "rectify", "<b>limiter</b> set").json["state"] == "rectified"
    # The company doesn't strike its own dangers off, nor open them again.
    refused = step(desk, "close")
    assert (refused.status_code, refused.json["error"]["code"]) == (403, "forbidden")
    assert step(desk, "reopen").status_code == 403
    again = step(bureau, "reopen", "no proof").json
    assert (again["state"], again["owner"]["code"]) == ("open", "operator-alpha")
    reopened = datetime.fromisoformat(again["steps"][-1]["at"])
    assert datetime.fromisoformat(again["deadline_at"]) == reopened + timedelta(hours=24)
    for name in ("acknowledge", "rectify", "close"):
        done = step(bureau, name).json
    assert (done["state"], done["owner"]["code"]) == ("closed", "regulator-alpha")
    assert stored(web.database, id_).closed_at_ms == web.clock.now_ms()
    assert [(each["step"], each["by"]["code"], each["remarks"]) for each in done["steps"]] == [
        ("acknowledged", "operator-alpha", "spoke to the driver"),
        ("rectified", "operator-alpha", "<b>limiter</b> set"),
        ("reopened", "regulator-alpha", "no proof"),
        ("acknowledged", "regulator-alpha", None),
        ("rectified", "regulator-alpha", None),
        ("closed", "regulator-alpha", None),
    ]
    web.deps.audit.flush()
    with web.deps.store.read() as work:
        noted = [row.action for row in reversed(work.audit.page({"object": id_}, None, 50))]
    assert noted == [
        "finding_acknowledge", "finding_rectify", "finding_reopen", "finding_acknowledge", "finding_rectify",
        "finding_close",
    ]  # fmt: skip
    assert said(web, "live/findings") == [{"ids": [id_]}] * 6


@pytest.mark.parametrize("kind", ["arrived_late", "off_route"])
def test_the_company_closes_what_is_less_than_a_danger(web: Web, kind: Any) -> None:  # noqa: ANN401 - a kind
    id_ = put_finding(web.database, ALPHA, kind)
    desk = web.browser("operator-alpha")
    states = [
        desk.post(f"/findings/{id_}/{step}", {}).json["state"] for step in ("acknowledge", "rectify", "close")
    ]
    assert states == ["acknowledged", "rectified", "closed"]


def test_what_was_withdrawn_needs_nobody(web: Web) -> None:
    id_ = put_finding(web.database, ALPHA, "off_route", withdrawn_at_ms=NOW_MS)
    answer = web.browser("operator-alpha").post(f"/findings/{id_}/acknowledge", {})
    assert (answer.status_code, answer.json["error"]["fields"]["possible"]) == (409, "")


def test_one_whose_maker_set_no_deadline_has_that_of_its_severity(web: Web) -> None:
    id_ = put_finding(web.database, ALPHA, "off_route", deadline_ms=None)
    shown = web.browser("operator-alpha").get(f"/findings/{id_}").json
    assert shown["deadline_at"] == "2026-09-24T07:08:00+08:00"


def test_a_trip_tells_who_reads_findings_how_many_it_has_and_the_worst(web: Web) -> None:
    put_finding(web.database, ALPHA, "off_route", began_ms=NOW_MS)
    sos = put_finding(web.database, ALPHA, "sos", began_ms=NOW_MS - 60_000)
    put_finding(web.database, ALPHA, "overspeed", began_ms=NOW_MS)
    put_finding(web.database, ALPHA, "collision", withdrawn_at_ms=NOW_MS)
    put_finding(web.database, ALPHA, "alcohol", state="rectified")
    desk, run = web.browser("operator-alpha"), ALPHA.id("run")

    def shown(browser: Any) -> tuple[Any, Any]:  # noqa: ANN401 - a browser
        items = {item["id"]: item for item in browser.get("/trips").json["items"]}
        detail = browser.get(f"/trips/{run}").json
        assert (detail["findings_open"], detail["worst"]) == (
            items[run]["findings_open"],
            items[run]["worst"],
        )
        return items[run]["findings_open"], items[run]["worst"]

    assert shown(desk) == (3, {"kind": "sos", "severity": "act", "state": "open"})
    desk.post(f"/findings/{sos}/acknowledge", {})
    assert shown(web.browser("regulator-alpha"))[0] == 3
    desk.post(f"/findings/{sos}/rectify", {})
    assert shown(desk) == (2, {"kind": "overspeed", "severity": "act", "state": "open"})
    later = {item["id"]: item for item in desk.get("/trips").json["items"]}[ALPHA.id("later")]
    assert (later["findings_open"], later["worst"]) == (0, None)
    for role in ("school", "attendant", "guardian"):
        assert shown(web.browser(f"{role}-alpha")) == (None, None)


def test_a_call_reaches_staff_as_a_notice_and_any_of_them_answers_it(web: Web) -> None:
    change(web.database, t.operators, ALPHA.id("operator"), phone="555-desk-alpha")
    finding = put_finding(web.database, ALPHA, "left_aboard", rider_id=ALPHA.id("child"))
    call_now(web)
    web.clock.advance(60)
    call_now(web)
    gate, desk, bureau = (web.browser(f"{role}-alpha") for role in ("school", "operator", "regulator"))
    [notice] = gate.get("/notices").json["items"]
    assert notice["kind"] == "left_aboard" and notice["finding"] == {
        "id": finding,
        "kind": "left_aboard",
        "over": False,
    }
    assert notice["child"]["name"] == EVIL and notice["trip"]["id"] == ALPHA.id("run")
    assert notice["call"] == [
        {"name": "Alpha buses", "role": "operator", "phone": "555-desk-alpha"},
        {"name": "Alpha attendant Wheeler", "role": "attendant", "phone": "555-attendant-alpha"},
    ]
    assert notice["answered_at"] is None and "call 2" in notice["text"]["en"]
    assert gate.get("/notices?child=child-alpha").json["items"] == [notice]
    [seen] = bureau.get("/notices").json["items"]
    assert seen["child"] == {"id": ALPHA.id("child"), "code": "child-alpha", "name": "child-alpha"}
    assert "onerror" not in json.dumps(seen)
    # No parent is called to a finding, and nobody answers another's notice.
    assert [item["kind"] for item in web.browser("guardian-alpha").get("/notices").json["items"]] == [
        "approaching"
    ]
    assert desk.post(f"/notices/{notice['id']}/answer", {}).status_code == 404
    answer = gate.post(f"/notices/{notice['id']}/answer", {"remarks": "she is with us"})
    assert answer.status_code == 200
    assert answer.json["answered_at"] == "2026-09-21T07:09:00+08:00" == answer.json["read_at"]
    assert gate.post(f"/notices/{notice['id']}/answer", {}).json == answer.json
    shown = desk.get(f"/findings/{finding}").json
    assert (shown["state"], shown["owner"]["code"]) == ("acknowledged", "school-alpha")
    assert shown["calls"] == {"tier": "regulator", "times": 2, "next_at": None}
    assert [(each["step"], each["remarks"]) for each in shown["steps"]] == [
        ("acknowledged", "she is with us")
    ]


def test_whoever_was_told_is_told_that_somebody_answered(web: Web) -> None:
    finding = put_finding(web.database, ALPHA, "sos")
    call_now(web)
    with web.database.write() as connection:
        connection.execute(
            t.notices.update().where(t.notices.c.finding_id == finding).values(sent_at_ms=NOW_MS)
        )
    web.browser("operator-alpha").post(f"/findings/{finding}/acknowledge", {})
    [told] = said(web, "live/notices")
    with web.database.read() as connection:
        called = {
            row.id: row.user_id
            for row in connection.execute(select(t.notices).where(t.notices.c.finding_id == finding))
        }
    assert {item["id"]: item["user_id"] for item in told["items"]} == called and len(called) == 3
    [notice] = web.browser("attendant-alpha").get("/notices").json["items"]
    assert notice["answered_at"] is not None


def test_a_notice_that_tells_of_something_is_not_answered(web: Web) -> None:
    with web.database.write() as connection:
        connection.execute(
            t.notices.update()
            .where(t.notices.c.id == ALPHA.id("notice"))
            .values(user_id="user-school-alpha".ljust(32, "0"))
        )
    answer = web.browser("school-alpha").post(f"/notices/{ALPHA.id('notice')}/answer", {})
    assert answer.status_code == 409


def test_a_school_is_shown_no_child_that_is_not_its_own(web: Web) -> None:
    put_finding(web.database, ALPHA, "wrong_bus", rider_id=ALPHA.id("child"))
    call_now(web)
    change(web.database, t.riders, ALPHA.id("child"), school_id=BRAVO.id("school"))
    [notice] = web.browser("school-alpha").get("/notices").json["items"]
    assert notice["child"] is None


def test_a_call_that_is_over_says_so(web: Web) -> None:
    finding = put_finding(web.database, ALPHA, "left_aboard")
    call_now(web)
    with web.database.write() as connection:
        connection.execute(
            t.notices.update().where(t.notices.c.finding_id == finding).values(sent_at_ms=NOW_MS)
        )
    change(web.database, t.findings, finding, ended_ms=NOW_MS + 1000)
    web.clock.advance(60)
    call_now(web)
    [notice] = web.browser("attendant-alpha").get("/notices").json["items"]
    assert notice["finding"]["over"] is True and notice["answered_at"] is None
    assert len(said(web, "live/notices")[-1]["items"]) == 3
    assert len(calls_of(web.database, finding)) == 3
