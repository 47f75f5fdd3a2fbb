"""The plan's own records over HTTP, read: /jurisdictions … /users as lists and one by one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from server.api.endpoint import Ask, Endpoint, Page, Text
from server.errors import InvalidError
from server.service import catalog_read, policy
from server.service.records.listing import Listing, read_cursor
from server.service.records.nouns import NOUNS, Noun
from server.service.records.showing import FILTERS, SORTS
from server.service.shapes import Items

Sort = Annotated[str, Meta(max_length=64, pattern=r"^-?[a-z_]+$")]
# Lists that a page of their own gives already, with more than the record.
OWN_LISTS = ("devices",)


class Query(Page, frozen=True):
    """GET /{plural}: `q` is looked for in codes and names; `sort` a field, `-` before it: from the end; each noun has its filters."""

    code: Text | None = None
    q: Text | None = None
    sort: Sort | None = None
    ended: Literal["false", "true", "all"] = "false"


def _query_of(noun: Noun) -> type[msgspec.Struct]:
    fields: list[Any] = [(name, Text | None, None) for name in FILTERS[noun.plural]]
    return msgspec.defstruct(
        f"{noun.plural.title().replace('-', '')}Query", fields, bases=(Query,), frozen=True
    )


def read_listing(plural: str, query: Any) -> Listing:  # noqa: ANN401 - made for each noun
    """Say what a query asks for; raise InvalidError for a sort or a cursor that isn't this list's."""
    sort = None if query.sort is None else query.sort.removeprefix("-")
    if sort is not None and sort not in SORTS[plural]:
        raise InvalidError(
            f"sort: {plural} are sorted by {', '.join(SORTS[plural])}, with a - before it from the end.",
            fields={"sort": f"one of {', '.join(SORTS[plural])}"},
        )
    given = {name: getattr(query, name) for name in FILTERS[plural]}
    return Listing(
        code=query.code,
        q=None if query.q is None else query.q.strip(),
        sort=sort,
        descending=(query.sort or "").startswith("-"),
        ended=query.ended,
        filters={name.removesuffix("_id"): value for name, value in given.items() if value is not None},
        cursor=None if query.after is None else read_cursor(query.after),
    )


def _lister(plural: str) -> Callable[[Ask], Items[dict[str, Any]]]:
    def list_them(ask: Ask) -> Items[dict[str, Any]]:
        wanted = read_listing(plural, ask.query)
        found = catalog_read.list_plural(ask.work, ask.who, ask.scope, plural, wanted, ask.query.limit)
        _note(ask, plural, found.items)
        return found

    return list_them


def _shower(plural: str) -> Callable[[Ask], dict[str, Any]]:
    def show(ask: Ask) -> dict[str, Any]:
        found = catalog_read.get_one(ask.work, ask.who, ask.scope, plural, ask.path["ref"])
        _note(ask, plural, [found])
        return found

    return show


def _note(ask: Ask, plural: str, found: list[dict[str, Any]]) -> None:
    """Keep who read of which child."""
    if plural == "riders":
        for rider in found:
            ask.note("read_rider", rider["id"])
    elif plural in ("guardians", "ride-plans"):
        for one in {each["rider"]["id"] for each in found if each["rider"] is not None}:
            ask.note("read_rider", one)


def endpoints() -> tuple[Endpoint, ...]:
    """Give a list and a single for each plural."""
    made: list[Endpoint] = []
    for plural, noun in NOUNS.items():
        rule = policy.RECORDS[plural].read
        if plural not in OWN_LISTS:
            made.append(
                Endpoint(
                    "GET",
                    f"/{plural}",
                    rule,
                    _lister(plural),
                    Items[dict[str, Any]],
                    plural.capitalize(),
                    query=_query_of(noun),
                )
            )
        made.append(
            Endpoint("GET", f"/{plural}/{{ref}}", rule, _shower(plural), dict[str, Any], f"One of {plural}")
        )
    return tuple(made)
