"""The order in which a vehicle's inputs are judged: literal lists, one for each kind of record.

`fold` is the only way from one `VehicleState` to the next, live and in replay.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from msgspec.structs import replace

from server.domain.hand import Cancelled, Handed, HeadCount, RearChecked, Received, Synced, Tick
from server.domain.record import Duty, Event, Position, RideRecord
from server.domain.vehicle_day import Context, Entry, Unavailable, VehicleState
from server.rules import (
    absences,
    approaching,
    assignment,
    cancelling,
    closing,
    crew,
    last_fix,
    phases,
    progress,
    rear_check,
    rides,
    sign_off,
    ticks,
    visits,
)

Step = Callable[[VehicleState, Entry, Context], VehicleState]

PIPELINE: Mapping[type, tuple[Step, ...]] = {
    Position: (
        assignment.by_place,
        absences.evaluate,
        progress.evaluate,
        visits.evaluate,
        phases.evaluate,
        approaching.evaluate,
        closing.evaluate,
        last_fix.evaluate,
    ),
    RideRecord: (rides.evaluate, closing.evaluate),
    Duty: (crew.evaluate, assignment.by_duty),
    Event: (rear_check.evaluate, closing.evaluate),
    Tick: (assignment.by_hand, ticks.evaluate, closing.evaluate),
    Handed: (ticks.hand_over, closing.evaluate),
    HeadCount: (assignment.by_hand, sign_off.count, closing.evaluate),
    Received: (sign_off.receive, closing.evaluate),
    RearChecked: (rear_check.by_hand, closing.evaluate),
    Synced: (sign_off.sync,),
    Cancelled: (cancelling.evaluate,),
}

OnError = Callable[[str, Entry, Exception], None]


def fold(state: VehicleState, entry: Entry, context: Context, on_error: OnError) -> VehicleState:
    """Fold one input into the state.

    A step that raises is reported to `on_error` and left out: it stops neither the others nor the record. Raise Unavailable where
    the context can't answer.
    """
    for step in PIPELINE[type(entry.record)]:
        try:
            state = step(state, entry, context)
        except Unavailable:
            raise  # nobody's fault but the database's: what is folded without an answer would be wrong for good
        except Exception as error:  # the rule is broken, the stream must not be
            on_error(f"{step.__module__}.{step.__name__}", entry, error)
    return replace(state, key=entry.key)
