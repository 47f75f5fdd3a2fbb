"""A small OpenID Connect provider on loopback: it really signs, and checks the client and PKCE as the standard says."""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import requests
from flask import Flask, Response, jsonify, redirect, request
from joserfc import jwt
from joserfc.jwk import OctKey, RSAKey
from werkzeug.serving import make_server

from tests.waiting import PATIENCE_S

CLIENT_ID, CLIENT_SECRET = "sixfixed at the county", "not: a/good secret"


class FakeProvider:
    """Logs in whoever `user` says; `claims` and `algorithm` turn what its tokens say and who signs them."""

    def __init__(self) -> None:
        self.url = ""
        self.now_s = 0
        self.user: dict[str, Any] = {"sub": "u1", "email": "parent@county.example", "email_verified": True}
        self.claims: dict[str, Any] = {}
        self.algorithm = "RS256"
        self.down = False
        self.issuer: str | None = None
        self.refused: list[str] = []
        self.key = RSAKey.generate_key(2048, {"kid": "k1"})
        self._codes: dict[str, dict[str, str]] = {}

    def renew_key(self) -> None:
        """Sign with another key from now on."""
        self.key = RSAKey.generate_key(2048, {"kid": secrets.token_hex(4)})

    def visit(self, url: str) -> tuple[str, str]:
        """Go there as a browser does and log in; give the code and state that it is sent back with."""
        answer = requests.get(url, allow_redirects=False, timeout=PATIENCE_S)
        assert answer.status_code == 302, answer.text
        query = answer.headers["Location"].partition("?")[2]
        found = dict(part.split("=", 1) for part in query.split("&"))
        return found["code"], found["state"]

    def app(self) -> Flask:
        """Make its pages."""
        app = Flask("provider")

        @app.get("/realm/.well-known/openid-configuration")
        def metadata() -> Response | tuple[str, int]:
            if self.down:
                return "down", 503
            return jsonify(
                issuer=self.issuer or f"{self.url}/realm",
                authorization_endpoint=f"{self.url}/authorize",
                token_endpoint=f"{self.url}/token",
                jwks_uri=f"{self.url}/keys",
            )

        @app.get("/keys")
        def keys() -> Response:
            return jsonify(keys=[self.key.as_dict(private=False)])

        @app.get("/authorize")
        def authorize() -> Any:  # noqa: ANN401 - Flask's own
            asked = request.args.to_dict()
            assert (asked["client_id"], asked["response_type"]) == (CLIENT_ID, "code")
            assert asked["code_challenge_method"] == "S256" and "openid" in asked["scope"].split()
            code = secrets.token_urlsafe(16)
            self._codes[code] = asked
            return redirect(f"{asked['redirect_uri']}?code={code}&state={asked['state']}")

        @app.post("/token")
        def token() -> Any:  # noqa: ANN401 - Flask's own
            asked = self._codes.pop(request.form["code"], None)
            if (why := self._refuse(asked)) is not None:
                self.refused.append(why)
                return jsonify(error=why), 400
            assert asked is not None
            return jsonify(
                access_token="opaque",
                token_type="Bearer",
                expires_in=300,
                id_token=self._sign(asked["nonce"]),
            )

        return app

    def _refuse(self, asked: dict[str, str] | None) -> str | None:
        login = request.authorization
        # RFC 6749, 2.3.1: both are form-encoded before they become Basic.
        if login is None or (login.username, login.password) != (
            "sixfixed%20at%20the%20county",
            "not%3A%20a%2Fgood%20secret",
        ):
            return "invalid_client"
        if asked is None or request.form["redirect_uri"] != asked["redirect_uri"]:
            return "invalid_grant"
        digest = hashlib.sha256(request.form["code_verifier"].encode()).digest()
        if base64.urlsafe_b64encode(digest).decode().rstrip("=") != asked["code_challenge"]:
            return "invalid_grant"
        return None

    def _sign(self, nonce: str) -> str:
        claims = {
            "iss": f"{self.url}/realm", "aud": CLIENT_ID, "iat": self.now_s, "exp": self.now_s + 300, "nonce": nonce,
        } | self.user | self.claims  # fmt: skip
        if self.algorithm == "HS256":  # with what the client knows, as a forger would
            return jwt.encode({"alg": "HS256"}, claims, OctKey.import_key(CLIENT_SECRET.ljust(32, "x")))
        if self.algorithm == "none":
            parts = [
                base64.urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=")
                for part in ({"alg": "none"}, claims)
            ]
            return ".".join([*parts, ""])
        key = RSAKey.generate_key(2048, {"kid": "k1"}) if self.algorithm == "foreign" else self.key
        return jwt.encode({"alg": "RS256", "kid": key.kid}, claims, key)


@contextmanager
def openid_provider() -> Iterator[FakeProvider]:
    """Run one."""
    found = FakeProvider()
    server = make_server("127.0.0.1", 0, found.app(), threaded=True)
    found.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield found
    finally:
        server.shutdown()
        thread.join(PATIENCE_S)
        server.server_close()
