"""What a guardian wants to be told of a child: read, judged and kept, by direction."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, get_args

from server.domain.plan import Direction
from server.domain.preference import MOST, MUTABLE, Lead, Preference
from server.domain.trip import NoticeKind
from server.errors import InvalidError, NotFoundError
from server.service import shapes
from server.service.policy import Caller
from server.service.web_ports import Work

DIRECTIONS: Final[tuple[Direction, ...]] = get_args(Direction)


def list_preferences(work: Work, caller: Caller, rider_id: str) -> shapes.Preferences:
    """Give what holds in each direction, the default where nothing was chosen, and the kinds that may be muted."""
    found = [_show(direction, _held(work, caller, rider_id, direction)) for direction in DIRECTIONS]
    return shapes.Preferences(found, list(MUTABLE))


def choose(
    work: Work,
    caller: Caller,
    rider_id: str,
    ref: str,
    lead: shapes.Lead,
    muted: Sequence[NoticeKind],
    now_ms: int,
) -> tuple[shapes.Preference, bool]:
    """Keep a choice; give it, and whether it differs from what held. `ref` names the direction as the path has it.

    Raise NotFoundError for another direction, InvalidError for a lead out of range or a kind that may not be muted.
    """
    direction = next((each for each in DIRECTIONS if each == ref), None)
    if direction is None:
        raise NotFoundError(f"There is no direction {ref!r}: it is to_school or from_school.")
    most = MOST[lead.by]
    if not 1 <= lead.value <= most:
        raise InvalidError(
            f"A lead of {lead.value} {lead.by} can't be kept: choose 1 to {most} {lead.by}.",
            fields={"lead.value": "out of range"},
        )
    for kind in muted:
        if kind not in MUTABLE:
            raise InvalidError(
                f"Notices of the kind {kind} can't be muted, since they ask for something to be done; "
                f"{', '.join(MUTABLE)} can.",
                fields={"muted": kind},
            )
    wanted = Preference(Lead(lead.by, lead.value), tuple(kind for kind in MUTABLE if kind in muted))
    changed = wanted != _held(work, caller, rider_id, direction)
    if changed:
        work.preferences.put(caller.user_id, rider_id, direction, wanted, now_ms)
        work.house.move_counter("inputs")  # whoever folds reads what was chosen
    return _show(direction, wanted), changed


def _held(work: Work, caller: Caller, rider_id: str, direction: Direction) -> Preference:
    held = work.preferences.find(caller.user_id, rider_id, direction)
    return held or Preference(work.preferences.default_lead(rider_id, direction))


def _show(direction: Direction, held: Preference) -> shapes.Preference:
    return shapes.Preference(direction, shapes.Lead(held.lead.by, held.lead.value), list(held.muted))
