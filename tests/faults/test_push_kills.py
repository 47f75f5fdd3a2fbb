"""A worker that is killed between pushing and marking: what was under way goes out again under the same tag, and nothing is lost."""

import signal
import subprocess
import sys
from pathlib import Path

import pytest
from py_vapid import Vapid02
from sqlalchemy import insert, select

from server.adapters.db import tables as t
from server.adapters.db.engine import Database
from server.clock import SystemClock
from server.service.push_delivery import CLAIM_S
from tests.builders.post import GUARDIAN
from tests.builders.schema import new_sqlite
from tests.builders.world import ALPHA, build_world
from tests.conftest import ROOT
from tests.fakes.push_service import FakeBrowser, FakePushService, Reply, Request, push_service
from tests.waiting import PATIENCE_S, until

# The worker's own parts, without a broker; `real` is as much later as the test says, so that claims lapse without waiting.
PROGRAM = """
import sys, threading
from pathlib import Path
from server.adapters.db.engine import Database
from server.adapters.db.outbox import DatabaseOutbox
from server.adapters.db.push_deliveries import DatabaseDeliveries
from server.adapters.push.outgoing import Outgoing
from server.adapters.push.sender import HttpPushSender
from server.adapters.push.vapid import VapidKey
from server.clock import ShiftedClock, SystemClock
from server.service.courier import Courier
from server.service.push_delivery import Pusher
url, key, allow, later_s = sys.argv[1:]
database, clock = Database(url), SystemClock()
real = ShiftedClock(start_ms=clock.now_ms() + round(float(later_s) * 1000), at_ms=clock.now_ms())
sender = HttpPushSender(Outgoing([allow]), VapidKey(Path(key).read_bytes(), "mailto:test@localhost", real), real)
pusher = Pusher(DatabaseDeliveries(database, real), sender, clock, real)
threading.Thread(target=Courier(DatabaseOutbox(database), (pusher,), clock).run, daemon=True).start()
pusher.run()
"""
NOTICES = 24


class Worker:
    """The worker on one database, started again and again, each time a claim's length later."""

    def __init__(self, folder: Path, service: FakePushService) -> None:
        self.url = new_sqlite(folder / "test.db")
        self.key = folder / "push.pem"
        vapid = Vapid02()
        vapid.generate_keys()
        self.key.write_bytes(vapid.private_pem())
        self.service = service
        self.database = Database(self.url)
        self.starts = 0
        self.process: subprocess.Popen[bytes] | None = None

    def fill(self, phone: FakeBrowser) -> list[str]:
        """Put a family with a phone and some notices of now into the database; give the notices' ids."""
        build_world(self.database)
        now_ms = SystemClock().now_ms()
        far_ms = now_ms + 30 * 24 * 3_600_000
        row = {
            "user_id": GUARDIAN,
            "rider_id": ALPHA.id("child"),
            "trip_id": ALPHA.id("run"),
            "kind": "boarded",
        }
        ids = [f"{n:032x}" for n in range(NOTICES)]
        with self.database.write() as connection:
            connection.execute(t.notices.delete())
            connection.execute(
                insert(t.sessions).values(
                    id="s" * 64,
                    user_id=GUARDIAN,
                    csrf="c",
                    made_at_ms=now_ms,
                    seen_at_ms=now_ms,
                    ends_at_ms=far_ms,
                )
            )
            connection.execute(
                insert(t.push_subscriptions).values(
                    id="p" * 32, user_id=GUARDIAN, session_id="s" * 64, endpoint=phone.endpoint, **phone.keys, lang="zh",
                    made_at_ms=now_ms,
                )
            )  # fmt: skip
            for n, id_ in enumerate(ids):
                at = {"at_ms": now_ms, "made_at_ms": now_ms, "occurrence": n, "text_zh": "…", "text_en": "…"}
                connection.execute(insert(t.notices).values(id=id_, **row, **at))
        return ids

    def start(self) -> None:
        """Start it."""
        later_s = self.starts * (CLAIM_S + 1)
        self.starts += 1
        command = [sys.executable, "-c", PROGRAM, self.url, str(self.key), self.service.address, str(later_s)]
        self.process = subprocess.Popen(command, cwd=ROOT, stderr=subprocess.DEVNULL)

    def kill(self) -> None:
        """Kill it where it stands."""
        assert self.process is not None
        self.process.send_signal(signal.SIGKILL)
        self.process.wait(PATIENCE_S)

    def accepted(self) -> int:
        """Count the deliveries that were marked."""
        with self.database.read() as connection:
            done = t.notice_deliveries.c.state == "accepted"
            return len(connection.execute(select(t.notice_deliveries).where(done)).all())


@pytest.mark.slow
def test_killed_between_push_and_mark_again_and_again(tmp_path: Path) -> None:
    with push_service() as service:
        phone = service.browser("phone")
        worker = Worker(tmp_path, service)
        notices = worker.fill(phone)
        held: list[str] = []
        holding = True

        def behave(request: Request) -> Reply:
            # Of each start's messages three are answered; the others have come, and nobody says so.
            if holding and len(phone.got) >= 3 * worker.starts + len(held):
                held.append(request.message["tag"])
                return Reply(None, keep=True)
            return Reply()

        service.behave = behave
        try:
            for n in range(1, 4):
                worker.start()
                until(lambda n=n: worker.accepted() >= n and len(held) >= n, "some are marked, some are not")
                worker.kill()
            holding = False
            worker.start()
            until(lambda: worker.accepted() == len(notices), "every notice is marked")
        finally:
            worker.kill()
        shown = phone.shown
        assert set(shown) == set(notices), "none is lost"
        again = {tag for tag, count in shown.items() if count > 1}
        assert len(held) >= 3 and set(held) <= again, "what was under way when it was killed came again"
        # One tag is one notice and one thing on the screen, however often it came.
        assert all(headers["topic"] in shown for headers in service.headers)
        worker.database.dispose()
