"""Make a table of the plan say what a file says: insert, update what differs, end what is gone, bring back."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Connection, Table, bindparam, insert, select, true, update

from server.ids import new_id

Key = tuple[Any, ...]
Values = Mapping[str, Any]


class Extra(NamedTuple):
    """Columns beside those of the file: a new row's, and those that go along with a change or an end; and rows that no file ends."""

    inserted: Callable[[Key], Values]
    changed: Values
    ended: Values
    spared: frozenset[Key] = frozenset()


PLAIN = Extra(lambda _key: {}, {}, {})


class Synced(NamedTuple):
    """What was done to a table: whether anything changed, and the ids of the rows that were made."""

    changed: bool
    made: frozenset[str]


def live_ids(
    connection: Connection, table: Table, key: str, within: ColumnElement[bool] | None = None
) -> dict[str, str]:
    """Give the id of each row that isn't ended, by its code; `within`: of those alone."""
    here = true() if within is None else within
    rows = connection.execute(select(table.c[key], table.c.id).where(table.c.ended_at_ms.is_(None), here))
    return {code: row_id for code, row_id in rows}


def sync(
    connection: Connection,
    table: Table,
    key: Sequence[str],
    wanted: Mapping[Key, Values],
    now_ms: int,
    extra: Extra = PLAIN,
    within: ColumnElement[bool] | None = None,
) -> Synced:
    """Make the live rows of `table` those of `wanted` (key → the other columns).

    All of `wanted` must have the same columns. `within`: rows outside it are left alone.
    """
    columns = sorted(set().union(*wanted.values())) if wanted else []
    own_id = "id" in table.c and "id" not in key
    names = [*key, *columns, "ended_at_ms", *(["id"] if own_id else [])]
    query = select(*(table.c[name] for name in names))
    rows = connection.execute(query if within is None else query.where(within))
    existing = {tuple(row[: len(key)]): row for row in rows}
    fresh: list[dict[str, Any]] = []
    moved: list[dict[str, Any]] = []
    gone: list[dict[str, Any]] = []
    for at, values in wanted.items():
        row = existing.get(at)
        if row is None:
            ids = {"id": new_id()} if own_id else {}
            fresh.append(ids | dict(zip(key, at, strict=True)) | dict(values) | dict(extra.inserted(at)))
        elif row.ended_at_ms is not None or any(row._mapping[name] != values[name] for name in columns):
            moved.append(_bound(key, at) | dict(values) | {"ended_at_ms": None} | dict(extra.changed))
    for at, row in existing.items():
        if at not in wanted and at not in extra.spared and row.ended_at_ms is None:
            gone.append(_bound(key, at) | {"ended_at_ms": now_ms} | dict(extra.ended))
    if fresh:
        connection.execute(insert(table), fresh)
    for batch in (moved, gone):
        if batch:
            where = [table.c[name] == bindparam(f"at_{name}") for name in key]
            connection.execute(update(table).where(*where), batch)
    made = frozenset(row["id"] for row in fresh if "id" in row)
    return Synced(bool(fresh or moved or gone), made)


def _bound(key: Sequence[str], at: Key) -> dict[str, Any]:
    return {f"at_{name}": value for name, value in zip(key, at, strict=True)}
