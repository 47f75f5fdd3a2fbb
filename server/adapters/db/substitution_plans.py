"""The timetables that are substituted: their times and riders, by how much they are moved, and the plan versions that detours make."""

from __future__ import annotations

import hashlib
from collections import Counter
from typing import Final

import msgspec
from sqlalchemy import Connection, select

from server.adapters.db.engine import upsert
from server.adapters.db.papers import PaperReader
from server.adapters.db.substitutions import in_force
from server.adapters.db.tables import (
    operators,
    plans,
    ride_plans,
    riders,
    routes,
    substitutions,
    timetables,
    trips,
)
from server.domain.plan import PlanVersion
from server.domain.substitute import Detour, shift_at
from server.ids import new_id
from server.service.substitutions_rows import Target

_detour: Final = msgspec.json.Decoder(Detour)


class SubstitutionPlansDb:
    """Reads and stores them on one connection."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def plan_of(self, target: Target, on: str) -> tuple[str, PlanVersion]:
        """Give the plan version of the target's trip of a date, without any detour: its id, and what it says."""
        row = self._connection.execute(
            select(trips.c.plan_id).where(
                trips.c.timetable_id == target.timetable_id, trips.c.service_on == on
            )
        ).one_or_none()
        plan_id: str = (
            row.plan_id
            if row is not None
            else self._connection.execute(
                select(timetables.c.plan_id).where(timetables.c.id == target.timetable_id)
            ).scalar_one()
        )
        every = self._connection.scalars(
            select(substitutions.c.detour).where(
                substitutions.c.timetable_id == target.timetable_id, substitutions.c.detour.is_not(None)
            )
        )
        made = {one.plan_id: one.of_plan for one in map(_detour.decode, filter(None, every))}
        plan_id = made.get(plan_id, plan_id)
        return plan_id, self.get_plan(plan_id)

    def get_plan(self, plan_id: str) -> PlanVersion:
        """Give a plan version by its id."""
        body = self._connection.execute(select(plans.c.body).where(plans.c.id == plan_id)).scalar_one()
        return msgspec.json.decode(body, type=PlanVersion)

    def put_plan(self, target: Target, version: PlanVersion, now_ms: int) -> str:
        """Store a plan version of the target unless it is there; give its id."""
        body = msgspec.json.encode(version)
        named = {"timetable_id": target.timetable_id, "digest": hashlib.sha256(body).hexdigest()}
        upsert(
            self._connection, plans, [{"id": new_id(), **named, "body": body, "made_at_ms": now_ms}], ("timetable_id", "digest")
        )  # fmt: skip
        stored: str = self._connection.execute(select(plans.c.id).filter_by(**named)).scalar_one()
        return stored

    def shift(self, target: Target, on: str) -> int:
        """Give by how many seconds the target's times of a date are moved now."""
        given = in_force(self._connection, on).get(target.timetable_id, [])
        return shift_at([each for first, last, each in given if first <= on <= last], None)

    def _target(self, timetable_id: str) -> Target:
        row = self._connection.execute(
            select(
                timetables.c.code, timetables.c.operator_id, timetables.c.route_id, timetables.c.service_code, operators.c.timezone,
                routes.c.short_name, routes.c.long_name, plans.c.body,
            )
            .join(operators, operators.c.id == timetables.c.operator_id)
            .join(routes, routes.c.id == timetables.c.route_id)
            .join(plans, plans.c.id == timetables.c.plan_id)
            .where(timetables.c.id == timetable_id)
        ).one()  # fmt: skip
        stops = msgspec.json.decode(row.body, type=PlanVersion).stops
        taken = self._connection.scalars(
            select(ride_plans.c.weekdays)
            .join(riders, riders.c.id == ride_plans.c.rider_id)
            .where(
                ride_plans.c.timetable_id == timetable_id,
                ride_plans.c.ended_at_ms.is_(None),
                riders.c.ended_at_ms.is_(None),
            )
        )
        weekdays = Counter(digit for digits in taken for digit in digits)
        return Target(
            timetable_id, row.code, row.long_name or row.short_name, row.operator_id, row.timezone, row.service_code,
            stops[0].departure_s, stops[-1].arrival_s, max(weekdays.values(), default=0),
            PaperReader().resolved(self._connection, operator_id=row.operator_id, route_id=row.route_id),
        )  # fmt: skip
