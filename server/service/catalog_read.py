"""The plan's own records, read: each plural as a list and one by one, within the caller's scope."""

from __future__ import annotations

from typing import Any

from server.errors import NotFoundError
from server.service.policy import Caller, Scope
from server.service.records.listing import Listing, write_cursor
from server.service.shapes import Items
from server.service.web_ports import Work


def list_plural(
    work: Work, caller: Caller, scope: Scope, plural: str, wanted: Listing, limit: int
) -> Items[dict[str, Any]]:
    """List one plural; by id where nothing else is asked, which is by when each was made."""
    found = work.catalog.page(plural, scope, area_of(caller), wanted, limit + 1)
    page = found[:limit]
    behind = None
    if len(found) > limit:
        behind = write_cursor(page[-1].get("order__"), page[-1]["id"])
    for each in page:
        each.pop("order__", None)
    return Items(page, behind)


def get_one(work: Work, caller: Caller, scope: Scope, plural: str, ref: str) -> dict[str, Any]:
    """Give one by id, or by code where that names one; raise NotFoundError."""
    found = work.catalog.find(plural, scope, area_of(caller), ref)
    if found is None:
        raise NotFoundError(f"There is no such one among the {plural} that you may see: check its id.")
    return found


def area_of(caller: Caller) -> str | None:
    """Give a regulator's own jurisdiction; None for everybody else."""
    return caller.scope_id if caller.role == "regulator" else None
