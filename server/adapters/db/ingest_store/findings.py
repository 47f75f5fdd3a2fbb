"""Rows of findings made equal to what the fold found; the life that people give a finding is never touched.

A row is known by its key: the trip's id (the vehicle's, for what belongs to no trip), kind, begin and what it is about. What, folded
again, was not so is withdrawn, and stands again should it return.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

import msgspec
from sqlalchemy import BigInteger, Result, bindparam, insert, select, update

from server.adapters.db.ingest_store.waiting import WaitingRows
from server.adapters.db.tables import findings, people, trips
from server.domain.finding import KINDS, Finding
from server.domain.limits import HISTORY_AFTER_MS
from server.domain.trip import TripState
from server.ids import new_id
from server.rules.standing import still_stands
from server.service.ingest_ports import Bus

FOLD: Final = "fold"
# Built once: to build a statement takes longer than to run it, and these are run for every bus that comes into memory.
_STANDING: Final = select(findings.c.id, findings.c.key).where(
    findings.c.origin == FOLD, findings.c.withdrawn_at_ms.is_(None)
)
_OF_TRIP: Final = _STANDING.where(findings.c.trip_id == bindparam("owner"))
_OF_VEHICLE: Final = _STANDING.where(
    findings.c.vehicle_id == bindparam("owner"),
    findings.c.trip_id.is_(None),
    findings.c.began_ms > bindparam("from_ms", type_=BigInteger),
)
_FOUND: Final = ("ended_ms", "measured", "limit", "evidence", "rider_id", "stop_id", "withdrawn_at_ms")


class FindingRows(WaitingRows):
    """Writes findings; `changed_findings` are the ids of the rows that this transaction has changed."""

    def take_findings(self) -> list[str]:
        """Take the ids of the findings that changed since last asked."""
        taken, self._changed_findings = sorted(self._changed_findings), set()
        return taken

    def project_found(
        self, bus: Bus, before: Sequence[Finding], after: Sequence[Finding], now_ms: int
    ) -> None:
        """Write what is new or different of what was found of a vehicle and belongs to no trip."""
        known = {one.key: one for one in before}
        new = [one for one in after if known.get(one.key) != one]
        self._state(_of_vehicle(bus), new, now_ms)

    def reconcile_found(self, bus: Bus, found: Sequence[Finding], from_ms: int, now_ms: int) -> None:
        """Make the rows of what was found of a vehicle after an instant, and belongs to no trip, equal to `found`."""
        standing = self._connection.execute(_OF_VEHICLE, {"owner": bus.vehicle_id, "from_ms": from_ms})
        self._withdraw_others(standing, [_key(bus.vehicle_id, one) for one in found], now_ms)
        self._state(_of_vehicle(bus), found, now_ms)

    def _project_findings(self, before: TripState | None, trip: TripState, now_ms: int) -> None:
        if before is not None and before.findings is trip.findings:
            return
        known = {one.key: one for one in before.findings} if before is not None else {}
        new = [one for one in trip.findings if known.get(one.key) != one]
        keys = [_key(trip.trip_id, one) for one in trip.findings]
        if before is None or any(key not in {one.key for one in trip.findings} for key in known):
            standing = self._connection.execute(_OF_TRIP, {"owner": trip.trip_id})
            self._withdraw_others(standing, keys, now_ms)
        if new:
            self._state(self._of_trip(trip), new, now_ms, trip)

    def _of_trip(self, trip: TripState) -> dict[str, Any]:
        row = self._connection.execute(select(trips.c.operator_id).where(trips.c.id == trip.trip_id)).one()
        return {
            "owner": trip.trip_id,
            "operator_id": row.operator_id,
            "vehicle_id": trip.vehicle_id,
            "trip_id": trip.trip_id,
            "badge": trip.crew.driver,
        }

    def _state(
        self,
        of: Mapping[str, Any],
        found: Iterable[Finding],
        now_ms: int,
        trip: TripState | None = None,
        origin: str = FOLD,
    ) -> None:
        """Insert or update rows; those that say the same already are left alone."""
        wanted = {_key(of["owner"], one): one for one in found}
        if not wanted:
            return
        self.flush()
        rows = self._connection.execute(select(findings).where(findings.c.key.in_(list(wanted))))
        there = {row.key: row for row in rows}
        for key, one in wanted.items():
            values = _found_values(one)
            row = there.get(key)
            if row is None:
                self._insert(key, of, one, values, now_ms, trip, origin)
            elif any(getattr(row, name) != values[name] for name in _FOUND):
                values["vehicle_id"] = of["vehicle_id"]
                self._connection.execute(update(findings).where(findings.c.id == row.id).values(values))
                self._changed_findings.add(row.id)

    def _insert(
        self,
        key: str,
        of: Mapping[str, Any],
        one: Finding,
        values: dict[str, Any],
        now_ms: int,
        trip: TripState | None,
        origin: str,
    ) -> None:
        facts = KINDS[one.kind]
        news = now_ms - one.began_ms <= HISTORY_AFTER_MS or (trip is not None and still_stands(trip, one))
        badge = one.badge or of.get("badge")
        row = {
            "id": new_id(),
            "key": key,
            "origin": origin,
            "operator_id": of["operator_id"],
            "vehicle_id": of["vehicle_id"],
            "trip_id": of.get("trip_id"),
            "driver_id": self._person(of["operator_id"], badge) if badge else None,
            "kind": one.kind,
            "severity": facts.severity,
            "fixed": facts.fixed,
            "began_ms": one.began_ms,
            "made_at_ms": now_ms,
            "state": "open",
            "call_next_ms": now_ms if facts.calls and news else None,
            **values,
        }
        self._connection.execute(insert(findings).values(row))
        self._changed_findings.add(row["id"])

    def _person(self, operator_id: str, badge: str) -> str | None:
        query = select(people.c.id).where(
            people.c.operator_id == operator_id, people.c.badge == badge, people.c.role == "driver"
        )
        return self._connection.execute(query.limit(1)).scalar_one_or_none()

    def _withdraw_others(self, rows: Result[Any], keys: Sequence[str], now_ms: int) -> None:
        """Withdraw those of the fold's standing rows that aren't among `keys`."""
        named = set(keys)
        gone = [row.id for row in rows if row.key not in named]
        if gone:
            self._connection.execute(
                update(findings).where(findings.c.id.in_(gone)).values(withdrawn_at_ms=now_ms)
            )
            self._changed_findings.update(gone)


def _of_vehicle(bus: Bus) -> dict[str, Any]:
    return {"owner": bus.vehicle_id, "operator_id": bus.operator_id, "vehicle_id": bus.vehicle_id}


def _key(owner: str, one: Finding) -> str:
    """Name a finding's row.

    >>> _key("trip1", Finding("no_show", 1000, about="rider1"))
    'trip1:no_show:1000:rider1'
    """
    return f"{owner}:{one.kind}:{one.began_ms}:{one.about}"


def _found_values(one: Finding) -> dict[str, Any]:
    return {
        "ended_ms": one.ended_ms,
        "measured": one.measured,
        "limit": one.limit,
        "evidence": msgspec.json.encode(one.evidence),
        "rider_id": one.rider_id,
        "stop_id": one.stop_id,
        "withdrawn_at_ms": None,
    }
