"""Fit recorders to buses: make, rotate and revoke their secrets, and know them by these.

A device's secret is 192 random bits, so that guessing it is hopeless whatever a guess costs. argon2id is used for
one form of hash everywhere, with the lightest costs it allows: five hundred recorders that reconnect at once must not
need half a minute of processor for it, as a person's password would (OWASP's parameters).
"""

from __future__ import annotations

import re
import secrets
from typing import Protocol

import msgspec
from argon2 import PasswordHasher, Type
from argon2.exceptions import InvalidHashError, VerificationError

from server.clock import Clock
from server.errors import InvalidError, NotFoundError

SECRET_BYTES = 24


class DeviceHasher:
    """argon2id for random secrets: one pass over 1 MiB, under a millisecond."""

    def __init__(self) -> None:
        self._argon2 = PasswordHasher(time_cost=1, memory_cost=1024, parallelism=1, type=Type.ID)

    def hash(self, secret: str) -> str:
        """Give the encoded hash of a secret."""
        return self._argon2.hash(secret)

    def verify(self, encoded: str, secret: str) -> bool:
        """Say whether a secret is the hash's."""
        try:
            return self._argon2.verify(encoded, secret)
        except (VerificationError, InvalidHashError):
            return False


class DeviceChange(msgspec.Struct, frozen=True):
    """A device whose rights changed: what is connected under its name may have to go."""

    id: str
    active: bool
    changed_at_ms: int


class DeviceStore(Protocol):
    """The database, seen by this use case."""

    def find_vehicle(self, code: str) -> str | None:
        """Give the id of a vehicle that isn't ended."""

    def find_secret_hash(self, device_id: str) -> str | None:
        """Give the hash of an active device's secret."""

    def put(self, device_id: str, vehicle_id: str, secret_hash: str, now_ms: int) -> None:
        """Make the device active on the vehicle and end every other one there; raise ConflictError if it is fitted."""

    def replace_secret(self, device_id: str, secret_hash: str, now_ms: int) -> bool:
        """Give an active device another secret; say whether there is such a one."""

    def end(self, device_id: str, now_ms: int) -> bool:
        """Make a device inactive; say whether there was such an active one."""

    def changed_since(self, since_ms: int) -> list[DeviceChange]:
        """List the devices whose rights changed at or after an instant, oldest first."""


class Devices:
    """The recorders' use cases; safe to share between threads as its store is."""

    def __init__(self, store: DeviceStore, hasher: DeviceHasher, clock: Clock) -> None:
        self._store = store
        self._hasher = hasher
        self._clock = clock
        self._nobody = hasher.hash(secrets.token_urlsafe(SECRET_BYTES))

    def add(self, device_id: str, vehicle_code: str) -> str:
        """Fit a new device to a vehicle and give its secret, once; raise InvalidError, NotFoundError, ConflictError.

        One that the vehicle has already is ended: a bus speaks through one recorder at a time.
        """
        if re.fullmatch(r"[A-Za-z0-9_-]{1,32}", device_id) is None:
            raise InvalidError(
                f"device {device_id!r}: an id is 1 to 32 of A-Z, a-z, 0-9, _ and -; choose another"
            )
        vehicle_id = self._store.find_vehicle(vehicle_code)
        if vehicle_id is None:
            raise NotFoundError(f"there is no vehicle {vehicle_code!r}; import it first, or correct the id")
        secret = secrets.token_urlsafe(SECRET_BYTES)
        self._store.put(device_id, vehicle_id, self._hasher.hash(secret), self._clock.now_ms())
        return secret

    def rotate(self, device_id: str) -> str:
        """Give a device another secret, once; the old one ends at once; raise NotFoundError."""
        secret = secrets.token_urlsafe(SECRET_BYTES)
        if not self._store.replace_secret(device_id, self._hasher.hash(secret), self._clock.now_ms()):
            raise NotFoundError(f"there is no active device {device_id!r}; add it, or correct the id")
        return secret

    def revoke(self, device_id: str) -> None:
        """End a device's rights; raise NotFoundError."""
        if not self._store.end(device_id, self._clock.now_ms()):
            raise NotFoundError(f"there is no active device {device_id!r}; it may be revoked already")

    def authenticate_device(self, device_id: str, secret: str) -> bool:
        """Say whether this is an active device with its secret; an unknown one takes as long as a known one."""
        encoded = self._store.find_secret_hash(device_id)
        return self._hasher.verify(encoded or self._nobody, secret) and encoded is not None

    def devices_changed_since(self, since_ms: int) -> list[DeviceChange]:
        """List devices added, rotated, revoked or moved at or after an instant (UTC ms), oldest first."""
        return self._store.changed_since(since_ms)
