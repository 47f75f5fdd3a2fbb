"""Two of everything, side by side: operators Alpha and Bravo with a school, buses, crews, children and guardians each.

It is a school morning: at NOW_MS each operator's bus is on its way (`run`), another trip is far ahead (`later`). Every name of
the second side holds "Bravo", so that a leak is found by reading. Beside Alpha's child rides a neighbour of another family.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any

import msgspec
from argon2 import PasswordHasher
from sqlalchemy import Connection, Table, insert, update

from server.adapters.db import tables as t
from server.adapters.db.engine import Database
from server.domain.plan import PlannedStop, PlanVersion

ON = "2026-09-21"
ZONE = "Asia/Shanghai"
MIDNIGHT_MS = 1_789_920_000_000  # 2026-09-21T00:00:00+08:00
NOW_MS = MIDNIGHT_MS + (7 * 60 + 8) * 60_000
REAL_MS = NOW_MS
PASSWORD = "seven quiet lanterns"
SIDES = ("alpha", "bravo")
ROLES = ("admin", "regulator", "operator", "school", "attendant", "driver", "guardian")
EVIL = "<img src=x onerror=alert(1)>"


@dataclass(frozen=True)
class Side:
    """The ids of one side; all have 32 digits, as real ones do."""

    name: str

    def id(self, what: str) -> str:
        """Give the id of a thing by what it is."""
        return f"{what}-{self.name}".ljust(32, "0")

    def user(self, role: str) -> str:
        """Give the name of the side's account of a role."""
        return "admin" if role == "admin" else f"{role}-{self.name}"


ALPHA, BRAVO = Side("alpha"), Side("bravo")
NEIGHBOUR = "neighbour-alpha".ljust(32, "0")


@cache
def _hash() -> str:
    """Hash with argon2id, but cheaply: a hash names its own cost, and whoever logs in pays that."""
    return PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash(PASSWORD)


def plan(side: Side, direction: str, start_s: int) -> PlanVersion:
    """Make a plan of three stops a kilometre and ten minutes apart, the school at its end or beginning."""
    names = ("home", "corner", "gate") if direction == "to_school" else ("gate", "corner", "home")
    stops = tuple(
        PlannedStop(
            n, side.id(f"stop-{name}"), f"{side.name}-{name}", f"{side.name.title()} {name}", 37.5, 105.2 + n / 100,
            start_s + 600 * n, start_s + 600 * n + (60 if n < 2 else 0), 1000.0 * n,
        )
        for n, name in enumerate(names)
    )  # fmt: skip
    line = ((37.5, 105.2), (37.5, 105.21), (37.5, 105.22))
    return PlanVersion(f"{side.name}-{direction}", direction, ZONE, stops, line, (0.0, 1000.0, 2000.0))  # type: ignore[arg-type]


def build_world(database: Database) -> None:
    """Insert it all."""
    with database.write() as connection:
        _put(connection, t.counters, name="catalog", value=1)
        _user(connection, "admin", "admin", None)
        for side in (ALPHA, BRAVO):
            _network(connection, side)
            _people(connection, side)
            _trip(connection, side, "run", "to_school", 7 * 3600)
            _trip(connection, side, "later", "from_school", 16 * 3600)
            _running(connection, side)
            _paper(connection, side)


def change(database: Database, table: Table, id_: str, **values: object) -> None:
    """Change one row."""
    with database.write() as connection:
        key = table.c.id if "id" in table.c else next(iter(table.primary_key.columns))
        connection.execute(update(table).where(key == id_).values(**values))


def _put(connection: Connection, table: Table, **values: Any) -> None:  # noqa: ANN401 - any column
    connection.execute(insert(table).values(**values))


def _user(connection: Connection, username: str, role: str, scope_id: str | None) -> str:
    id_ = f"user-{username}".ljust(32, "0")
    _put(
        connection, t.users, id=id_, username=username, role=role, scope_id=scope_id, name=f"User {username.title()}",
        password_hash=_hash(), made_at_ms=0, changed_at_ms=0,
    )  # fmt: skip
    return id_


def _network(connection: Connection, side: Side) -> None:
    title = side.name.title()
    county = side.id("county")
    _put(
        connection,
        t.jurisdictions,
        id=county,
        code=f"county-{side.name}",
        name=f"{title} county",
        level="county",
    )
    _put(
        connection, t.jurisdictions, id=side.id("town"), code=f"town-{side.name}", name=f"{title} town",
        level="township", parent_id=county,
    )  # fmt: skip
    _put(
        connection, t.operators, id=side.id("operator"), code=f"op-{side.name}", jurisdiction_id=side.id("town"),
        name=f"{title} buses", timezone=ZONE,
    )  # fmt: skip
    for n, stop in enumerate(("home", "corner", "gate")):
        _put(
            connection, t.stops, id=side.id(f"stop-{stop}"), operator_id=side.id("operator"),
            code=f"{side.name}-{stop}", name=f"{title} {stop}", lat=37.5, lon=105.2 + n / 100,
        )  # fmt: skip
    _put(
        connection, t.schools, id=side.id("school"), code=f"school-{side.name}", jurisdiction_id=side.id("town"),
        stop_id=side.id("stop-gate"), name=f"{title} school",
    )  # fmt: skip
    _put(
        connection, t.routes, id=side.id("route"), operator_id=side.id("operator"), code=f"route-{side.name}",
        short_name="1", long_name=f"{title} line", route_type=3,
    )  # fmt: skip
    _put(
        connection, t.vehicles, id=side.id("bus"), operator_id=side.id("operator"), code=f"bus-{side.name}",
        plate=f"{title} 1234", seats=30,
    )  # fmt: skip
    _put(
        connection, t.devices, id=f"DEV-{side.name}", vehicle_id=side.id("bus"), secret_hash="x", active=True,
        made_at_ms=0, changed_at_ms=0,
    )  # fmt: skip


def _people(connection: Connection, side: Side) -> None:
    title = side.name.title()
    for role in ("driver", "attendant"):
        _put(
            connection, t.people, id=side.id(role), operator_id=side.id("operator"), badge=f"badge-{role}-{side.name}",
            role=role, name=f"{title} {role} Wheeler", phone=f"555-{role}-{side.name}",
        )  # fmt: skip
        _user(connection, side.user(role), role, side.id(role))
    _user(connection, side.user("regulator"), "regulator", side.id("county"))
    _user(connection, side.user("operator"), "operator", side.id("operator"))
    _user(connection, side.user("school"), "school", side.id("school"))
    families = [("guardian", "child", EVIL if side is ALPHA else "Bravo child")]
    if side is ALPHA:
        families.append(("neighbour-guardian", "neighbour", "Neighbour child"))
    for guardian, child, name in families:
        user_id = _user(connection, side.user(guardian), "guardian", None)
        rider_id = side.id(child)
        _put(
            connection, t.riders, id=rider_id, school_id=side.id("school"), code=f"{child}-{side.name}", name=name,
            grade="3", card=f"CARD{child}{side.name}",
        )  # fmt: skip
        _put(
            connection, t.guardians, id=side.id(f"g-{child}"), user_id=user_id, rider_id=rider_id,
            name=f"{title} parent", phone=f"555-parent-{side.name}",
        )  # fmt: skip


def _trip(connection: Connection, side: Side, what: str, direction: str, start_s: int) -> None:
    version = plan(side, direction, start_s)
    timetable, plan_id, code = side.id(f"table-{what}"), side.id(f"plan-{what}"), f"{what}-{side.name}"
    _put(
        connection, t.plans, id=plan_id, timetable_id=timetable, digest=plan_id, body=msgspec.json.encode(version),
        made_at_ms=0,
    )  # fmt: skip
    _put(
        connection, t.timetables, id=timetable, operator_id=side.id("operator"), route_id=side.id("route"), code=code,
        service_code="daily", direction=direction, plan_id=plan_id,
    )  # fmt: skip
    _put(
        connection, t.permits, id=side.id(f"permit-{what}"), operator_id=side.id("operator"), code=f"permit-{code}",
        timetable_id=timetable, vehicle_id=side.id("bus"), driver_id=side.id("driver"),
        attendant_id=side.id("attendant"), issuer=f"{side.name.title()} office", valid_from="2026-09-01",
        valid_until="2027-01-31",
    )  # fmt: skip
    _put(
        connection, t.trips, id=side.id(what), operator_id=side.id("operator"), timetable_id=timetable, code=code,
        service_on=ON, route_id=side.id("route"), school_id=side.id("school"), direction=direction, plan_id=plan_id,
        permit_id=side.id(f"permit-{what}"), vehicle_id=side.id("bus"), driver_id=side.id("driver"),
        attendant_id=side.id("attendant"), planned_start_ms=MIDNIGHT_MS + version.stops[0].departure_s * 1000,
        planned_end_ms=MIDNIGHT_MS + version.stops[-1].arrival_s * 1000, state="scheduled",
    )  # fmt: skip
    children = ["child", "neighbour"] if side is ALPHA else ["child"]
    for child in children:
        stop = side.id("stop-corner" if child == "child" else "stop-home")
        _put(
            connection, t.ride_plans, id=side.id(f"rp-{what}-{child}"), rider_id=side.id(child),
            timetable_id=timetable, stop_id=stop, weekdays="12345",
        )  # fmt: skip
        _put(
            connection, t.trip_riders, trip_id=side.id(what), rider_id=side.id(child), stop_id=stop, stranger=False,
            state="expected",
        )  # fmt: skip


def _running(connection: Connection, side: Side) -> None:
    """Put the bus half way between the first stop and the second, seven minutes after its planned departure."""
    run, device = side.id("run"), f"DEV-{side.name}"
    start_ms = MIDNIGHT_MS + 7 * 3_600_000 + 60_000
    connection.execute(
        update(t.trips)
        .where(t.trips.c.id == run)
        .values(
            state="en_route", run_vehicle_id=side.id("bus"), run_device_id=device, started_at_ms=start_ms,
            next_seq=1, metre=500.0, metre_at_ms=NOW_MS - 4000,
        )
    )  # fmt: skip
    _put(
        connection, t.visits, trip_id=run, seq=0, arrived_at_ms=start_ms - 60_000, departed_at_ms=start_ms,
        by_door=True,
    )  # fmt: skip
    _put(
        connection, t.vehicle_heads, vehicle_id=side.id("bus"), device_id=device, trip_id=run, at_ms=NOW_MS - 4000,
        received_ms=NOW_MS - 3900, lat=37.5, lon=105.205, spd=31.0, hdg=90.0, metre=500.0, interval_s=5.0,
    )  # fmt: skip
    for n in range(3):
        at_ms = start_ms + n * 5000
        body = {"v": 1, "seq": n + 1, "t": at_ms, "lat": 37.5, "lon": 105.2 + n / 1000, "spd": 30 + n}
        _put(
            connection, t.records, device_id=device, epoch=0, seq=n + 1, vehicle_id=side.id("bus"), kind="pos",
            t_ms=at_ms, received_ms=at_ms + 100, body=msgspec.json.encode(body),
        )  # fmt: skip
    _put(
        connection, t.rejected, device_id=device, epoch=0, seq=99, kind="pos",
        reason=f"{side.name.title()}: lat is missing", received_ms=NOW_MS, payload=b'{"v":1,\xff',
    )  # fmt: skip


def _paper(connection: Connection, side: Side) -> None:
    """Give the guardian a notice, the child a ride, and the operator an application for a permit that it works at."""
    _put(
        connection, t.permit_applications, id=side.id("application"), operator_id=side.id("operator"),
        timetable_id=side.id("table-run"), vehicle_id=side.id("bus"), driver_id=side.id("driver"), valid_from="2027-02-01",
        valid_until="2027-07-31", state="draft", conditions="{}", by_id=f"user-operator-{side.name}".ljust(32, "0"),
        made_at_ms=0, changed_at_ms=0,
    )  # fmt: skip
    child, run = side.id("child"), side.id("run")
    _put(
        connection, t.notices, id=side.id("notice"), user_id=f"user-guardian-{side.name}".ljust(32, "0"),
        rider_id=child, trip_id=run, kind="approaching", occurrence=1, at_ms=NOW_MS - 60_000,
        made_at_ms=NOW_MS - 60_000, text_zh=f"{side.name.title()} 快到了", text_en=f"{side.name.title()} is near",
    )  # fmt: skip
    _put(
        connection, t.rides, source=f"DEV-{side.name}:0:7", id=side.id("ride"), vehicle_id=side.id("bus"),
        trip_id=run, rider_id=child, dir="on", at_ms=NOW_MS - 30_000, stop_id=side.id("stop-corner"), by="card",
    )  # fmt: skip
