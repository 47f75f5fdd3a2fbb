"""Seal secrets that must be read again, so that a copy of the database alone gives none of them away."""

from __future__ import annotations

import os

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from server.errors import StartError

_NONCE = 12  # bytes: what GCM is specified for (NIST SP 800-38D, 8.2)


class Vault:
    """Seals with AES-256-GCM; `key` has 32 bytes."""

    def __init__(self, key: bytes) -> None:
        self._cipher = AESGCM(key)

    def seal(self, secret: bytes, of: str) -> bytes:
        """Seal a secret for the one whose it is (a row's id): it opens for nobody else."""
        nonce = os.urandom(_NONCE)
        return nonce + self._cipher.encrypt(nonce, secret, of.encode())

    def open(self, sealed: bytes, of: str) -> bytes:
        """Give the secret; raise StartError where this key didn't seal it for `of`."""
        try:
            return self._cipher.decrypt(sealed[:_NONCE], sealed[_NONCE:], of.encode())
        except InvalidTag:
            raise StartError(
                "A second factor was sealed with another key than keys/vault.key of the data folder: restore that file "
                "from the backup, or take the factor away with `sixfixed user forget-factor NAME`."
            ) from None
