"""The web role on a real database with clocks that a test moves; what it publishes is kept."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path
from typing import Any, ClassVar

import gevent
from flask import Flask
from flask.testing import FlaskClient
from py_vapid import Vapid02
from werkzeug.test import TestResponse

from server.adapters.db.engine import Database
from server.adapters.db.plan_store import DbPackStore
from server.adapters.db.web_store import DbWebStore
from server.adapters.files.folder import FolderFiles
from server.adapters.gevent_pool import GeventPool
from server.adapters.push.gate import PushGate
from server.adapters.push.outgoing import Outgoing
from server.adapters.push.vapid import public_of
from server.api.app import create_app
from server.service.vault import Vault
from server.service.web_deps import WebDeps
from server.service.web_settings import WebSettings
from tests.builders.world import NOW_MS, PASSWORD, REAL_MS
from tests.fakes.clock import FakeClock
from tests.waiting import PATIENCE_S


@cache
def _push_key() -> str:
    vapid = Vapid02()
    vapid.generate_keys()
    return public_of(vapid)


class House:
    """Stands for the broker's in-house topics: keeps what is published, and says what a test tells it."""

    def __init__(self) -> None:
        self.published: list[tuple[str, bytes]] = []
        self._hearers: list[Callable[[str, bytes], None]] = []

    def publish(self, topic: str, payload: bytes) -> None:
        """Keep it, and let everyone in the house hear it."""
        self.published.append((topic, payload))
        self.say(topic, payload)

    def subscribe(self, hear: Callable[[str, bytes], None]) -> None:
        """Add one who hears."""
        self._hearers.append(hear)

    def say(self, topic: str, payload: bytes) -> None:
        """Say it to everyone, from whatever thread."""
        for hear in list(self._hearers):
            hear(topic, payload)


class EndingPool(GeventPool):
    """The real pool, whose later jobs end with the test: one that tries again for ever must not outlive its database."""

    waiting: ClassVar[list[gevent.Greenlet]] = []
    begun: ClassVar[set[gevent.Greenlet]] = set()

    def later(self, seconds: float, job: Callable[[], None]) -> None:
        """Run `job` after so many real seconds, unless the test is over by then."""

        def run() -> None:
            self.begun.add(gevent.getcurrent())
            job()

        self.waiting.append(gevent.spawn_later(seconds, run))

    @classmethod
    def end(cls, since: int) -> None:
        """Let those jobs after the first `since` that have begun come to their end, and forget the others."""
        while ours := cls.waiting[since:]:
            del cls.waiting[since:]
            for job in ours:
                if job in cls.begun:
                    job.join(PATIENCE_S)
                    cls.begun.discard(job)
                else:
                    job.kill(block=False)


class Web:
    """One web role."""

    def __init__(
        self,
        database: Database,
        dist: Path,
        *,
        outgoing_allow: Sequence[str] = (),
        **settings: Any,  # noqa: ANN401 - any setting
    ) -> None:
        self.database = database
        self.clock = FakeClock(NOW_MS)
        self.real = FakeClock(REAL_MS)
        self.house = House()
        plain: dict[str, Any] = {
            "public_url": None, "host": "127.0.0.1", "tiles": None, "tiles_crs": "wgs84", "tiles_attribution": "",
            "demo": False, "version": "0.1.0", "dist": dist,
        }  # fmt: skip
        self.deps = WebDeps(
            store=DbWebStore(database),
            packs=DbPackStore(database),
            clock=self.clock,
            real=self.real,
            pool=EndingPool(),
            publish=self.house.publish,
            subscribe=self.house.subscribe,
            database_problem=lambda: None,
            files=FolderFiles(dist / "kept"),
            settings=WebSettings(**(plain | settings)),
            vault=Vault(bytes(32)),
            push=PushGate(_push_key(), Outgoing(outgoing_allow)),
        )
        self.app: Flask = create_app(self.deps)

    def client(self) -> Browser:
        """Give a browser without a session."""
        return Browser(self.app.test_client())

    def browser(self, username: str) -> Browser:
        """Give a browser that is logged in."""
        browser = self.client()
        answer = browser.post("/session", {"username": username, "password": PASSWORD})
        assert answer.status_code == 200, answer.text
        browser.csrf = answer.json["csrf"]
        return browser


class Browser:
    """A client that keeps its cookie and sends its CSRF token with each change."""

    def __init__(self, flask: FlaskClient) -> None:
        self.flask = flask
        self.csrf: str | None = None

    def get(self, path: str, **more: Any) -> TestResponse:  # noqa: ANN401 - as Flask's client takes
        """GET below the prefix."""
        return self.flask.get(f"/api/v1{path}", **more)

    def post(self, path: str, body: object | None = None) -> TestResponse:
        """POST JSON below the prefix."""
        return self.ask("POST", path, body)

    def delete(self, path: str) -> TestResponse:
        """DELETE below the prefix."""
        return self.ask("DELETE", path)

    def ask(self, method: str, path: str, body: object | None = None) -> TestResponse:
        """Ask anything."""
        headers = {} if self.csrf is None else {"X-CSRF-Token": self.csrf}
        return self.flask.open(f"/api/v1{path}", method=method, json=body, headers=headers)
