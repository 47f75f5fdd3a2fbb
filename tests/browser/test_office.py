"""In the browser: a permit applied for, given and scanned; a record changed, its history read; a pack looked at before it is taken."""

from __future__ import annotations

import base64
import re
import time
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.hashes import SHA1
from cryptography.hazmat.primitives.twofactor.totp import TOTP
from playwright.sync_api import expect
from sqlalchemy import select

from server.adapters.db import tables as t
from tests.browser.axe import violations
from tests.browser.demo import Demo
from tests.browser.visitor import DESK, PHONE, Visitor

pytestmark = [pytest.mark.browser, pytest.mark.slow]

PDF = b"%PDF-1.7\n1 0 obj<<>>endobj\n%%EOF\n"
UNMET = "the server responded with a status of 422"


def test_a_permit_from_its_draft_to_the_scanned_card(
    demo: Demo, visit: Callable[..., Visitor], tmp_path: Path
) -> None:
    with demo.database.read() as connection:
        permit = connection.execute(select(t.permits).order_by(t.permits.c.code)).first()
        assert permit is not None
        ids = {table: getattr(permit, f"{name}_id") for table, name in
               ((t.timetables, "timetable"), (t.vehicles, "vehicle"), (t.people, "driver"))}  # fmt: skip
        codes = [
            connection.scalar(
                select(table.c.badge if table is t.people else table.c.code).where(table.c.id == id_)
            )
            for table, id_ in ids.items()
        ]
    operator = visit(DESK, "zh", "light")
    operator.forgive(UNMET)
    operator.enter(*demo.accounts["operator"])
    page = operator.page
    page.get_by_role("link", name="标牌").click()
    page.get_by_role("button", name="申请标牌").click()
    assert violations(page) == []
    for label, value in zip(("班次", "车辆", "驾驶人"), codes, strict=True):
        page.get_by_label(label, exact=True).fill(str(value))
    page.get_by_label("有效期自", exact=True).fill(permit.valid_from)
    page.get_by_label("有效期至", exact=True).fill(permit.valid_until)
    page.get_by_role("button", name="保存草稿").click()
    page.get_by_role("button", name="提交").click()
    expect(page.get_by_text("还有条件未满足")).to_be_visible()
    attached = tmp_path / "保单.pdf"
    attached.write_bytes(PDF)
    for n in range(5):
        page.locator("article input[type=file]").nth(n).set_input_files(attached)
        expect(page.get_by_role("button", name="保单.pdf", exact=True)).to_have_count(n + 1)
    operator.shoot("permit-draft")
    assert violations(page) == []
    page.get_by_role("button", name="提交").click()
    expect(page.get_by_test_id("applications")).to_contain_text("待审批")

    regulator = visit(DESK, "en", "dark")
    regulator.enter(*demo.accounts["regulator"])
    desk = regulator.page
    desk.get_by_role("link", name="Permits").click()
    expect(desk.get_by_test_id("lead")).to_have_text("1 application waits for you")
    desk.get_by_test_id("applications").get_by_role("button").first.click()
    desk.get_by_role("button", name="Approve").click()
    expect(desk.get_by_text(re.compile("Permit .* was given"))).to_be_visible()
    regulator.shoot("permit-given")
    assert violations(desk) == []
    with desk.expect_download() as download:
        desk.get_by_role("button", name="Print the card").click()
    assert Path(download.value.path()).read_bytes().startswith(b"%PDF-")

    with demo.database.read() as connection:
        token = connection.scalars(select(t.permit_cards.c.token)).one()
    stranger = visit(PHONE, "zh", "light")
    stranger.page.goto(f"{demo.url}/#/card/{token}")
    expect(stranger.at("card-state")).to_have_text("标牌有效")
    expect(stranger.page.get_by_text("监管人员登录后可看到今日六定")).to_be_visible()
    assert violations(stranger.page) == []
    stranger.shoot("card")


def test_a_bus_is_found_changed_and_its_history_read(demo: Demo, visit: Callable[..., Visitor]) -> None:
    operator = visit(DESK, "zh", "dark")
    operator.enter(*demo.accounts["operator"])
    page = operator.page
    page.get_by_role("link", name="档案").click()
    with demo.database.read() as connection:
        bus = connection.execute(select(t.vehicles).order_by(t.vehicles.c.code.desc())).first()
    assert bus is not None
    page.get_by_role("searchbox").fill(bus.plate)
    expect(page.get_by_role("row")).to_have_count(2)
    operator.shoot("records")
    assert violations(page) == []
    page.get_by_role("button", name=bus.code).click()
    page.get_by_label("核定座位").fill(str(bus.seats + 1))
    page.get_by_role("button", name="保存").click()
    expect(page.get_by_role("cell", name=str(bus.seats + 1), exact=True)).to_be_visible()
    page.get_by_role("button", name=bus.code).click()
    page.get_by_role("button", name="变更记录").click()
    expect(page.get_by_text(f"核定座位: {bus.seats} → {bus.seats + 1}")).to_be_visible()
    assert violations(page) == []
    operator.shoot("record-history")


def test_a_pack_is_looked_at_before_it_is_taken(
    demo: Demo, visit: Callable[..., Visitor], tmp_path: Path
) -> None:
    admin = visit(DESK, "en", "light")
    admin.enter(*demo.accounts["admin"])
    page = admin.page
    page.get_by_role("link", name="Import and export").click()
    with page.expect_download() as download:
        page.get_by_role("button", name="Export").click()
    whole, broken = tmp_path / "whole.zip", tmp_path / "broken.zip"
    download.value.save_as(whole)
    page.locator("input[type=file]").set_input_files(whole)
    expect(page.get_by_text("It equals what is there: nothing to change.")).to_be_visible()
    with zipfile.ZipFile(whole) as source, zipfile.ZipFile(broken, "w") as target:
        for name in source.namelist():
            content = source.read(name)
            target.writestr(
                name, content.replace(b",36,", b",many,", 1) if name == "vehicles.csv" else content
            )
    page.locator("input[type=file]").set_input_files(broken)
    expect(page.get_by_text("1 fault; nothing was changed:")).to_be_visible()
    expect(page.get_by_text("vehicles.csv:2 · seats")).to_be_visible()
    expect(page.get_by_role("button", name="Import it")).to_have_count(0)
    admin.shoot("pack-faults")
    assert violations(page) == []


def test_an_invited_clerk_turns_on_the_second_factor(demo: Demo, visit: Callable[..., Visitor]) -> None:
    admin = visit(DESK, "en", "light")
    admin.enter(*demo.accounts["admin"])
    expect(admin.at("lead")).to_be_visible()
    asked = admin.page.request
    csrf = asked.get(f"{demo.url}/api/v1/me").json()["csrf"]
    with demo.database.read() as connection:
        operator = connection.scalars(select(t.operators.c.code)).first()
    invited = asked.post(
        f"{demo.url}/api/v1/invitations",
        headers={"X-CSRF-Token": csrf},
        data={"kind": "staff", "role": "operator", "scope_id": operator, "name": "Clerk Wang"},
    ).json()

    clerk = visit(DESK, "en", "light")
    page = clerk.page
    page.goto(f"{demo.url}/#invitation={invited['code']}")
    expect(page.get_by_role("heading", name="Hello Clerk Wang")).to_be_visible()
    assert violations(page) == []
    page.get_by_label("Choose a user name").fill("clerk-wang")
    page.get_by_label("Password", exact=True).fill("seven quiet lanterns")
    page.get_by_role("button", name="Make the account and sign in").click()
    expect(page.get_by_role("navigation")).to_be_visible()
    assert invited["code"] not in page.url

    page.get_by_role("button", name="Account and language").click()
    page.get_by_role("button", name="Account safety").click()
    expect(page.get_by_test_id("sessions").get_by_role("listitem")).to_have_count(1)
    page.get_by_role("button", name="Turn it on").click()
    page.get_by_label("Current password").fill("seven quiet lanterns")
    page.get_by_role("button", name="Continue").click()
    secret = page.locator(".secret").inner_text()
    clerk.shoot("second-factor")
    assert violations(page) == []
    # The server goes by the machine's clock here, whatever the school day's is.
    totp = TOTP(base64.b32decode(secret), 6, SHA1(), 30)
    page.get_by_label("Code of your authenticator").fill(totp.generate(int(time.time())).decode())
    page.get_by_role("button", name="Continue").click()
    recovery = page.locator(".codes li")
    expect(recovery).to_have_count(10)
    code = recovery.first.inner_text()

    again = visit(PHONE, "zh", "dark")
    again.page.goto(demo.url)
    again.page.get_by_label("用户名", exact=True).fill("clerk-wang")
    again.page.get_by_label("密码", exact=True).fill("seven quiet lanterns")
    again.page.get_by_role("button", name="登录", exact=True).click()
    again.page.get_by_label("验证器上的六位数字").fill("000000")
    again.page.get_by_role("button", name="登录", exact=True).click()
    expect(again.page.get_by_text("验证码不对")).to_be_visible()
    again.shoot("second-factor-asked")
    assert violations(again.page) == []
    again.page.get_by_label("验证器上的六位数字").fill(code)
    again.page.get_by_role("button", name="登录", exact=True).click()
    expect(again.page.get_by_role("navigation")).to_be_visible()
