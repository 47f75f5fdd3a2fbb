"""Find the records that a body names, among those that the caller may name."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from server.service.catalog_read import area_of
from server.service.policy import Caller, Scope
from server.service.web_ports import Work


class Finder:
    """Finds live records by id or code, each once."""

    def __init__(self, work: Work, caller: Caller, scope: Scope) -> None:
        self._work = work
        self._caller = caller
        self._scope = scope
        self._found: dict[tuple[str, str], Mapping[str, Any] | None] = {}

    def __call__(self, plural: str, ref: str) -> Mapping[str, Any] | None:
        """Give the record, None where there is no live one in the caller's scope."""
        key = plural, ref
        if key not in self._found:
            self._found[key] = self._look(plural, ref)
        return self._found[key]

    def _look(self, plural: str, ref: str) -> Mapping[str, Any] | None:
        if plural == "users" and self._caller.role != "admin":
            return self._guardian(ref)
        found = self._work.catalog.find(plural, self._scope, area_of(self._caller), ref)
        return None if found is None or found["ended"] else found

    def _guardian(self, ref: str) -> Mapping[str, Any] | None:
        """Find a guardian's account for a school, which may name one that it knows and list none."""
        account = self._work.accounts.find_by_name(ref) or self._work.accounts.find(ref)
        if account is None or account.ended_at_ms is not None or account.role != "guardian":
            return None
        return {"id": account.id, "code": account.username}
