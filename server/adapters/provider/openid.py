"""The code flow of OpenID Connect with PKCE: where a browser goes, and who came back, once all that it says was checked."""

from __future__ import annotations

import base64
import threading
import time
from collections.abc import Callable
from typing import Any, Final
from urllib.parse import quote, urlsplit

from authlib.oauth2.claims import JWTClaims
from authlib.oauth2.rfc6749.parameters import prepare_grant_uri, prepare_token_request
from authlib.oauth2.rfc7636 import create_s256_code_challenge
from authlib.oidc.core import CodeIDToken
from authlib.oidc.discovery import get_well_known_url
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from server.adapters.provider.asking import Asking
from server.service.provider_rows import Identity, ProviderError

# Signed by a key that the provider alone has: never `none`, never with the client's own secret.
ALGORITHMS: Final = ("RS256", "PS256", "ES256", "EdDSA")
LEEWAY_S: Final = 60
KEPT_S: Final = 3600.0
LEAST_S: Final = 10.0  # between two looks for a key that isn't there
# RFC 8176, 2: what says that more than a password was asked for.
STRONG: Final = frozenset({"mfa", "otp", "hwk", "swk", "fpt", "face", "iris", "sc"})


class OpenIdProvider:
    """Satisfies `server.service.provider_rows.Provider`; safe for many threads."""

    def __init__(
        self,
        asking: Asking,
        issuer: str,
        client_id: str,
        client_secret: str,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._asking = asking
        self._issuer = issuer
        self._client_id = client_id
        self._client_secret = client_secret
        self._monotonic = monotonic
        self._lock = threading.Lock()
        self._metadata: tuple[float, dict[str, Any]] | None = None
        self._keys: tuple[float, KeySet] | None = None

    @property
    def name(self) -> str:
        """Give the provider's host: what people know it by."""
        return urlsplit(self._issuer).hostname or self._issuer

    def authorization_url(self, *, redirect_uri: str, state: str, nonce: str, verifier: str) -> str:
        """Give where a browser goes to log in."""
        url: str = prepare_grant_uri(
            self._endpoint("authorization_endpoint"), self._client_id, "code", redirect_uri, "openid email", state,
            nonce=nonce, code_challenge=create_s256_code_challenge(verifier), code_challenge_method="S256",
        )  # fmt: skip
        return url

    def exchange(self, *, code: str, redirect_uri: str, nonce: str, verifier: str, now_ms: int) -> Identity:
        """Give who came back with a code; raise ProviderError."""
        more, headers = self._client_proof()
        form = prepare_token_request(
            "authorization_code", "", redirect_uri, code=code, code_verifier=verifier, **more
        )
        answer = self._asking.post(self._endpoint("token_endpoint"), form, headers)
        raw = answer.get("id_token")
        if not isinstance(raw, str):
            raise _unsound("it holds no id_token")
        claims = self._read(raw, nonce, answer.get("access_token"), now_ms // 1000)
        email = claims.get("email") if claims.get("email_verified") is True else None
        methods = claims.get("amr") or []
        return Identity(
            self._issuer,
            str(claims["sub"]),
            email if isinstance(email, str) else None,
            any(method in STRONG for method in methods),
        )

    def _client_proof(self) -> tuple[dict[str, str], dict[str, str]]:
        """Give what of the token request's form and headers says who this client is (OpenID Connect Core, 9)."""
        known = self._discover().get("token_endpoint_auth_methods_supported") or ["client_secret_basic"]
        if "client_secret_basic" not in known:
            return {"client_id": self._client_id, "client_secret": self._client_secret}, {}
        pair = f"{quote(self._client_id, safe='')}:{quote(self._client_secret, safe='')}"
        return {}, {"Authorization": f"Basic {base64.b64encode(pair.encode()).decode()}"}

    def _read(self, raw: str, nonce: str, access_token: object, now_s: int) -> JWTClaims:
        """Check the ID token's signature and claims (OpenID Connect Core, 3.1.3.7) and give them."""
        try:
            token = self._verify(raw)
            claims = CodeIDToken(
                token.claims,
                token.header,
                {
                    "iss": {"essential": True, "value": self._issuer},
                    "aud": {"essential": True, "value": self._client_id},
                },
                {"nonce": nonce, "client_id": self._client_id, "access_token": access_token},
            )
            claims.validate(now_s, LEEWAY_S)
        except ProviderError:
            raise
        except (
            Exception
        ) as why:  # the libraries' own errors, and whatever they stumble over in a stranger's token
            raise _unsound(f"{type(why).__name__}: {why}") from why
        if not isinstance(claims["sub"], str) or not 0 < len(claims["sub"]) <= 255:
            raise _unsound("its sub is none")
        return claims

    def _verify(self, raw: str) -> jwt.Token:
        try:
            return jwt.decode(raw, self._key_set(fresh=False), algorithms=ALGORITHMS)
        except (JoseError, ValueError):
            # A provider changes its keys without saying so: look once more.
            return jwt.decode(raw, self._key_set(fresh=True), algorithms=ALGORITHMS)

    def _key_set(self, *, fresh: bool) -> KeySet:
        with self._lock:
            kept = self._keys
            age_s = None if kept is None else self._monotonic() - kept[0]
        if kept is not None and age_s is not None and age_s < (LEAST_S if fresh else KEPT_S):
            return kept[1]
        keys = KeySet.import_key_set(self._asking.get(self._endpoint("jwks_uri")))  # type: ignore[arg-type]
        with self._lock:
            self._keys = self._monotonic(), keys
        return keys

    def _discover(self) -> dict[str, Any]:
        with self._lock:
            kept = self._metadata
        if kept is not None and self._monotonic() - kept[0] < KEPT_S:
            return kept[1]
        found = self._asking.get(get_well_known_url(self._issuer, external=True))
        if found.get("issuer") != self._issuer:
            raise _unsound(f"its metadata is of the issuer {found.get('issuer')!r}")
        with self._lock:
            self._metadata = self._monotonic(), found
        return found

    def _endpoint(self, name: str) -> str:
        url = self._discover().get(name)
        if not isinstance(url, str) or not url.startswith(("https://", "http://")):
            raise _unsound(f"its metadata names no {name}")
        return url


def _unsound(why: str) -> ProviderError:
    return ProviderError(
        f"The log-in provider's word doesn't hold ({why[:200]}): begin again, or use your password.",
        code="bad_identity",
    )
