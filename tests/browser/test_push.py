"""What is pushed to a real browser: shown to who is signed in there, once a tag, and to nobody after the log-out.

Chromium's own push service can't be reached from a test, so messages are handed to the worker by the browser's own tools, and
subscribing itself fails: the page has to say so.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, CDPSession, Page, expect

from server.adapters.db.engine import Database
from tests.browser.axe import violations
from tests.browser.demo import Family
from tests.browser.visitor import Visitor
from tests.builders.schema import new_sqlite
from tests.builders.served import Served, serving
from tests.builders.world import ALPHA, PASSWORD, build_world
from tests.conftest import ROOT
from tests.waiting import until

pytestmark = [pytest.mark.browser, pytest.mark.slow]

FAMILY = Family("guardian-alpha", PASSWORD, ALPHA.id("child"), "", "")
USER = "user-guardian-alpha".ljust(32, "0")
NOTE = """async (note) => {
  const cache = await caches.open('push-note');
  await cache.put('/push-note', new Response(JSON.stringify(note)));
}"""
SHOWN = """async () => {
  const registration = await navigator.serviceWorker.getRegistration('/');
  return (await registration.getNotifications()).map(({ title, body, tag, lang, renotify, data }) =>
    ({ title, body, tag, lang, renotify, data }));
}"""
CONTROLLED = "async () => (await navigator.serviceWorker.ready).active?.state === 'activated'"


@dataclass
class Place:
    """Where a visitor goes."""

    url: str


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Served]:
    """Give a web role with the world of two sides, and the built pages."""
    assert (ROOT / "web/dist/index.html").is_file(), "the pages are not built: run `make web`"
    database = Database(new_sqlite(tmp_path / "test.db"))
    build_world(database)
    with serving(database, ROOT / "web/dist") as found:
        yield found
    database.dispose()


@pytest.fixture
def phone(browser: Browser, served: Served) -> Iterator[Visitor]:
    """Give a guardian's phone that may show notices."""
    found = Visitor(browser, Place(served.url))
    found.context.grant_permissions(["notifications"], origin=served.url)
    yield found
    found.leave()


class Pushing:
    """The browser's own hand that gives the worker a message."""

    def __init__(self, page: Page, origin: str) -> None:
        self._origin = origin
        self._registrations: list[dict[str, Any]] = []
        self._tools: CDPSession = page.context.new_cdp_session(page)
        self._tools.on("ServiceWorker.workerRegistrationUpdated", self._saw)
        self._tools.send("ServiceWorker.enable")

    def _saw(self, event: dict[str, Any]) -> None:
        self._registrations += [
            each for each in event["registrations"] if each["scopeURL"].startswith(self._origin)
        ]

    def push(self, page: Page, message: dict[str, Any]) -> None:
        """Deliver one."""
        wait(page, lambda: self._registrations, "the browser tells of the worker")
        self._tools.send(
            "ServiceWorker.deliverPushMessage",
            {
                "origin": self._origin,
                "registrationId": self._registrations[-1]["registrationId"],
                "data": json.dumps(message),
            },
        )


def message(tag: str, **more: Any) -> dict[str, Any]:  # noqa: ANN401 - any value of a message
    return {
        "id": tag, "tag": tag, "to": "s1", "kind": "boarded", "title": "小雨上车了", "body": "点开查看详情。", "lang": "zh",
        "at_ms": 1_789_920_000_000, "child": ALPHA.id("child"),
    } | more  # fmt: skip


def arrive(
    pushing: Pushing, page: Page, given: dict[str, Any], condition: Callable[[], object], what: str
) -> None:
    """Deliver a message until it is there: on a busy machine the browser's tools lose one now and then, and a repeat changes nothing."""
    for _ in range(4):
        pushing.push(page, given)
        try:
            wait(page, condition, what, 10)
        except AssertionError:
            continue
        return
    raise AssertionError(f"delivered four times: {what}")


def shown(page: Page) -> list[dict[str, Any]]:
    """List what is on the screen."""
    found: list[dict[str, Any]] = page.evaluate(SHOWN)
    return found


def wait(page: Page, condition: Callable[[], object], what: str, within_s: float = 60) -> None:
    """Wait on something that the browser tells of by itself: it is heard only while the page is asked."""
    until(lambda: (page.evaluate("null"), condition())[1], what, within_s)


def test_a_push_is_shown_once_a_tag_and_to_nobody_after_the_log_out(phone: Visitor, served: Served) -> None:
    page = phone.log_in(FAMILY)
    wait(
        page,
        lambda: page.evaluate("navigator.serviceWorker.getRegistration('/').then(Boolean)"),
        "the worker is registered",
    )
    wait(page, lambda: page.evaluate(CONTROLLED), "the worker is ready")
    pushing = Pushing(page, served.url)
    page.evaluate(NOTE, {"to": "s1", "user": USER})
    arrive(pushing, page, message("n1"), lambda: len(shown(page)) == 1, "it is shown")
    assert shown(page)[0] == {
        "title": "小雨上车了", "body": "点开查看详情。", "tag": "n1", "lang": "zh", "renotify": False,
        "data": {"child": ALPHA.id("child")},
    }  # fmt: skip
    arrive(
        pushing,
        page,
        message("n1", title="again"),
        lambda: [each["title"] for each in shown(page)] == ["again"],
        "a repeat takes its place",
    )
    arrive(pushing, page, message("n2"), lambda: len(shown(page)) == 2, "another tag is another notice")
    pushing.push(page, message("n3", to="somebody else"))
    page.get_by_role("button", name="账号与语言").click()
    page.get_by_role("button", name="退出登录").click()
    expect(page.get_by_label("用户名", exact=True)).to_be_visible()
    assert shown(page) == [], (
        "the log-out takes away what was shown, and what was for somebody else never was"
    )
    pushing.push(page, message("n4"))
    pushing.push(page, message("n5"))
    # What the worker would have shown by now is shown before what comes after it: the note is put back, and the next one is waited for.
    page.evaluate(NOTE, {"to": "s1", "user": USER})
    arrive(pushing, page, message("n6"), lambda: shown(page), "the next one is shown")
    assert [each["tag"] for each in shown(page)] == ["n6"]


def test_the_switch_asks_only_when_touched_and_says_what_went_wrong(phone: Visitor, served: Served) -> None:
    page = phone.log_in(FAMILY)
    page.get_by_role("button", name="账号与语言").click()
    switch = phone.at("push")
    expect(switch).to_have_attribute("data-state", "off")
    assert (
        page.evaluate(
            "navigator.serviceWorker.ready.then((it) => it.pushManager.getSubscription()).then(Boolean)"
        )
        is False
    )
    assert violations(page) == []
    phone.shoot("push-switch")
    phone.forgive("does not support the Push API in incognito mode")  # where a test's browser lives
    switch.get_by_role("button", name="开启").click()
    expect(switch.get_by_role("alert")).to_contain_text("通知服务", timeout=60_000)
    expect(switch).to_have_attribute("data-state", "off")
    phone.shoot("push-failed")


def test_who_said_no_is_told_the_way_back(browser: Browser, phone: Visitor, served: Served) -> None:
    target = phone.context.new_cdp_session(phone.page).send("Target.getTargetInfo")["targetInfo"]
    browser.new_browser_cdp_session().send(
        "Browser.setPermission",
        {
            "permission": {"name": "notifications"},
            "setting": "denied",
            "origin": served.url,
            "browserContextId": target["browserContextId"],
        },
    )
    page = phone.log_in(FAMILY)
    page.get_by_role("button", name="账号与语言").click()
    switch = phone.at("push")
    expect(switch).to_have_attribute("data-state", "denied")
    expect(switch).to_contain_text("允许通知")
    expect(switch.get_by_role("button")).to_have_count(0)
    phone.shoot("push-denied")
