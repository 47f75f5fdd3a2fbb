"""An authenticator as a phone has one: HOTP and TOTP of RFC 4226 and 6238, written a second time to witness the server's."""

from __future__ import annotations

import base64
import hashlib
import hmac
import struct


def code_at(secret: str, ms: int, steps: int = 0) -> str:
    """Give the six digits that an authenticator with this base32 secret shows at an instant (UTC ms), or so many steps from it."""
    key = base64.b32decode(secret + "=" * (-len(secret) % 8))
    digest = hmac.new(key, struct.pack(">Q", ms // 30_000 + steps), hashlib.sha1).digest()
    at = digest[-1] & 15
    return f"{(struct.unpack('>I', digest[at : at + 4])[0] & 0x7FFFFFFF) % 1_000_000:06d}"
