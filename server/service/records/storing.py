"""Judge a changed record as a pack with that change, and store it, or say by field what is wrong."""

from __future__ import annotations

import msgspec

from server.errors import ConflictError, InvalidError
from server.service.packs.coverage import warn_uncovered
from server.service.packs.fault import PackFault, Remarks
from server.service.packs.importing import moves_plans
from server.service.packs.judging import judge
from server.service.packs.network import lay_out
from server.service.packs.pack import Pack
from server.service.packs.port import Change
from server.service.records.nouns import Noun
from server.service.web_ports import Work


class Credential(msgspec.Struct, frozen=True):
    """The hash of a password or a device's secret; `shown` is the value itself where it was made here, else None."""

    code: str
    hashed: str
    shown: str | None


def store(
    work: Work,
    noun: Noun,
    pack: Pack,
    current: Pack,
    now_ms: int,
    *,
    credential: Credential | None = None,
    holds_from: str | None = None,
    ending: str | None = None,
) -> list[str]:
    """Store the touched files' rows and give what a person should look at; raise InvalidError, or ConflictError for an end."""
    remarks = Remarks()
    full = pack.over(current)
    judge(pack, full, remarks)
    warn_uncovered(pack, full, remarks, now_ms)
    drafts = lay_out(full, remarks) if moves_plans(pack) else None
    if remarks.faults and ending is not None:
        raise ConflictError(_still_needed(noun, ending, remarks.faults))
    if remarks.faults:
        fields = {field_of(noun, fault): fault.message for fault in reversed(remarks.faults)}
        first = field_of(noun, remarks.faults[0])
        raise InvalidError(f"{first}: {remarks.faults[0].message}.", fields=fields)
    hashes = {} if credential is None else {credential.code: credential.hashed}
    devices = noun.plural == "devices"
    change = Change(pack, full, drafts, hashes if devices else {}, {} if devices else hashes, holds_from)
    permits = work.records.apply(change, now_ms)
    warnings = [warning.message for warning in sorted(remarks.warnings)]
    if permits:
        # State Council decree 617: a change of route, time or stop is a new issue.
        warnings.append(
            f"the plan changes from {holds_from}: permits {', '.join(permits)} have to be issued anew"
        )
    return warnings


def field_of(noun: Noun, fault: PackFault) -> str:
    """Name the field of a body that a fault is about: `plate`, or `stop_times.3.arrival_time`."""
    part = next(
        (name for name, file in noun.parts.items() if file == fault.file and fault.file != noun.file), None
    )
    if part is None:
        return noun.of_column(fault.column)
    place = f".{fault.line - 1}" if fault.line else ""
    return f"{part}{place}.{fault.column}" if fault.column and part != "jurisdiction" else part


def _still_needed(noun: Noun, code: str, faults: list[PackFault]) -> str:
    why = faults[0].message.split(";")[0]
    return f"{noun.singular} {code} can't end: {why}; end or change those first"
