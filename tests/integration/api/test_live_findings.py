"""Findings and calls as they reach those who watch: by scope and role, and a trip's count with them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import requests

from server.adapters.db import tables as t
from server.adapters.db.engine import Database
from server.adapters.db.findings_calls import DatabaseCalls
from server.service.calls import Calls
from tests.builders.findings import put_finding
from tests.builders.schema import new_sqlite
from tests.builders.served import Phone, Served, serving
from tests.builders.world import ALPHA, BRAVO, EVIL, build_world, change
from tests.integration.api.test_live import log_in, say
from tests.waiting import PATIENCE_S, until

Dial = Callable[..., Phone]


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Served]:
    database = Database(new_sqlite(tmp_path / "test.db"))
    build_world(database)
    with serving(database, tmp_path / "dist") as found:
        yield found
    database.dispose()


@pytest.fixture
def dial(served: Served) -> Iterator[Dial]:
    phones: list[Phone] = []

    def connect(username: str) -> Phone:
        phones.append(Phone(served.url, cookie=log_in(served, username)[0]))
        return phones[-1]

    yield connect
    for phone in phones:
        phone.close()


def test_a_finding_reaches_who_may_read_it_as_they_would_read_it(served: Served, dial: Dial) -> None:
    run = ALPHA.id("run")
    desk, bureau, admin, crew, gate, parent, other, beside = (
        dial(name)
        for name in (
            "operator-alpha", "regulator-alpha", "admin", "attendant-alpha", "school-alpha", "guardian-alpha",
            "operator-bravo", "operator-alpha",
        )
    )  # fmt: skip
    for phone in (desk, bureau, admin, other):
        assert "error" not in phone.ask("watch", {"fleet": True})
    for phone in (desk, crew, gate, parent):
        assert "error" not in phone.ask("watch", {"trip": run})
    assert "error" not in beside.ask("watch", {"trip": ALPHA.id("later")})
    finding = put_finding(served.web.database, ALPHA, "wrong_bus", rider_id=ALPHA.id("child"))
    foreign = put_finding(served.web.database, BRAVO, "overspeed")
    served.web.real.advance(2)
    say(served, "live/findings", ids=[finding, foreign])
    assert desk.wait("finding")["rider"]["name"] == EVIL
    # A regulator of one operator shares its room and reads no child's name.
    assert bureau.wait("finding")["rider"]["name"] == "child-alpha"
    assert other.wait("finding")["id"] == foreign
    assert {each["id"] for each in (admin.wait("finding", 2), *admin.of("finding"))} == {finding, foreign}
    # The trip says so too; and who watches both hears of the finding once.
    until(lambda: any(trip["findings_open"] == 1 for trip in desk.of("trip")), "the trip with its finding")
    assert [each["id"] for each in desk.of("finding")] == [finding]
    for phone in (crew, gate, parent, beside):
        assert phone.of("finding") == []
    served.web.real.advance(2)
    say(served, "live/trips", ids=[run])
    for phone in (crew, gate, parent):
        shown = phone.wait("trip")
        assert (shown["findings_open"], shown["worst"]) == (None, None)


def test_only_a_fleet_s_own_rights_count_when_they_have_changed_since(served: Served, dial: Dial) -> None:
    bureau = dial("regulator-alpha")
    bureau.ask("watch", {"fleet": True})
    change(served.web.database, t.operators, ALPHA.id("operator"), jurisdiction_id=BRAVO.id("town"))
    lost = put_finding(served.web.database, ALPHA, "overspeed")
    change(served.web.database, t.operators, BRAVO.id("operator"), jurisdiction_id=ALPHA.id("town"))
    kept = put_finding(served.web.database, BRAVO, "overspeed")
    say(served, "live/findings", ids=[lost, kept])
    assert bureau.wait("finding")["id"] == kept
    assert [each["id"] for each in bureau.of("finding")] == [kept]


def test_a_call_comes_as_a_notice_with_whom_to_ring_and_again_when_it_is_answered(
    served: Served, dial: Dial
) -> None:
    web = served.web
    change(web.database, t.operators, ALPHA.id("operator"), phone="555-desk-alpha")
    gate, desk = dial("school-alpha"), dial("operator-alpha")
    finding = put_finding(web.database, ALPHA, "sos")
    Calls(DatabaseCalls(web.database), web.clock, web.house.publish, lambda: None).run()
    with web.database.read() as connection:
        rows = list(connection.execute(t.notices.select().where(t.notices.c.finding_id == finding)))
    say(served, "live/notices", items=[{"id": row.id, "user_id": row.user_id} for row in rows])
    told = gate.wait("notice")
    assert (told["kind"], told["child"]) == ("sos", None)
    assert told["finding"] == {"id": finding, "kind": "sos", "over": False}
    assert [each["role"] for each in told["call"]] == ["operator", "attendant"]
    assert [each["role"] for each in desk.wait("notice")["call"]] == ["attendant", "driver"]
    with web.database.write() as connection:
        connection.execute(t.notices.update().where(t.notices.c.finding_id == finding).values(sent_at_ms=1))
    cookie, csrf = log_in(served, "operator-alpha")
    answer = requests.post(
        f"{served.url}/api/v1/findings/{finding}/acknowledge",
        json={},
        cookies={"sixfixed": cookie},
        headers={"X-CSRF-Token": csrf},
        timeout=PATIENCE_S,
    )
    assert answer.status_code == 200, answer.text
    assert gate.wait("notice", 2)["answered_at"] is not None
