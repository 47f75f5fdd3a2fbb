"""A driver's record of a driven morning: who was signed on has driven it, and answers for what was found."""

from __future__ import annotations

import msgspec
import pytest
from sqlalchemy import insert, select, update

from server.adapters.db import tables as t
from server.adapters.db.driver_record import DriverRecordDb
from server.domain.record import Duty
from server.errors import InvalidError, NotFoundError
from server.service.driver_record import DAY_MS, DriverRecord, read_record
from server.service.policy import Scope
from tests.builders.road import a_morning
from tests.integration.ingest.conftest import House, Make

ALL = Scope("all", frozenset(), "2026-09-21", 0)


def record_of(house: House, badge: str, scope: Scope = ALL, from_ms: int | None = None) -> DriverRecord:
    with house.database.read() as connection:
        return read_record(
            DriverRecordDb(connection),
            scope,
            badge,
            "Asia/Shanghai",
            from_ms=from_ms,
            until_ms=None,
            now_ms=house.clock.now_ms(),
        )


def test_a_morning_at_the_wheel(make_any_house: Make) -> None:
    house = make_any_house()
    entries = a_morning()
    badge = next(
        one.record.badge for one in entries if isinstance(one.record, Duty) and one.record.role == "driver"
    )
    house.clock.set_ms(entries[-1].key.t + 1000)
    house.feed([house.message(entry) for entry in entries])
    house.settle()
    shown = record_of(house, badge)
    assert shown.driver.code == badge
    assert 300 < shown.driving_s < 3600
    assert 1_000 < shown.distance_m < 60_000
    assert (shown.to - shown.since).days == 30

    now_ms = house.clock.now_ms()
    with house.database.write() as connection:
        operator = connection.scalar(select(t.operators.c.id))
        found = {
            "origin": "clock", "operator_id": operator, "kind": "overspeed", "severity": "watch", "began_ms": now_ms - 1000,
            "evidence": b"[]", "made_at_ms": now_ms, "state": "open", "driver_id": shown.driver.id,
        }  # fmt: skip
        connection.execute(
            insert(t.findings), [{**found, "id": key, "key": key} for key in ("stands", "withdrawn")]
        )
        connection.execute(
            update(t.findings).where(t.findings.c.id == "withdrawn").values(withdrawn_at_ms=now_ms)
        )
    again = record_of(house, shown.driver.id)
    assert [(one.kind, one.count) for one in again.findings if one.kind == "overspeed"] == [("overspeed", 1)]
    assert b'"from":' in msgspec.json.encode(again)
    assert record_of(house, badge, from_ms=now_ms - 1).driving_s == 0
    nobody = Scope("operators", frozenset({"another"}), "2026-09-21", 0)
    with pytest.raises(NotFoundError):
        record_of(house, badge, nobody)
    with pytest.raises(InvalidError, match="92 days"):
        record_of(house, badge, from_ms=now_ms - 93 * DAY_MS)
