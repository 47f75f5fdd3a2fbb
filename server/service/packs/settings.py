"""Judge settings: a name that is known, a value in its range, a scope that is there."""

from __future__ import annotations

from collections.abc import Mapping
from difflib import get_close_matches

from server.domain.settings_catalog import BY_NAME
from server.service.packs.fault import Remarks
from server.service.packs.pack import Pack

SCOPE_FILES: Mapping[str, str] = {"operator": "agency.txt", "route": "routes.txt", "permit": "permits.csv"}


def split_scope(scope: str) -> tuple[str, str | None]:
    """Part a scope into its kind and the id that it names.

    >>> split_scope("system"), split_scope("route:R:1")
    (('system', None), ('route', 'R:1'))
    """
    kind, _, code = scope.partition(":")
    return kind, code or None


def judge_settings(pack: Pack, full: Pack, remarks: Remarks) -> None:
    """Note settings that nobody knows, values that can't be, and scopes that name nothing."""
    known: dict[str, set[str | None]] = {
        "operator": {agency.agency_id for agency in full.agencies or ()},
        "route": {route.route_id for route in full.routes or ()},
        "permit": {permit.id for permit in full.permits or ()},
    }
    for row in pack.settings or ():
        kind, code = split_scope(row.scope)
        if code is not None and code not in known[kind]:
            file = SCOPE_FILES[kind]
            if not remarks.is_unread(file, code):
                advice = f"{file} has no such row; add it there or correct this"
                remarks.fault("settings.csv", row.line, "scope", row.scope, advice)
        setting = BY_NAME.get(row.name)
        if setting is None:
            remarks.fault("settings.csv", row.line, "name", row.name, _unknown(row.name))
            continue
        try:
            setting.read(row.value)
        except ValueError as why:
            remarks.fault("settings.csv", row.line, "value", row.value, str(why))


def _unknown(name: str) -> str:
    near = get_close_matches(name.lower(), BY_NAME, 1)
    return f"no setting has this name; did you mean {near[0]}?" if near else (
        f"no setting has this name; there are {', '.join(BY_NAME)}"
    )  # fmt: skip
