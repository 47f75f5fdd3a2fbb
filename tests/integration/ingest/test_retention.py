"""What has been kept long enough goes, everything else stays, and what is folded goes on as if nothing had been."""

from __future__ import annotations

import pytest
from sqlalchemy import func, insert, select, update

from server.adapters.db import tables as t
from server.adapters.db.retention import DatabaseRetention
from server.domain.retention import DAY_MS, Retention
from server.service import retention
from server.service.retention import Retaining
from tests.builders.road import a_morning
from tests.integration.ingest.conftest import House, Make


def counts(house: House) -> dict[str, int]:
    with house.database.read() as connection:
        return {
            name: connection.scalar(select(func.count()).select_from(t.metadata.tables[name])) or 0
            for name in (
                "records",
                "notices",
                "findings",
                "finding_steps",
                "audit",
                "rejected",
                "checkpoints",
                "rides",
                "trips",
            )
        }


def a_driven_morning(house: House) -> None:
    """Drive a trip, have it tell people, find two things about it, and let somebody read of it."""
    entries = a_morning()
    house.clock.set_ms(entries[-1].key.t + 1000)
    house.feed([house.message(entry) for entry in entries])
    house.feed([house.raw("D1", "pos", b"{}")])
    house.settle()
    now_ms = house.clock.now_ms()
    with house.database.write() as connection:
        operator = connection.scalar(select(t.operators.c.id))
        finding = {
            "origin": "clock", "operator_id": operator, "kind": "silent", "severity": "watch", "began_ms": now_ms, "evidence": b"[]",
            "made_at_ms": now_ms,
        }  # fmt: skip
        connection.execute(
            insert(t.findings),
            [{**finding, "id": state, "key": state, "state": state} for state in ("open", "closed")],
        )
        connection.execute(
            insert(t.finding_steps),
            [{"finding_id": "closed", "at_ms": now_ms, "user_id": "u", "step": "closed"}],
        )
        connection.execute(insert(t.audit), [{"at_ms": now_ms, "action": "read_child", "object": "c"}])


def look(house: House, days: float) -> dict[str, int]:
    now_ms = house.clock.now_ms() + round(days * DAY_MS)
    return dict(Retaining(DatabaseRetention(house.database), Retention(), lambda: now_ms).run())


def test_each_kind_goes_at_its_time_and_not_before(make_any_house: Make) -> None:
    house = make_any_house()
    a_driven_morning(house)
    before = counts(house)
    assert (
        min(before[name] for name in ("records", "notices", "audit", "rejected", "checkpoints", "rides")) > 0
    )
    assert not any(look(house, 183.9).values())
    assert counts(house) == before

    gone = look(house, 185)
    after = counts(house)
    assert gone["tracks"] == before["records"] and gone["notices"] == before["notices"]
    assert (after["records"], after["notices"], after["rejected"]) == (0, 0, 0)
    assert (after["rides"], after["trips"]) == (before["rides"], before["trips"]), "what was judged stays"
    assert (after["findings"], after["audit"]) == (before["findings"], before["audit"])

    look(house, 1097)
    last = counts(house)
    assert (last["audit"], last["finding_steps"]) == (0, 0)
    with house.database.read() as connection:
        left = set(connection.scalars(select(t.findings.c.id).where(t.findings.c.origin == "clock")))
    assert left == {"open"}, "nobody has closed it"
    house.tampered = True  # there is no log any more that the rows could be held against


def test_it_goes_in_portions_and_stops_between_them(
    make_house: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    house = make_house()
    a_driven_morning(house)
    monkeypatch.setattr(retention, "AT_ONCE", 7)
    store = DatabaseRetention(house.database)
    asked: list[int] = []

    def stopping() -> bool:
        asked.append(1)
        return len(asked) > 3

    before = counts(house)["records"]
    later_ms = house.clock.now_ms() + 185 * DAY_MS
    assert Retaining(store, Retention(), lambda: later_ms, stopping).run()["tracks"] == 21
    assert counts(house)["records"] == before - 21
    assert Retaining(store, Retention(), lambda: later_ms).run()["tracks"] == before - 21
    house.tampered = True


def test_a_bus_goes_on_from_what_it_was_when_its_log_is_gone(make_any_house: Make) -> None:
    house = make_any_house()
    entries = a_morning()
    half = len(entries) // 2
    house.clock.set_ms(entries[-1].key.t + 1000)
    house.feed([house.message(entry) for entry in entries])
    expected = house.outcome()

    cut = make_any_house()
    cut.clock.set_ms(entries[half].key.t)
    cut.feed([cut.message(entry) for entry in entries[:half]])
    cut.settle()
    with cut.database.read() as connection:
        checkpoint_ms = connection.scalar(select(func.max(t.checkpoints.c.t_ms)))
    assert checkpoint_ms is not None, "a trip that has begun has one"
    with cut.database.write() as connection:
        # As if the log before the newest checkpoint had come half a year ago.
        connection.execute(
            update(t.records)
            .where(t.records.c.t_ms <= checkpoint_ms)
            .values(received_ms=cut.clock.now_ms() - 185 * DAY_MS)
        )
    assert look(cut, 0)["tracks"] > 0
    cut.start()
    cut.clock.set_ms(entries[-1].key.t + 1000)
    cut.feed([cut.message(entry) for entry in entries[half:]])
    assert cut.outcome()["rides"] == expected["rides"]
    assert cut.outcome()["visits"] == expected["visits"]
    cut.tampered = True
