"""The shapes of a finding in HTTP and live answers (INTERFACES 5; docs/http.md)."""

from __future__ import annotations

from datetime import datetime

import msgspec

from server.domain.calling import Rung
from server.domain.finding import FindingKind, Fixed, Severity
from server.domain.finding_life import FindingState
from server.service.shapes import Named, Ring


class EvidenceItem(msgspec.Struct, frozen=True):
    """One thing that was seen; `source` names the input that says so."""

    what: str
    at: datetime
    value: float | str | None
    lat: float | None
    lon: float | None
    source: str | None


class Calls(msgspec.Struct, frozen=True):
    """How far the call for a person has climbed, how often it was made, and when it is made again (null: no more)."""

    tier: Rung
    times: int
    next_at: datetime | None


class Finding(msgspec.Struct, frozen=True):
    """One violation or hidden danger; `call` is whom to ring about it."""

    id: str
    kind: FindingKind
    severity: Severity
    fixed: Fixed | None
    trip: Named | None
    vehicle: Named | None
    driver: Named | None
    rider: Named | None
    stop: Named | None
    began_at: datetime
    ended_at: datetime | None
    measured: float | None
    limit: float | None
    evidence: list[EvidenceItem]
    state: FindingState
    owner: Named | None
    deadline_at: datetime
    answered_at: datetime | None
    withdrawn_at: datetime | None
    call: list[Ring]
    calls: Calls | None


class FindingStep(msgspec.Struct, frozen=True):
    """What a person did about it."""

    at: datetime
    by: Named
    step: str
    remarks: str | None


class FindingDetail(Finding, frozen=True):
    """One finding with all that was done about it."""

    steps: list[FindingStep]
