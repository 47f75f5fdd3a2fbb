"""Sign for a push service who sends (VAPID, RFC 8292), with the key that browsers' subscriptions are bound to."""

from __future__ import annotations

import threading
from typing import Final

from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from py_vapid import Vapid02

from server.adapters.push.sealing import encode
from server.clock import Clock

# RFC 8292 allows 24 h; the margin is for a push service whose clock differs.
GOOD_FOR_S: Final = 12 * 3600
RENEW_S: Final = 6 * 3600
REMEMBERED: Final = 500  # origins


class VapidKey:
    """The system's key; signatures are made once for each origin and kept for hours, safe for many threads."""

    def __init__(self, pem: bytes, contact: str, real: Clock) -> None:
        """Take the private key and whom a push service may turn to; `real` is the machine's clock, as theirs is."""
        self._vapid = Vapid02.from_pem(pem)
        self._contact = contact
        self._real = real
        self._signed: dict[str, tuple[int, str]] = {}
        self._lock = threading.Lock()

    @property
    def public(self) -> str:
        """Give the public key, base64url: a page's `applicationServerKey`."""
        return public_of(self._vapid)

    def authorization(self, origin: str) -> str:
        """Give the header for requests to an origin."""
        now_s = self._real.now_ms() // 1000
        with self._lock:
            kept = self._signed.get(origin)
            if kept is not None and abs(now_s - kept[0]) < RENEW_S:
                return kept[1]
            claims = {"aud": origin, "exp": now_s + GOOD_FOR_S, "sub": self._contact}
            header = str(self._vapid.sign(claims)["Authorization"])
            if len(self._signed) >= REMEMBERED:
                self._signed.clear()
            self._signed[origin] = (now_s, header)
            return header


def public_of(vapid: Vapid02) -> str:
    """Give a key's public point, base64url."""
    return encode(vapid.public_key.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint))
