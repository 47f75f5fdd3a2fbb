"""The plan's own objects, read only: each plural as a list and one by one, within the caller's scope."""

from __future__ import annotations

from typing import Any

from server.errors import NotFoundError
from server.service import policy
from server.service.policy import Caller, Rule, Scope
from server.service.shapes import Items
from server.service.web_ports import Work

# Which rule each plural stands under.
PLURALS: dict[str, Rule] = {
    "jurisdictions": policy.CATALOG,
    "operators": policy.CATALOG,
    "schools": policy.CATALOG_SCHOOLS,
    "stops": policy.CATALOG,
    "routes": policy.CATALOG,
    "timetables": policy.CATALOG,
    "vehicles": policy.CATALOG,
    "people": policy.CATALOG,
    "permits": policy.CATALOG,
    "riders": policy.CATALOG_RIDERS,
}


def list_plural(
    work: Work, caller: Caller, scope: Scope, plural: str, *, code: str | None, after: str | None, limit: int
) -> Items[dict[str, Any]]:
    """List one plural by id, without what has ended."""
    found = work.catalog.page(plural, scope, _area(caller), code, after, limit + 1)
    return Items(found[:limit], found[limit - 1]["id"] if len(found) > limit else None)


def get_one(work: Work, caller: Caller, scope: Scope, plural: str, ref: str) -> dict[str, Any]:
    """Give one by id, or by code where that names one; raise NotFoundError."""
    found = work.catalog.find(plural, scope, _area(caller), ref)
    if found is None:
        raise NotFoundError(f"There is no such one among the {plural} that you may see: check its id.")
    return found


def _area(caller: Caller) -> str | None:
    return caller.scope_id if caller.role == "regulator" else None
