"""Permits from the application to the end: an operator asks, the authority over it gives, returns or revokes."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from datetime import date, timedelta

import msgspec

from server.domain.permit_life import (
    CONDITIONS,
    OPEN_TO_CHANGE,
    ApplicationStep,
    Condition,
    after,
    possible,
)
from server.errors import ConflictError, InvalidError, NotFoundError
from server.ids import new_id
from server.rules.permit_conditions import Against, judge_wish
from server.service.documents import shape_of
from server.service.instants import at
from server.service.permits_rows import ApplicationRow, Asked, NewPermit, PermitRow
from server.service.permits_shapes import (
    Application,
    ApplicationStepTaken,
    ConditionMet,
    LapseItem,
)
from server.service.policy import Caller, Scope
from server.service.shapes import Items, Words
from server.service.web_ports import Work

_DONE: Mapping[ApplicationStep, str] = {
    "submit": "submitted", "return": "returned", "approve": "approved", "withdraw": "withdrawn",
}  # fmt: skip


class Wanted(msgspec.Struct, frozen=True):
    """The content of an application as it comes; objects by id or by a code that names one."""

    timetable: str
    vehicle: str
    driver: str
    valid_from: str
    valid_until: str
    attendant: str | None = None
    tag: str | None = None
    conditions: Mapping[Condition, str] = {}


def list_applications(
    work: Work, scope: Scope, state: str | None, after_id: str | None, limit: int
) -> Items[Application]:
    """List them, the newest first."""
    found = work.permits.page(scope, state, after_id, limit + 1)
    more = found[limit - 1].id if len(found) > limit else None
    return Items([_shape(work, scope, row) for row in found[:limit]], more)


def get(work: Work, scope: Scope, application_id: str) -> Application:
    """Give one; raise NotFoundError."""
    return _shape(work, scope, _row(work, scope, application_id))


def draft(work: Work, scope: Scope, caller: Caller, wanted: Wanted, now_ms: int) -> Application:
    """Begin an application; raise InvalidError with a field for each thing that isn't there."""
    operator, asked = _read(work, scope, wanted)
    application_id = new_id()
    work.permits.add(application_id, operator, asked, caller.user_id, now_ms)
    work.permits.add_step(application_id, None, "drafted", None, caller.user_id, now_ms)
    return get(work, scope, application_id)


def change(work: Work, scope: Scope, application_id: str, wanted: Wanted, now_ms: int) -> Application:
    """Change one that isn't with the authority; raise ConflictError for another."""
    row = open_row(work, scope, application_id)
    operator, asked = _read(work, scope, wanted)
    if operator != row.operator.id:
        raise InvalidError(
            "The application is another operator's: begin a new one for this timetable.",
            fields={"timetable": "this is of another operator"},
        )
    work.permits.change(application_id, asked, now_ms)
    return get(work, scope, application_id)


def take_step(
    work: Work,
    scope: Scope,
    caller: Caller,
    application_id: str,
    step: ApplicationStep,
    *,
    remarks: str | None,
    code: str | None,
    replace: bool,
    now_ms: int,
) -> Application:
    """Take an application a step on; raise ConflictError or InvalidError with what stands against it.

    Approving gives the permit; with `replace` the timetable's permit before it ends the day before it begins.
    """
    row = _row(work, scope, application_id)
    state = after(row.state, step)
    if state is None:
        raise ConflictError(
            f"The application is {row.state}: {step} isn't possible now.",
            fields={"state": row.state, "possible": ",".join(possible(row.state))},
        )
    if step == "return" and not (remarks or "").strip():
        raise InvalidError("Say in `remarks` what has to be put right.", fields={"remarks": "missing"})
    permit_id = None
    if step in ("submit", "approve"):
        _require_sound(work, scope, row, may_replace=step == "submit" or replace)
    if step == "approve":
        permit_id = _give(work, caller, row, code, now_ms)
    work.permits.move(row.id, state, permit_id, now_ms)
    work.permits.add_step(
        row.id, permit_id, _DONE[step], (remarks or "").strip() or None, caller.user_id, now_ms
    )
    return get(work, scope, row.id)


def revoke(work: Work, scope: Scope, caller: Caller, ref: str, reason: str, now_ms: int) -> PermitRow:
    """Take a permit away, from now on; raise NotFoundError, ConflictError when it is over, InvalidError without a reason."""
    permit = find_permit(work, scope, ref)
    if not reason.strip():
        raise InvalidError("Say why in `reason`.", fields={"reason": "missing"})
    if permit.ended or permit.valid_until < scope.on:
        raise ConflictError(
            f"Permit {permit.code} is over already.",
            fields={"state": "revoked" if permit.ended else "expired"},
        )
    work.permits.revoke(permit.id, now_ms)
    work.permits.add_step(None, permit.id, "revoked", reason.strip(), caller.user_id, now_ms)
    return find_permit(work, scope, permit.id)


def find_permit(work: Work, scope: Scope, ref: str) -> PermitRow:
    """Give a permit by id or code; raise NotFoundError."""
    permit = work.permits.find_permit(scope, ref)
    if permit is None:
        raise NotFoundError("There is no such permit among those you may see: check its id.")
    return permit


def list_lapsing(work: Work, scope: Scope, days: int) -> Items[LapseItem]:
    """List papers that lapse within so many days, or have, the nearest first (those over for more than 30 days are left out)."""
    today = date.fromisoformat(scope.on)
    from_on = (today - timedelta(days=30)).isoformat()
    found = work.permits.lapsing(scope, from_on, (today + timedelta(days=days)).isoformat())
    return Items([
        LapseItem(one.what, one.of, one.operator, one.until, (date.fromisoformat(one.until) - today).days)
        for one in sorted(found, key=lambda one: (one.until, one.what, one.of.code))
    ])  # fmt: skip


def open_row(work: Work, scope: Scope, application_id: str) -> ApplicationRow:
    """Give an application that its operator may change; raise NotFoundError or ConflictError."""
    row = _row(work, scope, application_id)
    if row.state not in OPEN_TO_CHANGE:
        raise ConflictError(
            f"The application is {row.state} and can't be changed: withdraw it, or wait until it is returned.",
            fields={"state": row.state},
        )
    return row


def _row(work: Work, scope: Scope, application_id: str) -> ApplicationRow:
    row = work.permits.find(scope, application_id)
    if row is None:
        raise NotFoundError("There is no such application among those you may see: check its id.")
    return row


def _read(work: Work, scope: Scope, wanted: Wanted) -> tuple[str, Asked]:
    found = work.permits.find_in("timetable", None, scope, wanted.timetable)
    if found is None:
        raise NotFoundError("There is no such timetable among those you may see: check its id.")
    timetable, operator = found
    faults: dict[str, str] = {}
    ids: dict[str, str | None] = {"attendant": None}
    for what in ("vehicle", "driver", "attendant"):
        ref = getattr(wanted, what)
        if ref is None:
            continue
        one = work.permits.find_in(what, operator, scope, ref)
        if one is None:
            faults[what] = f"there is no {what} {ref} of this operator"
        else:
            ids[what] = one[0].id
    for field in ("valid_from", "valid_until"):
        try:
            date.fromisoformat(getattr(wanted, field))
        except ValueError:
            faults[field] = "this is no date; write YYYY-MM-DD"
    if faults:
        raise InvalidError(f"The application can't be kept: {'; '.join(faults.values())}.", fields=faults)
    return operator, Asked(
        timetable.id, ids["vehicle"] or "", ids["driver"] or "", ids["attendant"], (wanted.tag or "").strip() or None,
        wanted.valid_from, wanted.valid_until, {which: note.strip() for which, note in wanted.conditions.items()},
    )  # fmt: skip


def _against(work: Work, scope: Scope, asked: Asked, *, may_replace: bool) -> list[Against]:
    wish = work.permits.wish(asked)
    if may_replace:
        wish = msgspec.structs.replace(wish, others=())
    return judge_wish(wish, scope.on)


def _require_sound(work: Work, scope: Scope, row: ApplicationRow, *, may_replace: bool) -> None:
    faults = {one.field: one.why for one in _against(work, scope, row.asked, may_replace=may_replace)}
    shown = {document.condition for document in work.permits.documents(row.id)}
    for which in CONDITIONS:
        if which not in row.asked.conditions and which not in shown:
            faults[f"conditions.{which}"] = "say how it is met, or attach a document that shows it"
    if faults:
        raise InvalidError(f"This stands against it: {'; '.join(faults.values())}.", fields=faults)


def _give(work: Work, caller: Caller, row: ApplicationRow, code: str | None, now_ms: int) -> str:
    asked = row.asked
    chosen = (code or f"{row.timetable.code}-{asked.valid_from}").strip()[:64]
    if work.permits.permit_code_taken(row.operator.id, chosen):
        raise ConflictError(
            f"There is a permit {chosen} already: give this one another code.", fields={"code": "taken"}
        )
    work.permits.end_before(asked.timetable_id, asked.valid_from, now_ms)
    permit = NewPermit(
        new_id(), chosen, row.operator.id, work.permits.area_name(caller.scope_id) or caller.username, asked
    )
    work.permits.give(permit)
    return permit.id


def _shape(work: Work, scope: Scope, row: ApplicationRow) -> Application:
    zone = work.scopes.timezone()
    against: list[Against] = []
    if row.state in ("draft", "returned", "submitted"):
        against = _against(work, scope, row.asked, may_replace=False)
    documents = defaultdict(list)
    for document in work.permits.documents(row.id):
        documents[document.condition].append(shape_of(document, zone))
    return Application(
        row.id, row.state, row.operator, row.timetable, row.vehicle, row.driver, row.attendant, row.asked.tag,
        row.asked.valid_from, row.asked.valid_until,
        [
            ConditionMet(
                which,
                row.asked.conditions.get(which),
                [Words(one.why_zh, one.why) for one in against if one.condition == which],
                documents[which],
            )
            for which in CONDITIONS
        ],
        {one.field: Words(one.why_zh, one.why) for one in against},
        row.permit, row.by, at(row.made_at_ms, zone), at(row.changed_at_ms, zone),
        [ApplicationStepTaken(at(one.at_ms, zone), one.by, one.step, one.remarks) for one in work.permits.steps(row.id)],
        list(possible(row.state)),
    )  # fmt: skip
