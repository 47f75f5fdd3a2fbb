"""What is kept of a browser that may be pushed to."""

from __future__ import annotations

import msgspec

from server.service.push_words import Language


class Subscription(msgspec.Struct, frozen=True):
    """A browser that may be pushed to. `session_id` as `session_key` gives it."""

    id: str
    user_id: str
    session_id: str
    endpoint: str
    p256dh: str
    auth: str
    lang: Language
