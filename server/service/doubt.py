"""Who is in doubt where the bus and the school have counted differently: by name, the most likely first."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal

import msgspec

from server.domain.plan import Direction
from server.domain.trip import RiderPhase
from server.service.rows import RosterRow


class LastRide(msgspec.Struct, frozen=True):
    """How a rider was last seen to get on or off: by a card or a tick, and when (UTC ms)."""

    by: Literal["card", "attendant"]
    at_ms: int


def seen_states(direction: Direction) -> tuple[RiderPhase, ...]:
    """Give the states of riders who were seen where the count is taken: off the bus (morning), or on it (afternoon)."""
    return ("alighted", "handed_over") if direction == "to_school" else ("aboard", "alighted", "handed_over")


def in_doubt(
    direction: Direction,
    riders: Sequence[RosterRow],
    rides: Mapping[str, LastRide],
    *,
    delivered: int,
    received: int,
    counted_ms: int | None,
) -> list[RosterRow]:
    """List whom the difference of two counts may be about; never empty where they differ and the trip has a rider.

    Group by group, as many groups as it takes to name at least as many riders as the counts differ by (decision 0167): planned
    and not seen where the count is taken; strangers; absent, where somebody counted more than were seen; seen by a tick
    alone, which no card confirms; seen after `counted_ms` (UTC ms), when the bus had counted; everybody else who was seen, the last one
    first, for then it is anybody's guess; who is said to be absent.
    """
    seen = [each for each in riders if not each.stranger and each.state in seen_states(direction)]
    absent = [each for each in riders if not each.stranger and each.state == "absent"]
    more_than_seen = max(delivered, received) > len(seen) + sum(1 for each in riders if each.stranger)
    groups: list[list[RosterRow]] = [
        [each for each in riders if not each.stranger and each not in seen and each not in absent],
        [each for each in riders if each.stranger],
        absent if more_than_seen else [],
        [each for each in seen if _by_tick(rides.get(each.rider.id))],
        [each for each in seen if _after(rides.get(each.rider.id), counted_ms)],
        sorted(seen, key=lambda each: -(each.since_ms or 0)),
        absent,
    ]
    named: dict[str, RosterRow] = {}
    for group in groups:
        named |= {each.rider.id: each for each in group if each.rider.id not in named}
        if len(named) >= abs(delivered - received):
            break
    return list(named.values())


def _by_tick(ride: LastRide | None) -> bool:
    return ride is None or ride.by == "attendant"


def _after(ride: LastRide | None, counted_ms: int | None) -> bool:
    return ride is not None and counted_ms is not None and ride.at_ms > counted_ms
