"""The desk's evidence and what is done about it, on a morning of the emulator: verdict, track, replay, findings, excuses, the keyboard."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Locator, expect

from tests.browser.axe import violations
from tests.browser.county import LATER, LOST, PASSWORD, TRIP, County, bad_morning
from tests.browser.visitor import DESK, PHONE, Language, Visitor
from tests.ports import free_port
from tests.waiting import until

pytestmark = [pytest.mark.browser, pytest.mark.slow]

REMARK = "限位整改后请附照片"


@pytest.fixture(scope="module")
def county(tmp_path_factory: pytest.TempPathFactory) -> Iterator[County]:
    """Give the county on its bad morning."""
    with bad_morning(tmp_path_factory.mktemp("county"), free_port(), free_port()) as found:
        yield found


def trip_row(desk: Visitor, county: County, code: str) -> Locator:
    """Find a trip in the list by need."""
    trip_id = county.system.value("SELECT id FROM trips WHERE code = ? AND service_on = '2026-09-21'", code)
    return desk.at("needs").locator(f"[data-trip='{trip_id}']")


def replayed(desk: Visitor) -> str:
    """Give the instant that the evidence shows, as it is written."""
    found = re.match(r"\d\d:\d\d:\d\d", desk.at("proof-now").inner_text())
    assert found, desk.at("proof-now").inner_text()
    return found[0]


def test_a_verdict_that_failed_leads_to_its_evidence_and_the_keyboard_replays_it(
    county: County, call: Callable[..., Visitor]
) -> None:
    desk = call(county, DESK, "zh")
    page = desk.enter("desk", PASSWORD)
    trip_row(desk, county, TRIP).click()
    chip = page.locator("[data-six=route]")
    expect(chip).to_have_class(re.compile(r"\bfail\b"))
    expect(page.locator("[data-six=marking]")).to_have_class(re.compile(r"\bfail\b"))
    expect(page.locator("[data-six=vehicle]")).to_have_class(re.compile(r"\bpass\b"))
    chip.click()
    # One click: why, and beside it the map with the corridor, the speed against the limit, doors and lamps, and the badges.
    expect(desk.at("verdict")).to_contain_text("偏离线路")
    expect(desk.at("evidence").locator("li").nth(1)).to_be_visible()
    expect(desk.at("trip-proof").locator("canvas[data-ready=true]").first).to_be_attached()
    expect(desk.at("proof-corridor")).to_have_text(re.compile(r"[1-9]\d* 个位置超出线路 50 米范围"))
    expect(desk.at("speed-trace").locator("canvas")).to_be_visible()
    for band in ("door", "lamp"):
        expect(page.locator(f"[data-band={band}] .on").first).to_be_attached()
    expect(desk.at("badges").locator("li").first).to_contain_text("D-1")
    expect(desk.at("trace-mark")).to_have_count(4)
    assert violations(page) == []
    desk.shoot("console-evidence")

    # The keyboard alone goes through the trip, and map, trace and stops follow it.
    scrubber = desk.at("scrubber")
    scrubber.focus()
    page.keyboard.press("Home")
    begun = replayed(desk)
    second = desk.at("stop-times").locator("li").nth(1)
    expect(second, "the bus has not been there yet").to_contain_text("–")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    assert replayed(desk) > begun
    expect(scrubber).to_have_attribute("aria-valuetext", re.compile(rf"^{replayed(desk)} · 时速"))
    page.keyboard.press("Space")
    expect(desk.at("play")).to_contain_text("暂停")
    before = replayed(desk)
    until(lambda: replayed(desk) > before, "the replay runs")
    page.keyboard.press("Space")
    expect(desk.at("play")).to_contain_text("播放")
    page.keyboard.press("End")
    expect(second).not_to_contain_text("–")
    # Escape goes back a step at a time.
    page.keyboard.press("Escape")
    expect(desk.at("trip-proof")).to_have_count(0)
    expect(desk.at("trip-panel")).to_be_visible()
    page.keyboard.press("Escape")
    expect(desk.at("trip-panel")).to_have_count(0)


def test_a_finding_is_answered_put_right_sent_back_and_struck_off(
    county: County, call: Callable[..., Visitor]
) -> None:
    desk, watch = call(county, DESK, "zh", "dark"), call(county, DESK, "en")
    page = desk.enter("desk", PASSWORD)
    watch.enter("watch", PASSWORD)
    page.get_by_role("button", name=re.compile("问题隐患")).click()
    listed = desk.at("findings").locator("[data-kind=overspeed]")
    listed.click()
    panel = desk.at("finding-panel")
    expect(panel).to_contain_text(re.compile(r"时速 7\d 公里 · 限值 时速 60 公里"))
    expect(panel.get_by_test_id("finding-state")).to_have_text("待处理")
    assert violations(page) == []
    page.keyboard.press("a")
    expect(panel.get_by_test_id("finding-state")).to_have_text("处理中")
    panel.get_by_role("textbox").fill("已提醒司机")
    desk.at("step-rectify").click()
    expect(panel.get_by_test_id("finding-state")).to_have_text("已整改")
    expect(panel, "whoever ran the bus doesn't strike off a grave one").to_contain_text("由监管部门销号")
    expect(desk.at("step-close")).to_have_count(0)

    watch.at("find-state").select_option("rectified")
    watch.at("findings").locator("[data-kind=overspeed]").click()
    theirs = watch.at("finding-panel")
    expect(theirs.get_by_test_id("history")).to_contain_text("已提醒司机")
    theirs.get_by_role("textbox").fill(REMARK)
    watch.at("step-reopen").click()
    # The desk hears of it where it stands: who sent it back, what for, and until when.
    expect(desk.at("sent-back")).to_contain_text(REMARK)
    expect(desk.at("sent-back")).to_contain_text("前整改")
    expect(desk.at("deadline")).to_contain_text("9月22日")
    assert violations(page) == []
    desk.shoot("console-sent-back-dark")
    desk.at("step-acknowledge").click()
    desk.at("step-rectify").click()
    expect(desk.at("sent-back")).to_have_count(0)
    expect(theirs.get_by_test_id("finding-state")).to_have_text("Put right")
    watch.at("step-close").click()
    expect(panel.get_by_test_id("finding-state")).to_have_text("已销号")
    assert violations(watch.page) == []
    watch.page.evaluate("scrollTo(0, 0)")
    watch.shoot("console-struck-off")
    desk.at("find-state").select_option("closed")
    expect(listed).to_be_visible()


@pytest.mark.parametrize(("who", "language"), [("desk", "zh"), ("watch", "en")])
def test_a_verdict_is_excused_for_a_lawful_reason_and_that_is_taken_back(
    county: County, call: Callable[..., Visitor], who: str, language: Language
) -> None:
    desk = call(county, DESK, language)
    page = desk.enter(who, PASSWORD)
    if who == "watch":
        page.get_by_role("button", name="Trips").click()
    trip_row(desk, county, TRIP).click()
    chip = page.locator("[data-six=marking]")
    chip.click()
    expect(chip).to_have_class(re.compile(r"\bfail\b"))
    desk.at("excuse").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("combobox").select_option("bad_weather")
    dialog.get_by_role("textbox").fill("fog")
    assert violations(page) == []
    desk.shoot(f"console-excuse-{who}")
    dialog.locator("[type=submit]").click()
    expect(chip).to_have_class(re.compile(r"\bexcused\b"))
    expect(desk.at("verdict")).to_contain_text({"zh": "恶劣天气", "en": "Bad weather"}[language])
    desk.shoot(f"console-excused-{who}")
    desk.at("excuse").click()
    page.get_by_role("dialog").locator("[type=submit]").click()
    expect(chip).to_have_class(re.compile(r"\bfail\b"))
    desk.at("excuse").click()
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)
    expect(desk.at("trip-panel"), "one Escape closes one thing").to_be_visible()


def test_a_child_at_the_wrong_stop_is_on_the_familys_page_and_the_desk_which_the_keyboard_runs(
    county: County, call: Callable[..., Visitor]
) -> None:
    desk, phone = call(county, DESK, "en", "dark"), call(county, PHONE, "zh")
    page = desk.enter("desk", PASSWORD)
    phone.enter(f"p-{LOST}", PASSWORD)
    expect(phone.at("urgent")).to_have_attribute("data-kind", "wrong_stop")
    expect(phone.at("urgent"), "where it is").to_contain_text("Stop 1-2")
    expect(phone.at("urgent"), "where it should be").to_contain_text("Stop 1-0")
    assert violations(phone.page) == []
    phone.shoot("family-wrong-stop")
    alarm = desk.at("alarm")
    expect(alarm).to_have_attribute("data-kind", "wrong_stop")
    expect(alarm).to_contain_text(f"Child {LOST}")
    desk.shoot("console-alarm-dark")

    rows = desk.at("needs").get_by_role("button")
    expect(rows.first, "who needs a person stands first").to_have_attribute("data-need", "calling")
    later, first = trip_row(desk, county, LATER), trip_row(desk, county, TRIP)
    expect(rows.first).to_have_attribute("data-trip", later.get_attribute("data-trip") or "")
    # `a` answers what calls, `/` finds, j and k go through the list, Enter opens, Escape closes.
    page.keyboard.press("a")
    expect(alarm).to_have_count(0)
    expect(desk.at("finding-panel")).to_contain_text(LOST)
    page.keyboard.press("Escape")
    expect(desk.at("finding-panel")).to_have_count(0)
    page.keyboard.press("Escape")
    expect(desk.at("trip-panel")).to_have_count(0)
    page.keyboard.press("/")
    page.keyboard.type("School 1")
    expect(rows).to_have_count(2)
    page.keyboard.press("Enter")
    expect(rows.first).to_be_focused()
    page.keyboard.press("j")
    expect(rows.nth(1)).to_be_focused()
    page.keyboard.press("k")
    page.keyboard.press("Enter")
    expect(desk.at("trip-panel")).to_be_visible()
    assert violations(page) == []
    desk.shoot("console-keyboard-dark")
    page.keyboard.press("/")
    page.keyboard.press("Escape")
    expect(rows, "the search is empty again").to_have_count(4)
    expect(desk.at("trip-panel")).to_be_visible()
    page.keyboard.press("Escape")
    expect(desk.at("trip-panel")).to_have_count(0)
    expect(first).to_be_visible()
