"""Create, change and end single records of the plan, judged and stored as an import would, each with its line in the audit."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from server.errors import ConflictError, ForbiddenError, InvalidError, NotFoundError
from server.service.catalog_read import area_of, get_one
from server.service.instants import day_after
from server.service.packs.cells import read_iso_date
from server.service.policy import Caller, Scope
from server.service.records import audit
from server.service.records.composing import Rows, compose, name_parts, own_row, replaced
from server.service.records.finding import Finder
from server.service.records.nouns import NOUNS, Noun
from server.service.records.port import Touched
from server.service.records.reading import Values, read_body
from server.service.records.storing import Credential, store
from server.service.web_ports import Work

Body = Mapping[str, Any]
Shown = dict[str, Any]
# A change of these may make other plans; such a change holds from a date.
DATED = frozenset({"timetables", "stops", "routes", "operators"})


class Changed(msgspec.Struct, frozen=True):
    """What came of a change: the record as it is now, and whose sessions have to end."""

    record: Shown
    ends_user: str | None = None


class Changer:
    """Changes records for one caller in one writing unit of work. `now_ms` is the school day's clock, `real_ms` the machine's."""

    def __init__(self, work: Work, caller: Caller, scope: Scope, now_ms: int, real_ms: int) -> None:
        self._work = work
        self._caller = caller
        self._scope = scope
        self._now_ms = now_ms
        self._real_ms = real_ms
        self._find = Finder(work, caller, scope)

    def create(self, plural: str, body: Body, credential: Credential | None = None) -> Changed:
        """Make a record, or bring back one that ended; raise InvalidError with the fields, or ConflictError."""
        noun = NOUNS[plural]
        values = read_body(noun, self._with_defaults(noun, body), self._find, None)
        for name in noun.key:
            if values.changed.get(name) is None and not values.faults.keys() & set(
                noun.field(name).spellings
            ):
                values.faults[name] = "this must not be empty"
        name_parts(noun, values, self._find)
        refuse(values.faults)
        codes = tuple(str(values.changed[name]) for name in noun.key)
        key = _ids(noun, values.changed, values.ids)
        looked = self._work.records.look(self._touched(noun, None, key, values, body))
        if looked.taken_id is not None and (
            looked.taken_live or not self._may_revive(plural, looked.taken_id)
        ):
            raise ConflictError(
                f"{plural}: {':'.join(codes)} is there already; change that one, or choose another code",
                code="exists",
                fields={noun.key[0]: "taken"},
            )
        found = compose(noun, None, values, self._find, looked.pack)
        refuse(values.faults)
        pack = replaced(noun, codes, found, looked.pack)
        warnings = store(self._work, noun, pack, looked.pack, self._now_ms, credential=credential)
        id_ = self._work.records.id_of(plural, key)
        after = get_one(self._work, self._caller, self._scope, plural, id_)
        self._note(audit.CREATED, id_, None, after)
        return Changed(after | {"warnings": warnings})

    def update(
        self,
        plural: str,
        ref: str,
        body: Body,
        *,
        version: str | None = None,
        credential: Credential | None = None,
    ) -> Changed:
        """Change what a body names of a record; raise NotFoundError, ConflictError or InvalidError with the fields.

        `version`: as the caller saw it; another by now is a conflict. A change that makes other plans holds from the body's
        `valid_from`, a service date, tomorrow where it has none.
        """
        noun = NOUNS[plural]
        before = self._own(plural, ref)
        said = dict(body)
        holds_from = self._holds_from(said) if plural in DATED else None
        expected = version or said.pop("version", None)
        said.pop("version", None)
        if expected is not None and expected != before["version"]:
            raise ConflictError(
                f"{plural}: {before['code']} was changed since you read it; read it again and repeat your change",
                code="version",
                fields={"version": before["version"]},
            )
        values = read_body(noun, _spread(noun, said), self._find, before)
        name_parts(noun, values, self._find)
        refuse(values.faults)
        codes, key = _shown_key(noun, before)
        looked = self._work.records.look(self._touched(noun, before["id"], key, values, before))
        old = own_row(noun, codes, looked.pack)
        found = compose(noun, old, values, self._find, looked.pack)
        refuse(values.faults)
        self._keep_administrator(plural, before, values.changed.get("role", "admin") != "admin")
        pack = replaced(noun, codes, found, looked.pack)
        warnings = store(
            self._work, noun, pack, looked.pack, self._now_ms, credential=credential, holds_from=holds_from
        )
        after = get_one(self._work, self._caller, self._scope, plural, before["id"])
        self._note(audit.UPDATED, before["id"], before, after, secret=credential is not None)
        ends = plural == "users" and (
            credential is not None or any(before[name] != after[name] for name in ("role", "scope"))
        )
        return Changed(after | {"warnings": warnings}, self._end_sessions(before["id"]) if ends else None)

    def end(self, plural: str, ref: str) -> Changed:
        """End a record with what can't be without it, as an import does that leaves it out; raise ConflictError where others need it."""
        noun = NOUNS[plural]
        before = self._own(plural, ref)
        if before["id"] == self._caller.user_id:
            raise ConflictError("you can't end your own account; ask another administrator")
        self._keep_administrator(plural, before, leaves=True)
        codes, key = _shown_key(noun, before)
        looked = self._work.records.look(Touched(plural, before["id"], key, ending=True))
        gone: Rows = {noun.file: ()}
        if plural == "operators":
            gone["operators.csv"] = ()
        if plural == "calendars":
            gone["calendar_dates.txt"] = ()
        pack = replaced(noun, codes, gone, looked.pack)
        warnings = store(self._work, noun, pack, looked.pack, self._now_ms, ending=str(before["code"]))
        after = get_one(self._work, self._caller, self._scope, plural, before["id"])
        self._note(audit.ENDED, before["id"], before, None)
        ends = self._end_sessions(before["id"]) if plural == "users" else None
        return Changed(after | {"warnings": warnings}, ends)

    def _own(self, plural: str, ref: str) -> Shown:
        """Give a live record that the caller may change."""
        before = get_one(self._work, self._caller, self._scope, plural, ref)
        if before["ended"]:
            raise ConflictError(
                f"{plural}: {before['code']} has ended; create it again with its code to bring it back"
            )
        owner = before.get("operator")
        if self._caller.role == "operator" and owner is not None and owner["id"] not in self._scope.ids:
            raise ForbiddenError(
                f"{plural}: {before['code']} is another company's: ask it, or the administrator"
            )
        return before

    def _with_defaults(self, noun: Noun, body: Body) -> Body:
        """Fill in what the caller's own scope says, and what a new record of its kind usually is."""
        filled = _spread(noun, body)
        name = noun.owner.get(self._caller.role)
        if name is not None and not any(word in filled for word in noun.field(name).spellings):
            filled[name] = self._caller.scope_id
        if noun.plural == "operators" and not {"timezone", "agency_timezone"} & filled.keys():
            filled["timezone"] = self._work.scopes.timezone()
        if noun.plural == "routes":
            filled.setdefault("route_type", 3)  # a bus (GTFS)
        return filled

    def _touched(
        self, noun: Noun, id_: str | None, key: tuple[str, ...], values: Values, of: Mapping[str, Any]
    ) -> Touched:
        more = {"shape": True} if values.parts.get("shape") is not None else {}
        whose: str | None = values.ids.get("operator")
        route = values.ids.get("route") or (of["route"]["id"] if isinstance(of.get("route"), dict) else None)
        if noun.plural == "timetables" and route is not None:
            whose = get_one(self._work, self._caller, self._scope, "routes", route)["operator"]["id"]
        elif noun.plural in ("stops", "calendars"):
            whose = self._new_owner(of)
        return Touched(noun.plural, id_, key, tuple(values.refs), values.changed | more, whose)

    def _new_owner(self, body: Body) -> str | None:
        """Say whose a new stop or calendar is: the caller's own company, else the one that the body names."""
        if self._caller.role == "operator":
            return self._caller.scope_id
        named = body.get("operator_id", body.get("operator"))
        if isinstance(named, dict):
            named = named.get("id")
        if not isinstance(named, str):
            return None
        found = self._find("operators", named)
        if found is None:
            raise InvalidError("operator: there is no such one", fields={"operator": "unknown"})
        return str(found["id"])

    def _may_revive(self, plural: str, id_: str) -> bool:
        return self._work.catalog.find(plural, self._scope, area_of(self._caller), id_) is not None

    def _holds_from(self, body: dict[str, Any]) -> str:
        raw = body.pop("valid_from", None)
        if raw is None:
            return day_after(self._scope.on)
        try:
            on = read_iso_date(str(raw))
            if on < self._scope.on:
                raise ValueError(
                    f"this is before today, {self._scope.on}; what has been driven stays as it was"
                )
        except ValueError as why:
            raise InvalidError(f"valid_from: {why}.", fields={"valid_from": str(why)}) from None
        return on

    def _keep_administrator(self, plural: str, before: Shown, leaves: bool) -> None:
        if (
            plural == "users"
            and before["role"] == "admin"
            and leaves
            and self._work.records.administrators() < 2
        ):
            raise ConflictError("this is the last administrator; make another one first")

    def _end_sessions(self, user_id: str) -> str:
        """End what is open under rights that are no more."""
        self._work.accounts.end_sessions(user_id, None)
        self._work.accounts.revoke_tokens(user_id, self._real_ms)
        return user_id

    def _note(
        self, action: str, id_: str, before: Shown | None, after: Shown | None, *, secret: bool = False
    ) -> None:
        entry = audit.entry(self._real_ms, self._caller.user_id, action, id_, before, after, secret=secret)
        if entry is not None:
            self._work.audit.add([entry])


def refuse(faults: Mapping[str, str]) -> None:
    """Raise InvalidError when a field is wrong."""
    if faults:
        first = next(iter(faults))
        raise InvalidError(f"{first}: {faults[first]}.", fields=dict(faults))


def _spread(noun: Noun, body: Body) -> dict[str, Any]:
    """Give a body with a calendar's `weekdays` (digits, Monday 1) as a field for each day."""
    said = dict(body)
    days = said.get("weekdays")
    if noun.plural == "calendars" and isinstance(days, str):
        del said["weekdays"]
        names = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
        said |= {name: int(str(place) in days) for place, name in enumerate(names, 1)}
    return said


def _ids(noun: Noun, changed: Mapping[str, Any], ids: Mapping[str, str]) -> tuple[str, ...]:
    """Give the key as the tables have it: other records by their ids."""
    if noun.plural == "settings":
        return (str(changed["scope"]).partition(":")[0], ids.get("scope", ""), str(changed["name"]))
    return tuple(ids.get(name, str(changed[name])) for name in noun.key)


def _shown_key(noun: Noun, shown: Shown) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Give a record's key by codes, as its file has it, and by ids."""
    if noun.plural == "settings":
        kind = shown["scope"].partition(":")[0]
        of = "" if shown["of"] is None else shown["of"]["id"]
        return (shown["scope"], shown["name"]), (kind, of, shown["name"])
    parts = [shown[name] for name in noun.key]
    if any(part is None for part in parts):
        raise NotFoundError("What this names is gone: end that, and this ends with it.")
    codes = tuple(str(part["code"] if isinstance(part, dict) else part) for part in parts)
    return codes, tuple(str(part["id"] if isinstance(part, dict) else part) for part in parts)
