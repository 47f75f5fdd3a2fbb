"""A driver's record: driving time, distance, what was found on the way, and the score that follows."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Final, Protocol

import msgspec

from server.domain.finding import KINDS, FindingKind, Severity
from server.domain.vehicle_day import Entry
from server.errors import InvalidError, NotFoundError
from server.rules.driver_record import Driven, driven, per_100_km, score
from server.service.instants import at
from server.service.policy import Scope
from server.service.shapes import Named

DAY_MS: Final = 86_400_000
USUAL_MS: Final = 30 * DAY_MS
MOST_MS: Final = 92 * DAY_MS  # own choice: a quarter is read in a second
LOOK_BACK_MS: Final = DAY_MS  # who was signed on when it begins


class DriverStore(Protocol):
    """Drivers, and the logs of the buses that they signed on to."""

    def find(self, scope: Scope, ref: str) -> Named | None:
        """Find a driver of the scope by badge or id."""
        ...

    def list_buses(self, person: Named, from_ms: int, until_ms: int) -> Sequence[str]:
        """List the buses that the badge signed on to."""
        ...

    def read_log(self, vehicle_id: str, from_ms: int, until_ms: int) -> Iterator[Entry]:
        """Give a bus's positions and sign-ons, in order."""
        ...

    def count_findings(
        self, person_id: str, from_ms: int, until_ms: int
    ) -> Sequence[tuple[FindingKind, int]]:
        """Count what was found with this driver, and stands, by kind."""
        ...


class KindCount(msgspec.Struct, frozen=True):
    """How often a kind was found."""

    kind: FindingKind
    severity: Severity
    count: int


class DriverRecord(msgspec.Struct, frozen=True, kw_only=True):
    """The record; `findings_per_100_km` and `score` (0 to 100) are null where less than 10 km were driven."""

    driver: Named
    since: datetime = msgspec.field(name="from")
    to: datetime
    driving_s: int
    distance_m: int
    findings: list[KindCount]
    findings_per_100_km: float | None
    score: float | None


def read_record(
    store: DriverStore,
    scope: Scope,
    ref: str,
    timezone: str,
    *,
    from_ms: int | None,
    until_ms: int | None,
    now_ms: int,
) -> DriverRecord:
    """Read the record of a driver from one instant until another (UTC ms; the last 30 days); raise NotFoundError, InvalidError."""
    person = store.find(scope, ref)
    if person is None:
        raise NotFoundError("There is no such driver among those you may see: check the badge.")
    until = now_ms if until_ms is None else until_ms
    since = until - USUAL_MS if from_ms is None else from_ms
    if not 0 <= until - since <= MOST_MS:
        raise InvalidError(
            "`from` is to lie before `to`, and no more than 92 days.", fields={"from": "out of range"}
        )
    total = Driven()
    for vehicle_id in store.list_buses(person, since - LOOK_BACK_MS, until):
        total += driven(store.read_log(vehicle_id, since - LOOK_BACK_MS, until), person.code, since, until)
    found = [
        KindCount(kind, KINDS[kind].severity, count)
        for kind, count in store.count_findings(person.id, since, until)
    ]
    by_severity: Counter[Severity] = Counter()
    for one in found:
        by_severity[one.severity] += one.count
    rate, points = per_100_km(by_severity.total(), total.metres), score(by_severity, total.metres)
    return DriverRecord(
        driver=person,
        since=at(since, timezone),
        to=at(until, timezone),
        driving_s=round(total.seconds),
        distance_m=round(total.metres),
        findings=found,
        findings_per_100_km=None if rate is None else round(rate, 2),
        score=None if points is None else round(points, 1),
    )
