"""The six verdicts of a trip as pages show them: what the fold said, what the clock adds where no bus set out, and what was excused."""

from __future__ import annotations

from typing import Any, Final

from msgspec.structs import replace

from server.domain.finding import Evidence, FindingKind, Fixed
from server.domain.trip import Phase
from server.domain.verdict import SIX, Excuse, LawfulReason, Verdict, Verdicts, excused
from server.errors import ConflictError, NotFoundError
from server.service import shapes
from server.service.instants import at
from server.service.policy import Caller, Scope
from server.service.rows import TripRow
from server.service.trip_verdicts import FINAL_AFTER_MS
from server.service.web_ports import Work

# What is said of a trip that no bus has taken, by its state.
WHY: Final[dict[Phase, str]] = {"scheduled": "not_started", "missed": "missed", "cancelled": "cancelled"}
BY_CLOCK: Final[tuple[FindingKind, ...]] = ("missed_trip", "not_started")


def show_verdicts(work: Work, row: TripRow, scope: Scope, now_ms: int) -> shapes.Verdicts:
    """Give the six of a trip; a guardian is told what holds and not on what it rests, which names people and places."""
    said = read_verdicts(work, row, now_ms)
    approved = {} if scope.kind == "guardian" else _approved(work, row)
    return shapes.Verdicts(
        **{which: _show(said.of(which), said.final, row, scope, approved.get(which)) for which in SIX}
    )


def read_verdicts(work: Work, row: TripRow, now_ms: int) -> Verdicts:
    """Read the six of a trip with what was excused.

    A trip that no bus has taken is final as others are (INTERFACES ruling 5), but for one of whose bus nothing is heard.
    """
    by_clock = {} if row.started_at_ms is not None else work.findings.by_clock(row.id)
    said = row.verdicts
    if said is None:
        over = now_ms >= row.planned_end_ms + FINAL_AFTER_MS and "silent" not in by_clock
        unknown = Verdict("unknown", None, WHY.get(row.state, "not_judged"))
        said = Verdicts(**dict.fromkeys(SIX, unknown), final=row.state == "cancelled" or over)
    if row.started_at_ms is None:
        said = _by_clock(said, by_clock)
    return excused(said, work.trips.excuses(row.id))


def which_of(name: str) -> Fixed:
    """Give which of the six a path names; raise NotFoundError."""
    for which in SIX:
        if which == name:
            return which
    raise NotFoundError(f"There is no verdict {name!r}: name one of {', '.join(SIX)}.")


def excuse(
    work: Work,
    caller: Caller,
    row: TripRow,
    which: Fixed,
    reason: LawfulReason | None,
    remarks: str | None,
    now_ms: int,
) -> None:
    """Excuse one of a trip's verdicts, or take its excuse back (no reason); raise ConflictError where there is nothing to."""
    value = read_verdicts(work, row, now_ms).of(which).value
    if reason is None and value != "excused":
        raise ConflictError(
            f"The verdict on {which} of trip {row.code} is {value}: there is no excuse to take back."
        )
    if value not in ("fail", "excused"):
        raise ConflictError(
            f"The verdict on {which} of trip {row.code} is {value}: only one that failed can be excused."
        )
    said = Excuse(which, reason, now_ms, caller.user_id, remarks)
    work.crew.excuse(row.id, said, now_ms)


def _by_clock(said: Verdicts, found: dict[FindingKind, int]) -> Verdicts:
    """Let a trip that was due fail by the server's clock, unless nothing is heard of its bus (INTERFACES ruling 4)."""
    due = next((kind for kind in BY_CLOCK if kind in found), None)
    if due is None:
        return said
    if "silent" in found:
        return replace(said, time=replace(said.time, reason="silent"))
    return replace(said, time=Verdict("fail", found[due], due, (Evidence(due, found[due]),)))


def _approved(work: Work, row: TripRow) -> dict[Fixed, dict[str, Any]]:
    """Give who approved of the excuse that holds, and the remarks, by verdict."""
    last = {one.which: one for one in work.trips.excuses(row.id)}
    names = work.crew.names([one.user_id for one in last.values()]) if last else {}
    return {which: {"by": names.get(one.user_id), "remarks": one.remarks} for which, one in last.items()}


def _show(
    verdict: Verdict, final: bool, row: TripRow, scope: Scope, approved: dict[str, Any] | None
) -> shapes.Verdict:
    shown: tuple[Evidence, ...] = () if scope.kind == "guardian" else verdict.evidence
    evidence = [_proof(one, row.timezone) for one in shown]
    if verdict.value == "excused" and evidence and approved is not None:
        evidence[0] |= approved
    return shapes.Verdict(
        value=verdict.value,
        final=final,
        since=at(verdict.since_ms, row.timezone),
        reason=verdict.reason or "",
        evidence=evidence,
        not_measured=list(verdict.not_measured),
    )


def _proof(one: Evidence, zone: str) -> dict[str, Any]:
    return {
        "what": one.what,
        "at": at(one.at_ms, zone),
        "value": one.value,
        "lat": one.lat,
        "lon": one.lon,
        "source": one.source,
    }
