"""What the web role asks of web push: the public key, and whether a browser's subscription may be kept."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from concurrent.futures import TimeoutError as Late
from typing import Final

from server.adapters.push.outgoing import Outgoing
from server.adapters.push.sealing import read_keys

# A name server that doesn't answer must not hold the page up. What isn't known by then is found out when something is
# sent, where the same question is asked again.
PATIENCE_S: Final = 1.0
ASKING: Final = 4  # at once


class PushGate:
    """Satisfies `server.service.push.Gate`."""

    def __init__(self, public_key: str, outgoing: Outgoing) -> None:
        self.public_key = public_key
        self._outgoing = outgoing
        self._asking = ThreadPoolExecutor(ASKING, thread_name_prefix="push-names")

    def refuse(self, endpoint: str, p256dh: str, auth: str) -> None:
        """Raise InvalidError for keys that aren't any, or an endpoint that leads where this server may not call."""
        read_keys(p256dh, auth)
        target = self._outgoing.target(endpoint)
        try:
            self._asking.submit(self._outgoing.addresses, target).result(PATIENCE_S)
        except (OSError, UnicodeError, Late):
            return
