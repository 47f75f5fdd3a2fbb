"""A permit from its draft to its card and its end: asked for by the company, given by the authority over it, seen by nobody else."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any

import pytest
from PIL import Image
from sqlalchemy import insert, select
from werkzeug.test import TestResponse

from server.adapters.db import tables as t
from server.adapters.db.counters import value_of
from server.adapters.db.lapses import DatabaseLapses
from server.adapters.db.timetabling import DbTimetabling
from server.service.lapses import Lapses
from server.service.timetabling import make_trips
from tests.builders.web import Browser, Web
from tests.builders.world import ALPHA, BRAVO, NOW_MS, ON, change

FIVE = ("vehicle", "driver", "plan", "safety", "insurance")
NOTES = dict.fromkeys(FIVE, "Checked on 20 September.")
PDF = b"%PDF-1.7\n1 0 obj<<>>endobj\n%%EOF\n"


@pytest.fixture
def sound(web: Web) -> Web:
    """Give both companies papers that are in date."""
    for side in (ALPHA, BRAVO):
        change(
            web.database,
            t.vehicles,
            side.id("bus"),
            inspection_until="2027-12-31",
            insurance_until="2027-12-31",
        )
        for role in ("driver", "attendant"):
            change(
                web.database,
                t.people,
                side.id(role),
                qualified_until="2027-12-31",
                born="1985-01-01",
                licence_since="2010-01-01",
            )
    return web


def asked(**changes: object) -> dict[str, Any]:
    return {
        "timetable": "run-alpha", "vehicle": "bus-alpha", "driver": "badge-driver-alpha", "attendant": "badge-attendant-alpha",
        "tag": "NX-2026-1", "valid_from": "2026-10-01", "valid_until": "2027-03-31", "conditions": NOTES, **changes,
    }  # fmt: skip


def drafted(operator: Browser, **changes: object) -> str:
    answer = operator.post("/permit-applications", asked(**changes))
    assert answer.status_code == 201, answer.text
    return str(answer.json["id"])


def step(browser: Browser, application: str, name: str, **body: object) -> TestResponse:
    return browser.post(f"/permit-applications/{application}/{name}", body)


def fields(answer: TestResponse, status: int = 422) -> dict[str, str]:
    assert answer.status_code == status, answer.text
    return answer.json["error"]["fields"]  # type: ignore[no-any-return]


def attach(browser: Browser, application: str, content: bytes, kind: str, **query: str) -> TestResponse:
    return browser.flask.post(
        f"/api/v1/permit-applications/{application}/documents",
        query_string={"condition": "insurance", **query},
        data=content,
        headers={"X-CSRF-Token": browser.csrf or "", "Content-Type": kind},
    )


def run_daily(web: Web) -> None:
    """Let Alpha's trips run each day, so that the worker makes and binds them."""
    with web.database.write() as connection:
        connection.execute(insert(t.calendars), [{
            "id": "daily", "operator_id": ALPHA.id("operator"), "code": "daily", "weekdays": "1111111",
            "start_on": "2026-09-01", "end_on": "2027-07-01",
        }])  # fmt: skip
        connection.execute(
            insert(t.stop_times),
            [
                {"timetable_id": ALPHA.id(f"table-{what}"), "seq": n, "stop_id": ALPHA.id(f"stop-{stop}"),
                 "arrival_s": at, "departure_s": at}
                for what, hour in (("run", 7), ("later", 16))
                for n, stop in enumerate(("home", "gate"))
                for at in [hour * 3600 + 1200 * n]
            ],
        )  # fmt: skip


def test_from_the_draft_to_the_trip_that_runs_under_it(sound: Web) -> None:
    operator, regulator = sound.browser("operator-alpha"), sound.browser("regulator-alpha")
    application = drafted(operator, conditions={})
    shown = operator.get(f"/permit-applications/{application}").json
    assert (shown["state"], shown["possible"]) == ("draft", ["submit", "withdraw"])
    assert shown["problems"] == {
        "valid_from": {
            "en": "permit permit-run-alpha of this timetable holds until 2027-01-31; permits may not overlap",
            "zh": "该班次已有标牌 permit-run-alpha，有效期至 2027-01-31；同一班次的标牌不能重叠",
        }
    }
    assert set(fields(step(operator, application, "submit"))) == {f"conditions.{which}" for which in FIVE}
    operator.ask("PUT", f"/permit-applications/{application}", asked())
    assert step(operator, application, "submit").json["state"] == "submitted"
    assert fields(operator.ask("PUT", f"/permit-applications/{application}", asked()), 409) == {
        "state": "submitted"
    }

    assert fields(step(regulator, application, "return")) == {"remarks": "missing"}
    returned = step(regulator, application, "return", remarks="The plate's tag is another one.").json
    assert (returned["state"], returned["steps"][-1]["remarks"]) == (
        "returned",
        "The plate's tag is another one.",
    )
    operator.ask("PUT", f"/permit-applications/{application}", asked(tag="NX-2026-2"))
    step(operator, application, "submit")
    assert "valid_from" in fields(step(regulator, application, "approve")), (
        "the permit before it still reaches into its time"
    )
    given = step(regulator, application, "approve", code="P-2026-7", replace=True).json
    assert (given["state"], given["permit"]["code"], given["possible"]) == ("approved", "P-2026-7", [])
    assert [one["step"] for one in given["steps"]] == [
        "drafted", "submitted", "returned", "submitted", "approved"
    ]  # fmt: skip
    assert regulator.get("/permits/permit-run-alpha").json["valid_until"] == "2026-09-30"
    permit = regulator.get("/permits/P-2026-7").json
    assert (permit["issuer"], permit["tag"]) == ("Alpha county", "NX-2026-2")

    # The worker looks at the catalogue's number, and binds the trips of the first day to it.
    with sound.database.read() as connection:
        assert value_of(connection, "catalog") > 1
    run_daily(sound)
    make_trips(DbTimetabling(sound.database), NOW_MS + 9 * 86_400_000)
    with sound.database.read() as connection:
        trips = t.trips.c
        bound = connection.execute(
            select(trips.service_on, trips.permit_id).where(
                trips.code == "run-alpha", trips.service_on >= "2026-09-30"
            )
        ).all()
    assert dict(map(tuple, bound)) == {"2026-09-30": ALPHA.id("permit-run"), "2026-10-01": permit["id"]}


@pytest.mark.parametrize(
    ("spoil", "field", "words"),
    [
        ({"valid_until": "2027-04-03"}, "valid_until", "six months at most, here until 2027-04-02"),
        ({"valid_until": "2026-09-30"}, "valid_until", "before valid_from"),
        ({"valid_from": "2026-03-01", "valid_until": "2026-08-31"}, "valid_until", "is over on 2026-09-21"),
        ({"inspection_until": "2027-01-31"}, "vehicle", "the inspection of Alpha 1234 ends 2027-01-31, before the permit does"),
        ({"insurance_until": None}, "vehicle", "the insurance of Alpha 1234 isn't recorded"),
        ({"seats": 1}, "vehicle", "has 1 seats, and 2 riders are planned"),
        ({"qualified_until": "2026-09-30"}, "driver", "the qualification of Alpha driver Wheeler ended 2026-09-30"),
        ({"born": "2003-01-01"}, "driver", "is 23 years old"),
        ({"licence_since": "2024-12-01"}, "driver", "has held the licence for 1 years"),
    ],
)  # fmt: skip
def test_what_the_law_forbids_is_not_submitted(
    sound: Web, spoil: dict[str, Any], field: str, words: str
) -> None:
    operator = sound.browser("operator-alpha")
    on_paper = {name: value for name, value in spoil.items() if not name.startswith("valid_")}
    if on_paper:
        table, id_ = (t.people, "driver") if field == "driver" else (t.vehicles, "bus")
        change(sound.database, table, ALPHA.id(id_), **on_paper)
    dates = {name: value for name, value in spoil.items() if name.startswith("valid_")}
    found = fields(step(operator, drafted(operator, **dates), "submit"))
    assert list(found) == [field]
    assert words in found[field]


def test_papers_that_lapsed_since_stop_the_approval(sound: Web) -> None:
    operator, regulator = sound.browser("operator-alpha"), sound.browser("regulator-alpha")
    application = drafted(operator)
    assert step(operator, application, "submit").status_code == 200
    change(sound.database, t.vehicles, ALPHA.id("bus"), insurance_until="2026-12-31")
    assert "insurance" in fields(step(regulator, application, "approve", replace=True))["vehicle"]
    assert regulator.get(f"/permit-applications/{application}").json["state"] == "submitted"


def test_each_step_is_one_sides_and_nobody_elses(sound: Web) -> None:
    alpha, bravo = sound.browser("operator-alpha"), sound.browser("operator-bravo")
    application = drafted(alpha)
    for foreign in (bravo, sound.browser("regulator-bravo")):
        assert foreign.get(f"/permit-applications/{application}").status_code == 404
        assert application not in foreign.get("/permit-applications").text
    assert step(bravo, application, "submit").status_code == 404
    assert step(sound.browser("regulator-alpha"), application, "submit").status_code == 403
    step(alpha, application, "submit")
    assert step(alpha, application, "approve", replace=True).status_code == 403
    assert step(sound.browser("regulator-bravo"), application, "approve", replace=True).status_code == 404
    assert fields(bravo.post("/permit-applications", asked(timetable="run-bravo"))) == {
        "vehicle": "there is no vehicle bus-alpha of this operator",
        "driver": "there is no driver badge-driver-alpha of this operator",
        "attendant": "there is no attendant badge-attendant-alpha of this operator",
    }


def a_picture(kind: str, size: tuple[int, int] = (40, 30)) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", size, "orange").save(out, kind)
    return out.getvalue()


def test_files_are_what_their_content_says_and_pictures_are_drawn_anew(sound: Web) -> None:
    operator, regulator = sound.browser("operator-alpha"), sound.browser("regulator-alpha")
    application = drafted(operator)
    kept = attach(operator, application, PDF, "application/pdf", name="../保单<img>.exe")
    assert kept.status_code == 201, kept.text
    assert (kept.json["name"], kept.json["content_type"]) == ("保单 img.pdf", "application/pdf")
    smuggled = a_picture("PNG") + b"<script>alert(1)</script>"
    drawn = attach(operator, application, smuggled, "image/jpeg", name="photo.jpg").json
    assert (drawn["name"], drawn["content_type"]) == ("photo.png", "image/png")
    content = regulator.get(f"/permit-applications/{application}/documents/{drawn['id']}")
    assert b"script" not in content.data
    assert Image.open(io.BytesIO(content.data)).size == (40, 30)
    assert content.headers["Content-Disposition"].startswith("attachment")
    assert content.headers["X-Content-Type-Options"] == "nosniff"
    listed = regulator.get(f"/permit-applications/{application}").json["conditions"]
    assert [len(one["documents"]) for one in listed] == [0, 0, 0, 0, 2]
    elsewhere = f"/permit-applications/{application}/documents/{drawn['id']}"
    assert sound.browser("regulator-bravo").get(elsewhere).status_code == 404
    assert operator.delete(elsewhere).status_code == 204
    assert operator.get(elsewhere).status_code == 404


@pytest.mark.parametrize(
    ("content", "kind", "status"),
    [
        (b"", "application/pdf", 422),
        (b"%PDF-1.7 and no end", "application/pdf", 422),
        (b"MZ\x90\x00 a program", "application/pdf", 422),
        (b"GIF89a" + bytes(100), "image/png", 422),
        (a_picture("PNG")[:60], "image/png", 422),
        (a_picture("PNG", (8000, 7000)), "image/png", 422),
        (b"{}", "application/json", 415),
        (PDF + bytes(10 * 1024 * 1024), "application/pdf", 413),
    ],
    ids=["empty", "cut", "program", "gif", "cut picture", "bomb", "json", "large"],
)
def test_what_is_no_document_is_refused(sound: Web, content: bytes, kind: str, status: int) -> None:
    operator = sound.browser("operator-alpha")
    application = drafted(operator)
    answer = attach(operator, application, content, kind)
    assert answer.status_code == status, answer.text
    assert len(answer.json["error"]["message"]) > 20
    listed = operator.get(f"/permit-applications/{application}").json["conditions"]
    assert [one["documents"] for one in listed] == [[]] * 5


def test_a_card_tells_a_stranger_little_and_its_authority_the_verdicts(sound: Web) -> None:
    operator = sound.browser("operator-alpha")
    card = operator.post("/permits/permit-run-alpha/card")
    assert card.data.startswith(b"%PDF-") and card.data.rstrip().endswith(b"%%EOF")
    assert operator.post("/permits/permit-run-alpha/card").data == card.data, "the code on it stays the same"
    with sound.database.read() as connection:
        token = connection.scalars(select(t.permit_cards.c.token)).one()
    assert len(token) == 32
    told = sound.client().get(f"/permit-cards/{token}").json
    assert told == {
        "code": "permit-run-alpha", "state": "in_force", "plate": "Alpha 1234", "operator": "Alpha buses", "route": "Alpha line",
        "issuer": "Alpha office", "valid_from": "2026-09-01", "valid_until": "2027-01-31", "trips": None,
    }  # fmt: skip
    for username in ("guardian-alpha", "school-alpha", "regulator-bravo"):
        answer = sound.browser(username).get(f"/permit-cards/{token}")
        assert answer.status_code == 200, answer.text
        assert answer.json["trips"] is None
    seen = sound.browser("regulator-alpha").get(f"/permit-cards/{token}")
    assert seen.status_code == 200, seen.text
    (trip,) = seen.json["trips"]
    assert (trip["trip"]["code"], trip["state"]) == ("run-alpha", "en_route")
    assert set(trip["verdicts"]) == {"route", "time", "stops", "vehicle", "people", "marking"}
    assert sound.client().get(f"/permit-cards/{'0' * 32}").status_code == 404


def test_a_revoked_permit_is_none_from_that_moment_on(sound: Web) -> None:
    regulator = sound.browser("regulator-alpha")
    operator = sound.browser("operator-alpha")
    operator.post("/permits/permit-later-alpha/card")
    with sound.database.read() as connection:
        token = connection.scalars(select(t.permit_cards.c.token)).one()
    assert operator.post("/permits/permit-later-alpha/revoke", {"reason": "x"}).status_code == 403
    assert (
        sound.browser("regulator-bravo")
        .post("/permits/permit-later-alpha/revoke", {"reason": "x"})
        .status_code
        == 404
    )
    assert fields(regulator.post("/permits/permit-later-alpha/revoke", {})) == {"reason": "missing"}
    assert (
        regulator.post("/permits/permit-later-alpha/revoke", {"reason": "Brakes"}).json["state"] == "revoked"
    )
    assert fields(
        regulator.post(f"/permits/{ALPHA.id('permit-later')}/revoke", {"reason": "Brakes"}), 409
    ) == {"state": "revoked"}
    assert sound.client().get(f"/permit-cards/{token}").json["state"] == "revoked"
    assert operator.post(f"/permits/{ALPHA.id('permit-later')}/card").status_code == 409
    run_daily(sound)
    make_trips(DbTimetabling(sound.database), NOW_MS)
    with sound.database.read() as connection:
        trips = t.trips.c
        assert (
            connection.scalar(
                select(trips.permit_id).where(trips.code == "later-alpha", trips.service_on == ON)
            )
            is None
        )


def test_what_lapses_soon_is_told_to_its_own_offices(sound: Web, change_date: Callable[[str], None]) -> None:
    change_date("2026-10-10")
    items = sound.browser("operator-alpha").get("/lapsing?days=30").json["items"]
    assert [(one["what"], one["of"]["code"], one["days_left"]) for one in items] == [
        ("inspection", "bus-alpha", 19)
    ]
    assert sound.browser("regulator-bravo").get("/lapsing?days=30").json["items"] == []
    assert sound.browser("operator-alpha").get("/lapsing?days=7").json["items"] == []


@pytest.fixture
def change_date(web: Web) -> Callable[[str], None]:
    """Give a way to let Alpha's inspection end on a date."""
    return lambda until: change(web.database, t.vehicles, ALPHA.id("bus"), inspection_until=until)


def test_desks_are_warned_once_a_stage_and_each_of_its_own(
    sound: Web, change_date: Callable[[str], None]
) -> None:
    change_date("2026-10-10")  # nineteen days from now
    lapses = Lapses(DatabaseLapses(sound.database), sound.clock.now_ms, lambda: None)

    def told(username: str) -> list[str]:
        items = sound.browser(username).get("/notices").json["items"]
        return [one["text"]["en"] for one in items if one["kind"] == "message"]

    assert (lapses.run(), lapses.run()) == (1, 0)
    assert told("operator-alpha") == [
        "The inspection of Alpha 1234 lapses after 2026-10-10 (19 days left): renew it in time."
    ]
    assert told("operator-bravo") == told("regulator-alpha") == []
    told_after = []
    for days in (3, 1, 9, 1, 4, 1, 1, 1):  # 16, 15, 6, 5, 1, 0, -1 and -2 days left
        sound.clock.advance(days * 86_400.0)
        told_after.append(lapses.run())
    assert told_after == [0, 1, 1, 0, 1, 0, 1, 0]
    assert "lapsed on 2026-10-10" in told("operator-alpha")[0]
