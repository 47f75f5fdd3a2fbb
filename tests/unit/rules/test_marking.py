"""Lamps and stop sign while the doors are open at a stop."""

from __future__ import annotations

import pytest

from tests.builders.judged import a_start, all_pass_but, found, kinds, values, verdicts
from tests.builders.road import LEG_M, LEGS, Recorder


def halt(
    bus: Recorder, metre: float, cards: tuple[str, ...], lamps: list[int | None], signs: list[int | None]
) -> None:
    """Stand for 20 s with a position every 5 s, the lamp and the sign as listed."""
    for n, (lamp, sign) in enumerate(zip(lamps, signs, strict=True)):
        bus.pos(metre, 0, door=1, lamp=lamp, arm=sign)
        if n == 0:
            for card in cards:
                bus.card(card)
        bus.wait(5)
    bus.pos(
        metre, 0, door=0, lamp=0 if lamps[0] is not None else None, arm=0 if signs[0] is not None else None
    )


def morning(lamps: list[int | None], signs: list[int | None]) -> Recorder:
    """Drive the morning; at the third stop the signals are as listed, at the others they are out."""
    bus = a_start()
    good: list[int | None] = [None if lamps[0] is None else 1] * 4
    good_signs: list[int | None] = [None if signs[0] is None else 1] * 4
    for n in range(LEGS):
        halt(bus, LEG_M * n, (f"CARD{n + 1}",), lamps if n == 2 else good, signs if n == 2 else good_signs)
        bus.drive(LEG_M * n, LEG_M * (n + 1))
    halt(bus, LEG_M * LEGS, tuple(f"CARD{n}" for n in range(1, 5)), good, good_signs)
    bus.wait(20)
    bus.check()
    return bus


OUT: list[int | None] = [1, 1, 1, 1]
IN: list[int | None] = [0, 0, 0, 0]


@pytest.mark.parametrize(
    ("lamps", "signs", "expected"),
    [
        (OUT, OUT, []),
        (IN, OUT, ["lamps_off"]),
        (OUT, IN, ["stop_sign_in"]),
        (IN, IN, ["lamps_off", "stop_sign_in"]),
        ([0, 1, 1, 1], OUT, []),  # they follow the door by a moment
        ([0, 0, 1, 1], OUT, ["lamps_off"]),
        ([1, 1, 1, 0], OUT, []),
        ([None] * 4, OUT, []),
    ],
)
def test_signals_at_a_stop(lamps: list[int | None], signs: list[int | None], expected: list[str]) -> None:
    bus = morning(lamps, signs)
    assert sorted(kinds(bus)) == expected
    assert values(bus) == all_pass_but(marking="fail" if expected else "pass")
    for one in found(bus):
        assert one.stop_id == "stop2" and one.ended_ms is not None and one.ended_ms > one.began_ms


def test_what_the_bus_never_sends_is_not_measured_and_decides_nothing() -> None:
    assert verdicts(morning([None] * 4, [None] * 4)).marking.not_measured == ("lamp", "arm")
    assert verdicts(morning(OUT, [None] * 4)).marking.not_measured == ("arm",)
    assert verdicts(morning(OUT, OUT)).marking.not_measured == ()


def test_a_door_left_open_on_the_way_is_not_a_matter_of_lamps() -> None:
    bus = a_start()
    halt(bus, 0, ("CARD1",), OUT, OUT)
    bus.wait(1)
    bus.pos(0, 0, door=1, lamp=1, arm=1)
    for n in range(1, 6):
        bus.wait(5)
        bus.pos(50 * n, 36, door=1, lamp=0, arm=0)
    bus.wait(5)
    bus.pos(300, 36, door=0, lamp=0, arm=0)
    assert kinds(bus) == ["door_open_moving"]


def test_lamps_on_the_way_are_nobodys_business() -> None:
    bus = a_start()
    halt(bus, 0, ("CARD1",), OUT, OUT)
    for n in range(1, 10):
        bus.wait(5)
        bus.pos(50 * n, 36, lamp=0, arm=0)
    assert kinds(bus) == []
