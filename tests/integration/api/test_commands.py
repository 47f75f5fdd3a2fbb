"""What a desk may ask of its recorders: the kinds of the protocol alone, with the arguments of each, and for a while."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select

from server.adapters.db import tables as t
from server.adapters.db.counters import put
from server.adapters.db.house import note_start
from tests.builders.web import Web
from tests.builders.world import ALPHA, NOW_MS, change

PATH = f"/devices/DEV-{ALPHA.name}/commands"
URL = "https://county.example/up/1"


SOUND: list[tuple[str, dict[str, Any], dict[str, Any] | None]] = [
    ("set_interval", {"moving_s": 5, "parked_s": 60}, None),
    ("say", {"text": "<b>停车</b>"}, None),
    ("snapshot", {"camera": "door", "upload": URL}, None),
    (
        "dump",
        {"from": "2026-09-21T07:00:00+08:00", "to": NOW_MS - 460_000, "upload": URL},
        {"from": NOW_MS - 480_000, "to": NOW_MS - 460_000, "upload": URL},
    ),
    ("plan", {}, None),
    ("reboot", {}, None),
]
REFUSED: list[tuple[dict[str, Any], str]] = [
    ({"kind": "cut_engine"}, "kind"),
    ({"kind": "listen", "args": {}}, "kind"),
    ({"kind": "say", "args": {}}, "args"),
    ({"kind": "say", "args": {"text": "x" * 201}}, "args.text"),
    ({"kind": "say", "args": {"text": "x", "loud": 1}}, "args"),
    ({"kind": "set_interval", "args": {"moving_s": 0, "parked_s": 60}}, "args.moving_s"),
    ({"kind": "set_interval", "args": {"moving_s": True, "parked_s": 60}}, "args.moving_s"),
    ({"kind": "snapshot", "args": {"camera": "attic", "upload": URL}}, "args.camera"),
    ({"kind": "snapshot", "args": {"camera": "road", "upload": "ftp://county.example/up"}}, "args.upload"),
    ({"kind": "dump", "args": {"from": 2, "to": 1, "upload": URL}}, "args.to"),
    ({"kind": "dump", "args": {"from": 1, "to": 3_600_002, "upload": URL}}, "args.to"),
    ({"kind": "dump", "args": {"from": "2026-09-21T07:00:00", "to": 1, "upload": URL}}, "args.from"),
    ({"kind": "reboot", "args": {"hard": True}}, "args"),
    ({"kind": "reboot", "minutes": 1441}, "minutes"),
]


def test_each_kind_of_the_protocol_is_kept_audited_and_wakes_ingest(web: Web) -> None:
    desk = web.browser("operator-alpha")
    for kind, args, sent in SOUND:
        made = desk.post(PATH, {"kind": kind, "args": args, "minutes": 10})
        assert made.status_code == 201, made.text
        assert (made.json["kind"], made.json["args"], made.json["state"]) == (kind, sent or args, "waiting")
        assert made.json["until"] == "2026-09-21T07:18:00+08:00"
        assert made.json["by"]["code"] == "operator-alpha"
        assert desk.get(f"{PATH}?limit=1").json["items"] == [made.json]
    assert web.house.published.count(("wake/ingest", b'{"why":"inputs"}')) == len(SOUND)
    web.deps.audit.flush()
    with web.database.read() as connection:
        lines = connection.execute(select(t.audit).where(t.audit.c.action == "command")).all()
    assert {(line.object, line.detail.split()[0]) for line in lines} == {
        (f"DEV-{ALPHA.name}", kind) for kind, _, _ in SOUND
    }


def test_what_no_recorder_may_be_asked_is_named(web: Web) -> None:
    desk = web.browser("operator-alpha")
    for body, field in REFUSED:
        refused = desk.post(PATH, body)
        assert refused.status_code == 422, (body, refused.text)
        assert list(refused.json["error"]["fields"]) == [field]


def test_a_recorder_that_is_not_in_use_or_has_too_much_to_answer_is_asked_nothing(web: Web) -> None:
    desk = web.browser("operator-alpha")
    for _ in range(20):
        assert desk.post(PATH, {"kind": "plan"}).status_code == 201
    assert desk.post(PATH, {"kind": "plan"}).json["error"]["code"] == "too_many"
    page = desk.get(f"{PATH}?limit=15").json
    assert len(page["items"]) == 15
    assert len(desk.get(f"{PATH}?limit=15&after={page['next']}").json["items"]) == 5
    change(web.database, t.devices, f"DEV-{ALPHA.name}", active=False)
    assert desk.post(PATH, {"kind": "reboot"}).json["error"]["code"] == "conflict"


def test_an_administrator_reads_how_the_house_is_and_the_audit_goes_by_the_schools_clock(web: Web) -> None:
    web.clock.advance(3600)
    with web.database.write() as connection:
        note_start(connection, "ingest", web.real.now_ms() - 60_000, "0.1.0")
        put(connection, "alive.ingest", web.real.now_ms() - 2000)
        put(connection, "alive.worker", web.real.now_ms() - 60_000)
    admin = web.browser("admin")
    shown = admin.get("/system").json
    roles = {each["role"]: each for each in shown["roles"]}
    assert {role: each["alive"] for role, each in roles.items()} == {
        "broker": False, "ingest": True, "web": True, "worker": False,
    }  # fmt: skip
    assert (roles["ingest"]["age_s"], roles["ingest"]["version"], roles["worker"]["age_s"]) == (
        2.0,
        "0.1.0",
        60.0,
    )
    assert shown["database"]["bytes"] > 0 and shown["disk"]["free_bytes"] > 0
    assert (
        shown["recorders"]["active"],
        shown["recorders"]["online"],
        shown["recorders"]["rejected_today"],
    ) == (2, 0, 2)
    assert any("worker" in each for each in shown["problems"])
    assert shown["clock"]["now"] == "2026-09-21T08:08:00+08:00" and shown["at"] == "2026-09-21T07:08:00+08:00"
    admin.post(PATH, {"kind": "plan"})
    web.deps.audit.flush()
    assert admin.get("/audit?action=command").json["items"][0]["at"] == "2026-09-21T08:08:00+08:00"
