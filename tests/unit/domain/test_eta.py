"""Estimates against a plan of four stops, two minutes and one kilometre apart, 30 s at each."""

from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.domain.eta import delay_s, estimate, is_stale
from server.domain.plan import TripStop
from server.domain.trip import Visit

START_MS = 1_788_215_400_000
STOPS = tuple(
    TripStop(
        seq=n, id=f"s{n}", lat=37.5, lon=105.2, metre=1000.0 * n,
        arrival_ms=START_MS + n * 150_000, departure_ms=START_MS + n * 150_000 + 30_000,
    )
    for n in range(4)
)  # fmt: skip


@dataclass(frozen=True)
class Moment:
    metre: float
    after_s: float
    next_seq: int
    visits: tuple[Visit, ...] = ()

    @property
    def at_ms(self) -> int:
        return START_MS + round(self.after_s * 1000)

    def etas(self, age_s: float = 0.0, state: str = "en_route") -> list[float | None]:
        found = estimate(
            STOPS, state=state, metre=self.metre, at_ms=self.at_ms, now_ms=self.at_ms + round(age_s * 1000),
            interval_s=5, next_seq=self.next_seq, visits=self.visits,
        )  # fmt: skip
        return [None if eta is None else (eta.at_ms - START_MS) / 1000 for eta in found]

    def delay(self) -> int:
        return delay_s(STOPS, self.metre, self.at_ms, self.next_seq, self.visits)


def test_a_bus_on_time_is_expected_as_planned() -> None:
    half_way = Moment(metre=500, after_s=90, next_seq=1)
    assert half_way.etas() == [None, 150, 300, 450]
    assert half_way.delay() == 0


def test_a_late_bus_stays_late_and_wins_back_a_little() -> None:
    late = Moment(metre=500, after_s=390, next_seq=1)
    first, second, last = late.etas()[1:]
    assert late.delay() == 300
    assert first == pytest.approx(390 + 60 * 0.97)
    assert second is not None and 300 + 290 < second < 300 + 300
    assert last is not None and second + 130 < last < second + 150


def test_an_early_bus_waits_at_the_next_stop() -> None:
    early = Moment(metre=900, after_s=60, next_seq=1)
    assert early.delay() == -78
    assert early.etas() == [None, 72, 300, 450]


def test_a_bus_at_a_stop_leaves_as_planned_or_now() -> None:
    waiting = Moment(
        metre=1000, after_s=160, next_seq=2, visits=(Visit(1, arrived_at_ms=START_MS + 140_000),)
    )
    assert waiting.etas() == [None, None, 300, 450]
    assert waiting.delay() == 0
    held_up = Moment(
        metre=1000, after_s=280, next_seq=2, visits=(Visit(1, arrived_at_ms=START_MS + 150_000),)
    )
    assert held_up.delay() == 100
    assert held_up.etas()[2] == pytest.approx(280 + 120 * 0.97)


def test_a_lost_departure_does_not_hold_the_bus_at_an_old_stop() -> None:
    on = Moment(
        metre=2500,
        after_s=390,
        next_seq=3,
        visits=(Visit(1, START_MS + 150_000), Visit(2, START_MS + 300_000, START_MS + 330_000)),
    )
    assert on.etas() == [None, None, None, 450]


@pytest.mark.parametrize("state", ["scheduled", "arrived", "closed", "missed", "cancelled"])
def test_a_trip_that_is_not_on_its_way_has_no_estimate(state: str) -> None:
    assert Moment(metre=500, after_s=90, next_seq=1).etas(state=state) == [None] * 4


def test_a_stale_position_has_no_estimate_and_one_just_fresh_has() -> None:
    moment = Moment(metre=500, after_s=90, next_seq=1)
    assert moment.etas(age_s=60.001) == [None] * 4
    assert moment.etas(age_s=60)[1] == 150
    assert not is_stale(0, 75_000, 30) and is_stale(0, 75_001, 30)


@given(
    metre=st.floats(-50, 3200),
    after_s=st.floats(-600, 3600),
    next_seq=st.integers(0, 4),
    age_s=st.floats(0, 60),
)
def test_estimates_never_lie_in_the_past_and_never_go_backwards(
    metre: float, after_s: float, next_seq: int, age_s: float
) -> None:
    moment = Moment(metre, after_s, next_seq)
    now_ms = moment.at_ms + round(age_s * 1000)
    etas = estimate(
        STOPS,
        state="en_route",
        metre=metre,
        at_ms=moment.at_ms,
        now_ms=now_ms,
        interval_s=5,
        next_seq=next_seq,
    )
    known = [eta for eta in etas if eta is not None]
    assert len(known) == 4 - next_seq
    for eta in known:
        assert now_ms <= eta.low_ms <= eta.at_ms <= eta.high_ms
    assert [eta.at_ms for eta in known] == sorted(eta.at_ms for eta in known)
    widths = [eta.high_ms - eta.at_ms for eta in known]
    assert widths == sorted(widths)
