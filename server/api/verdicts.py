"""Excusing one of a trip's six verdicts, with a lawful reason."""

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
    row = ask.work.trips.get(ask.subject)
    which = verdicts_read.which_of(ask.path["which"])
    verdicts_read.excuse(ask.work, ask.who, row, which, wanted.reason, wanted.remarks, ask.now_ms)
    ask.note("excuse_verdict", ask.subject, f"{which}: {wanted.reason}")
    body = msgspec.json.encode({"ids": [ask.subject]})
    ask.after.append(lambda: ask.deps.publish("live/trips", body))
    return trips_read.get_trip(ask.work, ask.scope, ask.subject, ask.now_ms)


ENDPOINTS = (
    Endpoint(
        "POST", "/trips/{trip}/verdicts/{which}/excuse", policy.EXCUSE, excuse, shapes.TripDetail,
        "Excuse a verdict that failed, with a lawful reason", takes=Wanted, works="write",
    ),
)  # fmt: skip
