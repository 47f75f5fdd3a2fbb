"""A finding that calls goes on, ever higher up, until a person answers: played by the clock on the worker's own job, on both databases."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any

import msgspec
import pytest
from sqlalchemy import Connection, insert, select, update

from server.adapters.db import findings_calls
from server.adapters.db import tables as t
from server.adapters.db.engine import Database
from server.adapters.db.findings_calls import DatabaseCalls
from server.adapters.db.leases import DbLeases
from server.adapters.db.web_store import DbWebStore
from server.clock import SystemClock
from server.jobs.scheduler import NUDGE_GAP, Job, Nudge, run_scheduler
from server.service.calls import Calls
from server.service.findings import answer_call, take_step
from server.service.passwords import LOCKED
from server.service.policy import Caller
from tests.builders.findings import calls_of, put_finding, stored
from tests.builders.world import ALPHA, BRAVO, NOW_MS, build_world, change
from tests.fakes.clock import FakeClock
from tests.waiting import PATIENCE_S, until

EVERYBODY = ["attendant-alpha", "operator-alpha", "school-alpha"]


class Worker:
    """The job with a clock that the test moves."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.clock = FakeClock(NOW_MS)
        self.said: list[tuple[str, Any]] = []
        self.woken = 0
        self.calls = Calls(DatabaseCalls(database), self.clock, self._say, self._wake)

    def _say(self, topic: str, payload: bytes) -> None:
        self.said.append((topic, msgspec.json.decode(payload)))

    def _wake(self) -> None:
        self.woken += 1

    def play(self, seconds: int) -> None:
        """Let school time pass, with the job every two seconds."""
        self.calls.run()
        for _ in range(seconds // 2):
            self.clock.advance(2)
            self.calls.run()

    def called(self, finding_id: str) -> dict[int, list[str]]:
        """Give who was called by each call."""
        found: dict[int, list[str]] = {}
        for number, username, _ in calls_of(self.database, finding_id):
            found.setdefault(number, []).append(username)
        return found


@pytest.fixture
def worker(db: Database) -> Worker:
    build_world(db)
    change(db, t.operators, ALPHA.id("operator"), phone="555-desk-alpha")
    change(db, t.schools, ALPHA.id("school"), phone="555-gate-alpha")
    return Worker(db)


def as_user(role: str, scope: str) -> Caller:
    username = f"{role}-alpha"
    return Caller(f"user-{username}".ljust(32, "0"), username, role, ALPHA.id(scope), None, None)  # type: ignore[arg-type]


def texts(database: Database, finding_id: str, username: str) -> tuple[str, str]:
    query = (
        select(t.notices.c.text_zh, t.notices.c.text_en)
        .join(t.users, t.users.c.id == t.notices.c.user_id)
        .where(t.notices.c.finding_id == finding_id, t.users.c.username == username)
        .order_by(t.notices.c.occurrence.desc())
    )
    with database.read() as connection:
        row = connection.execute(query).first()
    assert row is not None
    return row.text_zh, row.text_en


def test_a_child_left_aboard_calls_the_bus_the_desk_and_the_school_at_once_then_the_regulator(
    worker: Worker,
) -> None:
    finding = put_finding(worker.database, ALPHA, "left_aboard", rider_id=ALPHA.id("child"))
    worker.play(0)
    assert worker.called(finding) == {1: EVERYBODY}
    worker.play(58)
    assert len(worker.called(finding)) == 1
    worker.play(2)
    assert worker.called(finding)[2] == [*EVERYBODY[:2], "regulator-alpha", EVERYBODY[2]]
    worker.play(180)
    assert sorted(worker.called(finding)) == [1, 2, 3, 4, 5]
    row = stored(worker.database, finding)
    assert (row.tier, row.calls, row.call_next_ms) == (1, 5, NOW_MS + 300_000)
    # Each call is of its own minute, so that none of them is too old to be told.
    assert sorted({at_ms for _, _, at_ms in calls_of(worker.database, finding)}) == [
        NOW_MS + n * 60_000 for n in range(5)
    ]
    assert worker.woken == 5
    assert worker.said[0] == ("live/findings", {"ids": [finding]})


def test_a_rear_check_that_is_missing_climbs_one_by_one(worker: Worker) -> None:
    finding = put_finding(worker.database, ALPHA, "rear_check_missing")
    worker.play(240)
    called = worker.called(finding)
    assert [called[n] for n in (1, 2, 3)] == [EVERYBODY[:1], EVERYBODY[:2], EVERYBODY]
    assert called[4] == called[5] == [*EVERYBODY[:2], "regulator-alpha", EVERYBODY[2]]


def signed_on(worker: Worker, badge: str | None) -> None:
    crew = None if badge is None else msgspec.json.encode({"attendant": badge, "since_ms": NOW_MS})
    change(worker.database, t.trips, ALPHA.id("run"), crew=crew)


def a_second_attendant(worker: Worker) -> str:
    with worker.database.write() as connection:
        person = connection.execute(select(t.people).where(t.people.c.id == ALPHA.id("attendant"))).one()
        told = {
            "id": "other".ljust(32, "0"),
            "badge": "badge-other",
            "name": "Other Hand",
            "phone": "555-other",
        }
        connection.execute(insert(t.people).values(dict(person._mapping) | told))
        user = connection.execute(select(t.users).where(t.users.c.username == "attendant-alpha")).one()
        account = {"id": "other-user".ljust(32, "0"), "username": "other-alpha", "scope_id": told["id"]}
        connection.execute(insert(t.users).values(dict(user._mapping) | account))
    return "badge-other"


def test_the_attendant_who_is_signed_on_is_called_and_rung_and_the_planned_one_while_nobody_is(
    worker: Worker,
) -> None:
    signed_on(worker, a_second_attendant(worker))
    finding = put_finding(worker.database, ALPHA, "rear_check_missing")
    worker.play(0)
    assert worker.called(finding) == {1: ["other-alpha"]}
    with DbWebStore(worker.database).read() as work:
        rung = {one.role: one.phone for one in work.findings.get(finding).around}
        assert rung == {one.role: one.phone for one in work.findings.around([finding])[finding]}
    assert rung["attendant"] == "555-other"
    signed_on(worker, None)
    second = put_finding(worker.database, ALPHA, "rear_check_missing")
    worker.play(0)
    assert worker.called(second) == {1: ["attendant-alpha"]}


def test_a_badge_that_is_nobodys_is_passed_at_once_and_the_planned_one_is_not_on_that_bus(
    worker: Worker,
) -> None:
    signed_on(worker, "badge-of-nobody")
    finding = put_finding(worker.database, ALPHA, "rear_check_missing")
    worker.play(0)
    assert worker.called(finding) == {1: ["operator-alpha"]}


def test_each_rung_has_its_own_minutes(worker: Worker) -> None:
    said = {
        "call_attendant_s": "20",
        "call_operator_s": "30",
        "call_school_s": "40",
        "call_regulator_s": "300",
    }
    with worker.database.write() as connection:
        for name, value in said.items():
            row = {"id": name, "scope": "route", "scope_id": ALPHA.id("route"), "name": name, "value": value}
            connection.execute(insert(t.settings).values(**row))
    finding = put_finding(worker.database, ALPHA, "rear_check_missing")
    worker.play(500)
    began = [
        at_ms - NOW_MS for _, at_ms in sorted({(n, at) for n, _, at in calls_of(worker.database, finding)})
    ]
    assert began == [0, 20_000, 50_000, 90_000, 390_000]


def test_regulators_are_called_level_by_level(worker: Worker) -> None:
    with worker.database.write() as connection:
        row = connection.execute(select(t.users).where(t.users.c.username == "regulator-alpha")).one()
        values = dict(row._mapping) | {
            "id": "town-user".ljust(32, "0"), "username": "town-alpha", "scope_id": ALPHA.id("town"),
        }  # fmt: skip
        connection.execute(insert(t.users).values(**values))
    finding = put_finding(worker.database, ALPHA, "sos")
    worker.play(120)
    called = worker.called(finding)
    assert set(called[2]) - set(called[1]) == {"town-alpha"}
    assert set(called[3]) - set(called[2]) == {"regulator-alpha"}


def test_who_has_no_account_to_log_in_to_is_passed_at_once(worker: Worker) -> None:
    change(worker.database, t.users, "user-attendant-alpha".ljust(32, "0"), password_hash=LOCKED)
    change(worker.database, t.users, "user-operator-alpha".ljust(32, "0"), ended_at_ms=NOW_MS - 1)
    finding = put_finding(worker.database, ALPHA, "rear_check_missing")
    worker.play(0)
    assert worker.called(finding) == {1: ["school-alpha"]}
    assert stored(worker.database, finding).tier == 2


def test_where_nobody_can_be_called_it_is_tried_again_each_minute(worker: Worker) -> None:
    with worker.database.write() as connection:
        connection.execute(update(t.users).values(password_hash=LOCKED))
    finding = put_finding(worker.database, ALPHA, "sos")
    worker.play(62)
    assert (worker.called(finding), stored(worker.database, finding).calls) == ({}, 0)
    with worker.database.write() as connection:
        connection.execute(update(t.users).values(password_hash="x"))
    worker.play(60)
    assert worker.called(finding) == {1: EVERYBODY}


def test_an_answer_from_any_of_them_ends_the_calls(worker: Worker) -> None:
    finding = put_finding(worker.database, ALPHA, "sos")
    worker.play(60)
    with worker.database.read() as connection:
        notice = connection.scalar(
            select(t.notices.c.id)
            .join(t.users, t.users.c.id == t.notices.c.user_id)
            .where(t.notices.c.finding_id == finding, t.users.c.username == "school-alpha", t.notices.c.occurrence == 2)
        )  # fmt: skip
    assert notice is not None
    # What the courier has brought stays; what still waits in the outbox is taken back with the answer.
    with worker.database.write() as connection:
        connection.execute(
            update(t.notices).where(t.notices.c.occurrence == 1, t.notices.c.finding_id == finding).values(sent_at_ms=NOW_MS)
        )  # fmt: skip
    with DbWebStore(worker.database).write() as work:
        told = answer_call(work, as_user("school", "school"), notice, "gate 2 is with them", NOW_MS + 61_000)
    assert len(told) == 3
    worker.play(300)
    assert worker.called(finding) == {1: EVERYBODY, 2: ["school-alpha"]}
    row = stored(worker.database, finding)
    assert (row.state, row.answered_at_ms, row.call_next_ms) == ("acknowledged", NOW_MS + 61_000, None)
    assert row.owner_id == "user-school-alpha".ljust(32, "0")
    with DbWebStore(worker.database).write() as work:
        assert answer_call(work, as_user("operator", "operator"), notice, None, NOW_MS + 70_000) == []
        [step] = work.findings.steps(finding)
    assert (step.step, step.remark, step.by.code) == ("acknowledged", "gate 2 is with them", "school-alpha")


def test_an_acknowledgement_at_the_desk_ends_the_calls(worker: Worker) -> None:
    finding = put_finding(worker.database, ALPHA, "collision")
    worker.play(0)
    with DbWebStore(worker.database).write() as work:
        take_step(work, as_user("operator", "operator"), finding, "acknowledge", None, NOW_MS + 5000)
    worker.play(120)
    assert stored(worker.database, finding).calls == 1


@pytest.mark.parametrize("values", [{"ended_ms": NOW_MS + 10_000}, {"withdrawn_at_ms": NOW_MS + 10_000}])
def test_what_is_no_longer_so_calls_no_more_and_takes_back_what_was_not_told(
    worker: Worker, values: dict[str, int]
) -> None:
    finding = put_finding(worker.database, ALPHA, "left_aboard", rider_id=ALPHA.id("child"))
    worker.play(0)
    told = calls_of(worker.database, finding)
    change(worker.database, t.findings, finding, **values)
    worker.play(120)
    assert told and calls_of(worker.database, finding) == []
    row = stored(worker.database, finding)
    assert (row.calls, row.call_next_ms, row.state) == (1, None, "open")


@pytest.mark.parametrize(
    ("gone", "back"),
    [
        ({"ended_ms": NOW_MS + 10_000}, {"ended_ms": None}),
        ({"withdrawn_at_ms": NOW_MS + 10_000}, {"withdrawn_at_ms": None}),
    ],
)
def test_what_stands_again_after_a_fold_calls_on(
    worker: Worker, gone: dict[str, int], back: dict[str, None]
) -> None:
    called = put_finding(worker.database, ALPHA, "left_aboard")
    uncalled = put_finding(worker.database, ALPHA, "wrong_bus", call_next_ms=NOW_MS + 2000)
    change(worker.database, t.findings, uncalled, **gone)
    worker.play(0)
    change(worker.database, t.findings, called, **gone)
    worker.play(120)
    assert (
        stored(worker.database, called).call_next_ms is None is stored(worker.database, uncalled).call_next_ms
    )
    for finding in (called, uncalled):
        change(worker.database, t.findings, finding, **back)
    worker.play(0)
    assert stored(worker.database, called).calls == 2
    assert worker.called(uncalled) == {1: EVERYBODY[1:]}


def test_an_sos_is_a_moment_and_calls_though_it_ended_as_it_began(worker: Worker) -> None:
    finding = put_finding(worker.database, ALPHA, "sos", began_ms=NOW_MS - 1000, ended_ms=NOW_MS - 1000)
    worker.play(60)
    assert sorted(worker.called(finding)) == [1, 2]


def test_what_came_too_late_to_be_told_calls_nobody_but_a_condition_that_still_holds_does(
    worker: Worker,
) -> None:
    hour_ago = NOW_MS - 3_600_000
    old = put_finding(worker.database, ALPHA, "no_show", rider_id=ALPHA.id("child"), began_ms=hour_ago)
    lasting = put_finding(worker.database, ALPHA, "left_aboard", began_ms=hour_ago)
    recent = put_finding(worker.database, ALPHA, "no_show", began_ms=NOW_MS - 14 * 60_000)
    worker.play(0)
    assert worker.called(old) == {}
    assert stored(worker.database, old).state == "open"
    assert worker.called(lasting) == {1: EVERYBODY}
    assert worker.called(recent) == {1: EVERYBODY[1:]}


def test_minutes_without_a_worker_are_not_made_up_for(worker: Worker) -> None:
    finding = put_finding(worker.database, ALPHA, "wrong_bus", rider_id=ALPHA.id("child"))
    worker.play(0)
    worker.clock.advance(1800)
    worker.play(2)
    assert [number for number, _, _ in calls_of(worker.database, finding)] == [1, 1, 2, 2, 2]


def test_a_crash_while_a_call_is_written_makes_it_once_all_the_same(
    worker: Worker, monkeypatch: pytest.MonkeyPatch
) -> None:
    finding = put_finding(worker.database, ALPHA, "sos")
    upsert = findings_calls.upsert

    def crash(connection: Connection, *rest: Any) -> None:  # noqa: ANN401 - as upsert takes
        upsert(connection, *rest)
        raise RuntimeError("the process dies before its commit")

    with monkeypatch.context() as patch:
        patch.setattr(findings_calls, "upsert", crash)
        worker.play(0)
    assert (worker.called(finding), stored(worker.database, finding).calls) == ({}, 0)
    worker.play(0)
    assert worker.called(finding) == {1: EVERYBODY}


def test_a_crash_after_the_commit_calls_nobody_twice(worker: Worker) -> None:
    finding = put_finding(worker.database, ALPHA, "sos")

    def die(_topic: str, _payload: bytes) -> None:
        raise ConnectionError("the process dies before it says so")

    with pytest.raises(ConnectionError):
        Calls(DatabaseCalls(worker.database), worker.clock, die, lambda: None).run()
    worker.play(58)
    assert worker.called(finding) == {1: EVERYBODY}


def test_two_workers_at_once_make_one_call(worker: Worker) -> None:
    findings = [put_finding(worker.database, ALPHA, "sos") for _ in range(5)]
    gate = threading.Barrier(2)

    def work() -> None:
        calls = Calls(DatabaseCalls(worker.database), worker.clock, lambda *_: None, lambda: None)
        gate.wait(PATIENCE_S)
        calls.run()

    threads = [threading.Thread(target=work) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(PATIENCE_S)
    assert [worker.called(finding) for finding in findings] == [{1: EVERYBODY}] * 5
    assert {stored(worker.database, finding).calls for finding in findings} == {1}


def test_an_answer_between_the_look_and_the_call_stops_it(worker: Worker) -> None:
    finding = put_finding(worker.database, ALPHA, "sos")
    store = DatabaseCalls(worker.database)

    class Slow(DatabaseCalls):
        def find(self, finding_id: str) -> Any:  # noqa: ANN401 - as the store gives it
            facts = store.find(finding_id)
            with DbWebStore(worker.database).write() as work:
                take_step(work, as_user("operator", "operator"), finding, "acknowledge", None, NOW_MS)
            return facts

    assert Calls(Slow(worker.database), worker.clock, worker._say, worker._wake).run() == 0
    assert worker.called(finding) == {}


def test_each_is_told_what_concerns_them_with_a_number_to_call(worker: Worker) -> None:
    change(worker.database, t.riders, ALPHA.id("child"), name="Xiaoyu")
    finding = put_finding(
        worker.database, ALPHA, "wrong_stop", rider_id=ALPHA.id("child"), stop_id=ALPHA.id("stop-home")
    )
    sos = put_finding(worker.database, ALPHA, "sos")
    worker.play(60)
    assert texts(worker.database, finding, "operator-alpha")[1] == (
        "Xiaoyu left Bus Alpha 1234 at 07:07 at a stop that isn't the child's own. Please find out now where the child is. "
        "This is call 2; nobody has answered yet. Place: Alpha home. "
        "Call Alpha attendant Wheeler (attendant): 555-attendant-alpha."
    )
    assert (
        "Call Alpha buses (operator): 555-desk-alpha." in texts(worker.database, finding, "school-alpha")[1]
    )
    zh, en = texts(worker.database, finding, "regulator-alpha")
    assert "Xiaoyu" not in zh + en and "child-alpha" in zh and "child-alpha" in en
    # No stop is named: the one next to the last place in the evidence.
    assert "Place: near Alpha corner." in texts(worker.database, sos, "operator-alpha")[1]
    assert "地点：Alpha corner附近。" in texts(worker.database, sos, "operator-alpha")[0]


def test_a_finding_of_a_child_calls_that_child_s_school_and_no_other(worker: Worker) -> None:
    change(worker.database, t.riders, ALPHA.id("child"), school_id=BRAVO.id("school"))
    about = put_finding(worker.database, ALPHA, "wrong_bus", rider_id=ALPHA.id("child"))
    bus = put_finding(worker.database, ALPHA, "sos")
    worker.play(0)
    assert worker.called(about) == {1: ["operator-alpha", "school-bravo"]}
    # The whole bus concerns every school whose children are on it.
    assert worker.called(bus) == {1: ["attendant-alpha", "operator-alpha", "school-alpha", "school-bravo"]}


@contextmanager
def scheduled(calls: Calls, database: Database, every_s: float, nudge: Nudge) -> Iterator[None]:
    stop = threading.Event()
    thread = threading.Thread(
        target=run_scheduler,
        args=(DbLeases(database), SystemClock(), [Job("calls", every_s, calls.run)]),
        kwargs={"holder": "worker", "stop": stop, "renew_s": 0.2, "nudges": (nudge,)},
    )
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join(PATIENCE_S)
        assert not thread.is_alive()


def test_the_worker_s_job_calls_when_it_is_nudged(worker: Worker) -> None:
    first = put_finding(worker.database, ALPHA, "sos")
    nudge = Nudge("calls")
    nudge()  # before anything runs here it does nothing
    with scheduled(worker.calls, worker.database, 3600, nudge):
        until(lambda: worker.called(first), "the first round")
        second = put_finding(worker.database, ALPHA, "sos")

        def nudged() -> bool:
            nudge()
            return bool(worker.called(second))

        until(nudged, "the round that the nudge brought")
    nudge()


def test_however_often_it_is_nudged_runs_keep_their_distance() -> None:
    brought: list[datetime] = []

    class Scheduler:
        def modify_job(self, _name: str, next_run_time: datetime) -> None:
            brought.append(next_run_time)

    nudge = Nudge("calls")
    nudge.bind(Scheduler())  # type: ignore[arg-type]
    for _ in range(1000):
        nudge()
    assert brought
    assert all(later - one >= NUDGE_GAP for one, later in itertools.pairwise(brought))
