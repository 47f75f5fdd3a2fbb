"""Who may do what, route by route: the table below is the promise, the route map says what there is to ask.

A route that is not in the table fails, and so does a `watch` kind.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

import pytest
from flask import Flask, Response
from werkzeug.routing import Rule as Route

from server.api.app import require_rules
from server.errors import ForbiddenError, NotFoundError, StartError
from server.service import policy, watching
from server.service.policy import Caller
from tests.builders.web import Browser, Web
from tests.builders.world import ALPHA, BRAVO, NEIGHBOUR, ON, PASSWORD, ROLES

ALL = frozenset(ROLES)
STAFF = frozenset({"admin", "regulator", "operator", "school"})
OFFICE = frozenset({"admin", "regulator", "operator"})


@dataclass(frozen=True)
class Promise:
    """Which roles a route has (None: everyone, without log-in) and what it is asked with.

    `own` and `foreign` fill the path's first name; `own_answer` is what an allowed role gets for its own thing, by role where
    they differ. `body` goes along.
    """

    roles: frozenset[str] | None
    own: str | None = None
    foreign: str | None = None
    body: dict[str, Any] | None = None
    answers: tuple[int, ...] = (200,)


def _both(what: str) -> tuple[str, str]:
    return ALPHA.id(what), BRAVO.id(what)


ATTENDANT = frozenset({"attendant"})
LATER = "2099-01-01T00:00:00+08:00"


def _said(roles: frozenset[str], body: dict[str, Any], *answers: int) -> Promise:
    """What is said of a trip; an instant in the future is refused, which only who may say something hears."""
    return Promise(roles, ALPHA.id("run"), BRAVO.id("run"), body, answers or (200,))


# The keys of RFC 8291, appendix A.
PHONE = {
    "endpoint": "https://push.example.net/JzLQ3raZJfFBR0aqvOMsLrt54w4rJUsV",
    "keys": {
        "p256dh": "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4",
        "auth": "BTBZMqHH6r4Tts7J_aSIgg",
    },
}
ABSENT = {"service_date": ON, "direction": "from_school", "kind": "absent"}
CAME_BACK = {"code": "x", "state": "y", "keep": "z"}
PROOF = {"password": "x", "code": "000000"}
WANTED = {"lead": {"by": "minutes", "value": 10}, "muted": []}
APPLIED = {
    "timetable": ALPHA.id("table-run"), "vehicle": ALPHA.id("bus"), "driver": ALPHA.id("driver"), "valid_from": "2027-02-01",
    "valid_until": "2027-07-31",
}  # fmt: skip
TABLE: dict[str, Promise] = {
    "GET /": Promise(None, answers=(503,)),
    "GET /<name>": Promise(None, "robots.txt", "x", answers=(404,)),
    "GET /assets/<name>": Promise(None, "x.js", "x", answers=(404,)),
    "GET /healthz": Promise(None),
    "GET /readyz": Promise(None, answers=(503,)),
    "GET /metrics": Promise(None),
    "GET /docs": Promise(None),
    "GET /docs.css": Promise(None),
    "GET /openapi.json": Promise(None),
    "GET /api/v1/docs": Promise(None),
    "GET /api/v1/openapi.json": Promise(None),
    "GET /api/v1/config": Promise(None),
    "POST /api/v1/session": Promise(None, body={"username": "x", "password": "y"}, answers=(401, 429)),
    "DELETE /api/v1/session": Promise(ALL, answers=(204,)),
    "GET /api/v1/me": Promise(ALL),
    "POST /api/v1/me/password": Promise(ALL, body={"current": PASSWORD, "new": "short"}, answers=(422,)),
    "GET /api/v1/tokens": Promise(ALL),
    "POST /api/v1/tokens": Promise(ALL, body={}, answers=(201,)),
    "DELETE /api/v1/tokens/<token>": Promise(ALL, None, "foreign-token", answers=(204,)),
    "GET /api/v1/me/sessions": Promise(ALL),
    "DELETE /api/v1/me/sessions": Promise(ALL, answers=(204,)),
    "DELETE /api/v1/me/sessions/<session>": Promise(ALL, None, "foreign-session", answers=(204,)),
    "POST /api/v1/provider/begin": Promise(None, answers=(404,)),
    "POST /api/v1/provider/session": Promise(None, body=CAME_BACK, answers=(404,)),
    "GET /api/v1/me/identities": Promise(ALL),
    "POST /api/v1/me/identities": Promise(ALL, body=CAME_BACK, answers=(404,)),
    "DELETE /api/v1/me/identities/<identity>": Promise(ALL, None, "foreign-identity", answers=(204,)),
    "GET /api/v1/me/second-factor": Promise(ALL),
    "POST /api/v1/me/second-factor": Promise(ALL, body={"password": "x"}, answers=(422,)),
    "POST /api/v1/me/second-factor/confirm": Promise(ALL, body={"code": "000000"}, answers=(409,)),
    "POST /api/v1/me/second-factor/recovery-codes": Promise(ALL, body=PROOF, answers=(409,)),
    "DELETE /api/v1/me/second-factor": Promise(ALL, body=PROOF, answers=(409,)),
    "GET /api/v1/invitations": Promise(frozenset({"admin", "operator", "school"})),
    "POST /api/v1/invitations": Promise(
        frozenset({"admin", "operator", "school"}), body={"kind": "staff", "name": "X"}, answers=(403, 422)
    ),
    "DELETE /api/v1/invitations/<invitation>": Promise(
        frozenset({"admin", "operator", "school"}), None, "foreign-invitation", answers=(204,)
    ),
    "POST /api/v1/invitations/look": Promise(None, body={"code": "x"}, answers=(404, 429)),
    "POST /api/v1/invitations/accept": Promise(None, body={"code": "x"}, answers=(404, 422, 429)),
    "GET /api/v1/children/<child>/access": Promise(
        frozenset({"guardian"}), ALPHA.id("child"), BRAVO.id("child")
    ),
    "GET /api/v1/children/<child>/carers": Promise(
        frozenset({"guardian"}), ALPHA.id("child"), BRAVO.id("child")
    ),
    "POST /api/v1/children/<child>/carers": Promise(
        frozenset({"guardian"}),
        ALPHA.id("child"),
        BRAVO.id("child"),
        {"name": "Aunt", "until": "x"},
        answers=(422,),
    ),
    "DELETE /api/v1/children/<child>/carers/<carer>": Promise(
        frozenset({"guardian"}), ALPHA.id("child"), BRAVO.id("child"), answers=(404,)
    ),
    "GET /api/v1/children": Promise(frozenset({"guardian"})),
    "GET /api/v1/children/<child>": Promise(frozenset({"guardian"}), ALPHA.id("child"), BRAVO.id("child")),
    "GET /api/v1/children/<child>/bus": Promise(
        frozenset({"guardian"}), ALPHA.id("child"), BRAVO.id("child")
    ),
    "POST /api/v1/children/<child>/exceptions": Promise(
        frozenset({"guardian", "school"}), ALPHA.id("child"), BRAVO.id("child"), ABSENT, answers=(201, 409)
    ),
    "DELETE /api/v1/children/<child>/exceptions/<exception>": Promise(
        frozenset({"guardian", "school"}), ALPHA.id("child"), BRAVO.id("child"), answers=(404,)
    ),
    "GET /api/v1/children/<child>/accesses": Promise(
        frozenset({"guardian"}), ALPHA.id("child"), BRAVO.id("child")
    ),
    "GET /api/v1/children/<child>/preferences": Promise(
        frozenset({"guardian"}), ALPHA.id("child"), BRAVO.id("child")
    ),
    "PUT /api/v1/children/<child>/preferences/<direction>": Promise(
        frozenset({"guardian"}), ALPHA.id("child"), BRAVO.id("child"), WANTED, answers=(404,)
    ),
    "PUT /api/v1/push-subscription": Promise(ALL, body=PHONE),
    "DELETE /api/v1/push-subscription": Promise(ALL, body={"endpoint": PHONE["endpoint"]}, answers=(204,)),
    "GET /api/v1/notices": Promise(ALL),
    "POST /api/v1/notices/<notice>/read": Promise(ALL, None, BRAVO.id("notice"), answers=(204,)),
    "POST /api/v1/notices/<notice>/answer": Promise(
        frozenset({"attendant", "operator", "school", "regulator"}), None, BRAVO.id("notice"), {}
    ),
    "GET /api/v1/findings": Promise(OFFICE),
    "GET /api/v1/findings/<finding>": Promise(OFFICE, ALPHA.id("finding"), BRAVO.id("finding")),
    **{
        f"POST /api/v1/findings/<finding>/{step}": Promise(
            roles, ALPHA.id("finding"), BRAVO.id("finding"), {}, answers=(200, 409)
        )
        for step, roles in (
            ("acknowledge", frozenset({"operator", "regulator"})),
            ("rectify", frozenset({"operator", "regulator"})),
            ("close", frozenset({"operator", "regulator"})),
            ("reopen", frozenset({"regulator"})),
        )
    },
    "GET /api/v1/positions": Promise(STAFF),
    "GET /api/v1/trips": Promise(ALL),
    "GET /api/v1/trips/<trip>": Promise(ALL, ALPHA.id("run"), BRAVO.id("run")),
    "GET /api/v1/trips/<trip>/track": Promise(STAFF, ALPHA.id("run"), BRAVO.id("run")),
    "GET /api/v1/trips/<trip>/manifest": Promise(
        frozenset({"admin", "operator", "school", "attendant", "driver"}), ALPHA.id("run"), BRAVO.id("run")
    ),
    "POST /api/v1/trips/<trip>/rides": _said(ATTENDANT, {"items": []}),
    "POST /api/v1/trips/<trip>/duty": _said(
        ATTENDANT | {"driver"}, {"state": "on", "at": LATER, "client_id": "c1"}, 422
    ),
    "POST /api/v1/trips/<trip>/headcount": _said(ATTENDANT, {"count": 1, "at": LATER}, 422),
    "POST /api/v1/trips/<trip>/rear-check": _said(ATTENDANT, {"at": LATER}, 422),
    "POST /api/v1/trips/<trip>/handover": _said(ATTENDANT, {"rider_id": "x", "to": "Aunt", "at": LATER}, 422),
    "POST /api/v1/trips/<trip>/arrival": _said(frozenset({"school"}), {"count": 1}, 200, 409),
    "POST /api/v1/trips/<trip>/cancel": _said(
        frozenset({"operator", "regulator"}), {"reason": "snow"}, 200, 409
    ),
    "POST /api/v1/trips/<trip>/verdicts/<which>/excuse": _said(
        frozenset({"operator", "regulator"}), {"reason": "road_works"}, 404
    ),
    "DELETE /api/v1/trips/<trip>/verdicts/<which>/excuse": Promise(
        frozenset({"operator", "regulator"}), ALPHA.id("run"), BRAVO.id("run"), answers=(404,)
    ),
    "GET /api/v1/trips/<trip>/substitutes": Promise(OFFICE, ALPHA.id("run"), BRAVO.id("run")),
    "GET /api/v1/drivers/<badge>/record": Promise(OFFICE, *_both("driver")),
    "GET /api/v1/permit-applications": Promise(OFFICE),
    "POST /api/v1/permit-applications": Promise(
        frozenset({"operator"}), body={**APPLIED, "timetable": BRAVO.id("table-run")}, answers=(404,)
    ),
    "GET /api/v1/permit-applications/<application>": Promise(OFFICE, *_both("application")),
    "PUT /api/v1/permit-applications/<application>": Promise(
        frozenset({"operator"}), *_both("application"), {**APPLIED, "driver": "nobody"}, (422, 409)
    ),
    **{
        f"POST /api/v1/permit-applications/<application>/{step}": Promise(
            frozenset({role}), *_both("application"), {}, answers
        )
        for step, role, answers in (
            ("submit", "operator", (422, 409)),
            ("withdraw", "operator", (200, 409)),
            ("return", "regulator", (409,)),
            ("approve", "regulator", (409,)),
        )
    },
    "POST /api/v1/permit-applications/<application>/documents": Promise(
        frozenset({"operator"}), *_both("application"), answers=(415,)
    ),
    "GET /api/v1/permit-applications/<application>/documents/<document>": Promise(
        OFFICE, *_both("application"), answers=(404,)
    ),
    "DELETE /api/v1/permit-applications/<application>/documents/<document>": Promise(
        frozenset({"operator"}), *_both("application"), answers=(404, 409)
    ),
    "POST /api/v1/permits/<permit>/revoke": Promise(
        frozenset({"regulator"}), *_both("permit-later"), {"reason": ""}, (422,)
    ),
    "POST /api/v1/permits/<permit>/card": Promise(OFFICE, *_both("permit-run")),
    "GET /api/v1/permit-cards/<token>": Promise(None, "0" * 32, "0" * 32, answers=(404,)),
    "GET /api/v1/lapsing": Promise(OFFICE),
    "GET /api/v1/substitutions": Promise(OFFICE),
    "POST /api/v1/substitutions": Promise(
        frozenset({"operator", "regulator"}), body={"trip_id": ALPHA.id("run"), "reason": ""}, answers=(422,)
    ),
    "DELETE /api/v1/substitutions/<substitution>": Promise(
        frozenset({"operator", "regulator"}), None, "foreign-substitution", answers=(204,)
    ),
    "GET /api/v1/board": Promise(frozenset({"admin", "operator", "school"})),
    "GET /api/v1/devices/<device>/rejected": Promise(
        frozenset({"admin", "operator"}), "DEV-alpha", "DEV-bravo"
    ),
    "POST /api/v1/devices/<device>/commands": Promise(
        frozenset({"admin", "operator"}),
        f"DEV-{ALPHA.name}",
        f"DEV-{BRAVO.name}",
        {"kind": "reboot"},
        answers=(201,),
    ),
    "GET /api/v1/devices/<device>/commands": Promise(
        frozenset({"admin", "operator"}), f"DEV-{ALPHA.name}", f"DEV-{BRAVO.name}"
    ),
    "GET /api/v1/system": Promise(frozenset({"admin"})),
    "GET /api/v1/audit": Promise(frozenset({"admin"})),
}
SCHOOLS = frozenset({"admin", "school"})
COMPANY = frozenset({"admin", "operator"})
CHILDREN = frozenset({"admin", "operator", "school"})
ADMIN = frozenset({"admin"})
TABLE["POST /api/v1/packs"] = Promise(ADMIN, answers=(415,))
TABLE["GET /api/v1/packs/export"] = Promise(COMPANY)
STALE = {"version": "stale"}  # so that nothing is changed, which only who may change it hears
for _name, _roles, _writers, _own, _foreign in (
    ("jurisdictions", OFFICE, ADMIN, *_both("county")),
    ("operators", OFFICE, ADMIN, *_both("operator")),
    ("schools", STAFF, ADMIN, *_both("school")),
    ("stops", STAFF, COMPANY, *_both("stop-home")),
    ("routes", STAFF, COMPANY, *_both("route")),
    ("timetables", STAFF, COMPANY, *_both("table-run")),
    ("calendars", STAFF, COMPANY, None, "none-of-these"),
    ("vehicles", OFFICE, COMPANY, *_both("bus")),
    ("devices", COMPANY, COMPANY, "DEV-alpha", "DEV-bravo"),
    ("people", OFFICE, COMPANY, *_both("driver")),
    ("permits", OFFICE, ADMIN, *_both("permit-run")),
    ("riders", CHILDREN, SCHOOLS, *_both("child")),
    ("guardians", SCHOOLS, SCHOOLS, *_both("g-child")),
    ("ride-plans", CHILDREN, SCHOOLS, *_both("rp-run-child")),
    ("zones", OFFICE, ADMIN, None, "none-of-these"),
    ("settings", OFFICE, ADMIN, None, "none-of-these"),
    ("users", ADMIN, ADMIN, "user-guardian-alpha".ljust(32, "0"), "none-of-these"),
):
    _path = f"/api/v1/{_name}"
    TABLE[f"GET {_path}"] = Promise(_roles)
    TABLE[f"POST {_path}"] = Promise(_writers, body={}, answers=(422,))
    TABLE[f"GET {_path}/<ref>"] = Promise(_roles, _own, _foreign)
    TABLE[f"PATCH {_path}/<ref>"] = Promise(_writers, _own, _foreign, STALE, answers=(409,))
    TABLE[f"DELETE {_path}/<ref>"] = Promise(_writers, None, _foreign)
    TABLE[f"GET {_path}/<ref>/history"] = Promise(_writers, _own, _foreign)

# Where a session could be abused by a page of another site.
CHANGES = [key for key, each in TABLE.items() if not key.startswith("GET") and each.roles is not None]


def routes(app: Flask) -> list[tuple[str, Route]]:
    """Give every route of the map as METHOD and path."""
    found = []
    for route in app.url_map.iter_rules():
        path = re.sub(r"<(?:\w+:)?(\w+)>", r"<\1>", route.rule)
        found += [
            (f"{method} {path}", route) for method in sorted((route.methods or set()) - {"HEAD", "OPTIONS"})
        ]
    return found


def ask(browser: Browser, key: str, ref: str | None, body: dict[str, Any] | None) -> Any:  # noqa: ANN401 - a response
    """Ask a route with its first name filled in."""
    method, path = key.split(" ", 1)
    for value in (ref or "none", "none"):
        path = re.sub(r"<\w+>", value, path, count=1)
    headers = {} if browser.csrf is None else {"X-CSRF-Token": browser.csrf}
    return browser.flask.open(path, method=method, json=body, headers=headers)


@pytest.fixture(scope="module")
def browsers(web: Web) -> dict[str, Browser]:
    """Give one logged-in browser for each role of Alpha's side."""
    return {role: web.browser(ALPHA.user(role)) for role in ROLES}


def test_every_route_is_in_the_table(web: Web) -> None:
    assert {key for key, _ in routes(web.app)} == set(TABLE)


def test_a_route_without_a_rule_stops_the_start() -> None:
    app = Flask("bare", static_folder=None)
    app.add_url_rule("/bare", "bare", lambda: Response("x"))
    with pytest.raises(StartError, match="/bare"):
        require_rules(app)


@pytest.mark.parametrize("key", sorted(TABLE))
def test_who_may_not_log_in_gets_nothing(web: Web, key: str) -> None:
    promise = TABLE[key]
    answer = ask(web.client(), key, promise.own or promise.foreign, promise.body)
    assert answer.status_code in (promise.answers if promise.roles is None else (401,))


@pytest.mark.parametrize("key", sorted(key for key, each in TABLE.items() if each.roles is not None))
@pytest.mark.parametrize("role", ROLES)
def test_each_role_has_what_the_table_says(
    web: Web, browsers: dict[str, Browser], key: str, role: str
) -> None:
    promise = TABLE[key]
    assert promise.roles is not None
    browser = web.browser(ALPHA.user(role)) if key == "DELETE /api/v1/session" else browsers[role]
    if role not in promise.roles:
        for ref in (promise.own, promise.foreign):
            assert ask(browser, key, ref, promise.body).status_code == 403, ref
        return
    if promise.foreign is not None:
        foreign = "nobody-has-this-id" if role == "admin" else promise.foreign
        assert ask(browser, key, foreign, promise.body).status_code == 404
    if promise.own is not None or promise.foreign is None:
        answer = ask(browser, key, promise.own, promise.body)
        # An operator may know of the town that it sits in, not of the county above.
        allowed = (404,) if (role, promise.own) == ("operator", ALPHA.id("county")) else promise.answers
        assert answer.status_code in allowed, answer.data
        if role != "admin":
            # The world's other side is named Bravo all over.
            assert b"bravo" not in answer.data.lower()


@pytest.mark.parametrize("role", [role for role in ROLES if role != "admin"])
def test_bravo_sees_its_own_side_and_not_alphas(web: Web, role: str) -> None:
    browser = web.browser(BRAVO.user(role))
    seen = browser.get("/trips")
    assert BRAVO.id("run") in seen.text and "alpha" not in seen.text.lower()
    assert browser.get(f"/trips/{ALPHA.id('run')}").status_code == 404


def test_own_notices_and_tokens_are_reached_by_nobody_else(web: Web, browsers: dict[str, Browser]) -> None:
    token = browsers["guardian"].post("/tokens", {"name": "watch"}).json
    for role in ROLES:
        if role != "guardian":
            assert browsers[role].delete(f"/tokens/{token['id']}").status_code == 404
            assert browsers[role].post(f"/notices/{ALPHA.id('notice')}/read").status_code == 404
    assert browsers["guardian"].delete(f"/tokens/{token['id']}").status_code == 204
    assert browsers["guardian"].post(f"/notices/{ALPHA.id('notice')}/read").status_code == 204


def test_a_school_sees_its_own_riders_on_a_manifest(web: Web, browsers: dict[str, Browser]) -> None:
    path = f"/trips/{ALPHA.id('run')}/manifest"
    shown = browsers["school"].get(path).json
    assert {rider["id"] for stop in shown["stops"] for rider in stop["riders"]} == {
        ALPHA.id("child"),
        NEIGHBOUR,
    }
    assert shown["counts"] == {
        "planned": 2, "expected": 2, "aboard": 0, "alighted": 0, "handed_over": 0, "absent": 0, "no_show": 0,
        "strangers": 0,
    }  # fmt: skip


@pytest.mark.parametrize("key", CHANGES)
def test_a_change_without_its_csrf_token_is_refused(web: Web, browsers: dict[str, Browser], key: str) -> None:
    promise = TABLE[key]
    assert promise.roles is not None
    role = next(role for role in ROLES if role in promise.roles)
    browser = browsers[role]
    for csrf in (None, "wrong"):
        forged = Browser(browser.flask)
        forged.csrf = csrf
        answer = ask(forged, key, promise.own or "x", promise.body)
        assert (answer.status_code, answer.json["error"]["code"]) == (403, "csrf")


def test_no_route_changes_anything_by_get(web: Web) -> None:
    for key, _route in routes(web.app):
        if key.startswith("GET /api/v1"):
            for method in ("POST", "PUT", "DELETE", "PATCH"):
                if f"{method}{key[3:]}" not in TABLE:
                    assert ask(web.client(), f"{method} {key[4:]}", "x", {}).status_code == 405, key


WATCHES: dict[str, Promise] = {
    "child": Promise(frozenset({"guardian"}), ALPHA.id("child"), BRAVO.id("child")),
    "trip": Promise(ALL, ALPHA.id("run"), BRAVO.id("run")),
    "school": Promise(frozenset({"admin", "school"}), ALPHA.id("school"), BRAVO.id("school")),
    "fleet": Promise(OFFICE),
}


def test_every_watch_is_in_the_table() -> None:
    assert set(policy.WATCH) == set(WATCHES)


@pytest.mark.parametrize("kind", sorted(WATCHES))
@pytest.mark.parametrize("role", ROLES)
def test_each_role_may_watch_what_the_table_says(
    web: Web, browsers: dict[str, Browser], kind: str, role: str
) -> None:
    promise = WATCHES[kind]
    assert promise.roles is not None
    me = browsers[role].get("/me").json["user"]
    scope_id = None if me["scope"] is None else me["scope"]["id"]
    caller = Caller(me["id"], me["username"], me["role"], scope_id, None, None)

    def watch(ref: str | bool) -> watching.View:
        rule, target = watching.read_target({kind: ref})
        with web.deps.store.read() as work:
            scope, found = watching.admit(work, caller, rule, target, web.clock.now_ms())
            return watching.look(work, scope, found, web.clock.now_ms())

    if role not in promise.roles:
        with pytest.raises(ForbiddenError):
            watch(promise.own or True)
        return
    if promise.foreign is not None:
        with pytest.raises(NotFoundError):
            watch("nobody-has-this-id" if role == "admin" else promise.foreign)
    shown = watch(promise.own or True)
    if role != "admin":
        assert "bravo" not in repr(shown.parts).lower()
    if role == "guardian":
        assert "Neighbour" not in repr(shown.parts) and "Wheeler" not in repr(shown.parts)
