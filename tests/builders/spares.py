"""Spare buses and crews with good papers for a side of `tests.builders.world`."""

from __future__ import annotations

from sqlalchemy import insert

from server.adapters.db import tables as t
from server.adapters.db.engine import Database
from tests.builders.world import Side

PAPERS = "2027-06-30"


def add_spares(database: Database, side: Side) -> None:
    """Give a side a bus `spare`, a driver `spare-driver` and an attendant `spare-attendant`; its calendar runs every day."""
    with database.write() as connection:
        connection.execute(
            insert(t.vehicles).values(
                id=side.id("spare"),
                operator_id=side.id("operator"),
                code=f"spare-{side.name}",
                plate=f"{side.name.title()} 9999",
                seats=36,
                inspection_until=PAPERS,
                insurance_until=PAPERS,
            )
        )
        for role in ("driver", "attendant"):
            connection.execute(
                insert(t.people).values(
                    id=side.id(f"spare-{role}"),
                    operator_id=side.id("operator"),
                    badge=f"spare-{role}-{side.name}",
                    role=role,
                    name=f"{side.name.title()} second {role}",
                    phone="100",
                    qualified_until=PAPERS,
                    born="1985-01-01",
                )
            )
        if side.name == "alpha":
            connection.execute(
                insert(t.calendars).values(
                    id="daily".ljust(32, "0"),
                    operator_id=side.id("operator"),
                    code="daily",
                    weekdays="1111111",
                    start_on="2026-01-01",
                    end_on="2027-12-31",
                )
            )
