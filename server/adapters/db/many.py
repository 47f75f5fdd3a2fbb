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
    """A statement as text; `names` are its parameters in the order that the driver wants, None: it takes mappings."""

    text: str
    names: tuple[str, ...] | None

    @property
    def take(self) -> Callable[[Mapping[str, Any]], tuple[Any, ...]]:
        """Give what makes a row of a mapping."""
        return itemgetter(*(self.names or ()))


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
    if prepared.names is None:
        connection.exec_driver_sql(prepared.text, list(rows))
        return
    take = prepared.take
    connection.exec_driver_sql(prepared.text, [take(row) for row in rows])


def execute_rows(
    connection: Connection,
    statement: Insert | Update,
    names: tuple[str, ...],
    rows: Sequence[tuple[Any, ...]],
) -> None:
    """Execute a statement for each row, as `execute_many`; `names` are the rows' columns, best in the table's order."""
    if not rows:
        return
    prepared = prepare(connection.dialect, statement, names)
    if prepared is None:
        connection.execute(statement, [dict(zip(names, row, strict=True)) for row in rows])
    elif prepared.names is None:
        connection.exec_driver_sql(prepared.text, [dict(zip(names, row, strict=True)) for row in rows])
    elif prepared.names == names:
        connection.exec_driver_sql(prepared.text, list(rows))
    else:
        take = itemgetter(*(names.index(name) for name in prepared.names))
        connection.exec_driver_sql(prepared.text, [take(row) for row in rows])


@cache
def prepare(dialect: Dialect, statement: Insert | Update, keys: tuple[str, ...]) -> Prepared | None:
    """Compile a statement for rows with these keys; None where it isn't as plain as a driver takes it."""
    compiled: Any = statement.compile(dialect=dialect, column_keys=keys)
    plain = all(isinstance(bind.type, _PLAIN) and name in keys for bind, name in compiled.bind_names.items())
    if not plain or compiled.insert_prefetch or compiled.update_prefetch:
        return None
    return Prepared(compiled.string, tuple(compiled.positiontup) if compiled.positional else None)
