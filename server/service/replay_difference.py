"""Wherein what the rows say of a trip differs from what folding its log again gives."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

import msgspec
from msgspec.structs import replace

from server.domain.finding import Finding
from server.domain.trip import TripState
from server.domain.vehicle_day import Road
from server.domain.verdict import SIX, Verdicts
from server.rules import absences
from server.service.replay_ports import StoredTrip

OF_TRIP: Final = (
    "state", "vehicle_id", "device_id", "assigned_at_ms", "started_at_ms", "arrived_at_ms", "ended_at_ms",
    "rear_checked_at_ms", "next_seq", "metre", "metre_at_ms", "delay_s", "delivered", "received", "crew", "turns",
)  # fmt: skip
OF_FINDING: Final = ("ended_ms", "measured", "limit", "evidence", "rider_id", "stop_id")


class Difference(msgspec.Struct, frozen=True):
    """One thing that the rows say otherwise: of what, which field of it, what is stored and what the log gives (None: nothing)."""

    what: str
    field: str
    stored: Any
    folded: Any


def expected(folded: TripState | None, stored: StoredTrip, road: Road, now_ms: int) -> TripState:
    """Give the trip as its rows should be: as folded, with what no fold decides (missed, called off without a bus)."""
    plan = road.plan
    overdue = plan.start_ms < now_ms - 1000 * road.thresholds.missed_after_s
    if folded is None:
        never = TripState(plan.trip_id, riders=absences.planned(plan))
        riders = absences.settle(never, plan, now_ms).riders
        folded = replace(never, riders=tuple(replace(rider, since_ms=None) for rider in riders))
        if stored.cancelled_ms is not None:
            return replace(folded, state="cancelled", ended_at_ms=stored.cancelled_ms)
    if stored.cancelled_ms is not None and folded.state in ("scheduled", "en_route"):
        return replace(folded, state="cancelled")
    if folded.state == "scheduled" and overdue:
        return replace(folded, state="missed")
    return folded


def differences(stored: StoredTrip, trip: TripState) -> list[Difference]:
    """List wherein the rows of a trip differ from what they should be."""
    was = stored.trip
    found = _compare("trip", was, trip, OF_TRIP)
    found += _each("visit", _by(was.visits, "seq"), _by(trip.visits, "seq"))
    found += _each("rider", _by(was.riders, "rider_id"), _by(trip.riders, "rider_id"))
    found += _each("ride", _by(was.rides, "source"), _by(trip.rides, "source"))
    buses = ride_buses(trip)
    found += [
        Difference(f"ride {source}", "vehicle_id", bus, buses[source])
        for source, bus in stored.ride_buses.items()
        if source in buses and buses[source] != bus
    ]
    found += of_findings(was.findings, trip.findings)
    return found + _verdicts(was.verdicts, trip.verdicts)


def of_findings(stored: Iterable[Finding], folded: Iterable[Finding]) -> list[Difference]:
    """List wherein rows of findings differ from what was found again."""
    before = {_name(one): one for one in stored}
    after = {_name(one): one for one in folded}
    return _each("finding", before, after, OF_FINDING)


def ride_buses(trip: TripState) -> dict[str, str]:
    """Give the vehicle of each ride: the first ones are those of the buses that had the trip before."""
    buses: dict[str, str] = {}
    first = 0
    for turn in trip.turns:
        buses |= {ride.source: turn.vehicle_id for ride in trip.rides[first : turn.rides]}
        first = turn.rides
    return buses | {ride.source: trip.vehicle_id or "" for ride in trip.rides[first:]}


def _verdicts(stored: Verdicts | None, folded: Verdicts | None) -> list[Difference]:
    if stored is None or folded is None:
        return [] if stored is folded else [Difference("verdicts", "row", _plain(stored), _plain(folded))]
    found = _compare("verdicts", stored, folded, ("final",))
    for which in SIX:
        one, other = stored.of(which), folded.of(which)
        found += _compare(f"verdict {which}", one, other, one.__struct_fields__)
    return found


def _by(rows: Iterable[Any], name: str) -> dict[str, Any]:
    return {str(getattr(row, name)): row for row in rows}


def _name(one: Finding) -> str:
    return ":".join(str(part) for part in one.key if part != "")


def _each(
    what: str, stored: Mapping[str, Any], folded: Mapping[str, Any], fields: tuple[str, ...] = ()
) -> list[Difference]:
    found: list[Difference] = []
    for name in sorted(stored.keys() | folded.keys()):
        one, other = stored.get(name), folded.get(name)
        if one is None or other is None:
            found.append(Difference(f"{what} {name}", "row", _plain(one), _plain(other)))
        else:
            found += _compare(f"{what} {name}", one, other, fields or one.__struct_fields__)
    return found


def _compare(what: str, stored: Any, folded: Any, fields: Iterable[str]) -> list[Difference]:  # noqa: ANN401 - any Struct
    return [
        Difference(what, name, _plain(getattr(stored, name)), _plain(getattr(folded, name)))
        for name in fields
        if getattr(stored, name) != getattr(folded, name)
    ]


def _plain(value: object) -> Any:  # noqa: ANN401 - what JSON holds
    return msgspec.to_builtins(value)
