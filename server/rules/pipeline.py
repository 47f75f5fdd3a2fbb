"""The order in which a vehicle's inputs are judged: literal lists, one for each kind of record.

`fold` is the only way from one `VehicleState` to the next, live and in replay.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from msgspec.structs import replace

from server.domain.hand import HAND, Cancelled, Handed, HeadCount, RearChecked, Received, Synced, Tick
from server.domain.record import Duty, Event, Position, RideRecord
from server.domain.vehicle_day import Context, Entry, Unavailable, VehicleState
from server.rules import (
    absences,
    addressed,
    alarms,
    approaching,
    assignment,
    by_phone,
    cancelling,
    closing,
    consequences,
    count_mismatch,
    course,
    crew,
    crew_absent,
    door_moving,
    driving_time,
    halts,
    harsh,
    lamps,
    last_fix,
    late,
    overload,
    overspeed,
    phases,
    progress,
    rear_check,
    rides,
    sign_off,
    stop_order,
    substituting,
    ticks,
    unloading,
    visits,
    wrong_bus,
    wrong_stop,
)

Step = Callable[[VehicleState, Entry, Context], VehicleState]

PIPELINE: Mapping[type, tuple[Step, ...]] = {
    Position: (
        substituting.evaluate,
        assignment.by_place,
        absences.evaluate,
        progress.evaluate,
        course.evaluate,
        unloading.shut,
        visits.evaluate,
        stop_order.evaluate,
        phases.evaluate,
        halts.evaluate,
        lamps.evaluate,
        door_moving.evaluate,
        overspeed.evaluate,
        overload.evaluate,
        crew_absent.evaluate,
        driving_time.evaluate,
        approaching.evaluate,
        late.evaluate,
        unloading.evaluate,
        closing.evaluate,
        last_fix.evaluate,
    ),
    RideRecord: (
        substituting.evaluate,
        rides.evaluate,
        halts.by_card,
        wrong_bus.evaluate,
        wrong_stop.evaluate,
        closing.evaluate,
    ),
    Duty: (
        substituting.evaluate,
        crew.evaluate,
        assignment.by_duty,
        crew.keep,
        by_phone.evaluate,
        driving_time.take_wheel,
    ),
    Event: (substituting.evaluate, alarms.evaluate, harsh.evaluate, rear_check.evaluate, closing.evaluate),
    Tick: (
        substituting.evaluate,
        assignment.by_hand,
        by_phone.evaluate,
        ticks.evaluate,
        wrong_bus.evaluate,
        wrong_stop.evaluate,
        closing.evaluate,
    ),
    Handed: (by_phone.evaluate, ticks.hand_over, wrong_stop.handed, closing.evaluate),
    HeadCount: (
        substituting.evaluate,
        assignment.by_hand,
        by_phone.evaluate,
        sign_off.count,
        count_mismatch.evaluate,
        closing.evaluate,
    ),
    Received: (sign_off.receive, count_mismatch.evaluate, closing.evaluate),
    RearChecked: (by_phone.evaluate, rear_check.by_hand, closing.evaluate),
    Synced: (by_phone.evaluate, sign_off.sync),
    Cancelled: (cancelling.evaluate,),
}

# What decides which trip the bus runs: left out for an input that is said of an earlier one.
OF_THE_BUS: tuple[Step, ...] = (substituting.evaluate, assignment.by_hand)

OnError = Callable[[str, Entry, Exception], None]


def fold(state: VehicleState, entry: Entry, context: Context, on_error: OnError) -> VehicleState:
    """Fold one input into the state.

    A step that raises is reported to `on_error` and left out: it stops neither the others nor the record. Raise Unavailable where
    the context can't answer.
    """
    steps = PIPELINE[type(entry.record)]
    earlier = addressed.meant(state, entry) if entry.key.device == HAND else None
    if earlier is None:
        after = _judged(steps, state, entry, context, on_error)
    else:
        steps = tuple(step for step in steps if step not in OF_THE_BUS)
        said = _judged(steps, addressed.seen(state, earlier), entry, context, on_error)
        after = addressed.put_back(state, earlier, said.trip)
    return replace(after, key=entry.key)


def _judged(
    steps: Sequence[Step], state: VehicleState, entry: Entry, context: Context, on_error: OnError
) -> VehicleState:
    """Run an input's own steps, then what follows from what they have changed."""
    after = _run(steps, state, entry, context, on_error)
    followed = consequences.due(state, after)
    return _run(followed, after, entry, context, on_error) if followed else after


def _run(
    steps: Sequence[Step], state: VehicleState, entry: Entry, context: Context, on_error: OnError
) -> VehicleState:
    for step in steps:
        try:
            state = step(state, entry, context)
        except Unavailable:
            raise  # nobody's fault but the database's: what is folded without an answer would be wrong for good
        except Exception as error:  # the rule is broken, the stream must not be
            on_error(f"{step.__module__}.{step.__name__}", entry, error)
    return state
