"""Say that rights have ended (log-out, password change), so that open sockets close: here at once, elsewhere by `live/ended`."""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from server.errors import SixFixedError

TOPIC = "live/ended"


class EndedMessage(msgspec.Struct, frozen=True, omit_defaults=True):
    """Whose sockets end: one session's or token's, or all of a user's but those of `keep`."""

    session_id: str | None = None
    token_id: str | None = None
    user_id: str | None = None
    keep: str | None = None


class Ended:
    """Tells it to listeners of this process and to the house."""

    def __init__(self, publish: Callable[[str, bytes], None]) -> None:
        self._publish = publish
        self._listeners: list[Callable[[EndedMessage], None]] = []

    def listen(self, listener: Callable[[EndedMessage], None]) -> None:
        """Add a listener of this process."""
        self._listeners.append(listener)

    def tell(self, message: EndedMessage) -> None:
        """Tell everyone; a broker that is away doesn't stop it here (others find out when they check again)."""
        for listener in self._listeners:
            listener(message)
        try:
            self._publish(TOPIC, msgspec.json.encode(message))
        except (OSError, SixFixedError):
            return
