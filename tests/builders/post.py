"""The way of notices to browsers, in one process: courier, pusher and web role on one database, with clocks that a test moves."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from random import Random
from typing import Any

from py_vapid import Vapid02
from sqlalchemy import insert, select

from server.adapters.db import tables as t
from server.adapters.db.engine import Database
from server.adapters.db.outbox import DatabaseOutbox
from server.adapters.db.push_deliveries import DatabaseDeliveries
from server.adapters.push.outgoing import Outgoing
from server.adapters.push.sender import HttpPushSender
from server.adapters.push.vapid import VapidKey
from server.ids import new_id
from server.service.courier import Courier, Waiting
from server.service.push_delivery import Pusher
from tests.builders.web import Browser, Web
from tests.builders.world import ALPHA, build_world
from tests.fakes.push_service import FakeBrowser
from tests.waiting import PATIENCE_S, until

GUARDIAN = f"user-{ALPHA.user('guardian')}".ljust(32, "0")


class Page:
    """The other channel: remembers who was told."""

    def __init__(self) -> None:
        self.told: list[str] = []

    def tell(self, notices: Sequence[Waiting]) -> None:
        """Remember."""
        self.told += [notice.id for notice in notices]


class Post:
    """Everything between a row of `notices` and a push service."""

    def __init__(self, database: Database, folder: Path, allow: Sequence[str], timeout_s: float) -> None:
        build_world(database)
        with database.write() as connection:  # the world's own notice would come along
            connection.execute(t.notices.delete())
        self.database = database
        self.web = Web(database, folder, outgoing_allow=allow)
        self.clock, self.real = self.web.clock, self.web.real
        vapid = Vapid02()
        vapid.generate_keys()
        key = VapidKey(vapid.private_pem(), "mailto:test@localhost", self.real)
        self.sender = HttpPushSender(Outgoing(allow), key, self.real, timeout_s)
        self.deliveries = DatabaseDeliveries(database, self.real)
        self.pusher = Pusher(self.deliveries, self.sender, self.clock, self.real, Random(7))
        self.page = Page()
        self.courier = Courier(DatabaseOutbox(database), (self.pusher, self.page), self.clock)

    def subscribe(self, who: Browser, browser: FakeBrowser, lang: str | None = None) -> str:
        """Subscribe as a page does; give the subscription's id."""
        body = {"endpoint": browser.endpoint, "keys": browser.keys} | ({"lang": lang} if lang else {})
        answer = who.ask("PUT", "/push-subscription", body)
        assert answer.status_code == 200, answer.text
        return str(answer.json["id"])

    def notice(self, kind: str = "boarded", *, age_s: float = 0, **values: Any) -> str:  # noqa: ANN401 - any column
        """Write a notice as ingest does; give its id."""
        at_ms = self.clock.now_ms() - round(age_s * 1000)
        row: dict[str, Any] = {
            "id": new_id(), "user_id": GUARDIAN, "rider_id": ALPHA.id("child"), "trip_id": ALPHA.id("run"), "kind": kind,
            "at_ms": at_ms, "made_at_ms": self.clock.now_ms(), "text_zh": "…", "text_en": "…",
        }  # fmt: skip
        with self.database.write() as connection:
            row["occurrence"] = len(connection.execute(select(t.notices.c.id)).all()) + 1
            connection.execute(insert(t.notices).values(**(row | values)))
        return str(row["id"])

    def states(self, notice_id: str) -> list[str]:
        """List the states of a notice's deliveries."""
        d = t.notice_deliveries.c
        with self.database.read() as connection:
            return list(connection.scalars(select(d.state).where(d.notice_id == notice_id).order_by(d.state)))

    def row(self, notice_id: str) -> Any:  # noqa: ANN401 - a row
        """Give a notice's row."""
        with self.database.read() as connection:
            return connection.execute(select(t.notices).where(t.notices.c.id == notice_id)).one()

    def advance(self, seconds: float) -> None:
        """Move both clocks on together."""
        for clock in {id(clock): clock for clock in (self.clock, self.real)}.values():
            clock.advance(seconds)
        self.pusher.wake()

    def settle(self) -> None:
        """Wait until nothing is under way and nothing that is due was left."""

        def quiet() -> bool:
            due_ms = self.deliveries.next_due_ms()
            return not self.pusher._under_way and (due_ms is None or due_ms > self.real.now_ms())

        until(quiet, "the pusher has done what it could")

    def pass_time(self, seconds: float, step_s: float = 5) -> None:
        """Let time go by in steps, each worked through."""
        for _ in range(round(seconds / step_s)):
            self.advance(step_s)
            self.settle()


@contextmanager
def post_office(
    database: Database, folder: Path, allow: Sequence[str], timeout_s: float = 10.0
) -> Iterator[Post]:
    """Run the pusher until the block ends; the courier delivers when a test says."""
    post = Post(database, folder, allow, timeout_s)
    thread = threading.Thread(target=post.pusher.run, daemon=True)
    thread.start()
    try:
        yield post
    finally:
        post.pusher.stop()
        thread.join(PATIENCE_S)
        post.pusher._threads.shutdown(wait=True)
