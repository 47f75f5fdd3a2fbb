"""A second factor from its enrolment to its end: what a code opens, how often, and what waits where one is required."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from werkzeug.test import TestResponse

from server.adapters.db import tables as t
from server.adapters.db.engine import Database
from server.errors import NotFoundError, StartError
from server.live.checks import find_caller
from server.service import accounts, second_factor
from server.service.vault import Vault
from tests.builders.authenticator import code_at
from tests.builders.web import Browser, Web
from tests.builders.world import PASSWORD, build_world

PATH = "/me/second-factor"


def enrol(web: Web, browser: Browser) -> tuple[str, list[str]]:
    """Enrol a second factor; give the secret and the recovery codes. The code of this step is used up."""
    secret = browser.post(PATH, {"password": PASSWORD}).json["secret"]
    answer = browser.post(f"{PATH}/confirm", {"code": code_at(secret, web.real.now_ms())})
    assert answer.status_code == 200, answer.text
    return secret, answer.json["recovery_codes"]


def log_in(
    web: Web, username: str, code: str | None, password: str = PASSWORD, address: str = "127.0.0.1"
) -> TestResponse:
    body = {"username": username, "password": password} | ({} if code is None else {"code": code})
    return web.client().flask.post("/api/v1/session", json=body, environ_overrides={"REMOTE_ADDR": address})


def said(answer: TestResponse) -> tuple[int, str]:
    return answer.status_code, "" if answer.status_code < 400 else answer.json["error"]["code"]


def test_the_witness_shows_what_the_standard_says() -> None:
    secret = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"  # RFC 6238, appendix B: "12345678901234567890"
    shown = [code_at(secret, ms * 1000) for ms in (59, 1111111109, 1234567890, 20000000000)]
    assert shown == ["287082", "081804", "005924", "353130"]


def test_enrolling_changes_nothing_until_a_code_confirms_it(web: Web) -> None:
    browser, other = web.browser("operator-alpha"), web.browser("operator-alpha")
    wrong = browser.post(PATH, {"password": "not mine at all"})
    assert (wrong.status_code, wrong.json["error"]["fields"]) == (422, {"password": "wrong"})
    begun = browser.post(PATH, {"password": PASSWORD})
    assert begun.status_code == 201
    made = begun.json
    assert re.fullmatch("[A-Z2-7]{32}", made["secret"])
    assert made["url"].startswith("otpauth://totp/SixFixed:operator-alpha?") and made["secret"] in made["url"]
    assert made["qr_svg"].startswith("<svg") and "style" not in made["qr_svg"]
    assert browser.get(PATH).json["on"] is False
    assert log_in(web, "operator-alpha", None).status_code == 200
    now_ms = web.real.now_ms()
    for code in ("000000", "12345", code_at(made["secret"], now_ms, -2), code_at(made["secret"], now_ms, 2)):
        refused = browser.post(f"{PATH}/confirm", {"code": code})
        assert (refused.status_code, refused.json["error"]["fields"]) == (422, {"code": "wrong"})
    confirmed = browser.post(f"{PATH}/confirm", {"code": code_at(made["secret"], now_ms)})
    codes = confirmed.json["recovery_codes"]
    assert len(set(codes)) == 10 and all(re.fullmatch("([a-z2-7]{4}-){3}[a-z2-7]{4}", code) for code in codes)
    shown = browser.get(PATH).json
    assert (shown["on"], shown["recovery_left"], shown["required"]) == (True, 10, False)
    assert other.get("/me").status_code == 401
    assert web.house.published[-1][0] == "live/ended"
    assert said(browser.post(PATH, {"password": PASSWORD})) == (409, "conflict")
    with web.database.read() as connection:
        [row] = connection.execute(t.second_factors.select()).all()
        kept = connection.execute(t.recovery_codes.select()).all()
    assert made["secret"].encode() not in row.secret
    assert not {code for code in codes if any(code.replace("-", "") in each.digest for each in kept)}


def test_a_code_is_taken_once_and_only_about_its_time(web: Web) -> None:
    secret, _ = enrol(web, web.browser("school-alpha"))
    now_ms = web.real.now_ms()
    assert said(log_in(web, "school-alpha", None)) == (401, "code_needed")
    assert said(log_in(web, "school-alpha", None, "wrong password!")) == (401, "bad_credentials")
    right = code_at(secret, now_ms, 1)
    assert said(log_in(web, "school-alpha", right, "wrong password!")) == (401, "bad_credentials")
    assert said(log_in(web, "school-alpha", code_at(secret, now_ms))) == (
        401,
        "bad_code",
    )  # confirmed with it
    assert said(log_in(web, "school-alpha", right)) == (200, "")  # a phone whose clock is fast
    assert said(log_in(web, "school-alpha", right)) == (401, "bad_code")
    web.real.advance(90)
    later_ms = web.real.now_ms()
    assert said(log_in(web, "school-alpha", code_at(secret, later_ms, -2))) == (401, "bad_code")
    assert said(log_in(web, "school-alpha", code_at(secret, later_ms, -1))) == (200, "")
    assert said(log_in(web, "school-alpha", code_at(secret, later_ms))) == (200, "")
    assert said(log_in(web, "school-alpha", code_at(secret, later_ms, -1))) == (401, "bad_code")


def test_recovery_codes_open_once_and_new_ones_end_the_old(web: Web) -> None:
    browser = web.browser("school-alpha")
    secret, codes = enrol(web, browser)
    assert said(log_in(web, "school-alpha", codes[0].upper().replace("-", " "))) == (200, "")
    assert said(log_in(web, "school-alpha", codes[0])) == (401, "bad_code")
    assert browser.get(PATH).json["recovery_left"] == 9
    web.real.advance(60)
    proof = {"password": PASSWORD, "code": code_at(secret, web.real.now_ms())}
    assert browser.post(f"{PATH}/recovery-codes", proof | {"password": "wrong"}).status_code == 422
    fresh = browser.post(f"{PATH}/recovery-codes", proof).json["recovery_codes"]
    assert not set(fresh) & set(codes)
    assert said(log_in(web, "school-alpha", codes[1])) == (401, "bad_code")
    ended = browser.ask("DELETE", PATH, {"password": PASSWORD, "code": fresh[0]})
    assert ended.status_code == 204
    assert said(log_in(web, "school-alpha", None)) == (200, "")


def test_guessing_codes_is_limited_wherever_it_is_done_from_and_by_no_stranger(web: Web) -> None:
    secret, _ = enrol(web, web.browser("school-alpha"))
    for n in range(20):
        # Who doesn't know the password never gets to the code.
        log_in(web, "school-alpha", "000000", "wrong password!", f"10.1.0.{n}")
    guesses = [said(log_in(web, "school-alpha", "000000", address=f"10.2.0.{n}")) for n in range(11)]
    assert guesses == [(401, "bad_code")] * 10 + [(429, "too_many")]
    web.real.advance(60)
    right = code_at(secret, web.real.now_ms())
    assert said(log_in(web, "school-alpha", right, address="10.3.0.1")) == (200, "")


@pytest.fixture
def strict(db: Database, tmp_path: Path) -> Web:
    """Give a web role that wants second factors of staff."""
    build_world(db)
    return Web(db, tmp_path / "dist", second_factor="required-for-staff")


def test_where_it_is_required_nothing_else_is_done_before(strict: Web) -> None:
    web = strict
    for username in ("operator-alpha", "guardian-alpha"):
        assert "enrol" not in log_in(web, username, None).json
    browser = web.browser("admin")
    assert browser.get("/me").json["enrol"] is True
    for ask in (
        browser.get("/trips"),
        browser.get("/audit"),
        browser.post("/tokens", {}),
        browser.get("/me/sessions"),
        browser.post("/me/password", {"current": PASSWORD, "new": "copper meadow violin nine"}),
        browser.get("/notices"),
    ):
        assert said(ask) == (403, "second_factor_needed")
    [session] = _sessions(web, "admin")
    with web.deps.store.read() as work:
        assert find_caller(work, session, None, web.real.now_ms()) is None, "its socket is refused"
    secret, _ = enrol(web, browser)
    assert browser.get("/audit").status_code == 200
    assert "enrol" not in browser.get("/me").json
    with web.deps.store.read() as work:
        assert find_caller(work, session, None, web.real.now_ms()) is not None
    web.real.advance(60)
    proof = {"password": PASSWORD, "code": code_at(secret, web.real.now_ms())}
    assert said(browser.ask("DELETE", PATH, proof)) == (409, "conflict")
    assert "enrol" not in log_in(web, "admin", proof["code"]).json


def test_switched_off_it_is_neither_enrolled_nor_asked_for(db: Database, tmp_path: Path) -> None:
    build_world(db)
    enrol(on := Web(db, tmp_path / "dist"), on.browser("admin"))
    web = Web(db, tmp_path / "dist", second_factor="off")
    assert said(log_in(web, "admin", None)) == (200, "")
    assert said(web.browser("school-alpha").post(PATH, {"password": PASSWORD})) == (409, "off")


def test_who_lost_everything_is_helped_from_the_command_line(web: Web) -> None:
    browser = web.browser("admin")
    enrol(web, browser)
    accounts.forget_factor(web.deps.store, username="admin")
    assert browser.get("/me").status_code == 401
    assert said(log_in(web, "admin", None)) == (200, "")
    with pytest.raises(NotFoundError, match="nobody"):
        accounts.forget_factor(web.deps.store, username="nobody")


def test_a_copy_of_the_database_alone_gives_no_codes(web: Web) -> None:
    enrol(web, web.browser("admin"))
    with web.database.read() as connection:
        [row] = connection.execute(t.second_factors.select()).all()
    for vault, of in ((Vault(bytes([1]) * 32), row.user_id), (web.deps.vault, "somebody-else")):
        with pytest.raises(StartError, match=r"vault\.key"):
            vault.open(row.secret, of)
    assert len(web.deps.vault.open(row.secret, row.user_id)) == 20


def test_two_who_bring_one_code_at_once_are_one_too_many(web: Web) -> None:
    secret, _ = enrol(web, web.browser("admin"))
    web.real.advance(60)
    now_ms = web.real.now_ms()
    user_id = "user-admin".ljust(32, "0")
    code = code_at(secret, now_ms)

    def once(_n: int) -> Any:  # noqa: ANN401 - an error or nothing
        try:
            second_factor.spend(web.deps.store, web.deps.vault, user_id, code, "127.0.0.1", now_ms)
        except Exception as refused:
            return refused
        return None

    with ThreadPoolExecutor(4) as pool:
        outcomes = list(pool.map(once, range(4)))
    assert outcomes.count(None) == 1, outcomes


def _sessions(web: Web, username: str) -> list[str]:
    with web.database.read() as connection:
        rows = connection.execute(
            t.sessions.select().where(t.sessions.c.user_id == f"user-{username}".ljust(32, "0"))
        )
        return [row.id for row in rows]
