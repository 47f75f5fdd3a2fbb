"""Ranges behave like a plain set of numbers."""

import itertools

from hypothesis import given
from hypothesis import strategies as st

from device_sim.spans import Spans

SPAN = st.tuples(st.integers(1, 60), st.integers(0, 12)).map(lambda pair: (pair[0], pair[0] + pair[1] - 1))


def numbers(spans: Spans) -> set[int]:
    return {number for first, last in spans for number in range(first, last + 1)}


@given(st.lists(st.tuples(st.booleans(), SPAN), max_size=30), st.lists(SPAN, max_size=6), st.integers(0, 40))
def test_adding_removing_keeping_and_taking_are_those_of_a_set(
    deeds: list[tuple[bool, tuple[int, int]]], others: list[tuple[int, int]], count: int
) -> None:
    spans, model = Spans(), set[int]()
    for adds, (first, last) in deeds:
        if adds:
            spans.add(first, last)
            model |= set(range(first, last + 1))
        else:
            spans.remove(first, last)
            model -= set(range(first, last + 1))
        assert numbers(spans) == model
        assert len(spans) == len(model)
    ordered = list(spans)
    assert all(a[1] + 1 < b[0] for a, b in itertools.pairwise(ordered))
    assert {number for number in range(80) if number in spans} == model
    other = Spans(others)
    spans.keep(other)
    model &= numbers(other)
    assert numbers(spans) == model
    assert spans.take(count) == sorted(model)[:count]
    assert numbers(spans) == set(sorted(model)[count:])
