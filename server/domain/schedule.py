"""Where the plan says that a bus is at an instant, and when it should be at a metre."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence

from server.domain.plan import TripStop


def planned_metre(stops: Sequence[TripStop], t_ms: int) -> float:
    """Give the metre at which the plan has the bus at t_ms; the first or last stop's outside of the trip's time."""
    i = bisect_right(stops, t_ms, key=lambda stop: stop.departure_ms)
    if i == 0:
        return stops[0].metre
    if i == len(stops):
        return stops[-1].metre
    here, there = stops[i - 1], stops[i]
    if t_ms >= there.arrival_ms:
        return there.metre
    span = there.arrival_ms - here.departure_ms
    share = (t_ms - here.departure_ms) / span if span > 0 else 1.0
    return here.metre + share * (there.metre - here.metre)


def planned_ms(stops: Sequence[TripStop], metre: float) -> float:
    """Give the instant (UTC ms) at which the plan has the bus at a metre; leaving, where it stands there."""
    i = bisect_right(stops, metre, key=lambda stop: stop.metre)
    if i == 0:
        return float(stops[0].departure_ms)
    if i == len(stops):
        return float(stops[-1].arrival_ms)
    here, there = stops[i - 1], stops[i]
    share = (metre - here.metre) / (there.metre - here.metre)
    return here.departure_ms + share * (there.arrival_ms - here.departure_ms)
