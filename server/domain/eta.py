"""When a bus will be at each stop that it still has to serve: schedule and progress, with an interval.

It refuses to guess: a stale position, or a trip that is not on its way, has no estimate.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import inf

import msgspec

from server.domain.plan import TripStop
from server.domain.trip import Phase, Visit

# PRODUCT, "Definitions that tests rest on": older than max(60 s, 2.5 x the device's own interval) is stale.
STALE_S = 60.0
STALE_INTERVALS = 2.5

# Own assumptions until the coverage is measured (QUALITY, "ETA"): a late bus wins back 3 % of the driving time ahead, and
# the 80 % interval is wider on the late side, since buses lose time more easily than they gain it.
RECOVERY = 0.03
LOW_S, LOW_SHARE = 12.0, 0.08
HIGH_S, HIGH_SHARE = 18.0, 0.14


class Eta(msgspec.Struct, frozen=True, gc=False):
    """An arrival that is expected at `at_ms`, with 80 % between `low_ms` and `high_ms` (UTC milliseconds)."""

    at_ms: int
    low_ms: int
    high_ms: int


def is_stale(at_ms: int, now_ms: int, interval_s: float) -> bool:
    """Tell whether a position of `at_ms` is too old to be shown as live.

    >>> is_stale(0, 60_000, 5), is_stale(0, 60_001, 5), is_stale(0, 60_001, 30)
    (False, True, False)
    """
    return now_ms - at_ms > 1000 * max(STALE_S, STALE_INTERVALS * interval_s)


def delay_s(
    stops: Sequence[TripStop], metre: float, at_ms: int, next_seq: int, visits: Sequence[Visit] = ()
) -> int:
    """Say how many seconds the bus is behind its plan at this metre, negative when ahead.

    Between stops the plan's time is interpolated by distance; at a stop the bus is as late as its departure must be.
    """
    here = _dwelling(stops, visits)
    if here is not None:
        stop, arrived_ms = here
        leaves_ms = max(at_ms, stop.departure_ms, arrived_ms + stop.departure_ms - stop.arrival_ms)
        # Nothing is early while it stands and waits for its planned departure.
        return round((leaves_ms - stop.departure_ms) / 1000)
    if next_seq <= 0:
        return max(0, round((at_ms - stops[0].departure_ms) / 1000))
    if next_seq >= len(stops):
        return round((at_ms - stops[-1].arrival_ms) / 1000)
    planned_ms = stops[next_seq].arrival_ms - _left_ms(stops, metre, next_seq)
    return round((at_ms - planned_ms) / 1000)


def estimate(
    stops: Sequence[TripStop],
    *,
    state: Phase,
    metre: float | None,
    at_ms: int | None,
    now_ms: int,
    interval_s: float,
    next_seq: int,
    visits: Sequence[Visit] = (),
    within_ms: float = inf,
) -> list[Eta | None]:
    """Estimate the arrival at each stop, in their order; None for those that are behind and where nothing can be said.

    `metre` and `at_ms` are the bus's last position on the shape, `next_seq` the first stop that it has neither served nor
    passed. A late bus stays late (less RECOVERY of the driving ahead); an early one waits at each stop for its planned departure.
    Stops that are more than `within_ms` ahead are left out, for a caller who asks at every position.
    """
    found: list[Eta | None] = [None] * len(stops)
    if state != "en_route" or metre is None or at_ms is None or is_stale(at_ms, now_ms, interval_s):
        return found
    here = _dwelling(stops, visits)
    if here is not None:
        stop, arrived_ms = here
        first = max(next_seq, stop.seq + 1)
        leaves_ms = max(at_ms, now_ms, stop.departure_ms, arrived_ms + stop.departure_ms - stop.arrival_ms)
        if first >= len(stops):
            return found
        clock_ms: float = leaves_ms
        leg_ms: float = stops[first].arrival_ms - stop.departure_ms
    else:
        first = next_seq
        if first >= len(stops):
            return found
        clock_ms = at_ms if first else max(at_ms, stops[0].departure_ms)
        leg_ms = _left_ms(stops, metre, first)
    for seq in range(first, len(stops)):
        stop = stops[seq]
        if clock_ms + leg_ms > stop.arrival_ms:
            leg_ms = max(leg_ms * (1 - RECOVERY), stop.arrival_ms - clock_ms)
        clock_ms = max(clock_ms + leg_ms, now_ms)
        if clock_ms - now_ms > within_ms + 1:  # 1 ms for the rounding; the caller compares what it is given
            break
        ahead_s = (clock_ms - now_ms) / 1000
        found[seq] = Eta(
            at_ms=round(clock_ms),
            low_ms=max(now_ms, round(clock_ms - 1000 * (LOW_S + LOW_SHARE * ahead_s))),
            high_ms=round(clock_ms + 1000 * (HIGH_S + HIGH_SHARE * ahead_s)),
        )
        if seq + 1 < len(stops):
            clock_ms = max(clock_ms + stop.departure_ms - stop.arrival_ms, stop.departure_ms)
            leg_ms = stops[seq + 1].arrival_ms - stop.departure_ms
    return found


def _dwelling(stops: Sequence[TripStop], visits: Sequence[Visit]) -> tuple[TripStop, int] | None:
    """Find the stop where the bus stands now, and since when."""
    for visit in visits:
        if visit.arrived_at_ms is not None and visit.departed_at_ms is None and 0 <= visit.seq < len(stops):
            # A later visit shows that the departure was lost (records missing), not that the bus is still there.
            later = any(v.seq > visit.seq and (v.arrived_at_ms or v.passed_at_ms) for v in visits)
            if not later:
                return stops[visit.seq], visit.arrived_at_ms
    return None


def _left_ms(stops: Sequence[TripStop], metre: float, seq: int) -> float:
    """Give the planned driving time from `metre` to stop `seq`, at most that of the whole leg."""
    if seq == 0:
        return 0.0
    behind, ahead = stops[seq - 1], stops[seq]
    leg_m = ahead.metre - behind.metre
    share = 1.0 if leg_m <= 0 else min(1.0, max(0.0, (ahead.metre - metre) / leg_m))
    return (ahead.arrival_ms - behind.departure_ms) * share


def leg_ms_per_m(stops: Sequence[TripStop], seq: int) -> float:
    """Give by how many ms an arrival can get earlier for each metre driven on the leg to stop `seq`."""
    if not 0 < seq < len(stops):
        return 0.0
    behind, ahead = stops[seq - 1], stops[seq]
    leg_m = ahead.metre - behind.metre
    return max(0.0, (ahead.arrival_ms - behind.departure_ms) / leg_m) if leg_m > 0 else 0.0
