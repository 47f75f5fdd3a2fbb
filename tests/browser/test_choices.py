"""What a guardian chooses stays chosen, and reaches who works with it."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from tests.browser.axe import violations
from tests.browser.town import CHILDREN, PASSWORD, Town
from tests.browser.visitor import PHONE, Visitor
from tests.waiting import until

pytestmark = [pytest.mark.browser, pytest.mark.slow]


def test_a_guardians_choices_are_kept_and_a_day_off_is_seen_by_the_attendant_at_once(
    town: Town, call: Callable[..., Visitor]
) -> None:
    family, fellow, crew = call(town, PHONE, "zh"), call(town, PHONE, "zh", "dark"), call(town, PHONE, "zh")
    page = family.enter("p18-0", PASSWORD)
    fellow.enter("p18-1", PASSWORD)
    town.bus(18)
    crew.enter("attendant18", PASSWORD)
    crew.at("trip").click()
    crew.at("sign-on").click()
    rows = crew.at("rider")
    ours, theirs = (rows.filter(has_text=name) for name in CHILDREN[18][:2])
    expect(ours).to_have_attribute("data-state", "expected")

    expect(family.at("sentence")).to_be_visible()
    family.at("open-choices").click()
    choices = family.at("choices")
    lead = choices.get_by_test_id("lead")
    before = int(lead.inner_text())
    choices.get_by_role("button", name="增加").click()
    choices.get_by_role("switch", name="晚点").click()
    saving = family.at("saving")
    expect(saving).to_have_attribute("data-saving", "saved")
    expect(lead).to_have_text(str(before + 1))
    family.shoot("choices")
    assert violations(page) == []
    page.reload()
    family.at("open-choices").click()
    expect(lead).to_have_text(str(before + 1))
    expect(choices.get_by_role("switch", name="晚点")).not_to_be_checked()
    expect(choices.get_by_role("switch", name="即将到站")).to_be_checked()
    choices.get_by_role("button", name="返回").click()

    family.at("not-riding").first.click()
    expect(family.at("child-state")).to_have_text("不乘车")
    expect(ours).to_have_attribute("data-state", "absent")
    expect(crew.at("stop-count")).to_have_text("0 / 1")
    crew.shoot("crew-absent")

    unread = fellow.at("notices").locator("li[data-read=false]")
    expect(fellow.at("sentence")).to_be_visible()
    assert unread.count() == 0
    theirs.click()
    toast = fellow.at("toast")
    expect(toast).to_contain_text(CHILDREN[18][1])
    expect(fellow.at("child-state")).to_have_text("在车上")
    told = fellow.at("notices").locator("li[data-kind=boarded]")
    expect(told).to_have_count(1)
    fellow.shoot("family-boarded-dark")
    told.scroll_into_view_if_needed()
    # A notice that was looked at is read; the list and the server say so.
    expect(told).to_have_attribute("data-read", "true")
    until(
        lambda: (
            town.system.value("SELECT count(*) FROM notices WHERE kind = 'boarded' AND read_at_ms > 0") == 1
        ),
        "the server knows that it was read",
    )
    assert violations(fellow.page) == []
