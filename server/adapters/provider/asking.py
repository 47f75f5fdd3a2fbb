"""Ask a provider over HTTP, at an address that was judged as every other that this server calls.

No redirect is followed, an answer has an end in bytes and in time, and only one of status 200 counts.
"""

from __future__ import annotations

import http.client
import ssl
import threading
from typing import Any, Final

import msgspec

from server.adapters.push.outgoing import Outgoing
from server.adapters.push.sender import Pinned
from server.errors import InvalidError
from server.service.provider_rows import ProviderError

TIMEOUT_S: Final = 10.0
MOST_BYTES: Final = 256 * 1024


class Asking:
    """Asks for JSON objects; safe for many threads."""

    def __init__(self, outgoing: Outgoing, timeout_s: float = TIMEOUT_S) -> None:
        self._outgoing = outgoing
        self._timeout_s = timeout_s
        self._tls = ssl.create_default_context()

    def get(self, url: str) -> dict[str, Any]:
        """Get an object; raise ProviderError."""
        return self._ask("GET", url, None, {})

    def post(self, url: str, form: str, headers: dict[str, str]) -> dict[str, Any]:
        """Post a form and get an object; raise ProviderError."""
        return self._ask("POST", url, form, {"Content-Type": "application/x-www-form-urlencoded"} | headers)

    def _ask(self, method: str, url: str, body: str | None, headers: dict[str, str]) -> dict[str, Any]:
        try:
            target = self._outgoing.target(url)
            connection = Pinned(target, self._outgoing.addresses(target), self._timeout_s, self._tls)
        except InvalidError as why:
            raise ProviderError(
                f"The log-in provider's address {url} may not be called: {why} (see the setting outgoing-allow)."
            ) from why
        except OSError as why:
            raise _away(url, why) from why
        # A socket's own time-out begins again with each byte; this one does not.
        deadline = threading.Timer(self._timeout_s, connection.cut)
        deadline.daemon = True
        deadline.start()
        try:
            connection.request(method, target.path, body, {"Accept": "application/json"} | headers)
            response = connection.getresponse()
            content = response.read(MOST_BYTES + 1)
        except (OSError, UnicodeError, http.client.HTTPException) as why:
            raise _away(url, why) from why
        finally:
            deadline.cancel()
            connection.close()
        if response.status != 200 or len(content) > MOST_BYTES:
            raise ProviderError(
                f"The log-in provider answered {url} with {response.status} and {len(content)} bytes: begin again, or use "
                "your password."
            )
        try:
            return msgspec.json.decode(content, type=dict[str, Any])
        except (msgspec.DecodeError, UnicodeDecodeError) as why:
            raise ProviderError(
                f"The log-in provider's answer at {url} can't be read: use your password, and tell who runs this server."
            ) from why


def _away(url: str, why: Exception) -> ProviderError:
    return ProviderError(
        f"The log-in provider can't be reached at {url} ({type(why).__name__}): try again, or use your password.",
        code="provider_away",
    )
