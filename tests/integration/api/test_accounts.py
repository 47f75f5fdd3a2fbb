"""Log in and out, limits, sessions' ends, passwords, tokens."""

import statistics
import time
from pathlib import Path

import pytest
from werkzeug.test import TestResponse

from server.adapters.db import tables as t
from server.adapters.db.engine import Database
from server.errors import ConflictError, InvalidError, NotFoundError
from server.live import checks
from server.service import accounts, policy, watching
from server.service.accounts import add_user, set_password
from server.service.passwords import hash_password
from server.service.watching import Target
from tests.builders.web import Browser, Web
from tests.builders.world import ALPHA, PASSWORD, build_world, change

HOUR_S = 3600
STRONG = "copper meadow violin nine"


def try_login(browser: Browser, username: str, password: str = PASSWORD, address: str = "127.0.0.1") -> int:
    answer = browser.flask.post(
        "/api/v1/session",
        json={"username": username, "password": password},
        environ_overrides={"REMOTE_ADDR": address},
    )
    return int(answer.status_code)


def test_log_in_gives_who_one_is_and_a_cookie_that_scripts_cannot_read(web: Web) -> None:
    browser = web.client()
    answer = browser.post("/session", {"username": "school-alpha", "password": PASSWORD})
    assert answer.json["user"] == {
        "id": "user-school-alpha".ljust(32, "0"), "username": "school-alpha", "name": "User School-Alpha",
        "role": "school", "lang": None,
        "scope": {"id": ALPHA.id("school"), "code": "school-alpha", "name": "Alpha school"},
    }  # fmt: skip
    cookie = answer.headers["Set-Cookie"]
    assert (
        cookie.startswith("sixfixed=")
        and "HttpOnly" in cookie
        and "SameSite=Lax" in cookie
        and "Path=/" in cookie
    )
    assert browser.get("/me").json == answer.json
    value = cookie.split("=", 1)[1].split(";")[0]
    with web.database.read() as connection:
        [row] = connection.execute(t.sessions.select()).all()
    assert row.id == accounts.digest(value) and value not in row.id
    again = browser.post("/session", {"username": "school-alpha", "password": PASSWORD})
    assert value not in again.headers["Set-Cookie"]


def test_behind_tls_the_cookie_is_bound_to_the_host(db: Database, tmp_path: Path) -> None:
    build_world(db)
    web = Web(db, tmp_path, public_url="https://bus.example")
    answer = web.client().post("/session", {"username": "admin", "password": PASSWORD})
    cookie = answer.headers["Set-Cookie"]
    assert cookie.startswith("__Host-sixfixed=") and "Secure" in cookie and "Domain" not in cookie
    assert "max-age" in answer.headers["Strict-Transport-Security"]


def test_unknown_ended_and_wrong_get_one_answer_and_take_as_long(web: Web) -> None:
    real = hash_password(PASSWORD)
    change(web.database, t.users, "user-guardian-alpha".ljust(32, "0"), password_hash=real)
    change(web.database, t.users, "user-driver-alpha".ljust(32, "0"), password_hash=real, ended_at_ms=1)
    answers, times = set(), {}
    tries = [("nobody", PASSWORD), ("driver-alpha", PASSWORD), ("guardian-alpha", "wrong password!")]
    try_login(web.client(), "nobody")  # the decoy is made once
    for username, password in tries:
        spent = []
        for n in range(3):
            # This process's own work: what others do on the machine meanwhile doesn't count.
            began = time.process_time()
            answer = web.client().flask.post(
                "/api/v1/session",
                json={"username": username, "password": password},
                environ_overrides={"REMOTE_ADDR": f"10.0.{len(times)}.{n}"},
            )
            spent.append(time.process_time() - began)
            answers.add((answer.status_code, answer.text))
        times[username] = statistics.median(spent)
    assert len(answers) == 1 and next(iter(answers))[0] == 401
    assert max(times.values()) < 3 * min(times.values()), times


def test_failures_are_slowed_for_an_account_at_an_address_and_nobody_else(web: Web) -> None:
    browser = web.client()
    assert [try_login(browser, "guardian-alpha", "wrong") for _ in range(6)] == [401] * 5 + [429]
    assert try_login(browser, "guardian-alpha") == 429
    answer = browser.post("/session", {"username": "guardian-alpha", "password": PASSWORD})
    assert answer.headers["Retry-After"] == "5"
    # A stranger can't lock the account elsewhere, nor another account here.
    assert try_login(browser, "guardian-alpha", address="10.9.9.9") == 200
    assert try_login(browser, "school-alpha") == 200
    web.real.advance(5)
    assert try_login(browser, "guardian-alpha", "wrong") == 401
    web.real.advance(5)
    assert try_login(browser, "guardian-alpha") == 429  # the wait has doubled
    web.real.advance(5)
    assert try_login(browser, "guardian-alpha") == 200
    assert [try_login(browser, "guardian-alpha", "wrong") for _ in range(4)] == [401] * 4


def test_an_address_that_tries_many_accounts_is_slowed(web: Web) -> None:
    browser = web.client()
    codes = [try_login(browser, f"nobody-{n}", "wrong", "2001:db8::1") for n in range(30)]
    assert set(codes) == {401}
    assert try_login(browser, "school-alpha", address="2001:db8::2") == 429  # the same /64
    assert try_login(browser, "school-alpha", address="2001:db8:0:1::2") == 200


def test_successes_are_not_counted(web: Web) -> None:
    assert {try_login(web.client(), "guardian-alpha") for _ in range(8)} == {200}


@pytest.mark.parametrize(("username", "days"), [("guardian-alpha", 30), ("operator-alpha", 0.5)])
def test_a_session_ends_idle_after_12_hours_and_absolutely(web: Web, username: str, days: float) -> None:
    browser = web.browser(username)
    web.real.advance(12 * HOUR_S - 60)
    assert browser.get("/me").status_code == 200
    web.deps.audit.flush()
    web.real.advance(120)
    assert browser.get("/me").status_code == (200 if days > 1 else 401)
    web.deps.audit.flush()
    used_s = 12 * HOUR_S + 60
    while used_s + 11 * HOUR_S < days * 24 * HOUR_S:
        web.real.advance(11 * HOUR_S)
        used_s += 11 * HOUR_S
        assert browser.get("/me").status_code == 200
        web.deps.audit.flush()
    web.real.advance(11 * HOUR_S)
    assert browser.get("/me").status_code == 401


def test_an_idle_session_ends(web: Web) -> None:
    browser = web.browser("guardian-alpha")
    web.real.advance(12 * HOUR_S)
    assert browser.get("/me").status_code == 401


def test_log_out_and_a_closed_account_end_at_once(web: Web) -> None:
    browser, other = web.browser("guardian-alpha"), web.browser("guardian-alpha")
    assert browser.delete("/session").status_code == 204
    assert browser.get("/me").status_code == 401
    assert other.get("/me").status_code == 200
    change(web.database, t.users, "user-guardian-alpha".ljust(32, "0"), ended_at_ms=1)
    assert other.get("/me").status_code == 401


def test_a_new_password_ends_every_other_session_and_token(web: Web) -> None:
    browser, other = web.browser("guardian-alpha"), web.browser("guardian-alpha")
    token = browser.post("/tokens", {"name": "watch", "days": 3}).json["token"]
    bearer = {"Authorization": f"Bearer {token}"}
    assert web.client().get("/me", headers=bearer).json["csrf"] is None
    wrong = browser.post("/me/password", {"current": "x", "new": STRONG})
    assert (wrong.status_code, wrong.json["error"]["fields"]) == (422, {"current": "wrong"})
    weak = browser.post("/me/password", {"current": PASSWORD, "new": "password1234"})
    assert (weak.status_code, list(weak.json["error"]["fields"])) == (422, ["new"])
    assert browser.post("/me/password", {"current": PASSWORD, "new": STRONG}).status_code == 204
    assert browser.get("/me").status_code == 200
    assert other.get("/me").status_code == 401
    assert web.client().get("/me", headers=bearer).status_code == 401
    assert web.house.published[-1][0] == "live/ended"
    assert try_login(web.client(), "guardian-alpha", STRONG) == 200
    assert try_login(web.client(), "guardian-alpha", PASSWORD) == 401


def test_a_token_needs_no_csrf_and_can_be_revoked_or_run_out(web: Web) -> None:
    browser = web.browser("guardian-alpha")
    made = browser.post("/tokens", {"days": 1}).json
    program = web.client()
    bearer = {"Authorization": f"Bearer {made['token']}"}
    body = {"service_date": "2026-09-22", "direction": "to_school", "kind": "absent"}
    path = f"/api/v1/children/{ALPHA.id('child')}/exceptions"
    assert program.flask.post(path, json=body, headers=bearer).status_code == 201
    assert [item["id"] for item in browser.get("/tokens").json["items"]] == [made["id"]]
    web.real.advance(11 * HOUR_S)
    assert program.get("/me", headers=bearer).status_code == 200
    web.real.advance(13 * HOUR_S)
    assert program.get("/me", headers=bearer).status_code == 401
    browser = web.browser("guardian-alpha")
    fresh = browser.post("/tokens", {}).json
    assert browser.delete(f"/tokens/{fresh['id']}").status_code == 204
    gone = program.get("/me", headers={"Authorization": f"Bearer {fresh['token']}"})
    assert gone.status_code == 401


def as_program(web: Web, token: str, method: str, path: str, body: object | None = None) -> TestResponse:
    headers = {"Authorization": f"Bearer {token}"}
    return web.client().flask.open(f"/api/v1{path}", method=method, json=body, headers=headers)


def test_a_token_does_no_more_than_its_scope(web: Web) -> None:
    browser = web.browser("guardian-alpha")
    made = {
        scope: browser.post("/tokens", {"name": scope, "scope": scope, "days": 2}).json["token"]
        for scope in ("read", "write", "admin")
    }
    exceptions = f"/children/{ALPHA.id('child')}/exceptions"
    absent = {"service_date": "2026-09-22", "direction": "to_school", "kind": "absent"}
    again = absent | {"direction": "from_school"}
    asked = {
        scope: [
            as_program(web, token, "GET", "/children").status_code,
            as_program(web, token, "POST", exceptions, absent if scope == "write" else again).status_code,
            as_program(web, token, "POST", "/tokens", {}).status_code,
            as_program(web, token, "GET", "/me/sessions").status_code,
            as_program(web, token, "POST", "/me/second-factor", {"password": "x"}).status_code,
            as_program(web, token, "POST", "/invitations/accept", {"code": "x"}).status_code,
        ]
        for scope, token in made.items()
    }
    assert asked == {
        "read": [200, 403, 403, 403, 403, 403],
        "write": [200, 201, 403, 403, 403, 403],
        "admin": [200, 201, 201, 200, 422, 404],
    }
    refused = as_program(web, made["read"], "POST", exceptions, absent).json["error"]
    assert (refused["code"], "read" in refused["message"]) == ("token_scope", True)
    assert browser.post("/tokens", {"scope": "root"}).status_code == 422
    with web.deps.store.read() as work:
        caller = checks.find_caller(work, None, accounts.digest(made["read"]), web.real.now_ms())
        assert caller is not None
        watching.admit(
            work, caller, policy.WATCH["child"], Target("child", ALPHA.id("child")), web.clock.now_ms()
        )


def test_a_tokens_own_tokens_end_with_it_and_its_use_is_shown(web: Web) -> None:
    browser = web.browser("guardian-alpha")
    first = browser.post("/tokens", {"days": 2}).json
    web.real.advance(HOUR_S)
    for body in ({}, {"days": 30}):
        second = as_program(web, first["token"], "POST", "/tokens", body).json
        ends = {item["id"]: item["ends_at"] for item in browser.get("/tokens").json["items"]}
        assert ends[second["id"]] == ends[first["id"]] == "2026-09-23T07:08:00+08:00"
    web.deps.audit.flush()
    used = {item["id"]: item["used_at"] for item in browser.get("/tokens").json["items"]}
    assert (used[first["id"]], used[second["id"]]) == ("2026-09-21T08:08:00+08:00", None)


CHROME = (
    "Mozilla/5.0 (Linux; Android 14) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/129.0 Mobile Safari/537.36"
)
IPHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) Version/18.0 Mobile/15E148 Safari/604.1"


def log_in_from(web: Web, username: str, agent: str, address: str) -> Browser:
    browser = web.client()
    answer = browser.flask.post(
        "/api/v1/session",
        json={"username": username, "password": PASSWORD},
        headers={"User-Agent": agent},
        environ_overrides={"REMOTE_ADDR": address},
    )
    browser.csrf = answer.json["csrf"]
    return browser


def test_where_one_is_logged_in_is_shown_and_ended(web: Web) -> None:
    phone = log_in_from(web, "guardian-alpha", CHROME, "10.0.0.1")
    web.real.advance(120)
    tablet = log_in_from(web, "guardian-alpha", IPHONE, "10.0.0.2")
    stranger = web.browser("neighbour-guardian-alpha")
    shown = tablet.get("/me/sessions").json["items"]
    assert [(item["device"], item["address"], item["current"]) for item in shown] == [
        ("Safari, iPhone", "10.0.0.2", True),
        ("Chrome, Android", "10.0.0.1", False),
    ]
    assert shown[1]["made_at"] == shown[1]["seen_at"] == "2026-09-21T07:08:00+08:00"
    with web.database.read() as connection:
        stored = set(connection.scalars(t.sessions.select().with_only_columns(t.sessions.c.id)))
    assert not stored & {item["id"] for item in shown}, "what finds a session is shown to nobody"
    assert stranger.delete(f"/me/sessions/{shown[1]['id']}").status_code == 404
    assert tablet.delete(f"/me/sessions/{shown[1]['id']}").status_code == 204
    assert phone.get("/me").status_code == 401
    assert web.house.published[-1][0] == "live/ended"
    assert stranger.get("/me").status_code == tablet.get("/me").status_code == 200


def test_everywhere_else_is_logged_out_at_once(web: Web) -> None:
    others = [web.browser("guardian-alpha") for _ in range(3)]
    browser, stranger = web.browser("guardian-alpha"), web.browser("operator-alpha")
    before = len(web.house.published)
    assert browser.delete("/me/sessions").status_code == 204
    assert [each.get("/me").status_code for each in others] == [401] * 3
    assert browser.get("/me").status_code == stranger.get("/me").status_code == 200
    assert len(web.house.published) == before + 3
    assert len(browser.get("/me/sessions").json["items"]) == 1


def test_a_wrong_token_is_nobody_even_beside_a_right_cookie(web: Web) -> None:
    browser = web.browser("guardian-alpha")
    assert browser.get("/me", headers={"Authorization": "Bearer wrong"}).status_code == 401


def test_the_command_line_adds_users_and_sets_passwords(web: Web) -> None:
    store = web.deps.store
    with web.database.read() as connection:
        before = connection.scalar(t.counters.select().with_only_columns(t.counters.c.value))
    add_user(
        store, username="dora", role="operator", scope="op-alpha", name="Dora", password=STRONG, now_ms=1
    )
    assert try_login(web.client(), "dora", STRONG) == 200
    set_password(store, username="dora", password=STRONG + "!", now_ms=2)
    assert try_login(web.client(), "dora", STRONG) == 401
    with web.database.read() as connection:
        after = connection.scalar(t.counters.select().with_only_columns(t.counters.c.value))
    assert after == before + 2
    with pytest.raises(ConflictError, match="dora"):
        add_user(store, username="dora", role="admin", scope=None, name=None, password=STRONG, now_ms=1)
    with pytest.raises(NotFoundError, match="nobody"):
        set_password(store, username="nobody", password=STRONG, now_ms=1)


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"username": "a b"}, "username"),
        ({"role": "boss"}, "role"),
        ({"scope": None}, "scope"),
        ({"scope": "op-nowhere"}, "scope"),
        ({"role": "admin"}, "scope"),
        ({"password": "short"}, "password"),
        ({"password": "x" * 129}, "password"),
        ({"password": "dora1234 dora1234"}, "password"),
        ({"password": "qwertyuiop12"}, "password"),
        ({"password": "aaaaaaaaaaaaaa"}, "password"),
    ],
)
def test_a_user_who_can_t_be_added_is_told_why(web: Web, changed: dict[str, str | None], field: str) -> None:
    given = {"username": "dora", "role": "operator", "scope": "op-alpha", "name": "Dora", "password": STRONG}
    with pytest.raises(InvalidError) as refused:
        add_user(web.deps.store, now_ms=1, **(given | changed))  # type: ignore[arg-type]
    assert list(refused.value.fields) == [field]
