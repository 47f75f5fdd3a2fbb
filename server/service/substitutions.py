"""Another bus, driver, attendant, time or way for a trip or a timetable: who may take it, from now on everywhere, and taken back."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any, Literal

import msgspec

from server.domain.substitute import Detour, Staffing
from server.domain.trip import Phase
from server.errors import ConflictError, InvalidError, NotFoundError
from server.ids import new_id
from server.rules.lawful import WhyNot, judge_bus, judge_person
from server.service.detours import DetourWanted, detoured
from server.service.instants import day
from server.service.policy import Caller, Scope
from server.service.shapes import Named
from server.service.substitutions_read import show
from server.service.substitutions_rows import (
    WHATS,
    BusRow,
    Clash,
    NewSubstitution,
    PersonRow,
    Target,
    What,
)
from server.service.substitutions_shapes import (
    BusCandidate,
    PersonCandidate,
    Reason,
    Substitutes,
    Substitution,
)
from server.service.web_ports import Work

MOST_DAYS = (
    183  # State Council decree 617, article 17: what lasts longer than half a year needs a permit of its own
)
_OPEN: tuple[Phase, ...] = ("scheduled", "en_route")
_SENTENCES = {
    "inspection": "its inspection does not reach that far (it ends {until})",
    "insurance": "its insurance does not reach that far (it ends {until})",
    "seats": "it has {number} seats, and {needed} riders are planned",
    "qualification": "the qualification does not reach that far (it ends {until})",
    "age": "the driver is {number} years old then, and the limit is {needed}",
    "licence": "the licence is held for {number} years, and {needed} are asked for",
    "same": "runs this trip already",
}


class Wanted(msgspec.Struct, frozen=True):
    """What the desk asks for; objects by id or by a code that names one."""

    reason: str
    trip_id: str | None = None
    timetable: str | None = None
    from_on: str | None = None
    until_on: str | None = None
    vehicle_id: str | None = None
    driver_id: str | None = None
    attendant_id: str | None = None
    shift_s: int | None = None
    detour: DetourWanted | None = None


def substitute(
    work: Work, scope: Scope, caller: Caller, wanted: Wanted, now_ms: int
) -> tuple[Substitution, list[str]]:
    """Store a substitution; give it, and the trips that it changed at once.

    Raise NotFoundError for a trip or timetable out of scope, InvalidError with a field for each fault, ConflictError that names the
    trip which a bus or person is on at that time.
    """
    target, from_on, until_on = _where(work, scope, wanted, now_ms)
    faults = _faults(wanted, from_on, until_on, scope, by_trip=wanted.trip_id is not None)
    moved_s = work.substitutions.shift(target, from_on)
    if wanted.shift_s is not None:
        faults |= _times_faults(work, wanted, moved_s, from_on == until_on, now_ms)
        moved_s = wanted.shift_s
    chosen: dict[What, Named] = {}
    found = {what: ref for what in WHATS if (ref := getattr(wanted, f"{what}_id")) is not None}
    planned = work.substitutions.planned(target, from_on)
    for what, ref in found.items():
        row = _one(work, target, what, ref)
        if row is None:
            faults[f"{what}_id"] = f"there is no {what} {ref} of this operator"
            continue
        why = _why_not(row, what, target, from_on, until_on)
        named = _named(row)
        if why is None and from_on == until_on and named.id == _planned_id(planned, what):
            why = WhyNot("same")
        if why is not None:
            faults[f"{what}_id"] = (
                f"{named.name}: {_SENTENCES[why.code].format(**msgspec.structs.asdict(why))}"
            )
        chosen[what] = named
    if faults:
        raise InvalidError(f"The substitution can't be made: {'; '.join(faults.values())}.", fields=faults)
    for clash in work.substitutions.clashes(_moved(target, moved_s), _days(from_on, until_on)):
        for what, named in chosen.items():
            if named.id in clash.ids:
                raise ConflictError(
                    f"{named.name} is on trip {clash.trip.code} at that time on {clash.service_on}: choose another {what}, "
                    "or give that trip to another first.",
                    code="on_trip",
                )
        if wanted.shift_s is not None:
            _require_free(planned, chosen, clash)
    detour = None
    if wanted.detour is not None:
        of_plan, version = work.substitutions.plan_of(target, from_on)
        other, skipped, instead = detoured(version, wanted.detour)
        detour = Detour(of_plan, work.substitutions.put_plan(target, other, now_ms), skipped, instead)
    new = NewSubstitution(
        new_id(), target.operator_id, target.timetable_id, from_on, until_on,
        _id(chosen, "vehicle"), _id(chosen, "driver"), _id(chosen, "attendant"), wanted.reason.strip(),
        caller.user_id, now_ms, wanted.shift_s, detour,
    )  # fmt: skip
    changed = work.substitutions.add(new)
    stored = work.substitutions.find(scope, new.id)
    assert stored is not None
    return show(work, stored), changed


def end(work: Work, scope: Scope, substitution_id: str, now_ms: int) -> list[str]:
    """Take a substitution back; give the trips that it changed. What a substitute bus has begun stays its own."""
    row = work.substitutions.find(scope, substitution_id)
    if row is None:
        raise NotFoundError("There is no such substitution in force among those you may see: check its id.")
    return work.substitutions.end(row, now_ms)


def list_candidates(work: Work, trip_id: str) -> Substitutes:
    """List who and what may run a trip, free ones first, and why the others may not."""
    trip = work.trips.get(trip_id)
    target, on = work.substitutions.target_of(trip_id), trip.service_on
    planned = work.substitutions.planned(target, on)
    clashes = work.substitutions.clashes(_moved(target, work.substitutions.shift(target, on)), [on])

    def candidates(what: What) -> list[Any]:
        rows = (
            work.substitutions.buses(target.operator_id, None)
            if what == "vehicle"
            else work.substitutions.people(target.operator_id, _role(what), None)
        )
        shown = [_candidate(row, what, target, on, _planned_id(planned, what), clashes) for row in rows]
        return sorted(shown, key=lambda each: (not each.free, each.code))

    return Substitutes(candidates("vehicle"), candidates("driver"), candidates("attendant"))


def _where(work: Work, scope: Scope, wanted: Wanted, now_ms: int) -> tuple[Target, str, str]:
    """Find what is to be run by others, and the dates."""
    if (wanted.trip_id is None) == (wanted.timetable is None):
        raise InvalidError(
            "Name either `trip_id` or `timetable`.", fields={"trip_id": "either this or timetable"}
        )
    if wanted.trip_id is not None:
        trip_id = work.scopes.find_trip_id(scope, wanted.trip_id)
        if trip_id is None:
            raise NotFoundError("There is no such trip among those you may see: check its id.")
        trip = work.trips.get(trip_id)
        if trip.state not in _OPEN:
            raise ConflictError(
                f"Trip {trip.code} is {trip.state}: nothing can be put in its place any more."
            )
        from_on = wanted.from_on or trip.service_on
        return work.substitutions.target_of(trip_id), from_on, wanted.until_on or from_on
    target = work.substitutions.find_target(scope, wanted.timetable or "")
    if target is None:
        raise NotFoundError("There is no such timetable among those you may see: check its id or code.")
    from_on = wanted.from_on or day(now_ms, target.timezone)
    return target, from_on, wanted.until_on or from_on


def _faults(wanted: Wanted, from_on: str, until_on: str, scope: Scope, *, by_trip: bool) -> dict[str, str]:
    faults: dict[str, str] = {}
    if not wanted.reason.strip():
        faults["reason"] = "say why, for the record"
    named = [getattr(wanted, f"{what}_id") for what in WHATS]
    if all(one is None for one in (*named, wanted.shift_s, wanted.detour)):
        faults["vehicle_id"] = "name a vehicle, a driver, an attendant, another time or another way"
    for name, on in (("from_on", from_on), ("until_on", until_on)):
        try:
            date.fromisoformat(on)
        except ValueError:
            faults[name] = f"{on} is no date: write YYYY-MM-DD"
    if "from_on" in faults or "until_on" in faults:
        raise InvalidError("; ".join(faults.values()), fields=faults)
    if from_on < scope.on and not (by_trip and wanted.from_on is None):
        faults["from_on"] = f"{from_on} is past: begin today or later"
    if until_on < from_on:
        faults["until_on"] = f"{until_on} comes before {from_on}"
    elif (date.fromisoformat(until_on) - date.fromisoformat(from_on)).days >= MOST_DAYS:
        faults["until_on"] = f"more than {MOST_DAYS} days: what lasts longer needs a permit of its own"
    return faults


def _moved(target: Target, shift_s: int) -> Target:
    return msgspec.structs.replace(target, start_s=target.start_s + shift_s, end_s=target.end_s + shift_s)


def _times_faults(work: Work, wanted: Wanted, moved_s: int, one_day: bool, now_ms: int) -> dict[str, str]:
    """Say why a trip can't have another time: it has it already, or that time is past."""
    assert wanted.shift_s is not None
    if one_day and wanted.shift_s == moved_s:
        return {"shift_s": "the trip has these times already"}
    if wanted.trip_id is None:
        return {}
    trip = work.trips.get(wanted.trip_id)
    start_ms = trip.planned_start_ms + 1000 * (wanted.shift_s - moved_s)
    if trip.state == "scheduled" and start_ms < now_ms and wanted.shift_s < moved_s:
        return {"shift_s": "the trip would have to have begun before now: move it by less"}
    return {}


def _require_free(planned: Staffing, chosen: Mapping[What, Named], clash: Clash) -> None:
    """Raise ConflictError where the trip's own bus or people are on another one at its new time."""
    own: dict[What, str | None] = {
        "vehicle": planned.vehicle_id, "driver": planned.driver_badge, "attendant": planned.attendant_badge
    }  # fmt: skip
    for what, id_ in own.items():
        if what not in chosen and id_ in clash.ids:
            raise ConflictError(
                f"The {what} of this trip is on trip {clash.trip.code} at its new time on {clash.service_on}: name another {what} "
                "too, or another time.",
                code="on_trip",
            )


def _days(from_on: str, until_on: str) -> list[str]:
    first = date.fromisoformat(from_on)
    count = (date.fromisoformat(until_on) - first).days + 1
    return [(first + timedelta(days=step)).isoformat() for step in range(count)]


def _one(work: Work, target: Target, what: What, ref: str) -> BusRow | PersonRow | None:
    rows: list[BusRow] | list[PersonRow]
    if what == "vehicle":
        rows = work.substitutions.buses(target.operator_id, ref)
    else:
        rows = work.substitutions.people(target.operator_id, _role(what), ref)
    return rows[0] if len(rows) == 1 else None


def _role(what: What) -> Literal["driver", "attendant"]:
    return "driver" if what == "driver" else "attendant"


def _named(row: BusRow | PersonRow) -> Named:
    return row.bus if isinstance(row, BusRow) else row.person


def _id(chosen: dict[What, Named], what: What) -> str | None:
    return chosen[what].id if what in chosen else None


def _planned_id(planned: Any, what: What) -> str | None:  # noqa: ANN401 - a Staffing by ids
    names = {"vehicle": "vehicle_id", "driver": "driver_badge", "attendant": "attendant_badge"}
    found: str | None = getattr(planned, names[what])
    return found


def _why_not(
    row: BusRow | PersonRow, what: What, target: Target, from_on: str, until_on: str
) -> WhyNot | None:
    if isinstance(row, BusRow):
        return judge_bus(
            seats=row.seats, riders=target.riders, inspection_until=row.inspection_until,
            insurance_until=row.insurance_until, until_on=until_on,
        )  # fmt: skip
    return judge_person(
        drives=what == "driver", qualified_until=row.qualified_until, born=row.born, licence_since=row.licence_since,
        from_on=from_on, until_on=until_on, limits=target.limits,
    )  # fmt: skip


def _candidate(
    row: BusRow | PersonRow, what: What, target: Target, on: str, planned_id: str | None, clashes: list[Clash]
) -> BusCandidate | PersonCandidate:
    named = _named(row)
    short = WhyNot("same") if named.id == planned_id else _why_not(row, what, target, on, on)
    clash = next((each for each in clashes if named.id in each.ids), None)
    why: Reason | None = None
    if short is not None:
        why = Reason(short.code, None, short.until, short.number, short.needed)
    elif clash is not None:
        why = Reason("on_trip", clash.trip)
    if isinstance(row, BusRow):
        return BusCandidate(named.id, named.code, named.name, row.seats, why is None, why)
    return PersonCandidate(named.id, named.code, named.name, row.phone, why is None, why)
