"""Log in at an OpenID Connect provider that really signs: who comes in, and what is not believed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from werkzeug.test import TestResponse

from server.adapters.db import tables as t
from server.adapters.db.engine import Database
from server.adapters.provider.asking import Asking
from server.adapters.provider.openid import OpenIdProvider
from server.adapters.push.outgoing import Outgoing
from server.api.app import create_app
from tests.builders.web import Browser, Web
from tests.builders.world import PASSWORD, build_world, change
from tests.fakes.openid_provider import CLIENT_ID, CLIENT_SECRET, FakeProvider, openid_provider

GUARDIAN = "user-guardian-alpha".ljust(32, "0")


@pytest.fixture(scope="module")
def shared() -> Iterator[FakeProvider]:
    with openid_provider() as found:
        yield found


@pytest.fixture
def database_kind(request: pytest.FixtureRequest) -> str:
    """Name the kind of database: the first test asks both for all that is stored, the others what is believed."""
    return str(getattr(request, "param", "sqlite"))


@pytest.fixture
def provider(shared: FakeProvider) -> FakeProvider:
    """Give the provider as it is when nobody has turned anything."""
    shared.user = {"sub": "u1", "email": "parent@county.example", "email_verified": True}
    shared.claims, shared.algorithm, shared.down, shared.issuer = {}, "RS256", False, None
    shared.refused.clear()
    return shared


def wire(web: Web, provider: FakeProvider, allow: bool = True) -> Web:
    """Let a web role log people in there."""
    asking = Asking(Outgoing([provider.url.removeprefix("http://")] if allow else []))
    client = OpenIdProvider(asking, f"{provider.url}/realm", CLIENT_ID, CLIENT_SECRET, web.real.monotonic)
    web.deps = replace(web.deps, provider=client)
    web.app = create_app(web.deps)
    provider.now_s = web.real.now_ms() // 1000
    return web


@pytest.fixture
def county(web: Web, provider: FakeProvider) -> Web:
    """Give a web role with a provider, and the guardian's address."""
    change(web.database, t.users, GUARDIAN, email="Parent@County.example")
    return wire(web, provider)


def go(browser: Browser, provider: FakeProvider) -> dict[str, str]:
    """Go to the provider and come back; give what the page then sends."""
    begun = browser.post("/provider/begin")
    assert begun.status_code == 200, begun.text
    code, state = provider.visit(begun.json["url"])
    return {"code": code, "state": state, "keep": begun.json["keep"]}


def log_in(web: Web, provider: FakeProvider) -> tuple[Browser, TestResponse]:
    browser = web.client()
    answer = browser.post("/provider/session", go(browser, provider))
    browser.csrf = answer.json.get("csrf")
    return browser, answer


def said(answer: TestResponse) -> tuple[int, str]:
    return answer.status_code, "" if answer.status_code < 400 else answer.json["error"]["code"]


@pytest.mark.parametrize("database_kind", ["sqlite", "postgresql"], indirect=True)
def test_a_verified_address_finds_the_account_once_and_then_it_is_linked(
    county: Web, provider: FakeProvider
) -> None:
    assert county.client().get("/config").json["provider"] == "127.0.0.1"
    browser, answer = log_in(county, provider)
    assert said(answer) == (200, "") and answer.json["user"]["username"] == "guardian-alpha"
    assert browser.get("/children").status_code == 200
    [link] = browser.get("/me/identities").json["items"]
    assert link["issuer"] == f"{provider.url}/realm"
    provider.user = {"sub": "u1"}  # the address is gone, the identity is the same
    assert log_in(county, provider)[1].json["user"]["username"] == "guardian-alpha"
    assert county.browser("school-alpha").delete(f"/me/identities/{link['id']}").status_code == 404
    assert browser.delete(f"/me/identities/{link['id']}").status_code == 204
    assert said(log_in(county, provider)[1]) == (401, "no_account")
    assert provider.refused == []


NOBODY: list[dict[str, Any]] = [
    {"sub": "u2", "email": "parent@county.example", "email_verified": False},
    {"sub": "u2", "email": "parent@county.example"},
    {"sub": "u2", "email": "parent@county.example", "email_verified": "true"},
    {"sub": "u2", "email": "stranger@county.example", "email_verified": True},
    {"sub": "u2"},
]


def test_nobody_gets_an_account_and_an_address_must_be_verified(county: Web, provider: FakeProvider) -> None:
    for user in NOBODY:
        provider.user = user
        assert said(log_in(county, provider)[1]) == (401, "no_account"), user


def test_an_address_of_two_accounts_and_an_ended_account_are_nobodys(
    county: Web, provider: FakeProvider
) -> None:
    school = "user-school-alpha".ljust(32, "0")
    change(county.database, t.users, school, email="parent@county.example")
    assert said(log_in(county, provider)[1]) == (401, "no_account")
    change(county.database, t.users, school, email=None)
    change(county.database, t.users, GUARDIAN, ended_at_ms=1)
    assert said(log_in(county, provider)[1]) == (401, "no_account")


UNSOUND: list[tuple[dict[str, Any], str]] = [
    ({"nonce": "another"}, "RS256"),
    ({"nonce": None}, "RS256"),
    ({"aud": "another client"}, "RS256"),
    ({"aud": [CLIENT_ID, "another"]}, "RS256"),
    ({"iss": "https://elsewhere.example"}, "RS256"),
    ({"exp": 1}, "RS256"),
    ({"iat": 4_000_000_000, "exp": 4_000_000_300}, "RS256"),
    ({"sub": ""}, "RS256"),
    ({"sub": "u" * 256}, "RS256"),
    ({"at_hash": "AAAA"}, "RS256"),
    ({}, "foreign"),
    ({}, "HS256"),
    ({}, "none"),
]


def test_what_is_not_the_providers_word_to_us_now_is_not_believed(
    county: Web, provider: FakeProvider
) -> None:
    for claims, algorithm in UNSOUND:
        provider.claims, provider.algorithm = claims, algorithm
        assert said(log_in(county, provider)[1]) == (401, "bad_identity"), (claims, algorithm)
    provider.claims, provider.algorithm = {"aud": [CLIENT_ID], "amr": ["pwd"]}, "RS256"
    assert said(log_in(county, provider)[1]) == (200, "")


def test_a_log_in_comes_back_once_to_the_browser_that_began_it_and_soon(
    county: Web, provider: FakeProvider
) -> None:
    browser = county.client()
    back = go(browser, provider)
    other = go(county.client(), provider)
    crossed = back | {"keep": other["keep"]}
    assert said(browser.post("/provider/session", crossed)) == (401, "bad_state")
    assert said(browser.post("/provider/session", back)) == (401, "bad_state"), "spent by the try"
    assert said(browser.post("/provider/session", other)) == (200, "")
    assert said(browser.post("/provider/session", other)) == (401, "bad_state")
    late = go(browser, provider)
    county.real.advance(600)
    assert said(browser.post("/provider/session", late)) == (401, "bad_state")
    provider.now_s += 600
    forged = go(browser, provider) | {"code": "guessed"}
    assert said(browser.post("/provider/session", forged)) == (401, "provider")
    assert provider.refused == ["invalid_grant"]


def test_a_provider_may_change_its_keys(county: Web, provider: FakeProvider) -> None:
    assert said(log_in(county, provider)[1]) == (200, "")
    provider.renew_key()
    county.real.advance(11)
    provider.now_s += 11
    assert said(log_in(county, provider)[1]) == (200, "")


def test_a_provider_that_is_away_or_another_is_said_so(web: Web, provider: FakeProvider) -> None:
    wire(web, provider)
    provider.down = True
    assert said(web.client().post("/provider/begin")) == (401, "provider")
    provider.down, provider.issuer = False, "https://elsewhere.example"
    assert said(web.client().post("/provider/begin")) == (401, "bad_identity")
    provider.issuer = None
    wire(web, provider, allow=False)
    answer = web.client().post("/provider/begin")
    assert said(answer) == (401, "provider") and "outgoing-allow" in answer.json["error"]["message"]


def test_an_account_that_is_logged_in_links_itself_and_no_other_may(
    county: Web, provider: FakeProvider
) -> None:
    provider.user = {"sub": "u7"}
    school, operator = county.browser("school-alpha"), county.browser("operator-alpha")
    assert school.post("/me/identities", go(school, provider)).status_code == 204
    assert operator.post("/me/identities", go(operator, provider)).status_code == 409
    assert log_in(county, provider)[1].json["user"]["username"] == "school-alpha"


def test_a_second_factor_that_is_wanted_must_have_been_asked_for_there(
    db: Database, tmp_path: Path, provider: FakeProvider
) -> None:
    build_world(db)
    web = wire(Web(db, tmp_path / "dist", second_factor="required-for-staff"), provider)
    change(db, t.users, "user-admin".ljust(32, "0"), email="parent@county.example")
    assert said(log_in(web, provider)[1]) == (401, "code_needed")
    provider.claims = {"amr": ["pwd", "otp"]}
    browser, answer = log_in(web, provider)
    assert said(answer) == (200, "") and "enrol" not in answer.json
    assert browser.get("/audit").status_code == 200
    assert PASSWORD not in answer.text
