"""The plan's own objects over HTTP: /jurisdictions … /riders, read only in this version."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from server.api.endpoint import Ask, Endpoint, Page, Text
from server.service import catalog_read
from server.service.shapes import Items


class Query(Page, frozen=True):
    """GET /{plural}."""

    code: Text | None = None


def _lister(plural: str) -> Callable[[Ask], Items[dict[str, Any]]]:
    def list_them(ask: Ask) -> Items[dict[str, Any]]:
        query: Query = ask.query
        found = catalog_read.list_plural(
            ask.work, ask.who, ask.scope, plural, code=query.code, after=query.after, limit=query.limit
        )
        if plural == "riders":
            for rider in found.items:
                ask.note("read_rider", rider["id"])
        return found

    return list_them


def _shower(plural: str) -> Callable[[Ask], dict[str, Any]]:
    def show(ask: Ask) -> dict[str, Any]:
        found = catalog_read.get_one(ask.work, ask.who, ask.scope, plural, ask.path["ref"])
        if plural == "riders":
            ask.note("read_rider", found["id"])
        return found

    return show


def endpoints() -> tuple[Endpoint, ...]:
    """Give a list and a single for each plural."""
    made: list[Endpoint] = []
    for plural, rule in catalog_read.PLURALS.items():
        made.append(
            Endpoint(
                "GET",
                f"/{plural}",
                rule,
                _lister(plural),
                Items[dict[str, Any]],
                plural.capitalize(),
                query=Query,
            )
        )
        made.append(
            Endpoint("GET", f"/{plural}/{{ref}}", rule, _shower(plural), dict[str, Any], f"One of {plural}")
        )
    return tuple(made)
