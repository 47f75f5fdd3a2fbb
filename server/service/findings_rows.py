"""What the use cases about findings are given by the database, and the port that gives it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import msgspec

from server.domain.finding import Evidence, FindingKind, Fixed, Severity
from server.domain.finding_life import FindingState
from server.service.policy import Scope
from server.service.shapes import Named, RingRole


class RingRow(msgspec.Struct, frozen=True):
    """Somebody who could be rung, with or without a number."""

    role: RingRole
    name: str
    phone: str | None


class FindingRow(msgspec.Struct, frozen=True):
    """A finding with the names around it; `around` are the crew on the trip, the operator and the school."""

    id: str
    kind: FindingKind
    severity: Severity
    fixed: Fixed | None
    operator_id: str
    timezone: str
    trip: Named | None
    vehicle: Named | None
    driver: Named | None
    rider: Named | None
    stop: Named | None
    began_ms: int
    ended_ms: int | None
    measured: float | None
    limit: float | None
    evidence: tuple[Evidence, ...]
    made_at_ms: int
    withdrawn_at_ms: int | None
    state: FindingState
    owner: Named | None
    deadline_ms: int | None
    answered_at_ms: int | None
    tier: int
    calls: int
    call_next_ms: int | None
    around: tuple[RingRow, ...]


class StepRow(msgspec.Struct, frozen=True):
    """One thing that a person did about a finding."""

    at_ms: int
    by: Named
    step: str
    remark: str | None


class NeedRow(msgspec.Struct, frozen=True):
    """A finding of a trip that nobody has rectified."""

    kind: FindingKind
    severity: Severity
    state: FindingState
    began_ms: int


class FindingFilter(msgspec.Struct, frozen=True):
    """What a list is narrowed by; None: by nothing. Instants in UTC ms, from inclusive, to exclusive."""

    state: FindingState | None = None
    kind: FindingKind | None = None
    severity: Severity | None = None
    from_ms: int | None = None
    to_ms: int | None = None
    trip: str | None = None
    vehicle: str | None = None
    withdrawn: bool = False


class Advance(msgspec.Struct, frozen=True):
    """A step of a finding's life, to be written: from one state to the next, by whom, and what it changes besides.

    `owner_id`, `answered` and `deadline_ms` None: unchanged. Every step ends the calls.
    """

    finding_id: str
    from_state: FindingState
    to_state: FindingState
    step: str
    user_id: str
    remark: str | None
    at_ms: int
    owner_id: str | None = None
    answered: bool = False
    deadline_ms: int | None = None


# The newest call of a finding to a user: its notice, and the user.
Called = tuple[str, str]


class FindingStore(Protocol):
    """Findings, their steps, and who was called."""

    def page(
        self, scope: Scope, wanted: FindingFilter, after: str | None, limit: int
    ) -> list[FindingRow]: ...
    def get(self, finding_id: str) -> FindingRow: ...
    def steps(self, finding_id: str) -> list[StepRow]: ...
    def needs(self, trip_ids: Sequence[str]) -> dict[str, list[NeedRow]]: ...
    def by_clock(self, trip_id: str) -> dict[FindingKind, int]:
        """Give since when (UTC ms) each kind that goes by the server's clock is found of a trip, whatever people did of it."""
        ...

    def advance(self, step: Advance) -> bool: ...
    def around(self, finding_ids: Sequence[str]) -> dict[str, tuple[RingRow, ...]]: ...
    def called(self, finding_id: str) -> list[Called]: ...
