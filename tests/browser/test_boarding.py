"""From the bus's recorder to a parent's phone: the parent sees the bus come and is told that the child boarded."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Response, expect

from tests.browser.demo import Demo
from tests.browser.visitor import DESK, PHONE, Visitor, navigations
from tests.waiting import until

pytestmark = [pytest.mark.browser, pytest.mark.slow]

# Time to log in twice before one is told that the bus comes near, which is three minutes before it is there: half a minute at least.
AHEAD_S = 440
# The longest that the boarding may be away: AHEAD_S and the way to the next only child, at the demo's pace; and room.
SOON_MS = 300_000
# From the boarding to the school, so that the page is still about the ride while it is read: a minute.
RIDE_S = 480


def test_a_parent_sees_the_bus_move_and_hears_of_the_boarding_without_reloading(
    demo: Demo, visit: Callable[..., Visitor]
) -> None:
    family = demo.family_boarding(AHEAD_S, before_end_s=RIDE_S)
    phone, desk = visit(PHONE, "zh"), visit(DESK, "en")
    both = (phone, desk)
    for one in both:
        one.log_in(family)
    loads = [navigations(one.page) for one in both]
    for one in both:
        expect(one.page.get_by_role("heading", level=1)).to_have_text(family.child)
        one.expect_map()
    expect(phone.at("child-state")).to_have_text("等车")
    expect(desk.at("child-state")).to_have_text("waiting")
    for one in both:
        one.expect_moves()

    # The list is what stays of a toast: it is there in whatever language, newest first.
    for one in both:
        near = one.at("notices").locator("li[data-kind=approaching]")
        expect(near.first).to_be_visible(timeout=SOON_MS)
    expect(phone.at("notices").locator("li").first).to_contain_text(family.child)

    expect(phone.at("toast")).to_contain_text("上了", timeout=SOON_MS)
    expect(desk.at("toast")).to_contain_text("boarded")
    for name, one in (("boarded", phone), ("boarded", desk)):
        expect(one.at("sentence")).to_have_attribute("data-kind", "aboard_to_school")
        expect(one.at("rides").locator("li[data-dir=on]")).to_contain_text(family.stop)
        expect(one.at("notices").locator("li").first).to_have_attribute("data-kind", "boarded")
        one.shoot(name)
    expect(phone.at("child-state")).to_have_text("在车上")
    expect(desk.at("child-state")).to_have_text("on the bus")
    assert [count() for count in loads] == [0, 0], "the page was loaded again"

    # Read on one device is read on the other, once it asks.
    unread = phone.at("notices").locator("li[data-read=false]")
    assert unread.count() > 0
    phone.page.get_by_role("button", name="全部标为已读").click()
    expect(unread).to_have_count(0)
    until(lambda: not unread_by_the_server(phone), "the server knows that they were read")
    desk.page.reload()
    expect(desk.at("notices").locator("li[data-kind=boarded]").first).to_have_attribute("data-read", "true")


def unread_by_the_server(visitor: Visitor) -> list[str]:
    """Give the kinds of the notices that weren't read yet."""
    return [item["kind"] for item in visitor.ask("GET", "/notices")[1]["items"] if item["read_at"] is None]


def test_the_pages_come_with_a_policy_and_as_their_gzip_copies(
    demo: Demo, visit: Callable[..., Visitor]
) -> None:
    visitor = visit()
    answers: list[Response] = []
    visitor.page.on("response", lambda answer: answers.append(answer))
    visitor.page.goto(demo.url)
    expect(visitor.page.get_by_role("button", name="登录", exact=True)).to_be_visible()
    document, *others = answers
    policy = document.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert document.headers["x-content-type-options"] == "nosniff"
    # The page's own script: parts of a few hundred bytes have no copy.
    script = next(answer for answer in others if re.search(r"/index-[^/]+\.js$", answer.url))
    assert script.headers["content-encoding"] == "gzip"
    assert "Accept-Encoding" in script.headers["vary"]
    plain = visitor.context.request.get(script.url, headers={"Accept-Encoding": "identity"})
    assert "content-encoding" not in plain.headers
    assert plain.headers["vary"] == "Accept-Encoding"
    assert plain.text() == script.text()
