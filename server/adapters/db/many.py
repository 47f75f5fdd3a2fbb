"""Runs one statement for many rows by the driver's own `executemany`, compiled once.

SQLAlchemy prepares the parameters of each row anew: for ingest's four rows a position that was half of what the database itself
takes. Here they go to the driver as they are; so only plain types are taken, which both drivers know without help.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cache
from operator import itemgetter
from typing import Any, Final

import msgspec
from sqlalchemy import Boolean, Connection, Dialect, Float, Insert, Integer, LargeBinary, String, Update

_PLAIN: Final = (Boolean, Float, Integer, LargeBinary, String)  # and their kinds: BigInteger, Text


class Prepared(msgspec.Struct, frozen=True):
    """A statement as text; `take` makes a row what the driver wants, None: the mapping itself."""

    text: str
    take: Callable[[Mapping[str, Any]], tuple[Any, ...]] | None


def execute_many(
    connection: Connection, statement: Insert | Update, rows: Sequence[Mapping[str, Any]]
) -> None:
    """Execute a statement for each row; all rows have the same keys. The statement must be one of the program's few: it is kept.

    One with parameters that a driver has to be helped with, or that aren't among the rows' keys, takes SQLAlchemy's own way.
    """
    if not rows:
        return
    prepared = prepare(connection.dialect, statement, tuple(rows[0]))
    if prepared is None:
        connection.execute(statement, [dict(row) for row in rows])
        return
    take = prepared.take
    connection.exec_driver_sql(prepared.text, list(rows) if take is None else [take(row) for row in rows])


@cache
def prepare(dialect: Dialect, statement: Insert | Update, keys: tuple[str, ...]) -> Prepared | None:
    """Compile a statement for rows with these keys; None where it isn't as plain as a driver takes it."""
    compiled: Any = statement.compile(dialect=dialect, column_keys=keys)
    plain = all(isinstance(bind.type, _PLAIN) and name in keys for bind, name in compiled.bind_names.items())
    if not plain or compiled.insert_prefetch or compiled.update_prefetch:
        return None
    return Prepared(compiled.string, itemgetter(*compiled.positiontup) if compiled.positional else None)
