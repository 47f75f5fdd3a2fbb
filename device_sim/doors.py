"""What happens at an open door: who gets off and on, one card after another."""

from __future__ import annotations

import msgspec

from device_sim.dice import Dice
from device_sim.itinerary import Halt, Itinerary
from device_sim.riders import Expected

# Seconds between two riders through one door (TCRP Report 165, exhibit 6-4: 2.5 to 4.5 s boarding with a card).
BETWEEN_RIDERS_S = (3.0, 4.0)
FIRST_RIDER_S = 2.5


class Passing(msgspec.Struct, array_like=True, frozen=True):
    """One rider who passes the door at an instant: `on` with the call where the rider will leave, or off; `ticked` by hand."""

    due_ms: int
    rider_id: str
    card: str
    on: bool
    leaves_at: int
    ticked: bool = False
    stays: bool = False


class Seat(msgspec.Struct, array_like=True, frozen=True):
    """A rider aboard: the card, the call where the rider leaves, whether ticked by hand, whether they will stay at the end."""

    card: str
    leaves_at: int
    ticked: bool = False
    stays: bool = False


def open_lead_s(boarding: int) -> int:
    """How long before its planned start a run's first door opens, for that many riders."""
    return max(90, 4 * boarding + 40)


def passings_at_halt(
    itinerary: Itinerary,
    index: int,
    riders: list[Expected],
    aboard: dict[str, Seat],
    open_ms: int,
    dice: Dice,
) -> list[Passing]:
    """Who passes the door that opens now at a halt: first off, then on as they come, never two at once.

    Nobody away from the stops. Whose stop isn't ahead any more gets off at the next one.
    """
    halt = itinerary.halts[index]
    if halt.call is None:
        return []
    last = index == len(itinerary.halts) - 1
    ahead = itinerary.calls_after(index)
    leaving = [(rider_id, seat) for rider_id, seat in aboard.items() if _leaves(seat, halt.call, last, ahead)]
    queue, free_ms = passings_off(leaving, halt.call, open_ms, dice)
    return queue if last else [*queue, *_boarding(halt, riders, aboard, free_ms, dice)]


def _leaves(seat: Seat, call: int, last: bool, ahead: frozenset[int]) -> bool:
    """Whether a rider gets off here: at the own stop, at the next one served where that was driven past, else at the end."""
    if last:
        return not seat.stays
    return seat.leaves_at == call or (seat.leaves_at < call and seat.leaves_at not in ahead)


def passings_off(
    leaving: list[tuple[str, Seat]], call: int, open_ms: int, dice: Dice
) -> tuple[list[Passing], int]:
    """Riders who get off one after another at a door that opens now, and when the door is free for the next (UTC ms)."""
    queue: list[Passing] = []
    at = open_ms + round(FIRST_RIDER_S * 1000)
    for rider_id, seat in leaving:
        queue.append(Passing(at, rider_id, seat.card, False, call, seat.ticked))
        at += round(dice.between(*BETWEEN_RIDERS_S) * 1000)
    return queue, at


def _boarding(
    halt: Halt, riders: list[Expected], aboard: dict[str, Seat], at: int, dice: Dice
) -> list[Passing]:
    coming = [rider for rider in riders if rider.boards_at == halt.call and rider.rider_id not in aboard]
    # Children are there 15 s to 2.5 min before the plan, at a school over the whole time that the door is open.
    early = float(max(150, open_lead_s(len(coming))))
    queue: list[Passing] = []
    for ready, rider in sorted(
        ((halt.leave_ms - round(dice.between(15.0, early) * 1000), rider) for rider in coming),
        key=lambda pair: pair[0],
    ):
        at = max(at, ready)
        queue.append(
            Passing(at, rider.rider_id, rider.card, True, rider.leaves_at, rider.ticked, rider.stays)
        )
        at += round(dice.between(*BETWEEN_RIDERS_S) * 1000)
    return queue
