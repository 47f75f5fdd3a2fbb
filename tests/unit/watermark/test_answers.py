"""What a device is told is committed, and what it is asked for again."""

from __future__ import annotations

from server.service.watermark import ASK_S, MAX_MISSING, OLDER_S, SavedAnswer, Watermark


def received(*spans: tuple[int, int], at: float = 0.0) -> Watermark:
    mark = Watermark.empty(0)
    for start, end in spans:
        mark.add(start, end, at)
    return mark


def test_a_device_that_was_never_heard_is_told_that_nothing_is_committed() -> None:
    assert Watermark.empty(3).answer(0.0) == SavedAnswer(3, 0, ())


def test_the_first_record_ever_seen_begins_the_stream() -> None:
    assert received((500, 500)).answer(100.0) == SavedAnswer(0, 500, ())


def test_a_stray_from_before_the_first_record_moves_nothing_and_nothing_before_it_is_asked_for() -> None:
    """Once `upto` fell from 131 to 50, and 51–99 were asked for."""
    mark = received((100, 131), (50, 50))
    assert mark.answer(100.0) == SavedAnswer(0, 131, ())
    again = Watermark(0, mark.ranges, mark.origin)
    assert again.answer(100.0) == SavedAnswer(0, 131, ())
    again.add(133, 133, 100.0)
    assert again.answer(106.0) == SavedAnswer(0, 133, ((132, 132),))


def test_a_hole_is_asked_for_when_it_is_five_seconds_old_and_upto_waits_until_then() -> None:
    mark = received((1, 10), (15, 20))
    assert mark.answer(ASK_S - 0.1) == SavedAnswer(0, 10, ())
    assert mark.answer(ASK_S) == SavedAnswer(0, 20, ((11, 14),))


def test_upto_stops_before_the_21st_hole() -> None:
    mark = received(*((10 * n, 10 * n + 4) for n in range(1, 30)))
    answer = mark.answer(ASK_S)
    assert len(answer.missing) == MAX_MISSING
    assert answer.missing[0] == (15, 19)
    assert answer.upto == 10 * 21 + 4


def test_a_named_gap_closes_the_hole() -> None:
    mark = received((1, 10), (15, 20))
    mark.add(11, 14, 6.0)
    assert mark.answer(6.0) == SavedAnswer(0, 20, ())


def test_nothing_below_what_the_device_still_has_is_asked_for() -> None:
    mark = received((1, 10), (15, 20), (30, 40))
    assert mark.claim_oldest(18, 9.0)
    assert mark.answer(9.0).missing == ((21, 29),)


def test_a_backlog_that_was_announced_is_not_given_up_because_a_live_record_came_first() -> None:
    """Once `upto` jumped over the device's unsent records to its first live one, and the device forgot them."""
    mark = Watermark.empty(0)
    mark.claim_oldest(400, 0.0)
    mark.add(1000, 1000, 0.1)
    assert mark.answer(0.1) == SavedAnswer(0, 399, ())
    mark.add(400, 450, 0.2)
    assert mark.answer(0.2) == SavedAnswer(0, 450, ())
    assert mark.answer(0.2 + ASK_S) == SavedAnswer(0, 1000, ((451, 999),))


def test_what_was_announced_and_never_came_holds_the_stream_up_for_a_minute_at_most() -> None:
    mark = Watermark.empty(0)
    mark.claim_oldest(400, 0.0)
    mark.add(1000, 1000, 0.1)
    assert mark.answer(OLDER_S) == SavedAnswer(0, 1000, ())
