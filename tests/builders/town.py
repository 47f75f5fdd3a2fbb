"""Rows for the road of `tests.builders.road`: one operator, its bus, trip, riders and their guardians, in a real database."""

from __future__ import annotations

from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
from sqlalchemy import Connection, Table, insert

from server.adapters.db import tables as t
from server.adapters.db.engine import Database
from server.domain.plan import PlannedStop, PlanVersion
from server.domain.service_time import instant_ms
from tests.builders.road import CARDS, START_MS, a_plan

ON = "2026-09-21"


def a_town(database: Database, devices: int = 1, trips: int = 1) -> None:
    """Insert the road's plan as trip1 … (one after another, 40 min apart), bus1 … each with device DEV-1 …"""
    plan = a_plan()
    noon_ms = _midnight_ms()
    with database.write() as connection:

        def put(table: Table, **values: object) -> None:
            _put(connection, table, values)

        put(t.operators, id="operator", code="OP", name="Operator", timezone="Asia/Shanghai")
        for stop in plan.stops:
            put(
                t.stops,
                id=stop.id,
                operator_id="operator",
                code=stop.id,
                name=f"Stop {stop.seq}",
                lat=stop.lat,
                lon=stop.lon,
            )
        put(t.schools, id="school", code="SC", stop_id="stop4", name="School")
        put(
            t.routes,
            id="route",
            operator_id="operator",
            code="R1",
            short_name="17",
            long_name="R1",
            route_type=3,
        )
        for id_, badge, role in (("driver", "D-1", "driver"), ("attendant", "A-1", "attendant")):
            put(
                t.people,
                id=id_,
                operator_id="operator",
                badge=badge,
                role=role,
                name=id_.title(),
                qualified_until="2026-12-31",
            )
        for card, rider in CARDS.items():
            put(t.riders, id=rider, school_id="school", code=rider, name=rider.title(), card=card)
            put(
                t.users,
                id=f"user-{rider}",
                username=f"user-{rider}",
                role="guardian",
                password_hash="-",
                made_at_ms=0,
                changed_at_ms=0,
            )
            put(t.guardians, id=f"g-{rider}", user_id=f"user-{rider}", rider_id=rider, name="Guardian")
        for number in range(1, devices + 1):
            put(
                t.vehicles,
                id=f"bus{number}",
                operator_id="operator",
                code=f"B{number}",
                plate=f"A{number:04}",
                seats=40,
                inspection_until="2026-12-31",
                insurance_until="2026-12-31",
            )
            put(
                t.devices,
                id=f"DEV-{number}",
                vehicle_id=f"bus{number}",
                secret_hash="-",
                active=True,
                made_at_ms=0,
                changed_at_ms=0,
            )
        for number in range(1, trips + 1):
            shift_ms = (number - 1) * 40 * 60_000
            version = PlanVersion(
                timetable_code=f"T{number}",
                direction="to_school",
                timezone="Asia/Shanghai",
                stops=tuple(
                    PlannedStop(
                        stop.seq, stop.id, stop.id, f"Stop {stop.seq}", stop.lat, stop.lon,
                        (stop.arrival_ms + shift_ms - noon_ms) // 1000, (stop.departure_ms + shift_ms - noon_ms) // 1000, stop.metre,
                    )
                    for stop in plan.stops
                ),
                shape=plan.shape,
                metres=plan.metres,
            )  # fmt: skip
            body = msgspec.json.encode(version)
            put(
                t.plans,
                id=f"plan{number}",
                timetable_id=f"tt{number}",
                digest=f"{number:064}",
                body=body,
                made_at_ms=0,
            )
            put(
                t.timetables, id=f"tt{number}", operator_id="operator", route_id="route", code=f"T{number}", service_code="S",
                direction="to_school", plan_id=f"plan{number}",
            )  # fmt: skip
            put(
                t.permits, id=f"permit{number}", operator_id="operator", code=f"P{number}", timetable_id=f"tt{number}", vehicle_id="bus1",
                driver_id="driver", attendant_id="attendant", tag=f"TAG-{number}", issuer="Bureau", valid_from=ON, valid_until=ON,
            )  # fmt: skip
            put(
                t.trips, id=f"trip{number}", operator_id="operator", timetable_id=f"tt{number}", code=f"T{number}", service_on=ON,
                route_id="route", school_id="school", direction="to_school", plan_id=f"plan{number}", permit_id=f"permit{number}",
                vehicle_id="bus1", driver_id="driver", attendant_id="attendant", planned_start_ms=START_MS + shift_ms,
                planned_end_ms=plan.end_ms + shift_ms, state="scheduled", next_seq=0,
            )  # fmt: skip
            for entry in plan.roster:
                put(
                    t.trip_riders,
                    trip_id=f"trip{number}",
                    rider_id=entry.rider_id,
                    stop_id=entry.stop_id,
                    stranger=False,
                    state="expected",
                )


def _put(connection: Connection, table: Table, values: dict[str, object]) -> None:
    connection.execute(insert(table).values(**values))


def _midnight_ms() -> int:
    return instant_ms(date.fromisoformat(ON), 0, ZoneInfo("Asia/Shanghai"))


def outcome(database: Database) -> dict[str, list[tuple[Any, ...]]]:
    """Give everything that a day's records led to, without random ids and instants of receipt."""
    with database.read() as connection:

        def rows(table: Table, *names: str) -> list[tuple[Any, ...]]:
            query = table.select().with_only_columns(*(table.c[name] for name in names))
            if table in (t.notices, t.findings):
                query = query.where(table.c.withdrawn_at_ms.is_(None))
            if table is t.findings:
                query = query.where(table.c.origin == "fold")
            return sorted((tuple(row) for row in connection.execute(query)), key=repr)

        return {
            "trips": rows(
                t.trips, "id", "state", "run_vehicle_id", "assigned_at_ms", "started_at_ms", "arrived_at_ms", "ended_at_ms",
                "rear_checked_at_ms", "next_seq", "metre", "delay_s",
            ),
            "visits": rows(t.visits, "trip_id", "seq", "arrived_at_ms", "departed_at_ms", "passed_at_ms", "by_door"),
            "riders": rows(t.trip_riders, "trip_id", "rider_id", "stop_id", "stranger", "state", "since_ms"),
            "rides": rows(t.rides, "source", "trip_id", "rider_id", "dir", "at_ms", "stop_id", "by"),
            "notices": rows(t.notices, "user_id", "rider_id", "trip_id", "kind", "occurrence", "stop_id", "at_ms"),
            "verdicts": rows(t.trips, "id", "verdicts"),
            "findings": rows(
                t.findings, "key", "vehicle_id", "trip_id", "kind", "began_ms", "evidence", "rider_id", "stop_id", "ended_ms",
                "measured", "limit",
            ),
            "records": rows(t.records, "device_id", "epoch", "seq", "kind", "t_ms"),
        }  # fmt: skip
