"""Hand one sealed message to a browser's push service over HTTP (RFC 8030), to the address that was judged.

No redirect is followed, nothing of an answer but its status line and headers is read, and no answer takes longer than TIMEOUT_S.
"""

from __future__ import annotations

import http.client
import socket
import ssl
import threading
from collections.abc import Sequence
from email.utils import parsedate_to_datetime
from typing import Final

from server.adapters.push.outgoing import Outgoing, Target
from server.adapters.push.sealing import seal
from server.adapters.push.vapid import VapidKey
from server.clock import Clock
from server.errors import InvalidError
from server.service.push_delivery import Answer, Push

TIMEOUT_S: Final = 10.0
LONGEST_WAIT_S: Final = 3600.0  # what a push service may ask for; a notice lives a quarter of that


class HttpPushSender:
    """Satisfies `server.service.push_delivery.Sender`; safe for many threads."""

    def __init__(self, outgoing: Outgoing, key: VapidKey, real: Clock, timeout_s: float = TIMEOUT_S) -> None:
        self._outgoing = outgoing
        self._key = key
        self._real = real
        self._timeout_s = timeout_s
        self._tls = ssl.create_default_context()

    def send(self, push: Push) -> Answer:
        """Send it once; what goes wrong is the answer's, never an exception's."""
        try:
            target = self._outgoing.target(push.endpoint)
            body = seal(push.payload, push.p256dh, push.auth)
            headers = {
                "Authorization": self._key.authorization(target.origin),
                "Content-Encoding": "aes128gcm",
                "Content-Type": "application/octet-stream",
                "TTL": str(push.ttl_s),
                "Topic": push.topic,
                "Urgency": "high",
            }
        except InvalidError as why:
            return Answer(None, str(why), hopeless=True)
        except Exception as why:  # the library's own errors, for a key or an origin that it can't take
            return Answer(None, f"could not be signed or sealed ({type(why).__name__})", hopeless=True)
        try:
            return self._exchange(target, self._outgoing.addresses(target), body, headers)
        except InvalidError as why:
            return Answer(None, str(why))
        except (OSError, UnicodeError, http.client.HTTPException) as why:
            return Answer(None, f"no answer ({type(why).__name__})")

    def _exchange(
        self, target: Target, addresses: Sequence[str], body: bytes, headers: dict[str, str]
    ) -> Answer:
        connection = Pinned(target, addresses, self._timeout_s, self._tls)
        # A socket's own time-out begins again with each byte; this one does not.
        deadline = threading.Timer(self._timeout_s, connection.cut)
        deadline.daemon = True
        deadline.start()
        try:
            connection.request("POST", target.path, body, headers)
            response = connection.getresponse()
            return Answer(
                response.status, response.reason[:80], self._wait_s(response.getheader("Retry-After"))
            )
        finally:
            deadline.cancel()
            connection.close()

    def _wait_s(self, text: str | None) -> float | None:
        """Read Retry-After: seconds or a date (RFC 9110, 10.2.3)."""
        if text is None:
            return None
        try:
            if text.strip().isdigit():
                return min(float(text), LONGEST_WAIT_S)
            wait_s = parsedate_to_datetime(text).timestamp() - self._real.now_ms() / 1000
        except (ValueError, OverflowError):
            return None
        return min(max(wait_s, 0.0), LONGEST_WAIT_S)


class Pinned(http.client.HTTPConnection):
    """A connection to one of these addresses whatever the name says now; the certificate must be the name's."""

    def __init__(
        self, target: Target, addresses: Sequence[str], timeout_s: float, tls: ssl.SSLContext
    ) -> None:
        super().__init__(target.host, target.port, timeout=timeout_s)
        if target.tls:
            self.default_port = http.client.HTTPS_PORT
        self._addresses = addresses
        self._context = tls if target.tls else None
        self._cut = False

    def connect(self) -> None:
        """Connect to the first address that answers."""
        for n, address in enumerate(self._addresses, 1):
            try:
                self.sock = socket.create_connection((address, self.port), self.timeout)
                break
            except OSError:
                if n == len(self._addresses) or self._cut:
                    raise
        self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if self._context is not None:
            self.sock = self._context.wrap_socket(
                self.sock, server_hostname=self.host, do_handshake_on_connect=False
            )
            self.sock.do_handshake()

    def cut(self) -> None:
        """End it from another thread: whoever waits on it fails at once."""
        self._cut = True
        try:
            self.sock.shutdown(socket.SHUT_RDWR)
        except (OSError, AttributeError):
            return
