"""What the second factor asks of the database."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import msgspec


class FactorRow(msgspec.Struct, frozen=True):
    """A user's second factor; `secret` is sealed, and it counts once it is confirmed."""

    secret: bytes
    made_at_ms: int
    confirmed_at_ms: int | None


class FactorStore(Protocol):
    """Second factors and recovery codes. What is spent is spent once, whoever else tries at the same moment."""

    def find(self, user_id: str) -> FactorRow | None: ...
    def begin(self, user_id: str, secret: bytes, now_ms: int) -> None: ...
    def confirm(self, user_id: str, now_ms: int) -> None: ...
    def drop(self, user_id: str) -> None: ...
    def spend_step(self, user_id: str, step: int) -> bool: ...
    def put_recovery(self, user_id: str, digests: Sequence[str]) -> None: ...
    def spend_recovery(self, user_id: str, digest: str, now_ms: int) -> bool: ...
    def recovery_left(self, user_id: str) -> int: ...
