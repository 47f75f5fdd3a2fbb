"""Findings as the fold writes them, for the worlds of tests."""

from __future__ import annotations

from typing import Any

import msgspec
from sqlalchemy import insert, select

from server.adapters.db import tables as t
from server.adapters.db.engine import Database
from server.domain.finding import KINDS, Evidence, FindingKind
from server.domain.finding_life import deadline_ms
from server.ids import new_id
from tests.builders.world import NOW_MS, Side


def put_finding(database: Database, side: Side, kind: FindingKind, **values: Any) -> str:  # noqa: ANN401 - any column
    """Insert one on the side's running trip, open and just begun; one of a kind that calls is to be called now. Give its id."""
    facts = KINDS[kind]
    began_ms = values.get("began_ms", NOW_MS - 30_000)
    id_ = values.get("id", new_id())
    evidence = (Evidence("position", began_ms, 12.5, 37.5, 105.2101, f"DEV-{side.name}:0:3"),)
    row: dict[str, Any] = {
        "id": id_, "key": f"{side.name}:{kind}:{began_ms}:{id_}", "origin": "fold", "operator_id": side.id("operator"),
        "vehicle_id": side.id("bus"), "trip_id": side.id("run"), "driver_id": side.id("driver"), "kind": kind,
        "severity": facts.severity, "fixed": facts.fixed, "began_ms": began_ms, "evidence": msgspec.json.encode(evidence),
        "made_at_ms": NOW_MS, "state": "open", "deadline_ms": deadline_ms(facts.severity, NOW_MS),
        "call_next_ms": NOW_MS if facts.calls else None,
    }  # fmt: skip
    with database.write() as connection:
        connection.execute(insert(t.findings).values(row | values))
    return str(id_)


def stored(database: Database, finding_id: str) -> Any:  # noqa: ANN401 - a row
    """Give a finding's row."""
    with database.read() as connection:
        return connection.execute(select(t.findings).where(t.findings.c.id == finding_id)).one()


def calls_of(database: Database, finding_id: str) -> list[tuple[int, str, int]]:
    """List the calls that were made as (number, user name, at_ms), withdrawn ones left out."""
    query = (
        select(t.notices.c.occurrence, t.users.c.username, t.notices.c.at_ms)
        .join(t.users, t.users.c.id == t.notices.c.user_id)
        .where(t.notices.c.finding_id == finding_id, t.notices.c.withdrawn_at_ms.is_(None))
        .order_by(t.notices.c.occurrence, t.users.c.username)
    )
    with database.read() as connection:
        return [(row.occurrence, row.username, row.at_ms) for row in connection.execute(query)]
