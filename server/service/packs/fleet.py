"""Judge buses, recorders and permits: one recorder a bus, one permit a timetable and day, each of one operator."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import date

from server.domain.permit_life import LONGEST_DAYS
from server.service.packs.fault import Remarks, other_row
from server.service.packs.pack import Pack
from server.service.packs.rows import Permit


def judge_fleet(pack: Pack, full: Pack, remarks: Remarks) -> None:
    """Note doubles, permits that overlap, end before they begin, or name what isn't theirs."""
    _judge_doubles("vehicles.csv", "plate", ((one.line, one.plate) for one in pack.vehicles or ()), remarks)
    _judge_doubles(
        "devices.csv", "vehicle_id", ((one.line, one.vehicle_id) for one in pack.devices or ()), remarks
    )
    _judge_parties(pack, full, remarks)
    _judge_validity(pack, full, remarks)


def _judge_doubles(file: str, column: str, found: Iterable[tuple[int, str]], remarks: Remarks) -> None:
    seen: dict[str, int] = {}
    for line, value in found:
        if seen.setdefault(value, line) != line:
            remarks.fault(
                file,
                line,
                column,
                value,
                f"{other_row(seen[value])} has the same; one bus has one plate and one recorder",
            )


def _judge_parties(pack: Pack, full: Pack, remarks: Remarks) -> None:
    routes = {route.route_id: route.agency_id for route in full.routes or ()}
    owners: dict[str, dict[str, str | None]] = {
        "trip_id": {one.trip_id: routes.get(one.route_id) for one in full.timetables or ()},
        "vehicle_id": {one.id: one.operator_id for one in full.vehicles or ()},
        "driver_badge": {one.badge: one.operator_id for one in full.people or ()},
        "attendant_badge": {one.badge: one.operator_id for one in full.people or ()},
    }
    operators = {one.agency_id for one in full.agencies or ()}
    roles = {one.badge: one.role for one in full.people or ()}
    for permit in pack.permits or ():
        for column, known in owners.items():
            owner = known.get(getattr(permit, column))
            if owner in operators and owner != permit.operator_id:
                remarks.fault(
                    "permits.csv",
                    permit.line,
                    column,
                    getattr(permit, column),
                    f"this is of operator {owner}, the permit of {permit.operator_id}; name one of its own",
                )
        for column, badge, role in (
            ("driver_badge", permit.driver_badge, "driver"),
            ("attendant_badge", permit.attendant_badge, "attendant"),
        ):
            if badge is not None and roles.get(badge, role) != role:
                remarks.fault(
                    "permits.csv",
                    permit.line,
                    column,
                    badge,
                    f"people.csv says {roles[badge]}; name a {role}",
                )


def _judge_validity(pack: Pack, full: Pack, remarks: Remarks) -> None:
    inspected = {one.id: one.inspection_until for one in full.vehicles or ()}
    by_timetable: dict[str, list[Permit]] = defaultdict(list)
    for permit in pack.permits or ():
        if permit.valid_until < permit.valid_from:
            remarks.fault(
                "permits.csv",
                permit.line,
                "valid_until",
                permit.valid_until,
                f"this is before valid_from {permit.valid_from}; put them in order",
            )
            continue
        days = (date.fromisoformat(permit.valid_until) - date.fromisoformat(permit.valid_from)).days + 1
        if days > LONGEST_DAYS:
            remarks.warn(
                "permits.csv",
                permit.line,
                "valid_until",
                permit.valid_until,
                f"this permit is valid for {days} days; the rules allow six months",
            )
        if permit.valid_until > inspected.get(permit.vehicle_id, permit.valid_until):
            remarks.warn(
                "permits.csv",
                permit.line,
                "valid_until",
                permit.valid_until,
                f"this is after the inspection of {permit.vehicle_id} ends ({inspected[permit.vehicle_id]})",
            )
        by_timetable[permit.trip_id].append(permit)
    for found in by_timetable.values():
        found.sort(key=lambda permit: (permit.valid_from, permit.line))
        latest = found[0]
        for later in found[1:]:
            if later.valid_from <= latest.valid_until:
                remarks.fault(
                    "permits.csv",
                    later.line,
                    "valid_from",
                    later.valid_from,
                    f"permit {latest.id} ({other_row(latest.line)}) is valid for {later.trip_id} until "
                    f"{latest.valid_until}; permits of one timetable may not overlap",
                )
            latest = max(latest, later, key=lambda permit: permit.valid_until)
