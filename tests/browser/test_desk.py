"""What the desk does is seen elsewhere at once, and what happens on a bus is seen at the desk: nobody loads a page again."""

from __future__ import annotations

import re
import time
from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from tests.browser.axe import violations
from tests.browser.town import CHILDREN, PASSWORD, SPARE, Town
from tests.browser.visitor import DESK, PHONE, Visitor, navigations

pytestmark = [pytest.mark.browser, pytest.mark.slow]

REASON = "道路中断，请家长自行接送"


def choose(desk: Visitor, bus: int) -> None:
    """Open a bus's trip beside the map."""
    desk.at("needs").get_by_role("button").filter(has_text=f"{bus} 号车").click()
    expect(desk.at("trip-panel")).to_contain_text(f"{bus} 号车")


def put_spare_on(desk: Visitor) -> None:
    """Two taps: another bus, this one."""
    desk.at("substitute-vehicle").click()
    desk.at("substitute").locator(f"[data-candidate=ZW-00{SPARE}]").click()


def test_an_alarm_reaches_desk_and_school_at_once_and_one_answer_ends_it_for_both(
    town: Town, call: Callable[..., Visitor]
) -> None:
    desk, gate = call(town, DESK, "zh"), call(town, DESK, "en", "dark")
    bus = town.bus(18)
    desk.enter("desk", PASSWORD)
    gate.enter("gate", PASSWORD)
    expect(desk.at("needs").get_by_role("button")).to_have_count(len(CHILDREN))
    expect(desk.page.locator("canvas[data-ready=true]")).to_be_attached()
    expect(gate.at("row")).to_have_count(len(CHILDREN))
    for one in (desk, gate):
        assert violations(one.page) == []
    bus.drive(1)
    choose(desk, 18)
    expect(desk.at("stop-times")).to_contain_text("河沿村")
    desk.shoot("desk-trip")
    loads = [navigations(one.page) for one in (desk, gate)]

    pressed = time.monotonic()
    bus.alarm()
    for one in (desk, gate):
        expect(one.at("alarm")).to_have_attribute("data-kind", "sos")
    print(f"\nSOS on both pages after {time.monotonic() - pressed:.1f} s")
    for one in (desk, gate):
        expect(one.at("alarm").get_by_test_id("call").first).to_have_attribute(
            "href", re.compile(r"tel:\+?\d+")
        )
        assert violations(one.page) == []
    desk.shoot("desk-sos")
    gate.shoot("gate-sos-dark")
    expect(desk.at("needs").get_by_role("button").first, "who needs a person stands first").to_have_attribute(
        "data-need", "sos"
    )
    desk.at("answer").click()
    for one in (desk, gate):
        expect(one.at("alarm")).to_have_count(0)
    panel = desk.at("finding-panel")
    expect(panel).to_contain_text("处理中")
    expect(panel.get_by_test_id("owner")).to_contain_text(re.compile(r"调度 · \d\d:\d\d 响应"))
    expect(panel, "a person has it: it goes on no more").not_to_contain_text("仍在持续")
    desk.shoot("desk-answered")
    assert [count() for count in loads] == [0, 0], "the page was loaded again"


def test_a_trip_that_gets_another_bus_or_is_cancelled_says_so_on_the_parents_phones(
    town: Town, call: Callable[..., Visitor]
) -> None:
    desk = call(town, DESK, "zh")
    changed, gone = call(town, PHONE, "zh"), call(town, PHONE, "en", "dark")
    desk.enter("desk", PASSWORD)
    changed.enter("p17-0", PASSWORD)
    gone.enter("p19-0", PASSWORD)
    expect(changed.at("sentence")).to_contain_text("17 号车")
    expect(gone.at("sentence")).to_contain_text("19")
    loads = [navigations(one.page) for one in (changed, gone)]

    choose(desk, 17)
    sent = time.monotonic()
    put_spare_on(desk)
    expect(changed.at("sentence")).to_contain_text(f"{SPARE} 号车")
    print(
        f"\nthe new bus is on the parent's phone {time.monotonic() - sent:.2f} s after the first of two taps"
    )
    expect(desk.at("substitution")).to_contain_text("车辆故障")
    desk.shoot("desk-substitute-undo")
    assert violations(desk.page) == []
    desk.at("substitute-undo").get_by_role("button").click()
    expect(desk.at("substitution")).to_have_count(0)
    expect(changed.at("instead")).to_have_count(0)
    expect(changed.at("sentence")).to_contain_text("17 号车")

    desk.at("substitute-vehicle").click()
    desk.at("substitute").get_by_role("button", name="车辆维修").click()
    desk.shoot("desk-substitute")
    assert violations(desk.page) == []
    desk.at("substitute").locator(f"[data-candidate=ZW-00{SPARE}]").click()
    expect(changed.at("sentence")).to_contain_text(f"{SPARE} 号车")
    expect(changed.at("instead")).to_contain_text("17 号车")
    told = changed.at("notices").locator("li[data-kind=substituted]")
    expect(told).to_contain_text([f"{SPARE} 号车", "17 号车", f"{SPARE} 号车"])
    expect(desk.at("substitution")).to_contain_text("车辆维修")
    desk.shoot("desk-substituted")
    changed.shoot("family-substituted")
    assert violations(changed.page) == []

    desk.at("move").click()
    asked = desk.at("move-trip")
    asked.get_by_role("button", name="+10").click()
    asked.get_by_role("button", name="冰雪天气").click()
    desk.shoot("desk-move")
    assert violations(desk.page) == []
    asked.get_by_role("button", name="确定").click()
    expect(desk.at("substitution")).to_contain_text("晚 10 分钟")
    expect(told.filter(has_text="改为")).to_have_count(1)
    desk.shoot("desk-moved")
    changed.shoot("family-moved")

    choose(desk, 19)
    desk.page.get_by_role("button", name="取消此车次").click()
    desk.page.get_by_label("原因").fill(REASON)
    desk.shoot("desk-cancel")
    desk.page.get_by_role("button", name="确认取消车次").click()
    expect(gone.at("sentence")).to_have_attribute("data-kind", "cancelled")
    expect(gone.at("notices").locator("li[data-kind=cancelled]")).to_contain_text(CHILDREN[19][0])
    expect(desk.at("trip-panel")).to_contain_text("停运")
    gone.shoot("family-cancelled-dark")
    assert violations(gone.page) == []
    assert [count() for count in loads] == [0, 0], "the page was loaded again"
