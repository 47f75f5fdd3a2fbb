"""The live feed and the one-shot publisher: heard, said, and back after the broker was gone."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from typing import IO

import pytest

from server.adapters.mqtt.connection import Change, State
from server.adapters.mqtt.live_feed import LiveFeed
from server.adapters.mqtt.publisher import publish_once
from server.adapters.mqtt.rights import ROLE_CLI, ROLE_WEB, ROLE_WORKER
from server.adapters.mqtt.topics import LIVE_ALL, LIVE_TRIPS, WAKE_INGEST
from server.clock import SystemClock
from tests.integration.mqtt.conftest import Ingest, RunningBroker
from tests.integration.mqtt.waiting import until
from tests.waiting import PATIENCE_S, promised


class Web:
    """A feed and what it heard."""

    def __init__(self, broker: RunningBroker, role: str = ROLE_WEB) -> None:
        self.heard: list[tuple[str, bytes]] = []
        self.changes: list[Change] = []
        self.feed = LiveFeed(
            broker.endpoint(role), [LIVE_ALL], clock=SystemClock(), on_change=self.changes.append
        )

    def start(self) -> None:
        self.feed.start(lambda topic, payload: self.heard.append((topic, payload)))
        until(lambda: self.feed.ready, "the feed is connected", lambda: str(self.changes[-3:]))


@pytest.fixture
def make_web(broker: RunningBroker) -> Iterator[Callable[..., Web]]:
    made: list[Web] = []

    def make(role: str = ROLE_WEB) -> Web:
        made.append(Web(broker, role))
        made[-1].start()
        return made[-1]

    yield make
    for web in made:
        web.feed.stop()


def test_two_web_processes_hear_the_same(ingest: Ingest, make_web: Callable[..., Web]) -> None:
    first, second = make_web(), make_web()
    assert ingest.subscriber.publish(LIVE_TRIPS, b'{"ids":["a"]}')
    ingest.subscriber.flush()
    until(lambda: bool(first.heard and second.heard), "both heard it")
    assert first.heard == second.heard == [(LIVE_TRIPS, b'{"ids":["a"]}')]


def test_the_feed_comes_back_after_the_broker_was_killed(
    broker: RunningBroker, make_web: Callable[..., Web]
) -> None:
    web, worker = make_web(), make_web(ROLE_WORKER)
    broker.kill_and_restart()
    until(lambda: web.changes[-1].state is not State.READY or len(web.changes) > 2, "it noticed")
    until(lambda: web.feed.ready, "it is back")
    worker.feed.publish(LIVE_TRIPS, b"after")
    until(lambda: (LIVE_TRIPS, b"after") in web.heard, "it heard what was said after the restart")
    assert [change.state for change in web.changes].count(State.READY) >= 2


def test_what_is_said_while_the_broker_is_away_is_sent_when_it_is_back(
    broker: RunningBroker, make_web: Callable[..., Web], ingest: Ingest
) -> None:
    web = make_web()
    broker.run(broker.broker.stop())
    until(lambda: not web.feed.ready, "it noticed")
    web.feed.publish(WAKE_INGEST, b'{"why":"inputs"}')
    assert not web.feed.drain(0.1)
    broker.broker = broker.run(broker._make())
    broker.run(broker.broker.start())
    ingest.until_ready()
    # Ingest's session is lasting, so a QoS 0 message may have been a moment too early for it: that one is healed
    # by its own polling. That the feed sent it is what counts here.
    assert web.feed.drain(PATIENCE_S)


def test_an_exception_in_on_message_is_logged_and_the_feed_goes_on(
    broker: RunningBroker, ingest: Ingest, caplog: pytest.LogCaptureFixture
) -> None:
    heard: list[bytes] = []

    def hear(_topic: str, payload: bytes) -> None:
        heard.append(payload)
        if payload == b"bad":
            raise ValueError("not taken")

    feed = LiveFeed(broker.endpoint(ROLE_WEB), [LIVE_ALL], clock=SystemClock())
    feed.start(hear)
    try:
        until(lambda: feed.ready, "connected")
        for payload in (b"bad", b"good"):
            assert ingest.subscriber.publish(LIVE_TRIPS, payload)
        ingest.subscriber.flush()
        until(lambda: heard == [b"bad", b"good"], "both came", lambda: str(heard))
        assert "ValueError: not taken" in caplog.text
    finally:
        feed.stop()


def test_a_command_says_one_thing_and_leaves(broker: RunningBroker, ingest: Ingest) -> None:
    cli = broker.endpoint(ROLE_CLI)
    assert publish_once(cli, WAKE_INGEST, b'{"why":"catalog","vehicles":[]}', clock=SystemClock())
    (message,) = ingest.take_count(1)
    assert (message.topic, message.payload) == (WAKE_INGEST, b'{"why":"catalog","vehicles":[]}')


@pytest.mark.timed
def test_a_command_that_finds_no_broker_says_so_in_time(broker: RunningBroker) -> None:
    cli = broker.endpoint(ROLE_CLI)
    broker.run(broker.broker.stop())
    before = SystemClock().monotonic()
    assert not publish_once(cli, WAKE_INGEST, b"{}", clock=SystemClock(), wait_s=0.5)
    promised("the end of a vain try", SystemClock().monotonic() - before, 3.0)


class UnderGevent:
    """The same feed in a process with gevent's patches; its lines as they come."""

    def __init__(self, url: str) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tests.integration.mqtt.under_gevent", url],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self.lines: list[str] = []
        self._reader = threading.Thread(target=self._read)
        self._reader.start()

    def _read(self) -> None:
        stdout: IO[str] | None = self.process.stdout
        assert stdout is not None
        with stdout:
            self.lines.extend(iter(stdout.readline, ""))

    def say(self, line: str) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()

    def end(self) -> None:
        assert self.process.stdin is not None
        self.process.stdin.close()
        self.process.wait(PATIENCE_S)
        self._reader.join(PATIENCE_S)


def test_under_gevent_the_feed_lets_others_run_and_comes_back(broker: RunningBroker, ingest: Ingest) -> None:
    web = UnderGevent(broker.endpoint(ROLE_WEB).url())
    try:
        until(lambda: "state ready\n" in web.lines, "connected", lambda: str(web.lines))
        assert ingest.subscriber.publish(LIVE_TRIPS, b"one")
        ingest.subscriber.flush()
        until(lambda: f"{LIVE_TRIPS} one\n" in web.lines, "heard", lambda: str(web.lines))
        broker.kill_and_restart()
        until(lambda: web.lines.count("state ready\n") == 2, "back again", lambda: str(web.lines))
        web.say(f"{LIVE_TRIPS} two")
        until(lambda: f"{LIVE_TRIPS} two\n" in web.lines, "said and heard", lambda: str(web.lines))
    finally:
        web.end()
    word, turns_a_second, percent = web.lines[-1].split()
    assert word == "end"
    # A greenlet that sleeps 10 ms at a time runs at most 100 times a second, a tenth of it beside others' work; never on a blocked hub.
    assert int(turns_a_second) > 10
    assert float(percent) < 60
