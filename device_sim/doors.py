"""What happens at an open door: who gets off and on, one card after another."""

from __future__ import annotations

import msgspec

from device_sim.dice import Dice, seed_of
from device_sim.pack import Pack
from device_sim.runs import Run

# Seconds between two riders through one door (TCRP Report 165, exhibit 6-4: 2.5 to 4.5 s boarding with a card).
BETWEEN_RIDERS_S = (3.0, 4.0)
FIRST_RIDER_S = 2.5


class Passing(msgspec.Struct, array_like=True, frozen=True):
    """One rider who passes the door at an instant: `on` with the index of the stop where the rider will leave, or off."""

    due_ms: int
    rider_id: str
    card: str
    on: bool
    leaves_at: int


class Seat(msgspec.Struct, array_like=True, frozen=True):
    """A rider aboard: the card, and the index of the stop where the rider leaves."""

    card: str
    leaves_at: int


class Expected(msgspec.Struct, frozen=True):
    """A rider of a run: card, and the indices of the stops of boarding and leaving."""

    rider_id: str
    card: str
    boards_at: int
    leaves_at: int


def expected_riders(pack: Pack, run: Run, seed: int, absent_share: float) -> list[Expected]:
    """Who will come for a run: the plans of its weekday, less the absent; a rider is absent for whole days."""
    calls = [call.stop_id for call in run.timetable.calls]
    last = len(calls) - 1
    riders = []
    for plan in pack.riders_on(run.timetable.id, run.weekday):
        absent = seed_of(seed, "absent", plan.rider_id, run.on) / 2**64 < absent_share
        if absent or plan.stop_id not in calls:
            continue
        if run.timetable.from_school:
            leaves = last - calls[::-1].index(plan.stop_id)
            boards = calls.index(plan.school_stop_id) if plan.school_stop_id in calls[:leaves] else 0
        else:
            boards = calls.index(plan.stop_id)
            after = calls[boards + 1 :]
            leaves = boards + 1 + after.index(plan.school_stop_id) if plan.school_stop_id in after else last
        if boards < leaves:
            riders.append(Expected(plan.rider_id, plan.card, boards, leaves))
    return riders


def open_lead_s(boarding: int) -> int:
    """How long before its planned start a run's first door opens, for that many riders."""
    return max(90, 4 * boarding + 40)


def passings_at_stop(
    run: Run, index: int, riders: list[Expected], aboard: dict[str, Seat], open_ms: int, dice: Dice
) -> list[Passing]:
    """Who passes the door that opens now at a stop: first off, then on as they come, never two at once."""
    last = index == len(run.timetable.calls) - 1
    queue: list[Passing] = []
    at = open_ms + round(FIRST_RIDER_S * 1000)
    for rider_id, seat in aboard.items():
        if last or seat.leaves_at <= index:
            queue.append(Passing(at, rider_id, seat.card, False, index))
            at += round(dice.between(*BETWEEN_RIDERS_S) * 1000)
    if last:
        return queue
    coming = [rider for rider in riders if rider.boards_at == index and rider.rider_id not in aboard]
    # Children are there 15 s to 2.5 min before the plan, at a school over the whole time that the door is open.
    early = float(max(150, open_lead_s(len(coming))))
    planned = run.departure_ms(index)
    for ready, rider in sorted(
        ((planned - round(dice.between(15.0, early) * 1000), rider) for rider in coming),
        key=lambda pair: pair[0],
    ):
        at = max(at, ready)
        queue.append(Passing(at, rider.rider_id, rider.card, True, rider.leaves_at))
        at += round(dice.between(*BETWEEN_RIDERS_S) * 1000)
    return queue
