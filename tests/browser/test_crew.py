"""A trip by hand: the attendant's phone loses the network at the second stop, and nothing that it noted is lost, doubled or late."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Locator, expect

from tests.browser.axe import violations
from tests.browser.town import CHILDREN, PASSWORD, Town
from tests.browser.visitor import DESK, PHONE, Visitor
from tests.waiting import until

pytestmark = [pytest.mark.browser, pytest.mark.slow]

BUS = 17
NAMES = CHILDREN[BUS]
CAME, MISSING = NAMES[:3], NAMES[3]
KEPT = "navigator.serviceWorker.ready.then((it) => it.active?.state === 'activated')"
NO_SHOWS = "SELECT count(*) FROM findings WHERE kind = 'no_show'"
SYNCED = "SELECT max(json_extract(CAST(body AS TEXT), '$.until_ms')) FROM inputs WHERE kind = 'synced'"
INPUTS = "SELECT count(*) FROM inputs WHERE kind = ?"


def row(phone: Visitor, name: str) -> Locator:
    """Find a rider's row."""
    return phone.at("rider").filter(has_text=name)


def tick(phone: Visitor, name: str, state: str) -> None:
    """Tap a rider, and see the row change at once."""
    row(phone, name).click()
    expect(row(phone, name)).to_have_attribute("data-state", state)


def test_a_phone_without_reception_loses_nothing_and_both_sides_close_the_trip(
    town: Town, call: Callable[..., Visitor]
) -> None:
    phone, gate = call(town, PHONE, "zh"), call(town, DESK, "zh")
    for words in ("net::ERR_", "WebSocket connection to"):
        phone.forgive(words)
    gate.forgive("status of 409")
    bus = town.bus(BUS)
    page = phone.enter(f"attendant{BUS}", PASSWORD)
    gate.enter("gate", PASSWORD)

    phone.at("trip").click()
    phone.at("sign-on").click()
    expect(phone.at("duty")).to_have_attribute("data-duty", "confirmed")
    expect(phone.at("stop")).to_have_text("东园村")
    tick(phone, NAMES[0], "aboard")
    tick(phone, NAMES[1], "aboard")
    phone.at("undo").click()
    expect(row(phone, NAMES[1])).to_have_attribute("data-state", "expected")
    tick(phone, NAMES[1], "aboard")
    phone.shoot("crew-ticked")
    expect(phone.at("stop-count")).to_have_text("2 / 2")
    expect(phone.at("kept")).to_have_attribute("data-waiting", "0")
    assert violations(page) == []
    line = gate.at("row").filter(has_text="17 号车")
    expect(line).to_contain_text("2 / 4")

    bus.drive(1)
    expect(phone.at("stop")).to_have_text("河沿村")
    until(lambda: page.evaluate(KEPT), "the page is kept on the phone")
    phone.context.set_offline(True)
    expect(phone.at("kept")).to_have_attribute("data-link", "offline")
    tick(phone, NAMES[2], "aboard")
    expect(phone.at("kept")).to_contain_text("1 条记录")
    bus.drive(2)
    page.reload()
    expect(phone.at("kept")).to_contain_text("1 条记录")
    expect(phone.at("bar")).to_contain_text("在车上 3 / 4 人")
    phone.shoot("crew-offline")
    page.get_by_role("button", name="下一站").click()
    expect(phone.at("stop")).to_have_text("第一小学")
    for name in CAME:
        tick(phone, name, "alighted")
    page.get_by_role("button", name="报告人数").click()
    expect(phone.at("count-said")).to_contain_text("3 人已存在手机上")
    hold = page.get_by_role("button", name="按住：车内无人")
    hold.hover()
    page.mouse.down()
    expect(phone.at("rear-said")).to_contain_text("已存在手机上")
    page.mouse.up()
    expect(phone.at("kept")).to_have_attribute("data-waiting", "6")
    # What is still open is said as the phone knows it, not as the server did before.
    expect(phone.at("open").locator("li")).to_have_text(["学校还没有清点"])
    phone.shoot("crew-kept")
    assert violations(page) == []
    assert town.system.value(INPUTS, "count") == 0
    assert town.system.value(NO_SHOWS) == 0, "nobody is missed before the phone has said what it knows"
    # What the phone says as it is put away may get through or not, and the phone never knows: it is sent again.
    assert [dir for _, dir in town.rides() if dir == "off"] == [], "the server can't know of it yet"

    restored_ms = town.clock.now_ms()
    phone.context.set_offline(False)
    expect(phone.at("kept")).to_have_attribute("data-waiting", "0")
    expect(phone.at("kept")).to_have_attribute("data-link", "live")
    expect(phone.at("open")).to_contain_text("学校还没有清点")
    expected = [(name, way) for way in ("on", "off") for name in CAME]
    until(lambda: len(town.rides()) >= len(expected), "every tick is a ride in the database")
    assert town.rides() == expected, "in the order in which they were ticked, each once"
    assert town.system.value(INPUTS, "count") == town.system.value(INPUTS, "rear") == 1
    until(
        lambda: (town.system.value(SYNCED) or 0) >= restored_ms,
        "the phone has said that nothing is left on it",
    )

    alarm = gate.at("alarm")
    expect(alarm).to_have_attribute("data-kind", "no_show")
    expect(alarm).to_contain_text(MISSING)
    expect(alarm.get_by_test_id("call").first).to_have_attribute("href", re.compile(r"tel:\+?\d+"))
    gate.shoot("gate-no-show")
    alarm.get_by_test_id("answer").click()
    expect(alarm).to_have_count(0)

    question = line.get_by_test_id("count-question")
    question.get_by_label("进校多少人？").fill("4")
    question.get_by_role("button", name="确认 4 人").click()
    differs = line.get_by_test_id("differs")
    expect(differs).to_contain_text("车上清点 3 人，您清点 4 人。")
    expect(differs.locator("li")).to_have_text([re.compile(f"{MISSING} · 未到")])
    expect(line).to_have_attribute("data-state", "differ")
    expect(phone.at("trip-end")).to_contain_text("学校清点 4 人，您清点 3 人。")
    gate.shoot("gate-differs")
    phone.shoot("crew-differs")
    assert violations(gate.page) == []
    # The board offers the other side's number and a word about the child in doubt.
    differs.get_by_test_id("note").click()
    differs.get_by_test_id("as-counted").click()
    expect(question.get_by_label("备注（如有异常）")).to_have_value(f"{MISSING}没有进校。")
    question.get_by_role("button", name="确认 3 人").click()
    expect(line).to_have_attribute("data-state", "done")
    line.get_by_role("button").first.click()
    expect(line.get_by_test_id("received")).to_contain_text("与照管员一致")
    expect(line.get_by_test_id("count-question")).to_contain_text(f"{MISSING}没有进校。")
    expect(phone.at("open")).to_contain_text("本车次已结束，辛苦了。")
    gate.shoot("gate-done")
    phone.shoot("crew-closed")
