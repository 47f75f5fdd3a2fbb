"""A user's own notices, and the answer to one that calls."""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta

from server.api.endpoint import Ask, Endpoint, Page, Reply, Text
from server.api.findings import tell
from server.service import findings, notices_read, policy
from server.service.shapes import Items, Notice


class Query(Page, frozen=True):
    """GET /notices."""

    child: Text | None = None


class Answer(msgspec.Struct, frozen=True):
    """POST /notices/{id}/answer."""

    remarks: Annotated[str, Meta(max_length=500)] | None = None


def list_notices(ask: Ask) -> Items[Notice]:
    """List the own notices, newest first."""
    query: Query = ask.query
    found = notices_read.list_notices(
        ask.work, ask.scope, ask.who.user_id, ask.who.role, query.child, query.after, query.limit
    )
    for child_id in sorted({notice.child.id for notice in found.items if notice.child is not None}):
        ask.note("read_notices", child_id)
    return found


def mark_read(ask: Ask) -> Reply:
    """Mark one as read."""
    ask.work.notices.mark_read(ask.subject, ask.now_ms)
    return Reply(status=204)


def answer(ask: Ask) -> Notice:
    """Answer a call: acknowledges its finding and ends the calls; said again, or after somebody else, it changes nothing."""
    wanted: Answer = ask.body
    called = findings.answer_call(ask.work, ask.who, ask.subject, wanted.remarks, ask.now_ms)
    shown = notices_read.get_notice(ask.work, ask.scope, ask.who.role, ask.subject)
    if shown.finding is not None:
        ask.note("answer_call", shown.finding.id, wanted.remarks)
        tell(ask, shown.finding.id, called)
    return shown


ENDPOINTS = (
    Endpoint("GET", "/notices", policy.NOTICES, list_notices, Items[Notice], "My notices", query=Query),
    Endpoint("POST", "/notices/{notice}/read", policy.NOTICE, mark_read, None, "Mark as read", status=204, works="write"),
    Endpoint("POST", "/notices/{notice}/answer", policy.ANSWER, answer, Notice, "Answer a call", takes=Answer, works="write"),
)  # fmt: skip
