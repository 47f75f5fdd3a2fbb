"""Invitations and carers: who may give what to whom, that a link is good for one and until a date, and what ends."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from functools import partial
from typing import Any

from sqlalchemy import select

from server.adapters.db import tables as t
from server.adapters.db.telling import Teller
from server.errors import SixFixedError
from server.service import invitations
from server.service.instants import day_after
from server.service.passwords import is_bundled
from tests.builders.web import Browser, Web
from tests.builders.world import ALPHA, NEIGHBOUR, ON, PASSWORD, change

DAY_S = 86_400
CHILD = f"/children/{ALPHA.id('child')}"
CARERS = f"{CHILD}/carers"
ABSENT = {"service_date": "2026-09-22", "direction": "to_school", "kind": "absent"}


def user_id(username: str) -> str:
    return f"user-{username}".ljust(32, "0")


def invite(browser: Browser, **changed: Any) -> dict[str, Any]:  # noqa: ANN401 - any field
    body = {"kind": "guardian", "rider_id": "child-alpha", "name": "Ma Li", "phone": "555-1"} | changed
    answer = browser.post("/invitations", body)
    assert answer.status_code == 201, answer.text
    found: dict[str, Any] = answer.json
    return found


def accept(web: Web, code: str, username: str = "mali") -> tuple[int, dict[str, Any]]:
    answer = web.client().post(
        "/invitations/accept", {"code": code, "username": username, "password": PASSWORD}
    )
    return answer.status_code, answer.json


def states(browser: Browser) -> dict[str, str]:
    return {item["id"]: item["state"] for item in browser.get("/invitations").json["items"]}


def test_a_school_invites_a_parent_who_then_sees_the_child_and_no_other(web: Web) -> None:
    school = web.browser("school-alpha")
    made = invite(school)
    assert re.fullmatch("[a-z2-7]{26}", made["code"])
    assert made["url"] == f"http://localhost/#invitation={made['code']}"
    with web.database.read() as connection:
        [row] = connection.execute(t.invitations.select()).all()
    assert made["code"] not in repr(row)
    shown = web.client().post("/invitations/look", {"code": made["code"]})
    assert shown.json == {
        "kind": "guardian", "role": "guardian", "name": "Ma Li", "from": "Alpha school", "ends_at": made["ends_at"],
        "until": None,
    }  # fmt: skip
    before = _catalog(web)
    typed = f"{made['code'][:13].upper()} - {made['code'][13:]}"
    assert accept(web, typed) == (201, {"username": "mali", "role": "guardian", "linked": False})
    assert _catalog(web) == before + 1
    parent = web.browser("mali")
    assert [child["id"] for child in parent.get("/children").json["items"]] == [ALPHA.id("child")]
    assert parent.get(f"/children/{NEIGHBOUR}").status_code == 404
    [item] = school.get("/invitations").json["items"]
    assert (item["state"], item["user"]["code"], item["by"]["code"]) == ("used", "mali", "school-alpha")
    assert item["rider"]["code"] == "child-alpha"
    status, refused = accept(web, made["code"], "another")
    assert (status, refused["error"]["code"]) == (404, "not_found")
    assert school.delete(f"/invitations/{made['id']}").status_code == 409


def test_what_a_caller_may_not_give_is_refused_by_name(web: Web) -> None:
    tried = [
        ("school-alpha", {"kind": "guardian", "rider_id": "child-bravo"}, 422, "rider_id"),
        ("school-alpha", {"kind": "guardian"}, 422, "rider_id"),
        ("school-alpha", {"kind": "staff", "role": "school", "scope_id": "school-alpha"}, 403, None),
        ("operator-alpha", {"kind": "guardian", "rider_id": "child-alpha"}, 403, None),
        ("operator-alpha", {"kind": "staff", "role": "driver", "scope_id": "badge-driver-bravo"}, 422, "scope_id"),
        ("operator-alpha", {"kind": "staff", "role": "operator", "scope_id": "op-bravo"}, 422, "scope_id"),
        ("operator-alpha", {"kind": "staff", "role": "driver"}, 422, "scope_id"),
        ("operator-alpha", {"kind": "staff", "role": "school", "scope_id": "school-alpha"}, 422, "role"),
        ("operator-alpha", {"kind": "staff", "role": "admin"}, 422, "role"),
        ("admin", {"kind": "staff", "role": "guardian"}, 422, "role"),
        ("admin", {"kind": "staff", "role": "admin", "scope_id": "op-alpha"}, 422, "scope_id"),
        ("admin", {"kind": "staff", "role": "regulator", "scope_id": "op-alpha"}, 422, "scope_id"),
        ("admin", {"kind": "staff", "role": "admin", "days": 91}, 422, "days"),
    ]  # fmt: skip
    for username, body, status, field in tried:
        answer = web.browser(username).post("/invitations", {"name": "X"} | body)
        assert answer.status_code == status, (username, body, answer.text)
        assert field is None or list(answer.json["error"]["fields"]) == [field]
    assert states(web.browser("admin")) == {}


def test_staff_are_invited_by_their_company_and_the_rest_by_an_administrator(web: Web) -> None:
    operator, admin = web.browser("operator-alpha"), web.browser("admin")
    driver = invite(
        operator,
        kind="staff",
        role="driver",
        scope_id="badge-driver-alpha",
        rider_id=None,
        email="d@x.example",
    )
    desk = invite(operator, kind="staff", role="operator", rider_id=None)
    boss = invite(admin, kind="staff", role="regulator", scope_id=ALPHA.id("county"), rider_id=None)
    assert set(states(operator)) == {driver["id"], desk["id"]}
    assert states(web.browser("operator-bravo")) == {}
    assert set(states(admin)) == {driver["id"], desk["id"], boss["id"]}
    for made, username, scope in (
        (driver, "wheeler", "badge-driver-alpha"),
        (desk, "desk", "op-alpha"),
        (boss, "boss", "county-alpha"),
    ):
        assert accept(web, made["code"], username)[0] == 201
        assert web.browser(username).get("/me").json["user"]["scope"]["code"] == scope
    with web.database.read() as connection:
        email = connection.scalar(select(t.users.c.email).where(t.users.c.username == "wheeler"))
    assert email == "d@x.example"
    page = admin.get("/invitations?limit=2").json
    rest = admin.get(f"/invitations?limit=2&after={page['next']}").json
    assert [item["id"] for item in page["items"] + rest["items"]] == [boss["id"], desk["id"], driver["id"]]
    assert rest["next"] is None


def test_an_invitation_ends_by_its_date_by_being_revoked_and_with_what_it_is_to(web: Web) -> None:
    school = web.browser("school-alpha")
    old, revoked, gone = invite(school, days=1), invite(school), invite(school, rider_id="neighbour-alpha")
    assert school.delete(f"/invitations/{revoked['id']}").status_code == 204
    change(web.database, t.riders, NEIGHBOUR, ended_at_ms=1)
    web.real.advance(DAY_S)
    answers = {web.client().post("/invitations/accept", {"code": each["code"], "username": "mali", "password": PASSWORD}).text
               for each in (old, revoked, gone)}  # fmt: skip
    assert len(answers) == 1 and '"not_found"' in answers.pop()
    school = web.browser("school-alpha")
    assert states(school) == {old["id"]: "expired", revoked["id"]: "revoked", gone["id"]: "open"}
    assert school.delete(f"/invitations/{old['id']}").json["error"]["fields"] == {"state": "expired"}
    for state in ("open", "expired", "revoked", "used"):
        listed = school.get(f"/invitations?state={state}").json["items"]
        assert {item["state"] for item in listed} <= {state} and len(listed) == (state != "used")


def test_a_weak_password_or_a_taken_name_leaves_the_invitation_open(web: Web) -> None:
    made = invite(web.browser("school-alpha"))
    weak = web.client().post(
        "/invitations/accept", {"code": made["code"], "username": "mali", "password": "password1234"}
    )
    assert (weak.status_code, list(weak.json["error"]["fields"])) == (422, ["password"])
    status, taken = accept(web, made["code"], "school-alpha")
    assert (status, taken["error"]["fields"]) == (409, {"username": "taken"})
    assert accept(web, made["code"], "a b")[0] == 422
    assert accept(web, made["code"])[0] == 201


def test_guesses_are_limited_for_each_address(web: Web) -> None:
    made = invite(web.browser("school-alpha"))
    guesses = [web.client().post("/invitations/look", {"code": f"guess{n}"}).status_code for n in range(21)]
    assert guesses == [404] * 20 + [429]
    assert accept(web, made["code"])[0] == 429
    elsewhere = web.client().flask.post(
        "/api/v1/invitations/look", json={"code": made["code"]}, environ_overrides={"REMOTE_ADDR": "10.9.9.9"}
    )
    assert elsewhere.status_code == 200


def test_of_two_who_take_it_up_at_once_one_does(web: Web) -> None:
    made = invite(web.browser("school-alpha"))

    def take(username: str) -> str:
        try:
            done = invitations.accept(
                web.deps.store, code=made["code"], username=username, password=PASSWORD, address="127.0.0.1",
                now_ms=web.real.now_ms(), leaked=is_bundled,
            )  # fmt: skip
        except SixFixedError as refused:
            return refused.code
        return done.username

    with ThreadPoolExecutor(3) as pool:
        outcomes = list(pool.map(take, ("first", "second", "third")))
    assert outcomes.count("not_found") == 2, outcomes
    with web.database.read() as connection:
        added = connection.scalars(select(t.users.c.username).where(t.users.c.made_at_ms > 0)).all()
    assert [*added] == [name for name in outcomes if name != "not_found"]


def test_a_guardian_who_is_logged_in_takes_another_child_up(web: Web) -> None:
    made = invite(web.browser("school-alpha"))
    neighbour = web.browser("neighbour-guardian-alpha")
    forged = Browser(neighbour.flask)
    answer = forged.post("/invitations/accept", {"code": made["code"]})
    assert (answer.status_code, answer.json["error"]["code"]) == (403, "csrf")
    staff = web.browser("school-alpha").post("/invitations/accept", {"code": made["code"]})
    assert staff.status_code == 409
    own = web.browser("guardian-alpha").post("/invitations/accept", {"code": made["code"]})
    assert own.status_code == 409, "is the child's guardian already"
    assert web.client().post("/invitations/accept", {"code": made["code"]}).status_code == 422
    linked = neighbour.post("/invitations/accept", {"code": made["code"]})
    assert linked.json == {"username": "neighbour-guardian-alpha", "role": "guardian", "linked": True}
    assert len(neighbour.get("/children").json["items"]) == 2


# --- carers --------------------------------------------------------------------------------------------------------


def lend(web: Web, username: str = "aunt", **changed: Any) -> tuple[Browser, str]:  # noqa: ANN401 - any field
    """Share Alpha's child with a carer for three days more; give the carer's browser and id."""
    body = {"name": "Aunt", "until": day_after(ON, 3)} | changed
    answer = web.browser("guardian-alpha").post(CARERS, body)
    assert answer.status_code == 201, answer.text
    assert accept(web, answer.json["code"], username)[0] == 201
    return web.browser(username), answer.json["id"]


def test_a_carer_sees_the_child_until_the_date_and_passes_nothing_on(web: Web) -> None:
    guardian = web.browser("guardian-alpha")
    carer, id_ = lend(web, relation="aunt")
    [item] = guardian.get(CARERS).json["items"]
    assert (item["id"], item["state"], item["username"]) == (id_, "active", "aunt")
    assert (item["until"], item["may_change"], item["relation"]) == (day_after(ON, 3), False, "aunt")
    assert carer.get(CHILD).status_code == carer.get(f"{CHILD}/bus").status_code == 200
    access = {"carer": True, "may_change": False, "until": day_after(ON, 3)}
    assert carer.get(f"{CHILD}/access").json == access
    assert guardian.get(f"{CHILD}/access").json == {"carer": False, "may_change": True, "until": None}
    for answer in (
        carer.get(CARERS),
        carer.post(CARERS, {"name": "Uncle", "until": ON}),
        carer.delete(f"{CARERS}/{id_}"),
        carer.post(f"{CHILD}/exceptions", ABSENT),
        carer.delete(f"{CHILD}/exceptions/none"),
    ):
        assert (answer.status_code, answer.json["error"]["code"]) == (403, "carer")
    admin = web.browser("admin")
    assert states(admin) == {}, "a family's own business"
    for desk in (admin, web.browser("school-alpha")):
        codes = {item["code"] for item in desk.get("/guardians").json["items"]}
        assert "guardian-alpha:child-alpha" in codes and "aunt:child-alpha" not in codes
    web.clock.advance(3 * DAY_S)
    assert carer.get(CHILD).status_code == 200
    web.clock.advance(DAY_S)
    assert carer.get(CHILD).status_code == 404
    assert carer.get("/children").json["items"] == []
    assert guardian.get(CARERS).json["items"][0]["state"] == "expired"


def test_a_carer_who_may_change_says_that_the_child_stays_at_home(web: Web) -> None:
    carer, _ = lend(web, may_change=True)
    made = carer.post(f"{CHILD}/exceptions", ABSENT)
    assert made.status_code == 201
    assert carer.delete(f"{CHILD}/exceptions/{made.json['id']}").status_code == 204


def test_a_guardian_takes_the_child_back_and_may_lend_it_again(web: Web) -> None:
    guardian = web.browser("guardian-alpha")
    carer, first = lend(web)
    before = _catalog(web)
    assert guardian.delete(f"{CARERS}/{first}").status_code == 204
    assert _catalog(web) == before + 1, "watches are looked at again when the number moves"
    assert carer.get(CHILD).status_code == 404
    assert guardian.delete(f"{CARERS}/{first}").status_code == 409
    again = guardian.post(CARERS, {"name": "Aunt", "until": day_after(ON, 9)}).json
    assert guardian.get(CARERS).json["items"][0]["state"] == "invited"
    assert carer.post("/invitations/accept", {"code": again["code"]}).json["linked"] is True
    assert carer.get(CHILD).status_code == 200
    listed = guardian.get(CARERS).json["items"]
    assert [(item["id"], item["state"]) for item in listed] == [(again["id"], "active"), (first, "ended")]
    unused = guardian.post(CARERS, {"name": "Uncle", "until": ON}).json
    assert guardian.delete(f"{CARERS}/{unused['id']}").status_code == 204
    assert accept(web, unused["code"], "uncle")[0] == 404
    assert guardian.delete(f"{CARERS}/unknown").status_code == 404


def test_no_carer_outlasts_the_guardian_who_shared_the_child(web: Web) -> None:
    carer, _ = lend(web)
    waiting = web.browser("guardian-alpha").post(CARERS, {"name": "Uncle", "until": ON}).json
    assert told(web) == {user_id("guardian-alpha"), _id_of(web, "aunt")}
    change(web.database, t.guardians, ALPHA.id("g-child"), ended_at_ms=1)
    assert carer.get(CHILD).status_code == 404
    assert told(web) == set()
    assert accept(web, waiting["code"], "uncle")[0] == 404


def test_a_date_that_can_t_be_is_refused(web: Web) -> None:
    guardian = web.browser("guardian-alpha")
    for until, why in (
        (day_after(ON, -1), "out of range"),
        (day_after(ON, 367), "out of range"),
        ("2026-9-30", "malformed"),
        ("soon", "malformed"),
    ):
        answer = guardian.post(CARERS, {"name": "Aunt", "until": until})
        assert (answer.status_code, answer.json["error"]["fields"]) == (422, {"until": why})


def test_a_guardian_until_a_date_lends_no_longer(web: Web) -> None:
    change(web.database, t.guardians, ALPHA.id("g-child"), valid_until=day_after(ON, 2))
    share = partial(web.browser("guardian-alpha").post, CARERS)
    assert share({"name": "Aunt", "until": day_after(ON, 3)}).status_code == 422
    assert share({"name": "Aunt", "until": day_after(ON, 2)}).status_code == 201


def told(web: Web) -> set[str]:
    """Give who is told of Alpha's child today, as ingest asks."""
    with web.database.read() as connection:
        return set(Teller()._guardians_of(connection, ALPHA.id("child"), date.fromisoformat(ON).isoformat()))


def _id_of(web: Web, username: str) -> str:
    with web.database.read() as connection:
        return str(connection.scalar(select(t.users.c.id).where(t.users.c.username == username)))


def _catalog(web: Web) -> int:
    with web.database.read() as connection:
        return int(connection.scalar(select(t.counters.c.value).where(t.counters.c.name == "catalog")) or 0)
