"""The life of a finding: who may take which step, what each leaves behind, and who is told."""

from __future__ import annotations

from typing import Final

import msgspec

from server.domain.finding_life import DONE, Step, after, deadline_ms, possible
from server.errors import ConflictError, ForbiddenError
from server.service.findings_rows import Advance, Called, FindingRow
from server.service.policy import Caller
from server.service.web_ports import Work

LIVE_FINDINGS: Final = "live/findings"
LIVE_NOTICES: Final = "live/notices"


def take_step(
    work: Work, caller: Caller, finding_id: str, step: Step, remarks: str | None, now_ms: int
) -> list[Called]:
    """Take a step on a finding of the caller's scope; give (notice, user) of those who were called, to be told of it.

    Raise ConflictError where its state doesn't allow it, ForbiddenError where the caller may not close one of this severity.
    """
    row = work.findings.get(finding_id)
    _require(row, caller, step)
    target = after(row.state, step)
    if row.withdrawn_at_ms is not None:
        raise ConflictError(
            "This finding was withdrawn: records that came later show that it was not so. Nothing is to be done.",
            fields={"state": row.state, "possible": ""},
        )
    if target is None:
        raise _not_from(row, step)
    advance = Advance(
        finding_id, row.state, target, DONE[step], caller.user_id, remarks, now_ms,
        owner_id=caller.user_id if step == "acknowledge" else None,
        answered=step == "acknowledge",
        deadline_ms=deadline_ms(row.severity, now_ms) if step == "reopen" else None,
    )  # fmt: skip
    if not work.findings.advance(advance):
        # Somebody else was faster, between the look and the change.
        raise _not_from(work.findings.get(finding_id), step)
    return work.findings.called(finding_id) if step == "acknowledge" else []


def answer_call(work: Work, caller: Caller, notice_id: str, remarks: str | None, now_ms: int) -> list[Called]:
    """Answer a call by its notice: acknowledges the finding; give who is to be told of it (nobody, when it was answered before).

    Raise ConflictError for a notice that calls nobody.
    """
    finding_id = work.notices.get(notice_id).finding_id
    if finding_id is None:
        raise ConflictError("This notice tells of something and calls nobody: mark it as read instead.")
    work.notices.mark_read(notice_id, now_ms)
    row = work.findings.get(finding_id)
    if row.state != "open" or row.withdrawn_at_ms is not None:
        return []
    try:
        return take_step(work, caller, finding_id, "acknowledge", remarks, now_ms)
    except ConflictError:
        return []  # two answered at once: either is the answer


def changed_message(finding_id: str) -> bytes:
    """Write what `live/findings` says of one."""
    return msgspec.json.encode({"ids": [finding_id]})


def told_message(called: list[Called]) -> bytes:
    """Write what `live/notices` says, so that every page that was called shows the answer."""
    return msgspec.json.encode({"items": [{"id": notice, "user_id": user} for notice, user in called]})


def _require(row: FindingRow, caller: Caller, step: Step) -> None:
    # The company doesn't strike its own dangers off: the supervisor does (decision 0105).
    if step == "close" and caller.role == "operator" and row.severity == "act":
        raise ForbiddenError(
            "A finding of severity act is closed by the regulator: rectify it, and ask them to look at it."
        )


def _not_from(row: FindingRow, step: Step) -> ConflictError:
    steps = possible(row.state)
    return ConflictError(
        f"A finding that is {row.state} can't be {DONE[step]}: now possible is {' or '.join(steps)}.",
        fields={"state": row.state, "possible": ",".join(steps)},
    )
