"""Who comes for a run: the riders whom the pack plans, less the absent, and as the run's script says."""

from __future__ import annotations

import msgspec

from device_sim.deviations import Absent, AlightsAt, Crowd, LeftAboard, LostCard, Stranger, find_index
from device_sim.dice import seed_of
from device_sim.pack import Pack, RidePlan
from device_sim.runs import Run
from device_sim.script import Script


class Expected(msgspec.Struct, frozen=True):
    """A rider of a run: card, the calls of boarding and leaving, whether ticked by hand, and whether they stay aboard at the end."""

    rider_id: str
    card: str
    boards_at: int
    leaves_at: int
    ticked: bool = False
    stays: bool = False


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


def scripted_riders(
    riders: list[Expected], run: Run, script: Script, others: dict[str, list[RidePlan]]
) -> list[Expected]:
    """The riders as the script says; `others` are the ride plans of the buses that strangers come from, by device or number."""
    if not script:
        return riders
    count, calls = len(riders), len(run.timetable.calls)
    changed: list[Expected | None] = list(riders)

    def change(rider: int, **values: object) -> None:
        index = find_index(rider, count)
        known = None if index is None else changed[index]
        if index is not None and known is not None:
            changed[index] = msgspec.structs.replace(known, **values)

    for lost in script.list(LostCard):
        change(lost.rider, **({"ticked": True} if lost.ticked else {"card": ""}))
    for early in script.list(AlightsAt):
        stop = find_index(early.stop, calls)
        if stop is not None:
            change(early.rider, leaves_at=stop)
    for left in script.list(LeftAboard):
        for number in range(left.riders):
            change(-1 - number, stays=True)
    for absent in script.list(Absent):
        index = find_index(absent.rider, count)
        if index is not None:
            changed[index] = None
    coming = [rider for rider in changed if rider is not None]
    for stranger in script.list(Stranger):
        plans = others.get(str(stranger.of), [])
        index = find_index(stranger.rider, len(plans))
        if index is not None:
            coming.append(
                Expected(plans[index].rider_id, plans[index].card, _call(stranger.stop, calls), calls - 1)
            )
    for crowd in script.list(Crowd):
        coming += [
            Expected(f"crowd-{n}", f"CROWD{n:05}", _call(crowd.stop, calls), calls - 1)
            for n in range(crowd.riders)
        ]
    return coming


def _call(stop: int, calls: int) -> int:
    index = find_index(stop, calls)
    return 0 if index is None else index
