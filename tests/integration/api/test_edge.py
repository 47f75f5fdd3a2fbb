"""The edge: errors in one shape, headers, hosts and origins, limits, documents, readiness, pages."""

import json
import re
from pathlib import Path

import pytest

from server.adapters.db import tables as t
from server.adapters.db.engine import Database
from tests.builders.web import Web
from tests.builders.world import ALPHA, NOW_MS, ON, build_world


def error_of(text: str) -> dict[str, object]:
    found = json.loads(text)
    assert set(found) == {"error"} and set(found["error"]) == {"code", "message", "fields"}
    return found["error"]  # type: ignore[no-any-return]


def test_every_error_has_the_one_shape(web: Web) -> None:
    browser = web.browser("guardian-alpha")
    flask, headers = browser.flask, {"X-CSRF-Token": browser.csrf or ""}
    path = f"/api/v1/children/{ALPHA.id('child')}/exceptions"
    answers = {
        400: [flask.post(path, data=data, content_type="application/json", headers=headers)
              for data in (b"{", b'{"service_date":"\xff"}', b'{"service_date":"\\u0000"}')],
        403: [flask.get("/api/v1/audit"), flask.post(path, json={}),
              flask.delete("/api/v1/session", headers=headers | {"Origin": "https://elsewhere.example"})],
        404: [flask.get("/api/v1/nothing"), flask.get("/api/v1/trips/a%00b/"), flask.get("/api/v1/children/none")],
        405: [flask.put("/api/v1/me", headers=headers)],
        413: [flask.post(path, data=b" " * 70_000, content_type="application/json", headers=headers)],
        415: [flask.post(path, data={"service_date": ON}, headers=headers)],
        422: [flask.post(path, json={"service_date": 7}, headers=headers), flask.get("/api/v1/trips?limit=0"),
              flask.get("/api/v1/trips?limit=201"), flask.get("/api/v1/trips?after=x"),
              flask.get("/api/v1/trips?state=flying"), flask.get("/api/v1/notices?after=x")],
    }  # fmt: skip
    for status, found in answers.items():
        for answer in found:
            assert answer.status_code == status, (status, answer.text)
            assert error_of(answer.text)["message"]
    assert flask.get("/api/v1/trips?code=a%00b").status_code == 400
    assert "PUT" not in answers[405][0].headers["Allow"]


def test_huge_numbers_deep_json_and_odd_text_are_no_server_error(web: Web) -> None:
    flask = web.client().flask
    odd = [
        b'{"username":' + b"1" * 60_000 + b',"password":"x"}',
        b'{"username":"a","username":"b","password":"x"}',
        b'{"username":"\\ud800","password":"x"}',
        b'{"username":"' + b"x" * 65 + b'","password":"x"}',
        b"[" * 60_000, b'{"username":' + b"[" * 60_000, b"[]", b"null", b'"x"', b"",
    ]  # fmt: skip
    for data in odd:
        answer = flask.post("/api/v1/session", data=data, content_type="application/json")
        assert answer.status_code in (400, 401, 422), answer.text


def test_a_bug_shows_no_trace(
    web: Web, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    browser = web.browser("guardian-alpha")
    web.database.dispose()
    monkeypatch.setattr(web.database, "read", lambda: 1 / 0)
    answer = browser.get("/me")
    assert answer.status_code == 500
    assert error_of(answer.text)["code"] == "internal" and "ZeroDivision" not in answer.text
    assert "ZeroDivisionError" in caplog.text


def test_every_answer_is_guarded_by_headers(web: Web) -> None:
    for path in ("/", "/docs", "/api/v1/me", "/nothing", "/healthz"):
        headers = web.client().flask.get(path).headers
        policy = dict(part.split(" ", 1) for part in headers["Content-Security-Policy"].split("; "))
        assert policy["default-src"] == "'none'" and policy["script-src"] == policy["style-src"] == "'self'"
        assert (
            policy["frame-ancestors"] == "'none'"
            and policy["connect-src"] == "'self' ws://localhost wss://localhost"
        )
        assert "unsafe" not in headers["Content-Security-Policy"]
        assert headers["X-Content-Type-Options"] == "nosniff" and headers["Referrer-Policy"]
        assert "Strict-Transport-Security" not in headers


def test_a_tile_source_is_the_only_other_host(db: Database, tmp_path: Path) -> None:
    build_world(db)
    web = Web(db, tmp_path, tiles="https://tiles.example/{z}/{x}/{y}.png", tiles_crs="gcj02")
    answer = web.client().get("/config")
    assert answer.json["tiles"] == {
        "kind": "xyz", "url": "https://tiles.example/{z}/{x}/{y}.png", "crs": "gcj02", "attribution": "", "maxzoom": 18,
    }  # fmt: skip
    assert (answer.json["now"], answer.json["speed"]) == ("2026-09-21T07:08:00+08:00", 1.0)
    hosts = set(re.findall(r"https?://[^ ;]+", answer.headers["Content-Security-Policy"]))
    assert hosts == {"https://tiles.example"}


@pytest.mark.parametrize(
    ("host", "status"),
    [("localhost:8000", 200), ("127.0.0.1:8000", 200), ("[::1]:8000", 200), ("192.168.1.7", 200),
     ("evil.example", 400), ("localhost.evil.example", 400)],
)  # fmt: skip
def test_a_name_that_is_not_this_server_s_is_refused(web: Web, host: str, status: int) -> None:
    assert web.client().get("/config", headers={"Host": host}).status_code == status


def test_lists_come_in_pages_that_meet(web: Web) -> None:
    browser = web.browser("admin")
    web.browser("school-alpha")
    web.deps.audit.flush()
    whole = [trip["id"] for trip in browser.get("/trips").json["items"]]
    assert len(whole) == 4
    seen, after = [], ""
    while True:
        page = browser.get(f"/trips?limit=1{after}").json
        seen += [trip["id"] for trip in page["items"]]
        if page["next"] is None:
            break
        after = f"&after={page['next']}"
    assert seen == whole
    assert len(browser.get("/trips?state=en_route").json["items"]) == 2
    assert len(browser.get(f"/trips?service_date={ON}&school_id=school-alpha").json["items"]) == 2
    assert [trip["id"] for trip in browser.get("/trips?code=run-alpha").json["items"]] == [ALPHA.id("run")]
    for plural in ("stops", "people", "audit", "devices"):
        first = browser.get(f"/{plural}?limit=1").json
        second = browser.get(f"/{plural}?limit=1&after={first['next']}").json
        assert first["items"] and second["items"] and first["items"] != second["items"], plural
    [stop] = browser.get("/stops?code=alpha-home").json["items"]
    assert stop["operator"] == {"id": ALPHA.id("operator"), "code": "op-alpha", "name": "Alpha buses"}


def test_a_trip_has_plan_visits_estimates_and_six_unknown_verdicts(web: Web) -> None:
    trip = web.browser("operator-alpha").get(f"/trips/{ALPHA.id('run')}").json
    assert list(trip["verdicts"]) == ["route", "time", "stops", "vehicle", "people", "marking"]
    assert {(v["value"], v["final"]) for v in trip["verdicts"].values()} == {("unknown", False)}
    assert [visit["eta"] is None for visit in trip["visits"]] == [True, False, False]
    assert trip["visits"][0]["departed_at"] == "2026-09-21T07:01:00+08:00"
    assert (trip["counts"]["expected"], trip["counts"]["planned"]) == (2, 2)
    assert trip["driver"]["name"] == "Alpha driver Wheeler" and trip["device"]["id"] == "DEV-alpha"
    assert [stop["seq"] for stop in trip["plan"]["stops"]] == [0, 1, 2]


def test_a_track_comes_as_geojson_or_csv(web: Web) -> None:
    browser = web.browser("operator-alpha")
    path = f"/trips/{ALPHA.id('run')}/track"
    shown = browser.get(path)
    assert shown.content_type == "application/geo+json"
    assert shown.json["features"][0]["geometry"]["coordinates"] == [105.2, 37.5]
    [first, *_] = shown.json["features"]
    assert first["properties"] | {"at": ""} == {
        "at": "", "spd": 30.0, "hdg": None, "acc": None, "fix": 1, "door": None, "lamp": None, "arm": None, "limit": 60.0,
    }  # fmt: skip
    assert (shown.json["corridor_m"], shown.json["overspeed_margin_percent"]) == (50.0, 10.0)
    assert shown.json["signed_on"] == []
    assert web.browser("school-alpha").get(path).json["signed_on"] is None
    lines = browser.get(path, headers={"Accept": "text/csv"}).text.splitlines()
    assert lines[:2] == ["at,lat,lon,spd,hdg", "2026-09-21T07:01:00+08:00,37.5,105.2,30,"] and len(lines) == 4
    later = browser.get(path + "?from=2026-09-21T07:01:05%2B08:00&to=2026-09-21T07:01:05%2B08:00")
    assert len(later.json["features"]) == 1


def test_what_was_refused_from_a_device_is_shown_with_its_reason(web: Web) -> None:
    browser = web.browser("operator-alpha")
    [device] = browser.get("/devices").json["items"]
    assert (device["id"], device["rejected"], device["vehicle"]["name"]) == ("DEV-alpha", 1, "Alpha 1234")
    [item] = browser.get("/devices/DEV-alpha/rejected").json["items"]
    assert item == {
        "seq": 99, "kind": "pos", "reason": "Alpha: lat is missing", "received_at": "2026-09-21T07:08:00+08:00",
        "payload": '{"v":1,\ufffd',
    }  # fmt: skip


def test_a_bus_on_the_map_stays_text(web: Web) -> None:
    answer = web.browser("school-alpha").get("/riders")
    names = {rider["name"] for rider in answer.json["items"]}
    assert "<img src=x onerror=alert(1)>" in names and answer.content_type == "application/json"


def test_ready_says_who_is_missing(web: Web) -> None:
    flask = web.client().flask
    assert flask.get("/healthz").json == {"alive": True}
    assert len(flask.get("/readyz").json["reasons"]) == 3
    with web.database.write() as connection:
        for name in ("ingest", "worker", "broker"):
            connection.execute(t.counters.insert().values(name=f"alive.{name}", value=NOW_MS))
    answer = flask.get("/readyz")
    assert (answer.status_code, answer.json) == (200, {"ready": True, "reasons": []})
    web.real.advance(11)
    answer = flask.get("/readyz")
    assert answer.status_code == 503 and "11 s ago" in answer.json["reasons"][0]


def test_figures_are_for_this_machine_and_name_nobody(web: Web) -> None:
    browser = web.browser("guardian-alpha")
    browser.get(f"/children/{ALPHA.id('child')}")
    shown = browser.flask.get("/metrics").text
    assert 'route="/api/v1/children/<child>"' in shown and "alpha" not in shown
    for path in ("/metrics", "/readyz", "/healthz"):
        assert browser.flask.get(path, environ_overrides={"REMOTE_ADDR": "10.0.0.9"}).status_code == 404
        assert browser.flask.get(path, headers={"X-Forwarded-For": "10.0.0.9"}).status_code == 404


def test_the_openapi_document_names_every_route_and_its_shapes_resolve(web: Web) -> None:
    described = web.client().get("/openapi.json").json
    assert described["openapi"] == "3.1.0"
    served = {re.sub(r"<(\w+)>", r"{\1}", rule.rule) for rule in web.app.url_map.iter_rules()}
    hidden = {f"/api/v1/{name}" for name in ("docs", "openapi.json")}
    assert set(described["paths"]) == {path for path in served if path.startswith("/api/v1/")} - hidden
    refs = set(re.findall(r"#/components/schemas/([^\"]+)", json.dumps(described)))
    assert refs and refs <= set(described["components"]["schemas"])
    for operations in described["paths"].values():
        for operation in operations.values():
            assert operation["summary"] and "default" in operation["responses"]
    page = web.client().get("/docs").text
    assert "/api/v1/children/{child}" in page and "<script" not in page and "http://" not in page


def test_pages_are_served_once_they_are_built(db: Database, tmp_path: Path) -> None:
    build_world(db)
    web = Web(db, tmp_path)
    answer = web.client().flask.get("/")
    assert answer.status_code == 503 and "make web" in answer.text
    (tmp_path / "assets").mkdir()
    (tmp_path / "index.html").write_text("<title>page</title>")
    (tmp_path / "assets" / "app-1a2b.js").write_text("1")
    (tmp_path / ".vite").mkdir()
    flask = web.client().flask
    assert flask.get("/", buffered=True).headers["Cache-Control"] == "no-cache"
    asset = flask.get("/assets/app-1a2b.js", buffered=True)
    assert "immutable" in asset.headers["Cache-Control"] and "javascript" in asset.content_type
    for path in ("/assets/..%2f..%2fetc%2fpasswd", "/assets/../index.html", "/.vite", "/missing.txt"):
        assert flask.get(path).status_code == 404, path
