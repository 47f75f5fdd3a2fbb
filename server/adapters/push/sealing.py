"""Seal a message for one browser, so that no push service can read it (RFC 8291, RFC 8188)."""

from __future__ import annotations

import base64
import binascii

import http_ece
from cryptography.hazmat.primitives.asymmetric import ec

from server.errors import InvalidError

POINT_BYTES = 65  # RFC 8291, 3.1: an uncompressed P-256 point
SECRET_BYTES = 16  # RFC 8291, 3.2
# The length of what is sealed would tell a push service its kind: every message is made a multiple of this long.
STEP_BYTES = 256


def seal(payload: bytes, p256dh: str, auth: str) -> bytes:
    """Encrypt a JSON payload with a browser's keys (base64url); spaces at its end even out its length.

    Raise InvalidError for keys that aren't any.
    """
    point, secret = read_keys(p256dh, auth)
    padded = payload.ljust(-(-len(payload) // STEP_BYTES) * STEP_BYTES)
    sealed: bytes = http_ece.encrypt(
        padded,
        private_key=ec.generate_private_key(ec.SECP256R1()),
        dh=point,
        auth_secret=secret,
        version="aes128gcm",
    )
    return sealed


def read_keys(p256dh: str, auth: str) -> tuple[bytes, bytes]:
    """Give a browser's public point and its secret; raise InvalidError naming the one that is wrong."""
    point, secret = _bytes(p256dh, "keys.p256dh"), _bytes(auth, "keys.auth")
    try:
        if len(point) != POINT_BYTES:
            raise ValueError
        ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), point)
    except ValueError:
        raise _wrong("keys.p256dh", f"is no point of {POINT_BYTES} bytes on P-256") from None
    if len(secret) != SECRET_BYTES:
        raise _wrong("keys.auth", f"has {len(secret)} bytes, not {SECRET_BYTES}")
    return point, secret


def encode(value: bytes) -> str:
    """Write bytes as browsers do: base64url without padding."""
    return base64.urlsafe_b64encode(value).rstrip(b"=").decode()


def _bytes(text: str, field: str) -> bytes:
    try:
        # Some browsers' libraries send plain base64, some pad it.
        plain = text.rstrip("=").replace("+", "-").replace("/", "_")
        return base64.b64decode(plain + "=" * (-len(plain) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        raise _wrong(field, "is no base64url") from None


def _wrong(field: str, why: str) -> InvalidError:
    return InvalidError(
        f"`{field}` {why}: send `PushSubscription.toJSON()` as it is.", fields={field: why}, code="bad_keys"
    )
