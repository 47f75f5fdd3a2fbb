"""Change single records of the plan: look at what stands near one, and store the judged change as an import would."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import ColumnElement, Connection, Table, and_, func, or_, select, text

from server.adapters.db import tables as t
from server.adapters.db.catalog_kinds import KINDS
from server.adapters.db.counters import bump
from server.adapters.db.near import Near
from server.adapters.db.pack_applying import Applying
from server.adapters.db.pack_loading import load_pack
from server.adapters.db.plan_store import LOCK
from server.service.packs.port import Change
from server.service.records.composing import own_shape
from server.service.records.port import Looked, Touched

# The columns of a record's key, in the order of its noun's.
KEYS: Mapping[str, tuple[str, ...]] = {
    "devices": ("id",),
    "people": ("badge",),
    "users": ("username",),
    "guardians": ("user_id", "rider_id"),
    "ride-plans": ("rider_id", "timetable_id", "stop_id"),
    "settings": ("scope", "scope_id", "name"),
}
# Rows of these end with what they name, and need not keep it from ending.
ENDING_ALONG = (t.timetables, t.permits, t.ride_plans, t.guardians, t.devices)
# Rows of these name a record in the database only: a pack doesn't say whose a stop is.
SILENT = (t.stops, t.shapes, t.calendars, t.calendar_dates, t.users)
SOME = 5  # namers are looked for to be named, not counted


class RecordsDb:
    """Implements `RecordStore` on one connection."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._near: Near | None = None

    def look(self, touched: Touched) -> Looked:
        if self._connection.dialect.name == "postgresql":
            self._connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": LOCK})
        table: Table = KINDS[touched.plural].table
        operator_id = touched.operator_id or self._first_operator()
        near = Near(self._connection, operator_id=operator_id, ending=touched.ending)
        near.add(t.operators, [operator_id])
        near.add(table, [touched.id])
        for plural, id_ in touched.refs:
            near.add(KINDS[plural].table, [id_])
        own = _is_key(table, touched.plural, touched.key)
        near.add_where(table, own, ended=True)
        _add_siblings(self._connection, near, touched)
        if touched.ending and touched.id is not None:
            _add_namers(self._connection, near, table, touched.id)
        self._near = near
        taken = self._connection.execute(
            select(table.c.id, table.c.ended_at_ms)
            .where(own)
            .order_by(table.c.ended_at_ms.is_not(None))
            .limit(1)
        ).one_or_none()
        return Looked(
            load_pack(self._connection, near),
            None if taken is None else taken.id,
            taken is not None and taken.ended_at_ms is None,
        )

    def _first_operator(self) -> str | None:
        """Find whose a place is that nobody is said to own, as a pack's import decides it."""
        query = (
            select(t.operators.c.id).where(t.operators.c.ended_at_ms.is_(None)).order_by(t.operators.c.code)
        )
        found: str | None = self._connection.scalar(query.limit(1))
        return found

    def apply(self, change: Change, now_ms: int) -> tuple[str, ...]:
        if self._near is None:
            raise RuntimeError("a record is looked at before it is changed")
        applying = Applying(self._connection, change, now_ms, self._near)
        applying.run()
        if applying.changed:
            bump(self._connection, "catalog")
        return self._permits_on(applying.moved_plans, change.holds_from)

    def _permits_on(self, timetable_ids: tuple[str, ...], on: str | None) -> tuple[str, ...]:
        if not timetable_ids or on is None:
            return ()
        query = (
            select(t.permits.c.code)
            .where(
                t.permits.c.timetable_id.in_(timetable_ids), t.permits.c.ended_at_ms.is_(None),
                t.permits.c.valid_until >= on,
            )
            .order_by(t.permits.c.code)
        )  # fmt: skip
        return tuple(self._connection.scalars(query))

    def id_of(self, plural: str, key: tuple[str, ...]) -> str:
        table: Table = KINDS[plural].table
        live = table.c.ended_at_ms.is_(None)
        found: str = self._connection.execute(
            select(table.c.id).where(_is_key(table, plural, key), live)
        ).scalar_one()
        return found

    def administrators(self) -> int:
        query = (
            select(func.count())
            .select_from(t.users)
            .where(t.users.c.role == "admin", t.users.c.ended_at_ms.is_(None))
        )
        return self._connection.scalar(query) or 0


def _is_key(table: Table, plural: str, key: tuple[str, ...]) -> ColumnElement[bool]:
    columns = KEYS.get(plural, ("code",))
    return and_(*(table.c[name] == value for name, value in zip(columns, key, strict=True)))


def _add_siblings(connection: Connection, near: Near, touched: Touched) -> None:
    """Take in what the record could collide with, and what goes by it."""
    refs: dict[str, str] = {plural: id_ for plural, id_ in touched.refs}
    values: Mapping[str, Any] = touched.values
    match touched.plural:
        case "jurisdictions" if touched.id is not None:
            near.add_where(t.jurisdictions, t.jurisdictions.c.parent_id == touched.id)
        case "operators" if touched.id is not None and "timezone" in values:
            near.add_timed(connection.scalars(_live(t.timetables, t.timetables.c.operator_id == touched.id)))
        case "routes" if touched.id is not None and "operator" in values:
            near.add_timed(connection.scalars(_live(t.timetables, t.timetables.c.route_id == touched.id)))
        case "stops" if touched.id is not None and (touched.ending or values):
            calling = select(t.stop_times.c.timetable_id).where(t.stop_times.c.stop_id == touched.id)
            near.add_timed(connection.scalars(_live(t.timetables, t.timetables.c.id.in_(calling))))
        case "timetables":
            if "shape" in values:
                _add_shapes(connection, near, touched)
            near.add_where(t.shapes, t.shapes.c.code.in_(_words(values, "shape_code")))
            near.add_services(_words(values, "service_code"))
            if touched.id is not None:
                near.add_timed([touched.id])
                near.add_where(t.ride_plans, t.ride_plans.c.timetable_id == touched.id)
        case "calendars":
            (code,) = touched.key
            near.add_where(t.calendar_dates, t.calendar_dates.c.service_code == code, ended=True)
            near.add_where(t.timetables, t.timetables.c.service_code == code)
        case "vehicles":
            near.add_where(t.vehicles, t.vehicles.c.plate.in_(_words(values, "plate")))
        case "devices" if "vehicles" in refs:
            near.add_where(t.devices, t.devices.c.vehicle_id == refs["vehicles"])
        case "permits" if "timetables" in refs:
            near.add_where(t.permits, t.permits.c.timetable_id == refs["timetables"])
        case "riders":
            near.add_where(t.riders, t.riders.c.card.in_(_words(values, "card")))
        case "ride-plans" if not touched.ending:
            rider, timetable, _ = touched.key
            plans = t.ride_plans.c
            near.add_where(t.ride_plans, (plans.rider_id == rider) & (plans.timetable_id == timetable))
            near.add_timed([timetable])


def _add_shapes(connection: Connection, near: Near, touched: Touched) -> None:
    """Take in the shape that a timetable is laid on and who else is, and its own, that it may be given."""
    (code,) = touched.key
    present = select(t.timetables.c.shape_code).where(t.timetables.c.id == touched.id).scalar_subquery()
    own = or_(t.shapes.c.code == own_shape(code), t.shapes.c.code == present)
    near.add_where(t.shapes, own, ended=True)
    near.add_timed(connection.scalars(_live(t.timetables, t.timetables.c.shape_code == present)))


def _add_namers(connection: Connection, near: Near, table: Table, id_: str) -> None:
    """Take in some of what names the record and would be left hanging."""
    for other in t.metadata.sorted_tables:
        if other in ENDING_ALONG or other in SILENT or "ended_at_ms" not in other.c or "id" not in other.c:
            continue
        for column in other.columns:
            if any(key.column.table is table for key in column.foreign_keys) and other.name in _PLAN:
                near.add(other, connection.scalars(_live(other, column == id_).limit(SOME)))


_PLAN = {kind.table.name for kind in KINDS.values()}


def _live(table: Table, where: ColumnElement[bool]) -> Any:  # noqa: ANN401 - a select of ids
    return select(table.c.id).where(where, table.c.ended_at_ms.is_(None))


def _words(values: Mapping[str, Any], *names: str) -> set[str]:
    return {str(values[name]) for name in names if values.get(name) is not None}
