"""What a driver drove is what the badge was at the wheel for, and nothing of what nobody saw."""

from __future__ import annotations

import pytest

from server.domain.record import Duty, Position
from server.domain.vehicle_day import Entry, Key
from server.rules.driver_record import driven

M_LON = 1 / 88_300  # degrees of longitude a metre at 37.5°


def pos(t_s: float, metre: float, kmh: float = 36.0) -> Entry:
    t = round(t_s * 1000)
    return Entry(Key(t, "D1", 0, t), Position(v=1, seq=t, t=t, lat=37.5, lon=105.0 + metre * M_LON, spd=kmh))


def duty(t_s: float, badge: str, state: str = "on") -> Entry:
    t = round(t_s * 1000)
    return Entry(Key(t, "D1", 0, t), Duty(v=1, seq=t, t=t, badge=badge, role="driver", state=state))  # type: ignore[arg-type]


def way(from_s: int, to_s: int, kmh: float = 36.0) -> list[Entry]:
    return [pos(t, (t - from_s) * kmh / 3.6, kmh) for t in range(from_s, to_s + 1, 10)]


@pytest.mark.parametrize(
    ("entries", "seconds", "metres"),
    [
        ([duty(0, "A"), *way(0, 600)], 600, 6000),
        (way(0, 600), 0, 0),
        ([duty(0, "B"), *way(0, 600)], 0, 0),
        ([duty(0, "A"), *way(0, 300), duty(301, "B"), *way(310, 600)], 300, 3000),
        ([duty(0, "A"), *way(0, 300), duty(301, "A", "off"), *way(310, 600)], 300, 3000),
        ([duty(0, "A"), *way(0, 600, 0.0)], 0, 0),
        ([duty(0, "A"), *way(0, 300), pos(421, 9000)], 300, 3000),
        ([duty(0, "A"), *way(0, 300), pos(310, 500_000)], 300, 3000),
    ],
    ids=["whole", "nobody", "another", "relieved", "off", "standing", "silence", "jump"],
)  # fmt: skip
def test_only_what_was_driven_counts(entries: list[Entry], seconds: float, metres: float) -> None:
    found = driven(entries, "A", 0, 10**9)
    assert found.seconds == pytest.approx(seconds)
    assert found.metres == pytest.approx(metres, rel=0.01)


def test_only_what_lies_between_the_instants_counts() -> None:
    found = driven([duty(0, "A"), *way(0, 600)], "A", 200_000, 400_000)
    assert found.seconds == 190
