"""Says one thing on the house's topics and leaves: for commands that end, such as an import."""

from __future__ import annotations

from logging import Logger

from server.adapters.mqtt.endpoint import Endpoint
from server.adapters.mqtt.live_feed import LiveFeed
from server.clock import Clock


def publish_once(
    endpoint: Endpoint,
    topic: str,
    payload: bytes,
    *,
    clock: Clock,
    wait_s: float = 3.0,
    log: Logger | None = None,
) -> bool:
    """Connect, publish, disconnect; False when the broker could not be told within `wait_s` seconds.

    A `wake/` that is lost heals by itself: whoever it was for also looks at the database by the clock.
    """
    feed = LiveFeed(endpoint, clock=clock, log=log)
    feed.start()
    try:
        feed.publish(topic, payload)
        return feed.drain(wait_s)
    finally:
        feed.stop()
