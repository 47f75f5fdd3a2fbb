"""Files that a device sends to an address the server named: off the loop, one PUT each."""

from __future__ import annotations

from concurrent.futures import Future, ThreadPoolExecutor
from urllib.error import URLError
from urllib.parse import urlsplit
from urllib.request import Request, urlopen

import msgspec

TIMEOUT_S = 20.0


class Uploaded(msgspec.Struct, frozen=True):
    """How an upload ended: the HTTP status, or why there is none."""

    status: int
    error: str = ""


class Uploads:
    """Two uploads at a time, so that a slow address holds up nobody's positions."""

    def __init__(self) -> None:
        self._pool = ThreadPoolExecutor(2, "upload")

    def put(self, url: str, body: bytes, content_type: str) -> Future[Uploaded]:
        """Begin an upload; only http and https are served."""
        return self._pool.submit(_put, url, body, content_type)

    def close(self) -> None:
        """Wait for none of them."""
        self._pool.shutdown(wait=False, cancel_futures=True)


def _put(url: str, body: bytes, content_type: str) -> Uploaded:
    if urlsplit(url).scheme not in ("http", "https"):
        return Uploaded(0, f"upload: '{url[:80]}' is no http or https address")
    request = Request(url, data=body, method="PUT", headers={"Content-Type": content_type})
    try:
        with urlopen(request, timeout=TIMEOUT_S) as answer:
            return Uploaded(answer.status)
    except (URLError, OSError, ValueError) as error:
        return Uploaded(getattr(error, "code", 0) or 0, f"upload to {url[:80]}: {error}")
