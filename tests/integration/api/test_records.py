"""Records one by one: created, changed and ended as an import would, refused with their fields, kept with their history."""

import io
import zipfile
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select, update
from werkzeug.test import TestResponse

from server.adapters.db import tables as t
from server.adapters.db.engine import Database
from server.adapters.db.plan_store import DbPackStore
from server.adapters.db.timetabling import DbTimetabling
from server.service.devices import DeviceHasher
from server.service.packs.importing import import_pack
from server.service.timetabling import make_trips
from tests.builders.pack import edit_pack, write_pack, zip_pack
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


# One sound record of each kind, and a change of it.
SOUND: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "jurisdictions": ({"code": "ZW-ZN", "parent_id": "ZW", "name": "中宁县", "level": "county"}, {"name": "中宁"}),
    "operators": ({"code": "OP2", "name": "中宁校车", "jurisdiction_id": "ZW-SPT"}, {"phone": "0955-1"}),
    "schools": ({"code": "SC9", "jurisdiction_id": "ZW-SPT", "stop_id": "C", "name": "第九小学"}, {"phone": "0955-9"}),
    "stops": ({"code": "D", "name": "新村", "lat": 37.51, "lon": 105.15}, {"name": "新新村"}),
    "routes": ({"code": "R9", "operator_id": "OP", "short_name": "9路"}, {"long_name": "新村—第二小学"}),
    "calendars": (
        {
            "code": "SUMMER", "weekdays": "135", "start_date": "2027-07-01", "end_date": "20270731",
            "dates": [{"date": "2027-07-03", "exception_type": 1, "as_weekday": 3}],
        },
        {"dates": [{"date": "2027-07-05", "exception_type": 2}]},
    ),
    "timetables": (
        {
            "code": "R1-AM2", "route_id": "R1", "service_code": "SCHOOL", "direction": "to_school",
            "stop_times": [
                {"stop_id": "A", "arrival_time": "08:00:00", "departure_time": "08:01:00"},
                {"stop_id": "S", "arrival_time": "08:14:00", "departure_time": "08:15:00"},
            ],
        },
        {"headsign": "第一小学"},
    ),
    "vehicles": (VEHICLE, {"seats": 31}),
    "devices": ({"code": "ZW-0009", "vehicle_id": "V2"}, {"secret": "another-long-secret"}),
    "people": (
        {"badge": "D-9", "operator_id": "OP", "role": "driver", "name": "赵九", "qualified_until": "2027-05-01"},
        {"phone": "13900000009"},
    ),
    "permits": (
        {
            "code": "P-AM2", "operator_id": "OP", "timetable_id": "R1-AM", "vehicle_id": "V2", "driver_id": "D-2",
            "issuer": "教育局", "valid_from": "2027-02-01", "valid_until": "2027-06-30",
        },
        {"attendant_id": "T-1"},
    ),
    "riders": ({"id": "ST-9", "school_id": "SC1", "name": "钱九", "card": "CARD9"}, {"grade": "五年级"}),
    "guardians": ({"username": "li", "rider_id": "ST-3", "name": "李母"}, {"relation": "姑母"}),
    "ride-plans": ({"rider_id": "ST-3", "trip_id": "R1-AM", "stop_id": "B", "weekdays": "12"}, {"weekdays": "123"}),
    "zones": (
        {"code": "Z9", "kind": "limit", "limit_kmh": 30, "wkt": "LINESTRING (105.11 37.5, 105.112 37.5)", "width_m": 8},
        {"limit_kmh": 20},
    ),
    "settings": ({"scope": "operator:OP", "name": "corridor_m", "value": "70"}, {"value": "75"}),
    "users": ({"username": "desk2", "role": "operator", "scope_id": "OP", "name": "调度二"}, {"name": "调度甲"}),
}  # fmt: skip


def test_each_kind_is_created_changed_and_ended(web: Web) -> None:
    """In the order of the table, each then names what is there; at the end nothing but what was there."""
    admin = web.browser("root")
    for plural, (body, change) in SOUND.items():
        before = {one["id"] for one in admin.get(f"/{plural}?limit=200").json["items"]}
        if plural == "devices":
            assert admin.delete("/devices/ZW-0002").status_code == 204
            before.remove("ZW-0002")
        record = made(admin, plural, **body)
        if plural in ("devices", "users"):
            assert len(record.pop("secret" if plural == "devices" else "password")) > 12
        record.pop("warnings")
        assert admin.get(f"/{plural}/{record['id']}").json == record, plural
        assert admin.get(f"/{plural}?code={record['code']}").json["items"][0]["id"] == record["id"], plural
        changed = admin.ask("PATCH", f"/{plural}/{record['id']}", change)
        assert changed.status_code == 200, (plural, changed.text)
        for name, value in change.items():
            if name in ("dates", "secret"):
                continue
            shown = changed.json[name.removesuffix("_id")]
            assert (shown["code"] if isinstance(shown, dict) else shown) == value, plural
        # What was read may be sent back as it is.
        whole = {
            name: value
            for name, value in changed.json.items()
            if name not in ("warnings", "password", "secret")
        }
        again = admin.ask("PATCH", f"/{plural}/{record['id']}", whole)
        assert again.status_code == 200, (plural, again.text)
        assert again.json["version"] == changed.json["version"]
        assert admin.delete(f"/{plural}/{record['id']}").status_code == 204, plural
        assert {one["id"] for one in admin.get(f"/{plural}?limit=200").json["items"]} == before, plural
        assert admin.ask("PATCH", f"/{plural}/{record['id']}", change).status_code == 409
        actions = [one["action"] for one in admin.get(f"/{plural}/{record['id']}/history").json["items"]]
        assert actions == ["ended", "updated", "created"], plural
        assert "secret" not in admin.get(f"/{plural}/{record['id']}/history").text.replace(
            '"secret":"changed"', ""
        )


def trips_of(db: Database, code: str) -> dict[str, tuple[str, int]]:
    """Make the trips around today; give the plan and the start's minute of the day by service date."""
    make_trips(DbTimetabling(db), NOW_MS)
    with db.read() as connection:
        rows = connection.execute(select(t.trips).where(t.trips.c.code == code)).all()
    return {row.service_on: (row.plan_id, row.planned_start_ms // 60_000 % 1440) for row in rows}


def test_another_time_holds_from_its_date_and_the_days_before_keep_theirs(web: Web, db: Database) -> None:
    admin = web.browser("root")
    before = trips_of(db, "R1-PM")
    assert sorted(before) == ["2026-10-26", "2026-10-27"]
    shown = admin.get("/timetables/R1-PM").json
    later = [
        {"stop_id": one["stop"]["id"], "arrival_time": "18" + one["arrival_time"][2:],
         "departure_time": "18" + one["departure_time"][2:]}
        for one in shown["stop_times"]
    ]  # fmt: skip
    changed = admin.ask("PATCH", "/timetables/R1-PM", {"stop_times": later})
    assert changed.status_code == 200, changed.text
    assert changed.json["warnings"] == [
        "the plan changes from 2026-10-27: permits P-PM have to be issued anew"
    ]
    after = trips_of(db, "R1-PM")
    assert after["2026-10-26"] == before["2026-10-26"]
    assert (after["2026-10-27"][1] - before["2026-10-27"][1]) % 1440 == 60
    # Another change from today on: what was to come from tomorrow never does.
    moved = admin.ask("PATCH", "/timetables/R1-PM", {"stop_times": later, "valid_from": "2026-10-26"})
    assert (
        moved.status_code == 200 and trips_of(db, "R1-PM") == after
    )  # the same plan again is no other version
    moved = admin.ask("PATCH", "/stops/B", {"lat": 37.5001, "valid_from": "2026-10-26"})
    assert moved.status_code == 200, moved.text
    today = trips_of(db, "R1-PM")
    assert today["2026-10-26"][0] == today["2026-10-27"][0] and today["2026-10-27"] != after["2026-10-27"]
    assert refused(admin, "PATCH", "/stops/B", {"lat": 37.5, "valid_from": "2026-10-25"}) == {
        "valid_from": "this is before today, 2026-10-26; what has been driven stays as it was"
    }


def test_a_shape_of_its_own_and_straight_lines_again(web: Web) -> None:
    admin = web.browser("root")
    bent = [[37.5, 105.1], [37.501, 105.11], [37.5, 105.12], [37.505, 105.13]]
    changed = admin.ask("PATCH", "/timetables/R1-AM", {"shape": bent})
    assert changed.status_code == 200, changed.text
    assert (changed.json["shape"], changed.json["shape_code"]) == (bent, "OUT")
    straight = admin.ask("PATCH", "/timetables/R1-AM", {"shape": None}).json
    assert (straight["shape"], straight["shape_code"]) == (None, None)
    assert "straight lines" in straight["warnings"][0]
    shared = admin.ask("PATCH", "/timetables/R1-AM", {"shape_code": "BACK"})
    assert "shape_code" in refused(admin, "PATCH", "/timetables/R1-AM", {"shape_code": "BACK"}), shared.text
    own = admin.ask("PATCH", "/timetables/R1-AM", {"shape": bent}).json
    assert own["shape_code"] == "R1-AM:shape" and own["shape"] == bent


def send(browser: Browser, path: str, content: bytes, kind: str = "application/zip") -> TestResponse:
    headers = {"X-CSRF-Token": browser.csrf or ""}
    return browser.flask.post(f"/api/v1{path}", data=content, content_type=kind, headers=headers)


def test_a_pack_is_looked_at_and_then_imported(web: Web, db: Database, tmp_path: Path) -> None:
    admin = web.browser("root")
    files = edit_pack("riders.csv", "张小雨", "张晓雨")
    files["riders.csv"] = files["riders.csv"].replace("ST-3,SC1,马晓燕,,\n", "ST-4,SC1,孙四,,\n")
    files["ride_plans.csv"] = files["ride_plans.csv"].replace("ST-3", "ST-4")
    files["users.csv"] = files["users.csv"].replace("desk,", "desk3,").replace(",a long", ",another long")
    content = zip_pack(tmp_path / "new.zip", files).read_bytes()
    looked = send(admin, "/packs?dry_run=1", content)
    assert looked.status_code == 200, looked.text
    changes = {name: each for name, each in looked.json["changes"].items() if any(each.values())}
    assert changes == {
        "riders.csv": {"new": 1, "changed": 1, "ended": 1},
        "users.csv": {"new": 1, "changed": 0, "ended": 1},
        "ride_plans.csv": {"new": 1, "changed": 0, "ended": 1},
    }
    assert "ST-4" not in admin.get("/riders").text
    form = (
        b"--b1\r\nContent-Disposition: form-data; name=pack; filename=../x.zip\r\n\r\n"
        + content
        + b"\r\n--b1--\r\n"
    )
    done = send(admin, "/packs", form, "multipart/form-data; boundary=b1")
    assert done.status_code == 200 and done.json["changes"] == looked.json["changes"], done.text
    assert {one["code"] for one in admin.get("/riders").json["items"]} == {"ST-1", "ST-2", "ST-4"}
    assert ("wake/ingest", b'{"why":"catalog"}') in web.house.published
    web.deps.audit.flush()
    assert "riders.csv +1 ~1 -1" in admin.get("/audit?action=import_pack").json["items"][0]["detail"]


def test_a_broken_pack_changes_nothing_and_says_all(web: Web, tmp_path: Path) -> None:
    admin = web.browser("root")
    files = edit_pack("riders.csv", "04A1B2C4", "04A1B2C3") | {"zones.csv": "id,kind\n"}
    content = zip_pack(tmp_path / "bad.zip", files).read_bytes()
    version = admin.get("/riders/ST-1").json["version"]
    for path, status in (("/packs?dry_run=1", 200), ("/packs", 422)):
        answer = send(admin, path, content)
        assert answer.status_code == status, answer.text
        faults = answer.json["faults"]
        assert {(one["file"], one["line"], one["column"]) for one in faults} == {
            ("riders.csv", 3, "card"), ("zones.csv", 1, "limit_kmh"), ("zones.csv", 1, "wkt"),
        }  # fmt: skip
        assert all(one["why"] for one in faults)
    assert answer.json["error"]["code"] == "pack_rejected"
    assert admin.get("/riders/ST-1").json["version"] == version
    assert send(admin, "/packs", b"PK\x03\x04 no zip").status_code == 422
    assert send(admin, "/packs", b"riders").json["error"]["fields"] == {"pack": "no zip"}
    assert send(admin, "/packs", b"x", "text/plain").status_code == 415


def test_an_export_is_the_whole_or_a_company_s_own(web: Web, tmp_path: Path) -> None:
    admin, desk = web.browser("root"), web.browser("desk")
    whole = admin.get("/packs/export")
    assert whole.status_code == 200 and whole.mimetype == "application/zip"
    again = send(admin, "/packs?dry_run=1", whole.data).json
    assert not again["faults"] and not any(any(each.values()) for each in again["changes"].values())
    own = zipfile.ZipFile(io.BytesIO(desk.get("/packs/export").data))
    assert not {"riders.csv", "users.csv", "guardians.csv", "ride_plans.csv"} & set(own.namelist())
    assert "宁E·A0017校" in own.read("vehicles.csv").decode()
    assert web.browser("bureau").get("/packs/export").status_code == 403


def test_what_an_import_refuses_is_refused_by_its_field(web: Web) -> None:
    admin = web.browser("root")
    overlap = SOUND["permits"][0] | {"valid_from": "2027-01-31"}
    wrong: list[tuple[str, str, dict[str, Any], set[str]]] = [
        ("POST", "/vehicles", VEHICLE | {"plate": "宁E·A0017校"}, {"plate"}),
        ("POST", "/vehicles", VEHICLE | {"seats": 0, "inspection_until": "soon", "wheels": 6},
         {"seats", "inspection_until", "wheels"}),
        ("POST", "/vehicles", {"code": "V8"}, {"plate", "seats", "operator", "inspection_until", "insurance_until"}),
        ("POST", "/devices", {"code": "ZW-0009", "vehicle_id": "V1"}, {"vehicle"}),
        ("POST", "/riders", {"code": "ST-9", "school_id": "SC1", "name": "x", "card": "04A1B2C3"}, {"card"}),
        ("POST", "/riders", {"code": "ST-9", "school_id": "nowhere", "name": "x"}, {"school_id"}),
        ("POST", "/permits", overlap, {"valid_from"}),
        ("PATCH", "/permits/P-AM", {"driver_id": "T-1"}, {"driver"}),
        ("PATCH", "/permits/P-AM", {"code": "P-XX"}, {"code"}),
        ("POST", "/ride-plans", {"rider_id": "ST-3", "trip_id": "R1-AM", "stop_id": "S2", "weekdays": "1"}, {"stop"}),
        ("POST", "/settings", {"scope": "system", "name": "corridor", "value": "1"}, {"name"}),
        ("POST", "/zones", {"code": "Z1", "kind": "limit", "wkt": "LINESTRING (105 37, 106 37)"}, {"limit_kmh"}),
        ("PATCH", "/jurisdictions/ZW", {"level": "township"}, {"parent"}),
        ("PATCH", "/timetables/R1-AM", {"stop_times": [{"stop_id": "A", "arrival_time": "7:00:00"}]},
         {"stop_times.stop_id"}),
        ("POST", "/users", {"username": "x1", "role": "school", "password": "password1234"}, {"password"}),
        ("POST", "/users", {"username": "x1", "role": "school"}, {"scope"}),
    ]  # fmt: skip
    for method, path, body, fields in wrong:
        assert fields <= set(refused(admin, method, path, body)), (path, body)
    assert refused(admin, "POST", "/vehicles", VEHICLE | {"code": "V1"}, 409) == {"code": "taken"}
    for path in ("/stops/S", "/schools/SC1", "/jurisdictions/ZW"):
        assert admin.delete(path).status_code == 409, path
    assert admin.get("/vehicles/V8").status_code == admin.get("/riders/ST-9").status_code == 404


def test_a_change_of_what_has_changed_meanwhile_is_a_conflict(web: Web) -> None:
    admin = web.browser("root")
    seen = admin.get("/people/D-1").json
    assert admin.ask("PATCH", "/people/D-1", {"phone": "1", "version": seen["version"]}).status_code == 200
    late = {"phone": "2", "version": seen["version"]}
    assert refused(admin, "PATCH", "/people/D-1", late, 409).keys() == {"version"}
    headers = {"X-CSRF-Token": admin.csrf or "", "If-Match": f'"{seen["version"]}"'}
    stale = admin.flask.patch("/api/v1/people/D-1", json={"phone": "3"}, headers=headers)
    assert stale.status_code == 409 and admin.get("/people/D-1").json["phone"] == "1"


def test_a_company_and_a_school_keep_their_own_and_name_no_other_s(web: Web) -> None:
    admin = web.browser("root")
    made(admin, "operators", code="OP2", name="中宁校车", jurisdiction_id="ZW-SPT")
    foreign = made(admin, "vehicles", **(VEHICLE | {"operator_id": "OP2"}))
    child = made(admin, "riders", code="ST-8", school_id="SC2", name="外校")
    desk, gate = web.browser("desk"), web.browser("gate")
    for answer in (
        desk.get("/vehicles/V9"),
        desk.ask("PATCH", f"/vehicles/{foreign['id']}", {"seats": 1}),
        desk.delete(f"/vehicles/{foreign['id']}"),
        gate.get(f"/riders/{child['id']}"),
        gate.ask("PATCH", "/riders/ST-8", {"name": "x"}),
    ):
        assert answer.status_code == 404
    assert set(refused(desk, "POST", "/devices", {"code": "NEW", "vehicle_id": foreign["id"]})) == {
        "vehicle_id"
    }
    assert set(refused(desk, "POST", "/vehicles", VEHICLE | {"code": "V7", "operator_id": "OP2"})) == {
        "operator_id"
    }
    assert refused(desk, "PATCH", "/vehicles/V1", {"operator_id": "OP2"}).keys() == {"operator_id"}
    assert set(
        refused(gate, "POST", "/guardians", {"username": "desk", "rider_id": "ST-1", "name": "x"})
    ) == {"username"}
    own = {name: value for name, value in VEHICLE.items() if name != "operator_id"}
    assert made(desk, "vehicles", **(own | {"code": "V7", "plate": "宁E·7"}))["operator"]["code"] == "OP"
    assert made(gate, "riders", code="ST-7", name="新生")["school"]["code"] == "SC1"
    assert made(gate, "guardians", username="li", rider_id="ST-7", name="李母")["rider"]["code"] == "ST-7"


def test_an_account_s_rights_end_what_is_open_and_one_administrator_stays(web: Web) -> None:
    admin, desk = web.browser("root"), web.browser("desk")
    changed = admin.ask("PATCH", "/users/desk", {"password": "eleven brave otters"})
    assert changed.status_code == 200 and "password" not in changed.json, changed.text
    assert desk.get("/me").status_code == 401
    assert any(topic == "live/ended" for topic, _ in web.house.published)
    body = {"username": "desk", "password": "eleven brave otters"}
    assert web.client().post("/session", body).status_code == 200
    assert admin.delete("/users/root").status_code == 409
    assert admin.ask("PATCH", "/users/root", {"role": "operator", "scope_id": "OP"}).status_code == 409
    assert (
        "argon2" not in admin.get("/users/desk/history").text
        and "otters" not in admin.get("/users/desk/history").text
    )
