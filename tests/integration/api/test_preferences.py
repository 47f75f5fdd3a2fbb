"""What guardians choose to be told: kept by child, direction and guardian, judged, and told to whoever folds."""

from __future__ import annotations

from typing import Any, get_args

from sqlalchemy import insert, select

from server.adapters.db import tables as t
from server.domain.trip import NoticeKind
from tests.builders.web import Browser, Web
from tests.builders.world import ALPHA

PATH = f"/children/{ALPHA.id('child')}/preferences"
DEFAULT = {"lead": {"by": "minutes", "value": 5}, "muted": []}


def put(browser: Browser, direction: str, by: str, value: object, muted: list[str] | None = None) -> Any:  # noqa: ANN401 - a response
    return browser.ask(
        "PUT", f"{PATH}/{direction}", {"lead": {"by": by, "value": value}, "muted": muted or []}
    )


def rows(web: Web) -> list[Any]:
    with web.database.read() as connection:
        return list(connection.execute(select(t.notice_preferences)))


def test_who_chose_nothing_has_five_minutes_and_nothing_muted(web: Web) -> None:
    shown = web.browser("guardian-alpha").get(PATH).json
    assert shown["items"] == [{"direction": each, **DEFAULT} for each in ("to_school", "from_school")]
    assert shown["kinds"] == ["approaching", "boarded", "alighted", "arrived", "handed_over", "late"]


def test_the_default_is_the_setting_and_the_usual_five_minutes_are_then_a_choice(web: Web) -> None:
    with web.database.write() as connection:
        row = {
            "id": "s",
            "scope": "route",
            "scope_id": ALPHA.id("route"),
            "name": "approaching_s",
            "value": "480",
        }
        connection.execute(insert(t.settings).values(**row))
    browser = web.browser("guardian-alpha")
    assert [each["lead"]["value"] for each in browser.get(PATH).json["items"]] == [8, 8]
    put(browser, "to_school", "minutes", 5)
    assert [each["lead"]["value"] for each in browser.get(PATH).json["items"]] == [5, 8]


def test_a_choice_holds_for_its_direction_and_wakes_whoever_folds(web: Web) -> None:
    browser = web.browser("guardian-alpha")
    before = _counter(web)
    made = put(browser, "to_school", "stops", 2, ["late", "boarded", "boarded"])
    chosen = {"direction": "to_school", "lead": {"by": "stops", "value": 2}, "muted": ["boarded", "late"]}
    assert (made.status_code, made.json) == (200, chosen)
    assert browser.get(PATH).json["items"] == [chosen, {"direction": "from_school", **DEFAULT}]
    assert _counter(web) > before
    assert [topic for topic, _ in web.house.published if topic == "wake/ingest"] == ["wake/ingest"]
    assert rows(web)[0].changed_at_ms == web.clock.now_ms()


def test_every_choice_stays_and_the_newest_holds(web: Web) -> None:
    browser = web.browser("guardian-alpha")
    for minutes in (10, 3, 3):
        web.clock.set_ms(web.clock.now_ms() + 1000)
        put(browser, "to_school", "minutes", minutes)
    assert [row.lead for row in rows(web)] == [10, 3], "the same again is no new choice"
    assert browser.get(PATH).json["items"][0]["lead"]["value"] == 3


def test_the_default_chosen_from_nothing_is_no_choice(web: Web) -> None:
    assert put(web.browser("guardian-alpha"), "to_school", "minutes", 5).status_code == 200
    assert rows(web) == []


def test_one_guardians_choice_is_not_anothers(web: Web) -> None:
    with web.database.write() as connection:
        connection.execute(
            t.guardians.insert().values(
                id="g-second",
                user_id="user-neighbour-guardian-alpha".ljust(32, "0"),
                rider_id=ALPHA.id("child"),
                name="Aunt",
            )
        )
    put(web.browser("guardian-alpha"), "to_school", "minutes", 20)
    assert web.browser("neighbour-guardian-alpha").get(PATH).json["items"][0]["lead"]["value"] == 5


def test_a_lead_has_its_range(web: Web) -> None:
    browser = web.browser("guardian-alpha")
    refused: list[tuple[str, object]] = [
        ("minutes", 0),
        ("minutes", 31),
        ("stops", 0),
        ("stops", 6),
        ("stops", -1),
        ("hours", 1),
    ]
    for by, value in (*refused, ("minutes", True), ("minutes", 1.5), ("minutes", "5"), ("minutes", None)):
        assert put(browser, "to_school", by, value).status_code == 422, (by, value)
    assert rows(web) == []
    for by, value in (("minutes", 1), ("minutes", 30), ("stops", 1), ("stops", 5)):
        web.clock.set_ms(web.clock.now_ms() + 1)
        assert put(browser, "to_school", by, value).status_code == 200, (by, value)
    assert len(rows(web)) == 4


def test_what_asks_for_something_to_be_done_may_not_be_muted(web: Web) -> None:
    browser = web.browser("guardian-alpha")
    mutable = browser.get(PATH).json["kinds"]
    for kind in set(get_args(NoticeKind)) - set(mutable):
        answer = put(browser, "to_school", "minutes", 5, ["boarded", kind])
        assert (answer.status_code, answer.json["error"]["fields"]) == (422, {"muted": kind})
        assert kind in answer.json["error"]["message"]
    assert rows(web) == []
    assert put(browser, "to_school", "minutes", 5, mutable).json["muted"] == mutable


def test_another_direction_and_a_body_that_lacks_something_are_refused(web: Web) -> None:
    browser = web.browser("guardian-alpha")
    assert put(browser, "sideways", "minutes", 5).status_code == 404
    assert browser.ask("PUT", f"{PATH}/to_school", {"lead": {"by": "minutes", "value": 5}}).status_code == 422
    assert (
        browser.ask(
            "PUT", f"{PATH}/to_school", {"lead": {"by": "minutes", "value": 5}, "muted": ["x"]}
        ).status_code
        == 422
    )


def test_a_change_is_in_the_audit(web: Web) -> None:
    put(web.browser("guardian-alpha"), "to_school", "minutes", 9)
    web.deps.audit.flush()
    with web.database.read() as connection:
        found = connection.execute(
            select(t.audit.c.object).where(t.audit.c.action == "change_preferences")
        ).scalars()
        assert list(found) == [ALPHA.id("child")]


def _counter(web: Web) -> int:
    with web.database.read() as connection:
        return connection.scalar(select(t.counters.c.value).where(t.counters.c.name == "inputs")) or 0
