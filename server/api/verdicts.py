"""Excusing one of a trip's six verdicts with a lawful reason, and taking that back."""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta

from server.api.endpoint import Ask, Endpoint
from server.domain.verdict import LawfulReason
from server.service import policy, shapes, trips_read, verdicts_read


class Wanted(msgspec.Struct, frozen=True):
    """POST /trips/{id}/verdicts/{which}/excuse."""

    reason: LawfulReason
    remarks: Annotated[str, Meta(min_length=1, max_length=500)] | None = None


def excuse(ask: Ask) -> shapes.TripDetail:
    """Excuse a verdict that failed."""
    wanted: Wanted = ask.body
    return _said(ask, wanted.reason, wanted.remarks)


def take_back(ask: Ask) -> shapes.TripDetail:
    """Take an excuse back: the verdict failed after all."""
    return _said(ask, None, None)


def _said(ask: Ask, reason: LawfulReason | None, remarks: str | None) -> shapes.TripDetail:
    row = ask.work.trips.get(ask.subject)
    which = verdicts_read.which_of(ask.path["which"])
    verdicts_read.excuse(ask.work, ask.who, row, which, reason, remarks, ask.now_ms)
    action = "excuse_verdict" if reason is not None else "end_excuse"
    ask.note(action, ask.subject, f"{which}: {reason}" if reason is not None else which)
    body = msgspec.json.encode({"ids": [ask.subject]})
    ask.after.append(lambda: ask.deps.publish("live/trips", body))
    return trips_read.get_trip(ask.work, ask.scope, ask.subject, ask.now_ms)


ENDPOINTS = (
    Endpoint(
        "POST", "/trips/{trip}/verdicts/{which}/excuse", policy.EXCUSE, excuse, shapes.TripDetail,
        "Excuse a verdict that failed, with a lawful reason", takes=Wanted, works="write",
    ),
    Endpoint(
        "DELETE", "/trips/{trip}/verdicts/{which}/excuse", policy.EXCUSE, take_back, shapes.TripDetail,
        "Take the excuse of a verdict back", works="write",
    ),
)  # fmt: skip
