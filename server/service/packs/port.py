"""What the import of packs asks of the outside: a store, and hashers of passwords and of devices' secrets."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

import msgspec

from server.service.packs.network import PlanDraft
from server.service.packs.pack import Pack


class Current(msgspec.Struct, frozen=True):
    """What the database says now, as a pack without secrets, and what is needed to keep them."""

    pack: Pack
    version: int  # of the catalogue; a store refuses to apply what was judged against another
    secret_hashes: Mapping[str, str]  # of devices that were not ended, by id
    password_hashes: Mapping[str, str]  # of accounts that were not ended, by username


class Change(msgspec.Struct, frozen=True):
    """A judged pack, ready to be stored."""

    pack: Pack  # the present files' rows; the others are None and stay as they are
    full: Pack  # what the database will say
    drafts: Sequence[PlanDraft] | None  # None: nothing that plans depend on is in the pack
    secret_hashes: Mapping[str, str]  # new ones alone, by device
    password_hashes: Mapping[str, str]  # new ones alone, by username
    holds_from: str | None = None  # the service date from which new plans hold; None: at once


class CatalogMovedError(Exception):
    """The database changed between `load` and `apply`; judge again."""


class PackStore(Protocol):
    """The database, seen by import and export."""

    def load(self) -> Current:
        """Give what the database says now."""

    def apply(self, change: Change, version: int, now_ms: int) -> bool:
        """Make the tables say it, in one transaction; say whether anything changed; raise CatalogMovedError."""


class SecretHasher(Protocol):
    """argon2id, with the costs that the kind of secret needs."""

    def hash(self, secret: str) -> str:
        """Give the encoded hash of a secret."""

    def verify(self, encoded: str, secret: str) -> bool:
        """Say whether a secret is the hash's."""
