"""The two JWTs of the broker's authentication callout: reads the request, writes the signed answer.

It refuses to decide anything: who may enter is `auth_callout`'s question.
"""

from __future__ import annotations

import base64
import hashlib
from typing import Any, Final

import msgspec
import nkeys

from server.adapters.mqtt.keys import NKey
from server.adapters.mqtt.rights import Rights

_HEADER: Final = b'{"typ":"JWT","alg":"ed25519-nkey"}'
_UNLIMITED: Final = -1


class ConnectOptions(msgspec.Struct, frozen=True):
    """What the client wrote into CONNECT."""

    username: str = msgspec.field(name="user", default="")
    password: str = msgspec.field(name="pass", default="")


class ClientInfo(msgspec.Struct, frozen=True):
    """Who is at the door, as the broker sees it; `type` is `mqtt` for MQTT connections."""

    host: str = ""
    type: str = ""
    mqtt_id: str = ""


class AuthRequest(msgspec.Struct, frozen=True):
    """One client at the door: the answer must name `user_nkey` and `server_id`."""

    user_nkey: str
    server_id: str
    client: ClientInfo
    options: ConnectOptions


class _Server(msgspec.Struct, frozen=True):
    id: str


class _RequestBody(msgspec.Struct, frozen=True):
    server_id: _Server
    user_nkey: str
    client_info: ClientInfo
    connect_opts: ConnectOptions


class _Request(msgspec.Struct, frozen=True):
    nats: _RequestBody


_request_decoder = msgspec.json.Decoder(_Request)


def decode_request(token: bytes) -> AuthRequest:
    """Read the broker's request; raises msgspec.DecodeError or ValueError where it is not one.

    Its signature is not checked: it comes over the role's own authenticated loopback connection, on a subject
    that only the server itself can publish to.
    """
    body = token.split(b".")[1]
    read = _request_decoder.decode(base64.urlsafe_b64decode(body + b"=" * (-len(body) % 4))).nats
    return AuthRequest(read.user_nkey, read.server_id.id, read.client_info, read.connect_opts)


class Signer:
    """Writes answers with the issuer's key; `account` is where admitted clients live."""

    def __init__(self, issuer: NKey, account: str) -> None:
        self._public = issuer.public
        self._pair = nkeys.from_seed(issuer.seed.encode())
        self._account = account

    def admit(self, request: AuthRequest, rights: Rights, now_s: int) -> bytes:
        """Answer yes, with these rights and for MQTT only; `now_s` is Unix time."""
        user = self._sign(
            {
                "name": request.options.username,
                "aud": self._account,
                "sub": request.user_nkey,
                "nats": {
                    "type": "user",
                    "version": 2,
                    "pub": {"allow": rights.publish},
                    "sub": {"allow": rights.subscribe},
                    "subs": _UNLIMITED,
                    "data": _UNLIMITED,
                    "payload": _UNLIMITED,
                    "allowed_connection_types": ["MQTT"],
                },
            },
            now_s,
        )
        return self._respond(request, {"jwt": user.decode()}, now_s)

    def refuse(self, request: AuthRequest, reason: str, now_s: int) -> bytes:
        """Answer no; the reason goes to the broker's log, the client is told "not authorized"."""
        return self._respond(request, {"error": reason}, now_s)

    def _respond(self, request: AuthRequest, body: dict[str, str], now_s: int) -> bytes:
        nats = {"type": "authorization_response", "version": 2, **body}
        return self._sign({"aud": request.server_id, "sub": request.user_nkey, "nats": nats}, now_s)

    def _sign(self, claims: dict[str, Any], now_s: int) -> bytes:
        claims = {"iss": self._public, "iat": now_s, **claims}
        digest = hashlib.sha256(msgspec.json.encode(claims)).digest()
        claims["jti"] = base64.b32encode(digest).decode().rstrip("=")
        signed = _encode(_HEADER) + b"." + _encode(msgspec.json.encode(claims))
        signature: bytes = self._pair.sign(signed)
        return signed + b"." + _encode(signature)


def _encode(raw: bytes) -> bytes:
    return base64.urlsafe_b64encode(raw).rstrip(b"=")
