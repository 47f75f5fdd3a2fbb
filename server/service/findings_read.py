"""Findings as each role may read them: lists, one whole, and what of them a trip's place in the list by need rests on."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import msgspec

from server.domain.calling import tier_name
from server.domain.finding import KINDS, Severity
from server.domain.finding_life import deadline_ms
from server.service import shapes
from server.service.findings_rows import FindingFilter, FindingRow, NeedRow, RingRow
from server.service.findings_shapes import Calls, EvidenceItem, Finding, FindingDetail, FindingStep
from server.service.instants import at
from server.service.policy import Role, Scope
from server.service.web_ports import Work

# Whom each role is told to ring: the desks ring who is on the bus and where the children go, those ring the desk.
_RINGS: Final[dict[Role, tuple[shapes.RingRole, ...]]] = {
    "admin": ("attendant", "driver", "school"),
    "regulator": ("attendant", "driver", "school"),
    "operator": ("attendant", "driver", "school"),
    "school": ("operator", "attendant"),
    "attendant": ("operator", "school"),
}
_WEIGHT: Final[dict[Severity, int]] = {"info": 0, "watch": 1, "act": 2}


def list_findings(
    work: Work, scope: Scope, role: Role, wanted: FindingFilter, after: str | None, limit: int
) -> shapes.Items[Finding]:
    """List the findings of the scope, newest first."""
    rows = work.findings.page(scope, wanted, after, limit + 1)
    page = rows[:limit]
    return shapes.Items([show(row, role) for row in page], page[-1].id if len(rows) > limit else None)


def get_finding(work: Work, role: Role, finding_id: str) -> FindingDetail:
    """Give one finding whole."""
    row = work.findings.get(finding_id)
    zone = row.timezone
    steps = [
        FindingStep(at(each.at_ms, zone), each.by, each.step, each.remark)
        for each in work.findings.steps(finding_id)
    ]
    return FindingDetail(**_plain(row, role), steps=steps)


def show(row: FindingRow, role: Role) -> Finding:
    """Give a finding's shape as a role may see it."""
    return Finding(**_plain(row, role))


def rings(role: Role, around: Sequence[RingRow]) -> list[shapes.Ring]:
    """List whom this role is to ring, who has a number, in the order of trying."""
    return [
        shapes.Ring(each.name, each.role, each.phone)
        for wanted in _RINGS.get(role, ())
        for each in around
        if each.role == wanted and each.phone
    ]


def rider_for(role: Role, rider: shapes.Named | None) -> shapes.Named | None:
    """Name a rider as a role may know them: a regulator supervises what was done, and needs no child's name for it."""
    if rider is None or role != "regulator":
        return rider
    return msgspec.structs.replace(rider, name=rider.code)


def reads_needs(scope: Scope) -> bool:
    """Say whether a trip tells this caller of its findings: whoever reads findings."""
    return scope.kind in ("all", "operators")


def worst(needs: Sequence[NeedRow]) -> shapes.Worst | None:
    """Give what needs a person most: by severity, then what calls, then what nobody has taken on, then the newest.

    >>> worst([NeedRow("gap", "watch", "open", 2), NeedRow("sos", "act", "open", 1)]).kind
    'sos'
    """
    if not needs:
        return None
    one = max(
        needs,
        key=lambda each: (
            _WEIGHT[each.severity],
            KINDS[each.kind].calls,
            each.state == "open",
            each.began_ms,
        ),
    )
    return shapes.Worst(one.kind, one.severity, one.state)


def _plain(row: FindingRow, role: Role) -> dict[str, Any]:
    zone = row.timezone
    return {
        "id": row.id,
        "kind": row.kind,
        "severity": row.severity,
        "fixed": row.fixed,
        "trip": row.trip,
        "vehicle": row.vehicle,
        "driver": row.driver,
        "rider": rider_for(role, row.rider),
        "stop": row.stop,
        "began_at": at(row.began_ms, zone),
        "ended_at": at(row.ended_ms, zone),
        "measured": row.measured,
        "limit": row.limit,
        "evidence": [
            EvidenceItem(each.what, at(each.at_ms, zone), each.value, each.lat, each.lon, each.source)
            for each in row.evidence
        ],
        "state": row.state,
        "owner": row.owner,
        "deadline_at": at(due_ms(row), zone),
        "answered_at": at(row.answered_at_ms, zone),
        "withdrawn_at": at(row.withdrawn_at_ms, zone),
        "call": rings(role, row.around),
        "calls": _calls(row),
    }


def due_ms(row: FindingRow) -> int:
    """Say until when a finding is to be rectified; one whose maker set nothing waits as its severity says from its making."""
    return row.deadline_ms if row.deadline_ms is not None else deadline_ms(row.severity, row.made_at_ms)


def _calls(row: FindingRow) -> Calls | None:
    tier = tier_name(row.kind, row.tier)
    if tier is None or (row.calls == 0 and row.call_next_ms is None):
        return None
    return Calls(tier, row.calls, at(row.call_next_ms, row.timezone))
