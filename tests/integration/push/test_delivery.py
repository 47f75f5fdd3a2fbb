"""Notices on their way to browsers through a push service that fails in every way there is."""

import time
from random import Random

import pytest
from sqlalchemy import select

from server.adapters.db import tables as t
from server.domain.limits import HISTORY_AFTER_MS
from tests.builders.post import GUARDIAN, Post
from tests.builders.world import ALPHA, change
from tests.fakes.push_service import FakePushService, Reply, Request, push_service
from tests.waiting import promised, until

MINUTE_S = 60


def send(post: Post, kind: str = "boarded", **values: object) -> str:
    """Write a notice and let the courier take it; give its id."""
    notice = post.notice(kind, **values)  # type: ignore[arg-type]
    post.courier.deliver()
    return notice


def test_a_notice_reaches_each_browser_of_its_user_once(post: Post, service: FakePushService) -> None:
    change(post.database, t.riders, ALPHA.id("child"), name="张小雨")
    phone, desk, other = (service.browser(name) for name in ("phone", "desk", "other"))
    guardian = post.web.browser("guardian-alpha")
    ids = [post.subscribe(guardian, phone, "zh"), post.subscribe(guardian, desk, "en")]
    post.subscribe(post.web.browser("neighbour-guardian-alpha"), other)
    notice = send(post)
    until(lambda: post.states(notice) == ["accepted", "accepted"], "both have it")
    [shown], [in_english] = phone.got, desk.got
    assert shown == {
        "id": notice, "tag": notice, "to": ids[0], "kind": "boarded", "title": "小雨上车了", "body": "点开查看详情。",
        "lang": "zh", "at_ms": post.clock.now_ms(), "child": ALPHA.id("child"),
    }  # fmt: skip
    assert in_english["title"] == "小雨 is on the bus" and in_english["to"] == ids[1]
    assert other.got == []
    assert post.page.told == [notice] and post.row(notice).sent_at_ms == post.clock.now_ms()
    [headers, _] = service.headers
    assert headers["topic"] == notice and headers["urgency"] == "high" and headers["ttl"] == "900"
    assert headers["content-encoding"] == "aes128gcm"


def test_what_is_pushed_says_no_full_name_and_no_place(post: Post, service: FakePushService) -> None:
    change(post.database, t.riders, ALPHA.id("child"), name="Lily Wheeler")
    phone = service.browser("phone")
    post.subscribe(post.web.browser("guardian-alpha"), phone, "en")
    kinds = [
        "approaching",
        "boarded",
        "alighted",
        "arrived",
        "no_show",
        "late",
        "left_aboard",
        "cancelled",
        "made_up",
    ]
    notices = [
        post.notice(kind, stop_id=ALPHA.id("stop-home"), text_en="Lily Wheeler at Alpha home")
        for kind in kinds
    ]
    post.courier.deliver()
    until(lambda: len(phone.got) == len(notices), "all came")
    for message in phone.got:
        seen = " ".join(str(value) for name, value in message.items() if name in ("title", "body"))
        assert "Wheeler" not in seen and "home" not in seen and "37." not in seen


def test_half_of_all_tries_fail_and_nothing_is_lost_or_doubled(post: Post, service: FakePushService) -> None:
    dice = Random(3)
    bad = [Reply(500), Reply(503, Retry_After="2"), Reply(429, Retry_After="3"), Reply(408)]
    service.behave = lambda _request: Reply() if dice.random() < 0.5 else dice.choice(bad)
    phone = service.browser("phone")
    post.subscribe(post.web.browser("guardian-alpha"), phone)
    notices = [post.notice() for _ in range(40)]
    post.courier.deliver()
    for _ in range(40):
        post.settle()
        if len(phone.got) == len(notices):
            break
        post.pass_time(20, 10)
    assert phone.shown == dict.fromkeys(notices, 1)
    assert all(post.states(notice) == ["accepted"] for notice in notices)
    assert service.requests > 60


def test_a_service_that_is_down_for_five_minutes_delays_and_loses_nothing(
    post: Post, service: FakePushService
) -> None:
    back_ms = post.clock.now_ms() + 5 * MINUTE_S * 1000
    service.behave = lambda _request: Reply() if post.clock.now_ms() >= back_ms else Reply(502)
    phone = service.browser("phone")
    post.subscribe(post.web.browser("guardian-alpha"), phone)
    notices = [send(post) for _ in range(8)]
    assert set(post.page.told) == set(notices), "the page waits for nobody"
    post.pass_time(4 * MINUTE_S, 10)
    assert phone.got == []
    tried = service.requests
    post.pass_time(2.5 * MINUTE_S, 10)
    assert phone.shown == dict.fromkeys(notices, 1)
    assert tried <= 8 * 14, "it is asked less and less often"


def test_nothing_older_than_fifteen_minutes_is_pushed(post: Post, service: FakePushService) -> None:
    service.behave = lambda _request: Reply(503)
    phone = service.browser("phone")
    post.subscribe(post.web.browser("guardian-alpha"), phone)
    notice = send(post, age_s=14 * MINUTE_S)
    old = send(post, age_s=16 * MINUTE_S)
    until(lambda: service.requests == 1, "the first try")
    post.settle()
    assert service.headers[0]["ttl"] == "60"
    service.behave = lambda _request: Reply()
    post.advance(2 * MINUTE_S)
    until(lambda: post.states(notice) == ["expired"], "it is over")
    assert post.states(old) == [] and post.row(old).expired_at_ms is not None
    assert phone.got == [] and service.requests == 1


def test_a_child_who_is_still_aboard_is_told_of_however_late(post: Post, service: FakePushService) -> None:
    phone = service.browser("phone")
    post.subscribe(post.web.browser("guardian-alpha"), phone)
    with post.database.write() as connection:
        connection.execute(
            t.trip_riders.update()
            .where(t.trip_riders.c.trip_id == ALPHA.id("run"), t.trip_riders.c.rider_id == ALPHA.id("child"))
            .values(state="aboard")
        )
    still = send(post, "left_aboard", age_s=3600)
    until(lambda: post.states(still) == ["accepted"], "it is told")
    service.behave = lambda _request: Reply(503)
    more = send(post, "left_aboard", age_s=3600)
    until(lambda: service.requests == 2, "a first try")
    post.settle()
    with post.database.write() as connection:
        connection.execute(t.trip_riders.update().values(state="alighted"))
    post.advance(MINUTE_S)
    until(lambda: post.states(more) == ["expired"], "it holds no more, and is old")
    assert phone.shown == {still: 1}


def test_retry_after_is_kept_to(post: Post, service: FakePushService) -> None:
    service.behave = lambda request: Reply(429, Retry_After="120") if request.number == 1 else Reply()
    phone = service.browser("phone")
    post.subscribe(post.web.browser("guardian-alpha"), phone)
    notice = send(post)
    until(lambda: service.requests == 1, "the first try")
    post.settle()
    post.pass_time(115)
    assert service.requests == 1
    post.pass_time(10)
    assert post.states(notice) == ["accepted"] and service.requests == 2


def test_a_browser_that_is_gone_ends_and_the_others_are_told(post: Post, service: FakePushService) -> None:
    service.behave = lambda request: Reply(410 if request.browser.name == "lost" else 201)
    lost, phone = service.browser("lost"), service.browser("phone")
    guardian = post.web.browser("guardian-alpha")
    gone = post.subscribe(guardian, lost)
    post.subscribe(guardian, phone)
    first = send(post)
    until(lambda: post.states(first) == ["accepted", "gone"], "both are settled")
    second = send(post)
    until(lambda: post.states(second) == ["accepted"], "only one is left")
    with post.database.read() as connection:
        row = connection.execute(select(t.push_subscriptions).where(t.push_subscriptions.c.id == gone)).one()
    assert row.ended_at_ms is not None and row.end_reason.startswith("410")
    assert lost.endpoint not in row.endpoint and row.auth == "" and row.p256dh == ""


def test_a_service_that_takes_it_and_says_nothing_gets_it_again_under_the_same_tag(
    post: Post, service: FakePushService
) -> None:
    service.behave = lambda request: Reply(None, keep=True) if request.number == 1 else Reply()
    phone = service.browser("phone")
    post.subscribe(post.web.browser("guardian-alpha"), phone)
    notice = send(post)
    until(lambda: service.requests == 1, "the first try")
    post.settle()
    assert post.states(notice) == ["waiting"], "the sender gave up"
    post.pass_time(5)
    assert post.states(notice) == ["accepted"]
    assert phone.shown == {notice: 2}
    assert [headers["topic"] for headers in service.headers] == [notice, notice]


@pytest.mark.timed
def test_a_dead_service_holds_up_neither_the_page_nor_another_service(
    post: Post, service: FakePushService
) -> None:
    service.behave = lambda _request: Reply(None, keep=False)
    guardian = post.web.browser("guardian-alpha")
    for n in range(12):
        post.subscribe(guardian, service.browser(f"dead{n}"))
    with push_service() as other:
        post.sender._outgoing = type(post.sender._outgoing)([service.address, other.address])
        post.web.deps.push._outgoing = post.sender._outgoing  # type: ignore[attr-defined]
        phone = other.browser("phone")
        post.subscribe(guardian, phone)
        began = time.monotonic()
        notices = [post.notice() for _ in range(30)]
        post.courier.deliver()
        assert len(post.page.told) == 30
        until(lambda: len(phone.got) == 30, "the living one has them all")
        took_s = time.monotonic() - began
        assert phone.shown == dict.fromkeys(notices, 1)
        assert service.most_under_way <= 2, (
            "of a service that never answered only this many are tried at once"
        )
        promised("thirty deliveries beside a service that hangs", took_s, 10.0)
        service.over.set()


def test_a_page_that_cannot_be_told_stops_no_push(post: Post, service: FakePushService) -> None:
    phone = service.browser("phone")
    post.subscribe(post.web.browser("guardian-alpha"), phone)
    tell, post.page.tell = post.page.tell, _fail  # type: ignore[method-assign]
    notice = post.notice()
    assert post.courier.deliver() == 0, "nobody looks again at once"
    until(lambda: post.states(notice) == ["accepted"], "the phone has it")
    assert post.row(notice).sent_at_ms is not None
    post.page.tell = tell  # type: ignore[method-assign]
    late = post.notice()
    post.courier.deliver()
    until(lambda: post.states(late) == ["accepted"], "the next one too")
    assert phone.shown == {notice: 1, late: 1} and late in post.page.told


def _fail(_notices: object) -> None:
    raise OSError("the broker is away")


def test_what_the_fold_took_back_before_it_was_sent_is_not_pushed(
    post: Post, service: FakePushService
) -> None:
    service.behave = lambda _request: Reply(503)
    phone = service.browser("phone")
    post.subscribe(post.web.browser("guardian-alpha"), phone)
    notice = send(post)
    until(lambda: service.requests == 1, "the first try")
    post.settle()
    change(post.database, t.notices, notice, withdrawn_at_ms=post.clock.now_ms())
    service.behave = lambda _request: Reply()
    post.pass_time(10)
    assert post.states(notice) == ["expired"] and phone.got == []


def test_a_muted_notice_is_left_alone(post: Post, service: FakePushService) -> None:
    post.subscribe(post.web.browser("guardian-alpha"), service.browser("phone"))
    muted, heard = post.notice(muted=True), send(post)
    until(lambda: post.states(heard) == ["accepted"], "the other is told")
    assert post.states(muted) == [] and post.row(muted).sent_at_ms is None


def test_who_is_no_guardian_any_more_hears_nothing(post: Post, service: FakePushService) -> None:
    service.behave = lambda _request: Reply(503)
    phone = service.browser("phone")
    post.subscribe(post.web.browser("guardian-alpha"), phone)
    notice = send(post)
    until(lambda: service.requests == 1, "the first try")
    post.settle()
    service.behave = lambda _request: Reply()
    change(post.database, t.guardians, ALPHA.id("g-child"), valid_until="2026-09-20")
    post.pass_time(10)
    assert post.states(notice) == ["failed"] and phone.got == []


def test_two_workers_share_the_work(post: Post, service: FakePushService) -> None:
    phone = service.browser("phone")
    post.subscribe(post.web.browser("guardian-alpha"), phone)
    twin = type(post.pusher)(post.deliveries, post.sender, post.clock, post.real)
    notices = [post.notice() for _ in range(30)]
    post.courier.deliver()
    while len(phone.got) < len(notices):
        twin.turn()
    until(lambda: not (twin.turn() or twin._under_way or post.pusher._under_way), "both are done")
    assert phone.shown == dict.fromkeys(notices, 1)
    twin.stop()
    twin._threads.shutdown()


def test_the_school_days_pace_counts_for_expiry(post: Post, service: FakePushService) -> None:
    post.clock.speed = 20
    phone = service.browser("phone")
    post.subscribe(post.web.browser("guardian-alpha"), phone)
    notice = send(post)
    until(lambda: post.states(notice) == ["accepted"], "it came")
    assert service.headers[0]["ttl"] == str(HISTORY_AFTER_MS // 1000 // 20)


def test_a_call_to_staff_names_no_child(post: Post, service: FakePushService) -> None:
    desk = service.browser("desk")
    post.subscribe(post.web.browser("operator-alpha"), desk, "en")
    with post.database.write() as connection:
        connection.execute(
            t.findings.insert().values(
                id="f" * 32, key="k", origin="fold", operator_id=ALPHA.id("operator"), kind="left_aboard", severity="act",
                began_ms=post.clock.now_ms() - 3_600_000, evidence=b"[]", made_at_ms=post.clock.now_ms(), state="open",
            )
        )  # fmt: skip
    operator = f"user-{ALPHA.user('operator')}".ljust(32, "0")
    assert operator != GUARDIAN
    call = send(post, "left_aboard", user_id=operator, finding_id="f" * 32, age_s=3600)
    until(lambda: post.states(call) == ["accepted"], "an open finding calls however old its beginning is")
    assert desk.got[0]["title"] == "Act now: a child may still be on a bus" and "child" not in desk.got[0]
    change(post.database, t.findings, "f" * 32, state="acknowledged")
    after = send(post, "left_aboard", user_id=operator, finding_id="f" * 32, age_s=3600)
    assert post.states(after) == [] and post.row(after).expired_at_ms is not None


def test_requests_are_what_the_service_was_told(post: Post, service: FakePushService) -> None:
    seen: list[Request] = []
    service.behave = lambda request: seen.append(request) or Reply()  # type: ignore[func-returns-value]
    phone = service.browser("phone")
    post.subscribe(post.web.browser("guardian-alpha"), phone)
    for kind in ("boarded", "no_show"):
        send(post, kind)
    until(lambda: len(phone.got) == 2, "both came")
    lengths = {headers["content-length"] for headers in service.headers}
    assert len(lengths) == 1, "the length tells nothing of the kind"
