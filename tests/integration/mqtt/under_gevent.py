"""A live feed as web runs it, with gevent's patches: prints what it hears, one line a message, until stdin ends.

`python -m tests.integration.mqtt.under_gevent URL`; a last line tells how many times another greenlet ran and the
processor time used.
"""

from gevent import monkey

monkey.patch_all()

import sys  # noqa: E402
import time  # noqa: E402

import gevent  # noqa: E402
from gevent.fileobject import FileObjectThread  # noqa: E402

from server.adapters.mqtt.endpoint import Endpoint  # noqa: E402
from server.adapters.mqtt.live_feed import LiveFeed  # noqa: E402
from server.clock import SystemClock  # noqa: E402


def main() -> None:
    turns = 0

    def count() -> None:
        nonlocal turns
        while True:
            gevent.sleep(0.01)
            turns += 1

    def hear(topic: str, payload: bytes) -> None:
        gevent.sleep(0)  # what a callback may do in its greenlet: yield, emit
        print(topic, payload.decode(), flush=True)

    feed = LiveFeed(
        Endpoint.parse(sys.argv[1]),
        ["live/#"],
        clock=SystemClock(),
        on_change=lambda change: print("state", change.state.value, flush=True),
    )
    feed.start(hear)
    counter = gevent.spawn(count)
    began, used = time.monotonic(), time.process_time()
    stdin = FileObjectThread(sys.stdin)
    while line := stdin.readline():
        topic, _, payload = line.strip().partition(" ")
        feed.publish(topic, payload.encode())
    counter.kill()
    feed.stop()
    elapsed = time.monotonic() - began
    print("end", round(turns / elapsed), round((time.process_time() - used) / elapsed * 100, 1), flush=True)


if __name__ == "__main__":
    main()
