"""The plan's own tables as lists and single records: searched, sorted, filtered, in pages that meet."""

from __future__ import annotations

import hashlib
from typing import Any

import msgspec
from sqlalchemy import (
    ColumnElement,
    Connection,
    Float,
    FromClause,
    Integer,
    Select,
    and_,
    case,
    func,
    literal,
    or_,
    select,
)

from server.adapters.db.catalog_kinds import KINDS, Kind, Shown
from server.adapters.db.catalog_scopes import records_in
from server.adapters.db.scopes import ScopesDb
from server.adapters.db.tables import calendar_dates, shapes, stop_times, stops
from server.domain.service_time import format_service_time
from server.service.instants import day
from server.service.policy import Scope
from server.service.records.listing import Listing

VERSION_DIGITS = 16  # of a SHA-256: 64 bits tell two versions of one record apart


class CatalogDb:
    """Implements `CatalogStore` on one connection."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def page(
        self, plural: str, scope: Scope, jurisdiction_id: str | None, wanted: Listing, limit: int
    ) -> list[Shown]:
        view = _View(plural, self._connection.dialect.name)
        where = [records_in(plural, scope, jurisdiction_id), *view.filters(wanted)]
        order = view.order(wanted)
        if wanted.cursor is not None:
            where.append(_behind(order, wanted.cursor, view.table.c.id, descending=wanted.descending))
        keys = [view.table.c.id] if order is None else [order, view.table.c.id]
        directed = [key.desc() if wanted.descending else key.asc() for key in keys]
        query = view.query(order).where(*where).order_by(*directed).limit(limit)
        return self._shown(view, query)

    def find(self, plural: str, scope: Scope, jurisdiction_id: str | None, ref: str) -> Shown | None:
        view = _View(plural, self._connection.dialect.name)
        mine = records_in(plural, scope, jurisdiction_id)
        found = self._shown(view, view.query().where(view.table.c.id == ref, mine).limit(1))
        if not found:
            # A code that an ended record had may be another's now.
            named = view.query().where(view.code == ref, mine).order_by(view.table.c.ended_at_ms.is_not(None))
            found = self._shown(view, named.limit(2))
            if len(found) == 2 and found[0]["ended"] == found[1]["ended"]:
                return None
        return self._whole(plural, found[0]) if found else None

    def _shown(self, view: _View, query: Select[Any]) -> list[Shown]:
        rows = [view.nested(dict(row._mapping)) for row in self._connection.execute(query)]
        zone = None
        for row in rows:
            ended_at_ms = row.pop("ended_at_ms")
            row["ended"] = ended_at_ms is not None
            if ended_at_ms is not None:
                zone = zone or ScopesDb(self._connection).timezone()
            row["ended_on"] = None if ended_at_ms is None or zone is None else day(ended_at_ms, zone)
        if view.plural == "calendars":
            self._add_dates(rows)
        for row in rows:
            row["version"] = _version(row)
            row.pop("plan_id", None)
        return rows

    def _add_dates(self, rows: list[Shown]) -> None:
        query = (
            select(calendar_dates)
            .where(
                calendar_dates.c.service_code.in_([row["code"] for row in rows]),
                calendar_dates.c.ended_at_ms.is_(None),
            )
            .order_by(calendar_dates.c.service_on)
        )
        dates: dict[str, list[Shown]] = {row["code"]: [] for row in rows}
        for each in self._connection.execute(query):
            dates[each.service_code].append(
                {
                    "date": each.service_on,
                    "exception_type": each.exception_type,
                    "as_weekday": each.as_weekday,
                }
            )
        for row in rows:
            row["dates"] = dates[row["code"]]

    def _whole(self, plural: str, row: Shown) -> Shown:
        """Add what only a single record shows."""
        if plural != "timetables":
            return row
        times = (
            select(stop_times, stops.c.id, stops.c.code, stops.c.name, stops.c.lat, stops.c.lon)
            .join(stops, stops.c.id == stop_times.c.stop_id)
            .where(stop_times.c.timetable_id == row["id"])
            .order_by(stop_times.c.seq)
        )
        points = self._connection.scalar(
            select(shapes.c.points).where(shapes.c.code == row["shape_code"], shapes.c.ended_at_ms.is_(None))
        )
        return row | {
            "stop_times": [
                {
                    "stop": {"id": each.id, "code": each.code, "name": each.name},
                    "lat": each.lat,
                    "lon": each.lon,
                    "arrival_time": format_service_time(each.arrival_s),
                    "departure_time": format_service_time(each.departure_s),
                }
                for each in self._connection.execute(times)
            ],
            "shape": None if points is None else msgspec.json.decode(points, type=list[tuple[float, float]]),
        }


class _View:
    """One plural joined with what it names."""

    def __init__(self, plural: str, dialect: str) -> None:
        self.plural = plural
        self._plain_like = dialect == "sqlite"
        self.kind: Kind = KINDS[plural]
        self.table = self.kind.table
        self._others = {ref.field: ref.table.alias(f"of_{ref.field}") for ref in self.kind.refs}
        self._refs = {ref.field: ref for ref in self.kind.refs}
        self.code: ColumnElement[Any] = self._code()

    def column(self, word: str) -> ColumnElement[Any]:
        """Give an own column, or `ref.name` and `ref.code` of what is named."""
        field, _, part = word.partition(".")
        if not part:
            found: ColumnElement[Any] = self.table.c[word]
            return found
        ref = self._refs[field]
        other: ColumnElement[Any] = self._others[field].c[ref.name if part == "name" else ref.code]
        return other

    def _code(self) -> ColumnElement[Any]:
        words = self.kind.code
        if len(words) == 1:
            return self.column(words[0])
        joined: ColumnElement[Any] = self.column(words[0])
        for word in words[1:]:
            part = self.column(word)
            joined = joined + case((part.is_(None), literal("")), else_=literal(":") + part)
        return joined

    def query(self, order: ColumnElement[Any] | None = None) -> Select[Any]:
        """Select all that goes out, and the sorted-by value as `order__`."""
        joined: FromClause = self.table
        columns = (self.table.c[name] for name in self.kind.columns)
        shown: list[ColumnElement[Any]] = [
            self.table.c.id.label("id"), self.code.label("code"), *columns, self.table.c.ended_at_ms
        ]  # fmt: skip
        if order is not None:
            shown.append(order.label("order__"))
        for ref in self.kind.refs:
            other = self._others[ref.field]
            joined = joined.join(other, other.c.id == self.table.c[ref.column], isouter=True)
            shown += [
                other.c.id.label(f"{ref.field}__id"), other.c[ref.code].label(f"{ref.field}__code"),
                other.c[ref.name].label(f"{ref.field}__name"),
            ]  # fmt: skip
        return select(*shown).select_from(joined)

    def filters(self, wanted: Listing) -> list[ColumnElement[bool]]:
        """Give what a list's query asks for."""
        where = []
        if wanted.ended != "all":
            ended = self.table.c.ended_at_ms
            where.append(ended.is_not(None) if wanted.ended == "true" else ended.is_(None))
        if wanted.code is not None:
            where.append(self.code == wanted.code)
        if wanted.q:
            words = dict.fromkeys((*self.kind.code, *self.kind.search))
            where.append(or_(*(self._holds(word, wanted.q) for word in words)))
        for name, value in wanted.filters.items():
            if name in self._refs:
                ref = self._refs[name]
                other = ref.table
                named = select(other.c.id).where(or_(other.c.id == value, other.c[ref.code] == value))
                where.append(self.table.c[ref.column].in_(named))
            else:
                where.append(self.table.c[name] == value)
        return where

    def _holds(self, word: str, text: str) -> ColumnElement[bool]:
        """Say that a column, or that of what is named, holds a text."""
        field, _, part = word.partition(".")
        if not part:
            return self._contains(self.table.c[word], text)
        # Looked for in the other table by itself: a condition over the joined rows would make all of them first.
        ref = self._refs[field]
        place = ref.table.c[ref.name if part == "name" else ref.code]
        held: ColumnElement[bool] = self.table.c[ref.column].in_(
            select(ref.table.c.id).where(self._contains(place, text))
        )
        return held

    def _contains(self, column: ColumnElement[Any], text: str) -> ColumnElement[bool]:
        # SQLite's LIKE knows no upper and lower case by itself, and is twice as fast without being told.
        return (
            column.contains(text, autoescape=True)
            if self._plain_like
            else column.icontains(text, autoescape=True)
        )

    def order(self, wanted: Listing) -> ColumnElement[Any] | None:
        """Give the value that a list is sorted by; None: by id, which is by when it was made."""
        if wanted.sort is None:
            return None
        column = self.code if wanted.sort == "code" else self.table.c[wanted.sort]
        if not getattr(column, "nullable", True):
            return column
        # Blank ones stand first, as one value that a cursor can name.
        return func.coalesce(column, -1 if isinstance(column.type, Integer | Float) else "")

    def nested(self, flat: Shown) -> Shown:
        """Give a row as it goes out."""
        shown = {"id": flat["id"], "code": flat["code"]} | {name: flat[name] for name in self.kind.columns}
        for ref in self.kind.refs:
            parts = {part: flat[f"{ref.field}__{part}"] for part in ("id", "code", "name")}
            shown[ref.field] = None if parts["id"] is None else parts
        if self.kind.form is not None:
            shown = self.kind.form(shown)
        if "order__" in flat:
            shown["order__"] = flat["order__"]
        return shown | {"ended_at_ms": flat["ended_at_ms"]}


def _behind(
    order: ColumnElement[Any] | None, cursor: tuple[Any, str], id_: ColumnElement[str], *, descending: bool
) -> ColumnElement[bool]:
    value, last = cursor
    further = id_ < last if descending else id_ > last
    if order is None:
        return further
    return or_(order < value if descending else order > value, and_(order == value, further))


def _version(row: Shown) -> str:
    """Give a text that changes when the record does, and not when what it names is renamed."""
    own = {
        name: value["id"] if isinstance(value, dict) else value
        for name, value in row.items()
        if name not in ("order__", "ended_on")
    }
    return hashlib.sha256(msgspec.json.encode(own)).hexdigest()[:VERSION_DIGITS]
