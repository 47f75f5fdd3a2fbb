"""A browser asks to be pushed to: what is kept, what is refused, and what ends it within the five seconds that are promised."""

import socket
from typing import Any

import pytest
from sqlalchemy import select

from server.adapters.db import tables as t
from server.adapters.push.outgoing import Outgoing
from server.service.accounts import ABSOLUTE_MS, IDLE_MS
from server.service.push import MOST_BROWSERS
from tests.builders.post import Post
from tests.builders.web import Browser
from tests.builders.world import ALPHA, PASSWORD, change
from tests.fakes.push_service import FakePushService, Reply, b64
from tests.waiting import until


def live(post: Post) -> list[Any]:
    """List the rows that have not ended."""
    with post.database.read() as connection:
        return list(
            connection.execute(
                select(t.push_subscriptions).where(t.push_subscriptions.c.ended_at_ms.is_(None))
            )
        )


def order(endpoint: str, service: FakePushService, **keys: str) -> dict[str, Any]:
    """Make a body of PUT with good keys but for those that are given."""
    return {"endpoint": endpoint, "keys": service.browser("some").keys | keys}


def pushed(post: Post, service: FakePushService) -> list[str]:
    """Send a notice through; give its deliveries' states once nothing is under way."""
    notice = post.notice()
    post.courier.deliver()
    post.pass_time(1, 1)
    return post.states(notice)


def test_the_key_is_told_before_anyone_logs_in(post: Post) -> None:
    key = post.web.client().get("/config").json["push_key"]
    assert key == post.web.deps.push.public_key and len(key) == 87


def test_the_same_browser_keeps_its_id_and_the_last_language_holds(
    post: Post, service: FakePushService
) -> None:
    phone, guardian = service.browser("phone"), post.web.browser("guardian-alpha")
    first = post.subscribe(guardian, phone, "zh")
    assert post.subscribe(post.web.browser("guardian-alpha"), phone, "en") == first
    [row] = live(post)
    assert (row.lang, row.user_id) == ("en", "user-guardian-alpha".ljust(32, "0"))


def test_another_account_takes_the_browser_over_and_gets_nothing_of_the_first(
    post: Post, service: FakePushService
) -> None:
    service.behave = lambda _request: Reply(503)
    phone = service.browser("phone")
    first = post.subscribe(post.web.browser("guardian-alpha"), phone)
    notice = post.notice()
    post.courier.deliver()
    until(lambda: service.requests == 1, "the first try")
    post.settle()
    second = post.subscribe(post.web.browser("neighbour-guardian-alpha"), phone)
    assert first != second
    service.behave = lambda _request: Reply()
    post.pass_time(30)
    assert post.states(notice) == ["failed"] and phone.got == []


@pytest.mark.parametrize(
    ("endpoint", "code"),
    [
        ("http://push.example.net/x", "bad_endpoint"),
        ("https://push.example.net:8443/x", "bad_endpoint"),
        ("https://127.0.0.1/x", "bad_endpoint"),
        ("https://127.1/x", "bad_endpoint"),
        ("https://2130706433/x", "bad_endpoint"),
        ("https://0x7f.1/x", "bad_endpoint"),
        ("https://localhost/x", "bad_endpoint"),
        ("https://10.1.2.3/x", "bad_endpoint"),
        ("https://169.254.169.254/latest/meta-data", "bad_endpoint"),
        ("https://[::1]/x", "bad_endpoint"),
        ("https://[::ffff:10.0.0.1]/x", "bad_endpoint"),
        ("https://[64:ff9b::a00:1]/x", "bad_endpoint"),
        ("https://[fe80::1%25eth0]/x", "bad_endpoint"),
        ("https://user:pass@push.example.net/x", "bad_endpoint"),
        ("https://push.example.net/x#y", "bad_endpoint"),
        ("https://push.exämple.net/x", "bad_endpoint"),
        ("https://push.example.net/x\r\nHost: inside", "bad_endpoint"),
        ("https:///x", "bad_endpoint"),
        ("ftp://push.example.net/x", "bad_endpoint"),
        ("gopher://127.0.0.1/x", "bad_endpoint"),
        ("https://push.example.net:99999/x", "bad_endpoint"),
    ],
)
def test_an_endpoint_that_leads_inside_is_refused(
    post: Post, service: FakePushService, endpoint: str, code: str
) -> None:
    answer = post.web.browser("guardian-alpha").ask("PUT", "/push-subscription", order(endpoint, service))
    assert (answer.status_code, answer.json["error"]["code"]) == (422, code), answer.text
    assert live(post) == []


@pytest.mark.parametrize(
    ("keys", "field"),
    [
        ({"p256dh": b64(b"\4" + bytes(64))}, "keys.p256dh"),  # not on the curve
        ({"p256dh": b64(b"\4" * 33)}, "keys.p256dh"),
        ({"p256dh": "!!!"}, "keys.p256dh"),
        ({"auth": b64(bytes(15))}, "keys.auth"),
        ({"auth": "€"}, "keys.auth"),
    ],
)
def test_keys_that_are_none_are_refused_by_name(
    post: Post, service: FakePushService, keys: dict[str, str], field: str
) -> None:
    body = order(f"{service.url}/send/some", service, **keys)
    answer = post.web.browser("guardian-alpha").ask("PUT", "/push-subscription", body)
    assert answer.status_code == 422 and list(answer.json["error"]["fields"]) == [field]


def test_a_name_that_turns_to_a_private_address_later_is_never_called(
    post: Post, service: FakePushService
) -> None:
    port = int(service.address.rsplit(":", 1)[1])
    answers = {"now": "93.184.215.14"}
    outgoing = Outgoing(["rebinding.example"], lambda _host, _port: [answers["now"]])
    strict = Outgoing([], lambda _host, _port: [answers["now"]])
    post.web.deps.push._outgoing = strict  # type: ignore[attr-defined]
    post.sender._outgoing = strict
    phone = service.browser("phone")
    guardian = post.web.browser("guardian-alpha")
    body = {"endpoint": "https://rebinding.example/send/phone", "keys": phone.keys}
    assert guardian.ask("PUT", "/push-subscription", body).status_code == 200
    answers["now"] = "127.0.0.1"
    assert pushed(post, service) == ["waiting"]
    with post.database.read() as connection:
        said = connection.scalar(select(t.notice_deliveries.c.answer))
    assert "private address" in str(said) and service.requests == 0
    # Where the operator lists the name, its private address may be called, on the port that it says.
    assert outgoing.addresses(outgoing.target(f"https://rebinding.example:{port}/x")) == ["127.0.0.1"]


def test_the_address_that_was_judged_is_the_one_that_is_called(
    post: Post, service: FakePushService, monkeypatch: pytest.MonkeyPatch
) -> None:
    port = int(service.address.rsplit(":", 1)[1])
    post.sender._outgoing = Outgoing([f"push.listed.example:{port}"], lambda _host, _port: ["127.0.0.1"])
    post.web.deps.push._outgoing = post.sender._outgoing  # type: ignore[attr-defined]
    asked: list[str] = []
    real = socket.getaddrinfo

    def noted(host: Any, *more: Any, **named: Any) -> Any:  # noqa: ANN401 - as the library's
        asked.append(str(host))
        return real(host, *more, **named)

    monkeypatch.setattr(socket, "getaddrinfo", noted)
    phone = service.browser("phone")
    phone.endpoint = f"http://push.listed.example:{port}/send/phone"
    post.subscribe(post.web.browser("guardian-alpha"), phone)
    assert pushed(post, service) == ["accepted"]
    assert service.headers[0]["host"] == f"push.listed.example:{port}"
    assert "push.listed.example" not in asked, "the name was resolved once more by who connects"


def _log_out(post: Post, guardian: Browser) -> None:
    assert guardian.delete("/session").status_code == 204


def _change_password_elsewhere(post: Post, _guardian: Browser) -> None:
    other = post.web.browser("guardian-alpha")
    answer = other.post("/me/password", {"current": PASSWORD, "new": "copper meadow violin nine"})
    assert answer.status_code == 204


def _end_the_session_elsewhere(post: Post, guardian: Browser) -> None:
    [item] = guardian.get("/me/sessions").json["items"]
    other = post.web.browser("guardian-alpha")
    assert other.delete(f"/me/sessions/{item['id']}").status_code == 204


def _log_out_everywhere_else(post: Post, _guardian: Browser) -> None:
    assert post.web.browser("guardian-alpha").delete("/me/sessions").status_code == 204


def _be_a_carer_of_who_is_no_guardian(post: Post, _guardian: Browser) -> None:
    giver = "user-neighbour-guardian-alpha".ljust(32, "0")
    change(post.database, t.guardians, ALPHA.id("g-child"), shared_by=giver)


def _end_account(post: Post, _guardian: Browser) -> None:
    change(post.database, t.users, "user-guardian-alpha".ljust(32, "0"), ended_at_ms=1)


def _reach_the_absolute_end(post: Post, _guardian: Browser) -> None:
    post.real.advance(ABSOLUTE_MS["guardian"] / 1000)


def _unlink(post: Post, _guardian: Browser) -> None:
    change(post.database, t.guardians, ALPHA.id("g-child"), ended_at_ms=1)


def _unsubscribe(post: Post, guardian: Browser) -> None:
    [row] = live(post)
    assert guardian.ask("DELETE", "/push-subscription", {"endpoint": row.endpoint}).status_code == 204


@pytest.mark.parametrize(
    "end",
    [
        _log_out,
        _change_password_elsewhere,
        _end_account,
        _reach_the_absolute_end,
        _unlink,
        _unsubscribe,
        _end_the_session_elsewhere,
        _log_out_everywhere_else,
        _be_a_carer_of_who_is_no_guardian,
    ],
)
def test_pushes_end_with_what_they_rest_on(post: Post, service: FakePushService, end: Any) -> None:  # noqa: ANN401
    phone, guardian = service.browser("phone"), post.web.browser("guardian-alpha")
    post.subscribe(guardian, phone)
    assert pushed(post, service) == ["accepted"]
    service.behave = lambda _request: Reply(503)
    waiting = post.notice()
    post.courier.deliver()
    until(lambda: service.requests == 2, "one is under way when it ends")
    post.settle()
    service.behave = lambda _request: Reply()
    end(post, guardian)
    assert pushed(post, service) in ([], ["failed"])
    post.pass_time(5)
    assert post.states(waiting) == ["failed"] and len(phone.got) == 1


def test_a_stranger_does_not_end_a_browser(post: Post, service: FakePushService) -> None:
    phone = service.browser("phone")
    post.subscribe(post.web.browser("guardian-alpha"), phone)
    stranger = post.web.browser("guardian-bravo")
    assert stranger.ask("DELETE", "/push-subscription", {"endpoint": phone.endpoint}).status_code == 204
    assert pushed(post, service) == ["accepted"]


def test_a_parent_who_does_not_look_at_the_page_for_days_is_still_told(
    post: Post, service: FakePushService
) -> None:
    guardian = post.web.browser("guardian-alpha")
    post.subscribe(guardian, service.browser("phone"))
    post.real.advance(3 * IDLE_MS / 1000)
    post.web.browser("neighbour-guardian-alpha")  # a log-in clears what is idle
    assert guardian.get("/me").status_code == 401, "nobody gets in by an idle session"
    assert pushed(post, service) == ["accepted"]


def test_a_program_subscribes_by_its_token_and_ends_with_it(post: Post, service: FakePushService) -> None:
    guardian = post.web.browser("guardian-alpha")
    token = guardian.post("/tokens", {"name": "gateway"}).json
    phone = service.browser("phone")
    answer = post.web.client().flask.put(
        "/api/v1/push-subscription",
        json={"endpoint": phone.endpoint, "keys": phone.keys},
        headers={"Authorization": f"Bearer {token['token']}"},
    )
    assert answer.status_code == 200, answer.text
    assert pushed(post, service) == ["accepted"]
    assert guardian.delete(f"/tokens/{token['id']}").status_code == 204
    assert pushed(post, service) == ["failed"]


def test_the_oldest_browser_ends_for_one_too_many(post: Post, service: FakePushService) -> None:
    guardian = post.web.browser("guardian-alpha")
    ids = []
    for n in range(MOST_BROWSERS + 2):
        post.real.advance(1)
        ids.append(post.subscribe(guardian, service.browser(f"phone{n}")))
    assert {row.id for row in live(post)} == set(ids[2:])


def test_ended_sessions_are_swept_and_their_endpoints_forgotten(post: Post, service: FakePushService) -> None:
    phone, guardian = service.browser("phone"), post.web.browser("guardian-alpha")
    post.subscribe(guardian, phone)
    _log_out(post, guardian)
    post.advance(61)
    until(lambda: live(post) == [], "the sweep ends it")
    with post.database.read() as connection:
        [row] = connection.execute(select(t.push_subscriptions)).all()
    assert phone.endpoint not in row.endpoint and row.end_reason == "session ended"


def test_the_house_counts_what_waits_and_what_became_of_tries(post: Post, service: FakePushService) -> None:
    service.behave = lambda request: Reply(503) if request.number == 1 else Reply()
    post.subscribe(post.web.browser("guardian-alpha"), service.browser("phone"))
    post.notice()
    post.courier.deliver()
    until(lambda: service.requests == 1, "the first try")
    post.settle()
    figures = post.web.client().flask.get("/metrics").text
    assert "sixfixed_web_push_waiting 1.0" in figures
    assert 'sixfixed_web_push_attempts{outcome="retried"} 1.0' in figures
    post.pass_time(5)
    figures = post.web.client().flask.get("/metrics").text
    assert "sixfixed_web_push_waiting 0.0" in figures
    assert 'sixfixed_web_push_attempts{outcome="accepted"} 1.0' in figures
