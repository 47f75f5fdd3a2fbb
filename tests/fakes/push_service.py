"""A push service that really listens: browsers subscribe with keys of their own, and what comes is opened with them.

How it behaves is said by a test for each request: answer with a status, say nothing after taking the message, hang before it.
"""

from __future__ import annotations

import base64
import json
import os
import select
import socket
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import http_ece
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from py_vapid import Vapid02

from tests.waiting import PATIENCE_S


def b64(value: bytes) -> str:
    """Write as browsers do."""
    return base64.urlsafe_b64encode(value).rstrip(b"=").decode()


class FakeBrowser:
    """A browser with a subscription at a push service."""

    def __init__(self, url: str, name: str) -> None:
        self.name = name
        self.endpoint = f"{url}/send/{name}"
        self.private = ec.generate_private_key(ec.SECP256R1())
        self.secret = os.urandom(16)
        point = self.private.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
        self.keys = {"p256dh": b64(point), "auth": b64(self.secret)}
        self.got: list[dict[str, Any]] = []

    def open(self, body: bytes) -> dict[str, Any]:
        """Open a message as the browser would."""
        plain = http_ece.decrypt(body, private_key=self.private, auth_secret=self.secret, version="aes128gcm")
        found: dict[str, Any] = json.loads(plain)
        return found

    @property
    def shown(self) -> Counter[str]:
        """Count what came by its tag: a phone shows one for each."""
        return Counter(message["tag"] for message in self.got)


class Request:
    """One message that came, before it is answered."""

    def __init__(
        self, service: FakePushService, browser: FakeBrowser, headers: dict[str, str], body: bytes
    ) -> None:
        self.number = service.requests
        self.browser, self.headers, self.message = browser, headers, browser.open(body)


class Reply:
    """What the service does: `keep` the message or not, then answer a status, or nothing at all."""

    def __init__(self, status: int | None = 201, *, keep: bool | None = None, **headers: str) -> None:
        self.status = status
        self.keep = status is not None and 200 <= status < 300 if keep is None else keep
        self.headers = {name.replace("_", "-"): value for name, value in headers.items()}


def _is_there(connection: socket.socket) -> bool:
    """Say whether the other side has not hung up."""
    try:
        readable, _, _ = select.select([connection], [], [], 0)
        return not readable or connection.recv(1, socket.MSG_PEEK) != b""
    except OSError:
        return False


class FakePushService:
    """Listens on loopback; `behave` decides on each request."""

    def __init__(self) -> None:
        self.behave: Callable[[Request], Reply] = lambda _request: Reply()
        self.requests = 0
        self.under_way = 0
        self.most_under_way = 0
        self.tokens: set[str] = set()
        self.headers: list[dict[str, str]] = []
        self.faults: list[str] = []
        self.over = threading.Event()
        self._lock = threading.Lock()
        self._browsers: dict[str, FakeBrowser] = {}
        service = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                service.take(self)

            def log_message(self, *_: object) -> None:
                """Say nothing."""

        class Server(ThreadingHTTPServer):
            daemon_threads = True
            request_queue_size = 64

            def handle_error(self, *_: object) -> None:
                """Say nothing of clients that went away."""

        self.server = Server(("127.0.0.1", 0), Handler)
        self.address = f"127.0.0.1:{self.server.server_address[1]}"
        self.url = f"http://{self.address}"

    def browser(self, name: str) -> FakeBrowser:
        """Make a browser that is subscribed here."""
        self._browsers[name] = FakeBrowser(self.url, name)
        return self._browsers[name]

    def take(self, handler: BaseHTTPRequestHandler) -> None:
        """Take one request as the test says."""
        length = int(handler.headers["Content-Length"])
        body = handler.rfile.read(length)
        if len(body) < length:
            return  # whoever sent it was killed in the middle: no service keeps half a message
        headers = {name.lower(): value for name, value in handler.headers.items()}
        browser = self._browsers[handler.path.rsplit("/", 1)[1]]
        with self._lock:
            self.requests += 1
            self.under_way += 1
            self.most_under_way = max(self.most_under_way, self.under_way)
            self.headers.append(headers)
            try:
                if not Vapid02.verify(headers["authorization"]):
                    self.faults.append("the signature is wrong")
                request = Request(self, browser, headers, body)
            except Exception as why:
                self.faults.append(repr(why))
                raise
            reply = self.behave(request)
            if reply.keep:
                browser.got.append(request.message)
        try:
            if reply.status is None:
                # It holds on for as long as the client does: one that gave up is under way no more.
                while not self.over.wait(0.05) and _is_there(handler.connection):
                    pass
                return
            handler.send_response(reply.status)
            for name, value in reply.headers.items():
                handler.send_header(name, value)
            handler.send_header("Content-Length", "0")
            handler.end_headers()
        finally:
            with self._lock:
                self.under_way -= 1


@contextmanager
def push_service() -> Iterator[FakePushService]:
    """Run one until the block ends."""
    service = FakePushService()
    thread = threading.Thread(
        target=service.server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True
    )
    thread.start()
    try:
        yield service
        assert not service.faults, service.faults
    finally:
        service.over.set()
        service.server.shutdown()
        service.server.server_close()
        thread.join(PATIENCE_S)
