"""Findings: what is wrong, and what people do about it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Annotated

import msgspec
from msgspec import Meta

from server.api.endpoint import Ask, Endpoint, Page, Text
from server.api.trips import to_ms
from server.domain.finding import FindingKind, Severity
from server.domain.finding_life import FindingState, Step
from server.service import findings, findings_read, policy
from server.service.findings_rows import Called, FindingFilter
from server.service.findings_shapes import Finding, FindingDetail
from server.service.shapes import Items


class Query(Page, frozen=True, rename={"from_": "from"}):
    """GET /findings."""

    state: FindingState | None = None
    kind: FindingKind | None = None
    severity: Severity | None = None
    from_: datetime | None = None
    to: datetime | None = None
    trip: Text | None = None
    vehicle: Text | None = None
    withdrawn: bool = False


class Remarks(msgspec.Struct, frozen=True):
    """POST /findings/{id}/…: what the person wants kept with the step."""

    remarks: Annotated[str, Meta(max_length=500)] | None = None


def list_findings(ask: Ask) -> Items[Finding]:
    """List the findings of the scope, newest first."""
    query: Query = ask.query
    wanted = FindingFilter(
        query.state, query.kind, query.severity, to_ms("from", query.from_), to_ms("to", query.to),
        query.trip, query.vehicle, query.withdrawn,
    )  # fmt: skip
    found = findings_read.list_findings(ask.work, ask.scope, ask.who.role, wanted, query.after, query.limit)
    for rider_id in sorted({each.rider.id for each in found.items if each.rider is not None}):
        ask.note("read_findings", rider_id)
    return found


def show_finding(ask: Ask) -> FindingDetail:
    """Give one finding, with all that was done about it."""
    found = findings_read.get_finding(ask.work, ask.who.role, ask.subject)
    if found.rider is not None:
        ask.note("read_finding", found.rider.id)
    return found


def tell(ask: Ask, finding_id: str, called: list[Called]) -> None:
    """Say in the house, once it is committed, that a finding changed, and to whom it is told again."""
    ask.after.append(lambda: ask.deps.publish(findings.LIVE_FINDINGS, findings.changed_message(finding_id)))
    if called:
        ask.after.append(lambda: ask.deps.publish(findings.LIVE_NOTICES, findings.told_message(called)))


def _step(step: Step, told: str) -> Callable[[Ask], FindingDetail]:
    def answer(ask: Ask) -> FindingDetail:
        wanted: Remarks = ask.body
        called = findings.take_step(ask.work, ask.who, ask.subject, step, wanted.remarks, ask.now_ms)
        ask.note(f"finding_{step}", ask.subject, wanted.remarks)
        tell(ask, ask.subject, called)
        return show_finding(ask)

    answer.__doc__ = told
    return answer


def _post(step: Step, rule: policy.Rule, summary: str, told: str) -> Endpoint:
    path = f"/findings/{{finding}}/{step}"
    return Endpoint(
        "POST", path, rule, _step(step, told), FindingDetail, summary, takes=Remarks, works="write"
    )


ENDPOINTS = (
    Endpoint(
        "GET", "/findings", policy.FINDINGS, list_findings, Items[Finding], "What is wrong", query=Query
    ),
    Endpoint("GET", "/findings/{finding}", policy.FINDING, show_finding, FindingDetail, "One finding, whole"),
    _post("acknowledge", policy.HANDLE_FINDING, "I see to it", "Take a finding on; ends its calls."),
    _post("rectify", policy.HANDLE_FINDING, "It is put right", "Say that it was put right."),
    _post(
        "close",
        policy.HANDLE_FINDING,
        "Strike it off",
        "Strike it off; one of severity act only as the regulator.",
    ),
    _post("reopen", policy.REOPEN_FINDING, "It is not put right", "Open it again, with a new deadline."),
)
