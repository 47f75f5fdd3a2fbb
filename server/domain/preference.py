"""What a guardian wants to be told of a child, by direction: how long before the stop, and which kinds stay silent.

A choice holds from an instant on and is never taken back, only followed by another; so a trip that is folded again is folded with
what held then.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final, Literal

import msgspec

from server.domain.limits import APPROACHING_MS
from server.domain.trip import Announcement, NoticeKind

LeadBy = Literal["minutes", "stops"]

# Own choice. Half an hour is as far ahead as an estimate says more than the timetable; five stops are a whole neighbourhood.
MOST: Final[dict[LeadBy, int]] = {"minutes": 30, "stops": 5}
# Decision 0121: what a guardian can see for themselves may be silent, what they must act upon may not.
MUTABLE: Final[tuple[NoticeKind, ...]] = (
    "approaching", "boarded", "alighted", "arrived", "handed_over", "late",
)  # fmt: skip
# Own choice: by then whoever folds has read the choice, so folding again gives what was folded first.
HOLDS_AFTER_MS: Final = 10_000


class Lead(msgspec.Struct, frozen=True, gc=False):
    """How long before the child's stop: in minutes of the estimate, or in stops."""

    by: LeadBy
    value: int


DEFAULT_LEAD: Final = Lead("minutes", APPROACHING_MS // 60_000)


def default_lead(approaching_s: float) -> Lead:
    """Give what a guardian who chose nothing is shown for the setting `approaching_s`: whole minutes, one at least.

    >>> default_lead(300), default_lead(90).value
    (Lead(by='minutes', value=5), 2)
    """
    return Lead("minutes", max(1, min(MOST["minutes"], round(approaching_s / 60))))


class Preference(msgspec.Struct, frozen=True):
    """What one guardian wants for one child in one direction."""

    lead: Lead = DEFAULT_LEAD
    muted: tuple[NoticeKind, ...] = ()


class Choice(msgspec.Struct, frozen=True):
    """What a guardian's user chose for a rider, from an instant on (UTC ms)."""

    rider_id: str
    user_id: str
    from_ms: int
    lead: Lead = DEFAULT_LEAD
    muted: tuple[NoticeKind, ...] = ()


class Choices(msgspec.Struct, frozen=True):
    """The choices for the riders of one trip, oldest first. `widest_ms`: the longest lead in minutes that anybody chose."""

    by_rider: dict[str, tuple[Choice, ...]] = {}
    widest_ms: int = 0
    counts_stops: bool = False

    @classmethod
    def of(cls, choices: Iterable[Choice]) -> Choices:
        """Sort choices by rider."""
        by_rider: dict[str, tuple[Choice, ...]] = {}
        widest_ms, counts_stops = 0, False
        for choice in sorted(choices, key=lambda each: (each.from_ms, each.user_id)):
            by_rider[choice.rider_id] = (*by_rider.get(choice.rider_id, ()), choice)
            if choice.lead.by == "minutes":
                widest_ms = max(widest_ms, choice.lead.value * 60_000)
            else:
                counts_stops = True
        return cls(by_rider, widest_ms, counts_stops)

    def at(self, rider_id: str, t_ms: int) -> dict[str, Choice]:
        """Give what holds at an instant of a rider's guardians, by user; who isn't named has the default.

        >>> choices = Choices.of([Choice("r", "u", 5, Lead("stops", 2)), Choice("r", "u", 9, Lead("minutes", 10))])
        >>> choices.at("r", 4), choices.at("r", 5)["u"].lead, choices.at("r", 9)["u"].lead.value
        ({}, Lead(by='stops', value=2), 10)
        """
        return {
            choice.user_id: choice for choice in self.by_rider.get(rider_id, ()) if choice.from_ms <= t_ms
        }

    def is_for(self, announcement: Announcement, user_id: str) -> bool:
        """Say whether an announcement is for this guardian: one by the default is for all who had chosen nothing by then."""
        if announcement.user_id is not None:
            return announcement.user_id == user_id
        if announcement.kind != "approaching":
            return True
        return user_id not in self.at(announcement.rider_id, announcement.at_ms)

    def is_muted(self, announcement: Announcement, user_id: str) -> bool:
        """Say whether this guardian wants an announcement kept and not told."""
        choice = self.at(announcement.rider_id, announcement.at_ms).get(user_id)
        return choice is not None and announcement.kind in choice.muted
