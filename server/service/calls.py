"""Call for a person: whoever is to see to a finding is told, again by the minute and ever higher up, until somebody answers.

The one place that makes calls, in the worker that holds the lease. What was called is in the finding's row, so a crash makes none
twice and none is lost; minutes in which no worker ran are not made up for.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from typing import Final, Protocol

import msgspec

from server.clock import Clock
from server.domain.calling import climb, is_history, is_over, ladder, next_call_ms, tier_name, wait_ms
from server.domain.geo import distance_m
from server.domain.thresholds import DEFAULTS, Thresholds
from server.ids import new_id
from server.service import call_wording
from server.service.findings import LIVE_FINDINGS, LIVE_NOTICES, told_message
from server.service.findings_read import rider_for, rings
from server.service.findings_rows import Called, FindingRow
from server.service.instants import at
from server.service.policy import Role
from server.service.wording import bus_names

EVERY_S: Final = 2.0  # real seconds: by so much a call may be late where nobody wakes the job
AT_ONCE: Final = 100
NEAR_M: Final = 2000.0  # own choice: further away a stop's name would send people to the wrong place

log = logging.getLogger("sixfixed.worker.calls")


class Reachable(msgspec.Struct, frozen=True):
    """A user who can log in, and as what."""

    user_id: str
    role: Role


class StopPoint(msgspec.Struct, frozen=True):
    """A stop of the trip's plan."""

    name: str
    lat: float
    lon: float


class CallFacts(msgspec.Struct, frozen=True):
    """A finding that is to call, with everybody who could be called: by role, and regulators level by level, the nearest first."""

    finding: FindingRow
    attendants: Sequence[Reachable]
    operators: Sequence[Reachable]
    schools: Sequence[Reachable]
    regulators: Sequence[Sequence[Reachable]]
    stops: Sequence[StopPoint]
    limits: Thresholds = DEFAULTS

    def rungs(self) -> list[list[Reachable]]:
        """Give the people of each rung of the kind's ladder; the regulator's is one for each level."""
        at_desk = {"attendant": self.attendants, "operator": self.operators, "school": self.schools}
        found: list[list[Reachable]] = []
        for rung in ladder(self.finding.kind):
            if "regulator" in rung:
                found += [list(level) for level in self.regulators]
            else:
                found.append([one for role, people in at_desk.items() if role in rung for one in people])
        return found


class CallNotice(msgspec.Struct, frozen=True):
    """What one user is told by one call."""

    id: str
    user_id: str
    text_zh: str
    text_en: str


class MadeCall(msgspec.Struct, frozen=True):
    """A call to be written: the finding as it was looked at, its new tier and number, and when it is repeated (UTC ms)."""

    finding: FindingRow
    tier: int
    times: int
    next_ms: int
    at_ms: int
    notices: Sequence[CallNotice]


class CallStore(Protocol):
    """Findings that call, and what is written of it."""

    def list_due(self, now_ms: int, limit: int) -> list[str]:
        """List the findings whose next call is due, the longest overdue first."""

    def find(self, finding_id: str) -> CallFacts | None:
        """Read one with all who could be called; None where it calls no more."""

    def make(self, call: MadeCall) -> bool:
        """Write a call and its notices in one transaction; False where the finding has changed since it was looked at."""

    def put_off(self, finding: FindingRow, next_ms: int) -> None:
        """Say when a call that reached nobody is tried again."""

    def end(self, finding_id: str, now_ms: int) -> list[Called]:
        """Call no more; take back what nobody was told of yet, and give who was called."""


class Calls:
    """Makes the calls that are due. `publish` says on the house's topics, `wake` tells the courier that there is something."""

    def __init__(
        self,
        store: CallStore,
        clock: Clock,
        publish: Callable[[str, bytes], None],
        wake: Callable[[], None],
    ) -> None:
        self._store = store
        self._clock = clock
        self._publish = publish
        self._wake = wake

    def run(self) -> int:
        """Make what is due now; give how many findings called. One that can't be called for keeps none of the others back."""
        changed: list[str] = []
        told: list[Called] = []
        made = 0
        for finding_id in self._store.list_due(self._clock.now_ms(), AT_ONCE):
            try:
                facts = self._store.find(finding_id)
                if facts is None or self._stands_no_more(facts.finding):
                    told += self._store.end(finding_id, self._clock.now_ms())
                    changed.append(finding_id)
                elif self._call(facts):
                    made += 1
                    changed.append(finding_id)
            except Exception:
                log.exception("the call for finding %s could not be made; trying again", finding_id)
        if made:
            self._wake()
        if changed:
            self._publish(LIVE_FINDINGS, msgspec.json.encode({"ids": changed}))
        if told:
            self._publish(LIVE_NOTICES, told_message(told))
        return made

    def _stands_no_more(self, row: FindingRow) -> bool:
        if is_over(row.began_ms, row.ended_ms):
            return True
        # Once begun it goes on until a person answers, however long that takes.
        return row.calls == 0 and is_history(row.kind, row.began_ms, row.ended_ms, self._clock.now_ms())

    def _call(self, facts: CallFacts) -> bool:
        row, now_ms = facts.finding, self._clock.now_ms()
        if row.call_next_ms is not None and row.call_next_ms > now_ms:
            return False  # another worker has called since the list was read
        rungs = facts.rungs()
        people = {one.user_id: one.role for rung in rungs for one in rung}
        call = climb(row.tier, row.calls, [[one.user_id for one in rung] for rung in rungs] or [[]])
        after_ms = wait_ms(facts.limits, tier_name(row.kind, call.tier))
        next_ms = next_call_ms(now_ms if row.call_next_ms is None else row.call_next_ms, now_ms, after_ms)
        if not call.users:
            log.warning("finding %s (%s) calls, and nobody has an account to be called by", row.id, row.kind)
            self._store.put_off(row, next_ms)
            return False
        times = row.calls + 1
        notices = [
            CallNotice(
                new_id(), user_id, *call_wording.words(row.kind, _facts(facts, people[user_id], times))
            )
            for user_id in call.users
        ]
        return self._store.make(MadeCall(row, call.tier, times, next_ms, now_ms, notices))


def _facts(facts: CallFacts, role: Role, times: int) -> call_wording.Facts:
    """Give what a reader of this role is told."""
    row = facts.finding
    bus_zh, bus_en = (
        ("校车", "The bus") if row.vehicle is None else bus_names(row.vehicle.code, row.vehicle.name)
    )
    rider = rider_for(role, row.rider)
    place, near = _place(facts)
    ring = next(iter(rings(role, row.around)), None)
    began = at(row.began_ms, row.timezone)
    return call_wording.Facts(
        bus_zh, bus_en, f"{began:%H:%M}", None if rider is None else rider.name, place, near, ring, times
    )


def _place(facts: CallFacts) -> tuple[str | None, bool]:
    """Name the stop where it is, else the one that lies nearest to the last place in the evidence; say which."""
    if facts.finding.stop is not None:
        return facts.finding.stop.name, False
    seen = [
        (one.lat, one.lon) for one in facts.finding.evidence if one.lat is not None and one.lon is not None
    ]
    if not seen or not facts.stops:
        return None, False
    lat, lon = seen[-1]
    away = [(distance_m(lat, lon, stop.lat, stop.lon), stop.name) for stop in facts.stops]
    nearest_m, name = min(away)
    return (name, True) if nearest_m <= NEAR_M else (None, False)
