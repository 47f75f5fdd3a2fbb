"""What a guardian may do and see, and what keeps nobody out."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from tests.browser.axe import violations
from tests.browser.demo import Demo
from tests.browser.visitor import DESK, PHONE, Language, Scheme, Visitor
from tests.waiting import until

pytestmark = [pytest.mark.browser, pytest.mark.slow]

# Nobody boards while a page is looked at: a minute at the demo's pace.
AHEAD_S = 480
EVIL = "<img src=x onerror=alert(1)>"


def test_a_child_is_kept_at_home_and_rides_after_all(demo: Demo, visit: Callable[..., Visitor]) -> None:
    phone = visit()
    family = demo.family_boarding(AHEAD_S)
    phone.log_in(family)

    def marked() -> int:
        """Count what the server has of it."""
        return len(phone.ask("GET", f"/children/{family.rider_id}")[1]["exceptions"])

    assert marked() == 0
    phone.at("not-riding").first.click()
    expect(phone.at("undo-absent").first).to_be_visible()
    until(lambda: marked() == 1, "the server has it")
    expect(phone.at("child-state")).to_have_text("不乘车")
    phone.shoot("not-riding")
    phone.at("undo-absent").first.click()
    until(lambda: marked() == 0, "the server takes it back")
    expect(phone.at("undo-absent")).to_have_count(0)
    expect(phone.at("child-state")).to_have_text("等车")


def test_another_familys_child_is_not_to_be_had(demo: Demo, visit: Callable[..., Visitor]) -> None:
    phone, other = visit(), visit()
    family = demo.family_boarding(AHEAD_S)
    stranger = demo.any_family(besides=family.rider_id)
    other.log_in(stranger)
    theirs = other.ask("GET", f"/children/{stranger.rider_id}")
    assert theirs[0] == 200
    phone.log_in(family)
    csrf = phone.ask("GET", "/me")[1]["csrf"]
    child = f"/children/{stranger.rider_id}"
    absent = {"service_date": "2026-09-01", "direction": "to_school", "kind": "absent"}
    for method, path, body in (
        ("GET", child, None),
        ("GET", f"{child}/bus", None),
        ("GET", f"/trips/{theirs[1]['trips_today'][0]['id']}", None),
        ("POST", f"{child}/exceptions", absent),
    ):
        status, answer = phone.ask(method, path, body, csrf)
        assert status == 404, path
        assert stranger.child not in str(answer)
    phone.page.goto(f"{demo.url}/?child={stranger.rider_id}#{stranger.rider_id}")
    expect(phone.page.get_by_role("heading", level=1)).to_have_text(family.child)
    expect(phone.page.get_by_text(stranger.child, exact=True)).to_have_count(0)


def test_a_childs_name_is_text(demo: Demo, visit: Callable[..., Visitor]) -> None:
    phone = visit(PHONE, "en", "dark")
    family = demo.any_family(besides=demo.family_boarding(AHEAD_S).rider_id)
    demo.rename(family, EVIL)
    try:
        phone.log_in(family)
        expect(phone.page.get_by_role("heading", level=1)).to_have_text(EVIL)
        assert phone.page.locator("img[src=x]").count() == 0
        phone.shoot("evil-name-dark")
    finally:
        demo.rename(family, family.child)


@pytest.mark.parametrize(
    ("language", "size", "scheme"),
    [("zh", PHONE, "light"), ("en", PHONE, "dark"), ("zh", DESK, "dark"), ("en", DESK, "light")],
)
def test_the_pages_keep_nobody_out(
    demo: Demo,
    visit: Callable[..., Visitor],
    language: Language,
    size: tuple[int, int],
    scheme: Scheme,
) -> None:
    visitor = visit(size, language, scheme)
    visitor.page.goto(demo.url)
    expect(visitor.page.get_by_role("button").first).to_be_visible()
    assert violations(visitor.page) == []
    visitor.shoot(f"login-{scheme}")
    visitor.log_in(demo.family_boarding(AHEAD_S))
    visitor.expect_map()
    assert violations(visitor.page) == []
    visitor.shoot(f"family-{scheme}")
    # The whole list, as it is read when the sheet is drawn up.
    visitor.at("day-trips").scroll_into_view_if_needed()
    visitor.shoot(f"sheet-{scheme}")
