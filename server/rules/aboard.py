"""Who was on the bus at an instant, and when each left it: read back from the rides of a trip."""

from __future__ import annotations

from collections.abc import Mapping

from server.domain.trip import TripState

Spans = list[tuple[int, int | None]]  # (boarded, left), in the order of time; left None: aboard still


def spans(trip: TripState) -> Mapping[str, Spans]:
    """Give, for each rider who boarded, from when to when they were aboard (UTC ms)."""
    found: dict[str, Spans] = {}
    for ride in trip.rides:
        if ride.rider_id is None:
            continue
        own = found.get(ride.rider_id, [])
        is_aboard = bool(own) and own[-1][1] is None
        if ride.dir == "on" and not is_aboard:
            found[ride.rider_id] = [*own, (ride.at_ms, None)]
        elif ride.dir == "off" and is_aboard:
            own[-1] = (own[-1][0], ride.at_ms)
    for rider in trip.riders:
        own = found.get(rider.rider_id, [])
        if own and own[-1][1] is None and rider.state != "aboard":
            own[-1] = (own[-1][0], rider.since_ms)  # handed over: left without a ride
    return found


def left_after(own: Spans, t_ms: int) -> tuple[bool, int | None]:
    """Say whether somebody was aboard at t_ms, and when they left after it (None: they are aboard still)."""
    for boarded_ms, left_ms in own:
        if boarded_ms <= t_ms and (left_ms is None or left_ms > t_ms):
            return True, left_ms
    return False, None
