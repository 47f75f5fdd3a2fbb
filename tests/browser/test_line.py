"""What the page shows when something between it and the bus stands still: never more than is known."""

from __future__ import annotations

import re
import signal
from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from tests.browser.demo import Demo
from tests.browser.visitor import DESK, Visitor
from tests.waiting import until

pytestmark = [pytest.mark.browser, pytest.mark.slow]

# Far enough that nobody boards or arrives while a test looks; a few minutes of the clock are under a minute of it.
AHEAD_S = 400
# From the trip's start, when the page first has an estimate, to the boarding, when it has none any more: 45 s to stop the bus in.
INTO_S = 360
STARTS_MS = 300_000


def age_s(words: str) -> int:
    """Read an age as the page says it in Chinese: seconds, then minutes."""
    found = re.search("([0-9]+) (秒|分钟)前", words)
    return int(found[1]) * (60 if found[2] == "分钟" else 1) if found else 0


def test_an_old_position_looks_old_and_a_new_one_live_again(
    demo: Demo, visit: Callable[..., Visitor]
) -> None:
    phone, desk = visit(), visit(DESK, "en", "dark")
    family = demo.family_boarding(AHEAD_S, INTO_S)
    phone.log_in(family)
    desk.log_in(family)
    desk.expect_map()
    age = phone.at("age")
    expect(age).to_have_attribute("data-freshness", "live")
    # There is no estimate before the bus has left its first stop, which may be a quarter of an hour of its clock from now.
    expect(phone.at("eta")).to_be_visible(timeout=STARTS_MS)
    demo.pause("fleet")
    try:
        until(lambda: age_s(age.inner_text()) >= 30, "the age counts up")
        expect(age).to_have_attribute("data-freshness", "stale")
        expect(age).to_contain_text("分钟前")
        expect(desk.at("age")).to_contain_text("min old")
        phone.shoot("stale")
        desk.shoot("stale-dark")
        # What the server may no longer estimate stays readable, but doesn't look sure.
        quiet = phone.page.locator(".when.faded")
        expect(quiet).to_be_visible()
    finally:
        demo.resume("fleet")
    expect(age).to_have_attribute("data-freshness", "live")


def test_a_web_process_that_dies_is_said_and_comes_back_by_itself(
    demo: Demo, visit: Callable[..., Visitor]
) -> None:
    phone = visit()
    for words in ("WebSocket connection to", "net::ERR_"):
        phone.forgive(words)
    phone.log_in(demo.family_boarding(AHEAD_S))
    link = phone.at("connection")
    expect(link).to_have_attribute("data-link", "live")
    # The supervisor stands still too, so that what a parent sees meanwhile can be looked at.
    demo.pause("up")
    try:
        demo.signal("web", signal.SIGKILL)
        expect(link).to_have_attribute("data-link", "offline")
        expect(link).to_contain_text(re.compile(r"\d\d:\d\d 起离线"))
        phone.shoot("offline")
    finally:
        demo.resume("up")
    expect(link).to_have_attribute("data-link", "live")
    expect(link).to_have_text("")
    expect(phone.at("age")).to_have_attribute("data-freshness", "live")


def test_a_page_without_its_socket_asks_instead(demo: Demo, visit: Callable[..., Visitor]) -> None:
    phone = visit()
    phone.forgive("WebSocket connection to")
    # As a proxy does that lets no socket through.
    phone.page.route_web_socket(re.compile("/socket.io/"), lambda socket: socket.close())
    phone.log_in(demo.family_boarding(AHEAD_S))
    expect(phone.at("connection")).to_have_attribute("data-link", "polled")
    expect(phone.at("connection")).to_contain_text("10 秒")
    expect(phone.at("stops").locator("li").first).to_be_visible()
    phone.expect_map()
    # Nothing is pushed.
    phone.expect_moves()
    phone.shoot("polled")


def test_logging_out_in_one_tab_ends_the_other(demo: Demo, visit: Callable[..., Visitor]) -> None:
    phone = visit()
    phone.log_in(demo.family_boarding(AHEAD_S))
    other = phone.open_tab()
    other.goto(demo.url)
    expect(other.get_by_test_id("connection")).to_have_attribute("data-link", "live")
    phone.page.get_by_role("button", name="账号与语言").click()
    phone.page.get_by_role("button", name="退出登录").click()
    expect(other.get_by_label("用户名", exact=True)).to_be_visible()
    expect(other.get_by_text("登录已失效")).to_be_visible()
    expect(phone.page.get_by_label("用户名", exact=True)).to_be_visible()
