"""Records one by one: created, changed and ended as an import would, refused with their fields, kept with their history."""

from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import update

from server.adapters.db import tables as t
from server.adapters.db.engine import Database
from server.adapters.db.plan_store import DbPackStore
from server.service.devices import DeviceHasher
from server.service.packs.importing import import_pack
from tests.builders.pack import write_pack
from tests.builders.web import Browser, Web
from tests.builders.world import PASSWORD

NOW_MS = 1_793_000_000_000  # 26 October 2026, a Monday


@pytest.fixture
def web(db: Database, tmp_path: Path) -> Web:
    """Give a web role over the small sound pack; every account has the one password."""
    hasher = DeviceHasher()
    import_pack(
        write_pack(tmp_path / "pack"),
        DbPackStore(db),
        secret_hasher=hasher,
        password_hasher=hasher,
        now_ms=NOW_MS,
    )
    with db.write() as connection:
        connection.execute(update(t.users).values(password_hash=hasher.hash(PASSWORD)))
    found = Web(db, tmp_path / "dist")
    found.clock.set_ms(NOW_MS)
    return found


def made(browser: Browser, plural: str, **body: Any) -> dict[str, Any]:  # noqa: ANN401 - any field
    answer = browser.post(f"/{plural}", body)
    assert answer.status_code == 201, answer.text
    return answer.json  # type: ignore[no-any-return]


def refused(browser: Browser, method: str, path: str, body: object, status: int = 422) -> dict[str, str]:
    answer = browser.ask(method, path, body)
    assert answer.status_code == status, answer.text
    return answer.json["error"]["fields"]  # type: ignore[no-any-return]


VEHICLE = {
    "code": "V9", "operator_id": "OP", "plate": "宁E·A0099校", "seats": 30, "inspection_until": "2027-03-01",
    "insurance_until": "2027-03-01",
}  # fmt: skip


def test_a_bus_from_its_first_day_to_its_last(web: Web) -> None:
    admin = web.browser("root")
    bus = made(admin, "vehicles", **VEHICLE)
    assert (bus["code"], bus["plate"], bus["seats"], bus["ended"]) == ("V9", "宁E·A0099校", 30, False)
    assert bus["operator"] == {"id": bus["operator"]["id"], "code": "OP", "name": "中卫校车公司"}
    assert len(bus["id"]) == 32
    shown = admin.get("/vehicles/V9").json
    assert shown == {name: value for name, value in bus.items() if name != "warnings"}
    changed = admin.ask("PATCH", f"/vehicles/{bus['id']}", {"seats": 36})
    assert (changed.status_code, changed.json["seats"]) == (200, 36), changed.text
    assert changed.json["version"] != bus["version"]
    assert admin.delete(f"/vehicles/{bus['id']}").status_code == 204
    assert "V9" not in admin.get("/vehicles").text
    assert [one["code"] for one in admin.get("/vehicles?ended=true").json["items"]] == ["V9"]
    gone = admin.get(f"/vehicles/{bus['id']}").json
    assert (gone["ended"], gone["ended_on"]) == (True, "2026-10-26")
    history = admin.get(f"/vehicles/{bus['id']}/history").json["items"]
    assert [(one["action"], one["by"]["code"]) for one in history] == [
        ("ended", "root"), ("updated", "root"), ("created", "root"),
    ]  # fmt: skip
    assert (history[1]["before"], history[1]["after"]) == ({"seats": 30}, {"seats": 36})
    assert history[2]["before"] is None and history[2]["after"]["plate"] == "宁E·A0099校"
    assert history[0]["before"]["seats"] == 36 and history[0]["after"] is None
    again = made(admin, "vehicles", **VEHICLE)
    assert (again["id"], again["ended"]) == (bus["id"], False)
