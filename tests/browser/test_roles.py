"""The pages of driver, regulator and administrator on the running demo: real rows, and nobody kept out."""

from __future__ import annotations

import re
from collections.abc import Callable

import paho.mqtt.client as mqtt
import pytest
from playwright.sync_api import Locator, expect
from sqlalchemy import insert, select

from server.adapters.db import tables as t
from server.ids import new_id
from tests.browser.axe import violations
from tests.browser.demo import Demo
from tests.browser.visitor import DESK, PHONE, Language, Scheme, Visitor
from tests.waiting import PATIENCE_S, until

pytestmark = [pytest.mark.browser, pytest.mark.slow]

MALFORMED = '{"v":1,"seq":1,"lat":"north"}'
NEW = "ZW-NEW"


def at_place(visitor: Visitor, demo: Demo, role: str) -> None:
    """Log in to the account that the demo announced for a role."""
    visitor.enter(*demo.accounts[role])


def number_of(lead: Locator) -> int:
    """Read the first number of a sentence, once it has one."""
    expect(lead).to_have_text(re.compile(r"\d"))
    found = re.search(r"\d+", lead.inner_text())
    assert found
    return int(found[0])


@pytest.mark.parametrize(
    ("language", "size", "scheme"), [("zh", PHONE, "light"), ("en", DESK, "dark")], ids=["phone", "desk"]
)
def test_a_driver_sees_the_trips_of_today_and_signs_on(
    demo: Demo, visit: Callable[..., Visitor], language: Language, size: tuple[int, int], scheme: Scheme
) -> None:
    driver = visit(size, language, scheme)
    at_place(driver, demo, "driver")
    trips = driver.at("trip")
    expect(trips.first).to_be_visible()
    username = demo.accounts["driver"][0]
    with demo.database.read() as connection:
        badge = connection.scalar(select(t.users.c.scope_id).where(t.users.c.username == username))
        routes = select(t.routes.c.long_name).distinct()
        known = {str(name) for name in connection.scalars(routes)}
    assert badge is not None
    assert any(name in trips.first.inner_text() for name in known), "the rows are of routes of the county"
    assert violations(driver.page) == []
    driver.shoot(f"driver-trips-{scheme}")
    trips.first.click()
    expect(driver.at("sign-on").or_(driver.at("on-duty"))).to_be_visible()
    expect(driver.at("stop-times").locator("li").nth(2)).to_be_visible()
    assert violations(driver.page) == []
    driver.shoot(f"driver-trip-{scheme}")


@pytest.mark.parametrize(("language", "scheme"), [("zh", "light"), ("en", "dark")])
def test_a_regulator_sees_counts_that_add_up(
    demo: Demo, visit: Callable[..., Visitor], language: Language, scheme: Scheme
) -> None:
    desk = visit(DESK, language, scheme)
    at_place(desk, demo, "regulator")
    assert number_of(desk.at("lead")) > 0
    tables = desk.page.get_by_role("table")
    expect(tables.last.get_by_role("row").nth(1)).to_be_visible()
    with demo.database.read() as connection:
        schools = {str(name) for name in connection.scalars(select(t.schools.c.name))}
    named = {row.inner_text().split("\t")[0].strip() for row in tables.last.get_by_role("row").all()[1:]}
    assert named & schools, named
    assert violations(desk.page) == []
    desk.shoot(f"regulator-{scheme}")


@pytest.mark.parametrize(("language", "scheme"), [("zh", "light"), ("en", "dark")])
def test_an_administrator_sees_recorders_and_what_was_refused(
    demo: Demo, visit: Callable[..., Visitor], language: Language, scheme: Scheme
) -> None:
    device = publish_malformed(demo, f"{NEW}-{language}")
    admin = visit(DESK, language, scheme)
    at_place(admin, demo, "admin")
    row = admin.at("devices").locator("li").filter(has_text=device)
    expect(row).to_be_visible()
    assert number_of(admin.at("lead")) > 0
    row.get_by_role("button").click()
    expect(row).to_contain_text('"north"')
    why = {"zh": "字段类型不对（lat）", "en": "A field of the wrong type (lat)"}[language]
    expect(row.get_by_test_id("rejected")).to_contain_text(why)
    row.scroll_into_view_if_needed()
    expect(admin.at("audit").locator("li").first).to_be_visible()
    assert violations(admin.page) == []
    admin.shoot(f"admin-{scheme}")


def publish_malformed(demo: Demo, device: str) -> str:
    """Bring in a bus without trips whose recorder says nonsense; give its id once the server has refused that."""
    # The recorders of the demo's own buses are at work.
    with demo.database.write() as connection:
        operator = connection.scalar(select(t.operators.c.id).limit(1))
        values = {
            "id": new_id(),
            "operator_id": operator,
            "code": device,
            "plate": f"宁E·{device}",
            "seats": 20,
        }
        connection.execute(insert(t.vehicles).values(values))
    secret = demo.run("device", "add", device, "--vehicle", device).splitlines()[-1]
    line = mqtt.Client(mqtt.CallbackAPIVersion.VERSION2, client_id=f"bus-{device}")
    line.username_pw_set(device, secret)
    host, _, port = demo.mqtt.partition(":")
    line.connect(host, int(port))
    line.loop_start()
    try:
        until(line.is_connected, "the recorder is on the line")
        line.publish(f"bus/{device}/pos", MALFORMED, qos=1).wait_for_publish(PATIENCE_S)
    finally:
        line.disconnect()
        line.loop_stop()
    refused = select(t.rejected.c.reason).where(t.rejected.c.device_id == device)

    def is_refused() -> bool:
        with demo.database.read() as connection:
            return connection.execute(refused).first() is not None

    until(is_refused, "the record is refused")
    return device
