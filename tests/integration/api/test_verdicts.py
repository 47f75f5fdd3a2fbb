"""The six verdicts of a trip over HTTP, and excusing one that failed."""

from __future__ import annotations

import msgspec
import pytest

from server.adapters.db import tables as t
from server.adapters.db.engine import Database
from server.domain.finding import Evidence
from server.domain.verdict import Verdict, Verdicts
from tests.builders.findings import put_finding
from tests.builders.web import Web
from tests.builders.world import ALPHA, NOW_MS, change

RUN, LATER = ALPHA.id("run"), ALPHA.id("later")


@pytest.fixture
def judged(web: Web, db: Database) -> Web:
    """Let Alpha's trip have been late and on its route."""
    late = Verdict("fail", NOW_MS, "arrived_late", (Evidence("arrival", NOW_MS, 400.0, 37.5, 105.2),))
    said = Verdicts(
        route=Verdict("pass", NOW_MS),
        time=late,
        stops=Verdict("unknown", None, "positions_missing", (), ("door",)),
    )
    change(db, t.trips, RUN, verdicts=msgspec.json.encode(said))
    return web


def test_a_trips_verdicts_say_why_and_on_what_they_rest(judged: Web) -> None:
    said = judged.browser("operator-alpha").get(f"/trips/{RUN}").json["verdicts"]
    assert [said[which]["value"] for which in said] == [
        "pass",
        "fail",
        "unknown",
        "unknown",
        "unknown",
        "unknown",
    ]
    assert said["time"]["reason"] == "arrived_late" and said["time"]["since"] == "2026-09-21T07:08:00+08:00"
    assert said["time"]["evidence"] == [
        {"what": "arrival", "at": "2026-09-21T07:08:00+08:00", "value": 400.0, "lat": 37.5, "lon": 105.2, "source": None}
    ]  # fmt: skip
    assert said["route"] == {
        "value": "pass", "final": False, "since": "2026-09-21T07:08:00+08:00", "reason": "", "evidence": [], "not_measured": [],
    }  # fmt: skip
    assert said["stops"]["not_measured"] == ["door"]


def test_a_guardian_reads_what_holds_and_not_on_what_it_rests(judged: Web) -> None:
    said = judged.browser("guardian-alpha").get(f"/trips/{RUN}").json["verdicts"]
    assert (said["time"]["value"], said["time"]["evidence"]) == ("fail", [])


def test_a_verdict_that_failed_is_excused_with_a_lawful_reason(judged: Web) -> None:
    desk = judged.browser("operator-alpha")
    path = f"/trips/{RUN}/verdicts/time/excuse"
    done = desk.post(path, {"reason": "road_works", "remarks": "Bridge closed until noon"})
    assert done.status_code == 200
    said = done.json["verdicts"]["time"]
    assert (said["value"], said["reason"]) == ("excused", "road_works")
    assert [proof["what"] for proof in said["evidence"]] == ["excuse", "arrival"]
    proof = said["evidence"][0]
    assert (proof["value"], proof["remarks"]) == ("arrived_late", "Bridge closed until noon")
    assert proof["by"]["name"] == "User Operator-Alpha"
    assert desk.get(f"/trips/{RUN}").json["verdicts"]["time"]["value"] == "excused"
    again = desk.post(path, {"reason": "disaster"})  # the last word holds
    assert again.json["verdicts"]["time"]["reason"] == "disaster"


def test_an_excuse_is_taken_back_and_the_verdict_failed_after_all(judged: Web) -> None:
    desk = judged.browser("operator-alpha")
    path = f"/trips/{RUN}/verdicts/time/excuse"
    assert desk.delete(path).status_code == 409  # nothing is excused yet
    desk.post(path, {"reason": "bad_weather"})
    back = desk.delete(path)
    assert back.status_code == 200
    assert (back.json["verdicts"]["time"]["value"], back.json["verdicts"]["time"]["reason"]) == (
        "fail",
        "arrived_late",
    )
    assert desk.get(f"/trips/{RUN}").json["verdicts"]["time"]["value"] == "fail"
    assert desk.delete(path).status_code == 409
    assert desk.post(path, {"reason": "disaster"}).json["verdicts"]["time"]["value"] == "excused"
    judged.deps.audit.flush()
    log = judged.browser("admin").get(f"/audit?object={RUN}").json["items"]
    done = [(one["action"], one["detail"]) for one in reversed(log) if "excuse" in one["action"]]
    assert done == [
        ("excuse_verdict", "time: bad_weather"),
        ("end_excuse", "time"),
        ("excuse_verdict", "time: disaster"),
    ]


def test_a_guardian_is_not_told_who_excused(judged: Web) -> None:
    judged.browser("operator-alpha").post(f"/trips/{RUN}/verdicts/time/excuse", {"reason": "road_works"})
    said = judged.browser("guardian-alpha").get(f"/trips/{RUN}").json["verdicts"]["time"]
    assert (said["value"], said["evidence"]) == ("excused", [])


def verdict_on_time(web: Web) -> tuple[str, str, bool]:
    said = web.browser("operator-alpha").get(f"/trips/{LATER}").json["verdicts"]["time"]
    return said["value"], said["reason"], said["final"]


def test_a_trip_that_no_bus_took_is_final_an_hour_after_its_end_and_fails_though_its_finding_is_closed(
    web: Web, db: Database
) -> None:
    end_ms = NOW_MS - 50 * 60_000
    change(db, t.trips, LATER, state="missed", planned_start_ms=end_ms - 1_200_000, planned_end_ms=end_ms)
    id_ = put_finding(db, ALPHA, "missed_trip", trip_id=LATER, origin="clock")
    assert verdict_on_time(web) == ("fail", "missed_trip", False)
    change(db, t.findings, id_, state="closed")
    assert verdict_on_time(web) == ("fail", "missed_trip", False)
    change(db, t.trips, LATER, planned_end_ms=NOW_MS - 60 * 60_000)
    assert verdict_on_time(web) == ("fail", "missed_trip", True)


def test_a_trip_of_a_silent_bus_is_unknown_and_not_final_since_its_records_may_come(
    web: Web, db: Database
) -> None:
    change(db, t.trips, LATER, state="missed", planned_end_ms=NOW_MS - 5 * 3_600_000)
    put_finding(db, ALPHA, "missed_trip", trip_id=LATER, origin="clock")
    put_finding(db, ALPHA, "silent", trip_id=LATER, origin="clock")
    assert verdict_on_time(web) == ("unknown", "silent", False)


@pytest.mark.parametrize(
    ("which", "body", "status"),
    [
        ("route", {"reason": "road_works"}, 409),
        ("stops", {"reason": "road_works"}, 409),
        ("time", {"reason": "we overslept"}, 422),
        ("time", {}, 422),
        ("speed", {"reason": "road_works"}, 404),
    ],
)
def test_nothing_else_is_excused(judged: Web, which: str, body: dict[str, str], status: int) -> None:
    answer = judged.browser("operator-alpha").post(f"/trips/{RUN}/verdicts/{which}/excuse", body)
    assert answer.status_code == status, answer.text
    assert judged.browser("operator-alpha").get(f"/trips/{RUN}").json["verdicts"]["time"]["value"] == "fail"
