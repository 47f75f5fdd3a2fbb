"""How places for sending are shared."""

from server.service.push_origins import (
    FAILING_AFTER,
    FOR_A_NEW,
    FOR_A_PROVEN,
    FOR_ALL_UNPROVEN,
    PLACES,
    Origins,
)


def fill(origins: Origins, origin: str) -> int:
    """Begin as many as there is room for."""
    count = 0
    while origins.room(origin):
        origins.began(origin)
        count += 1
    return count


def prove(origins: Origins, origin: str) -> None:
    origins.began(origin)
    origins.ended(origin, answered=True)


def test_a_service_that_answers_gets_more_than_a_new_one() -> None:
    origins = Origins()
    assert fill(origins, "new") == FOR_A_NEW
    prove(origins, "known")
    assert fill(origins, "known") == FOR_A_PROVEN


def test_one_that_keeps_failing_is_tried_one_at_a_time_until_it_answers() -> None:
    origins = Origins()
    prove(origins, "a")
    for _ in range(FAILING_AFTER):
        origins.began("a")
        origins.ended("a", answered=False)
    assert fill(origins, "a") == 1
    origins.ended("a", answered=True)
    assert fill(origins, "a") == FOR_A_PROVEN


def test_many_that_hang_leave_room_for_those_that_answer() -> None:
    origins = Origins()
    prove(origins, "good")
    hanging = sum(fill(origins, f"hang{n}") for n in range(100))
    assert hanging == FOR_ALL_UNPROVEN
    assert fill(origins, "good") == min(FOR_A_PROVEN, PLACES - hanging) > 0
    assert set(origins.full()) >= {"good", "hang0"}


def test_what_is_about_to_begin_counts() -> None:
    origins = Origins()
    assert origins.room("a", {"a": FOR_A_NEW - 1})
    assert not origins.room("a", {"a": FOR_A_NEW})
    assert not origins.room("a", {"b": PLACES})
