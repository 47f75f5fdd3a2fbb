"""Commands to recorders as ingest publishes them, their answers, and the plan of each bus's day."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any, Final
from zoneinfo import ZoneInfo

import msgspec
from sqlalchemy import Row, and_, func, insert, or_, select, update

from server.adapters.db.ingest_store.waiting import WaitingRows
from server.adapters.db.tables import (
    device_commands,
    devices,
    exceptions,
    inputs,
    operators,
    people,
    plans,
    riders,
    trip_riders,
    trips,
    vehicles,
)
from server.domain.command import DayPlan, PlannedRun, StopTold, encode_plan
from server.domain.plan import PlannedStop, PlanVersion
from server.domain.service_time import local_date
from server.ids import new_id
from server.service.command_rows import DueCommand

ASKED_FOR: Final = b"{}"  # a plan that a person asked for, before it is filled in
_version: Final = msgspec.json.Decoder(PlanVersion)
_day_plan: Final = msgspec.json.Decoder(DayPlan)
_driver, _attendant = people.alias(), people.alias()
_IN_USE: Final = and_(devices.c.active, devices.c.ended_at_ms.is_(None))


class CommandRows(WaitingRows):
    """Implements `CommandWork`."""

    def list_commands(self, now_ms: int, at_most: int) -> list[DueCommand]:
        """List what was not published yet and still holds, the oldest first; a `plan` that was asked for is filled in."""
        query = (
            select(device_commands, devices.c.vehicle_id)
            .join(devices, devices.c.id == device_commands.c.device_id)
            .where(
                device_commands.c.sent_at_ms.is_(None),
                device_commands.c.answered_at_ms.is_(None),
                device_commands.c.until_ms > now_ms,
            )
            .order_by(device_commands.c.id)
            .limit(at_most)
        )
        rows = self._connection.execute(query).all()
        asked = [row.vehicle_id for row in rows if row.kind == "plan" and row.args == ASKED_FOR]
        filled = dict(self.list_day_plans(asked, now_ms)) if asked else {}
        found: list[DueCommand] = []
        for row in rows:
            args = row.args
            if row.kind == "plan" and args == ASKED_FOR and row.device_id in filled:
                args = encode_plan(filled[row.device_id])
                self._connection.execute(
                    update(device_commands).where(device_commands.c.id == row.id).values(args=args)
                )
            found.append(DueCommand(row.id, row.device_id, row.kind, args, row.until_ms))
        return found

    def mark_sent(self, sent: Sequence[tuple[str, int]]) -> None:
        """Keep that commands were published, (id, UTC ms)."""
        for command_id, at_ms in sent:
            named = device_commands.c.id == command_id
            self._connection.execute(update(device_commands).where(named).values(sent_at_ms=at_ms))

    def answer_command(self, device_id: str, command_id: str, ok: bool, answer: bytes, at_ms: int) -> None:
        """Keep a device's answer to a command of its own; the first one counts, and one to no command of its is left."""
        own = and_(device_commands.c.id == command_id, device_commands.c.device_id == device_id)
        known = select(device_commands.c.sent_at_ms).where(own, device_commands.c.answered_at_ms.is_(None))
        row = self._connection.execute(known).one_or_none()
        if row is None:
            return
        sent_ms = at_ms if row.sent_at_ms is None else row.sent_at_ms
        values = {"answered_at_ms": at_ms, "ok": ok, "answer": answer, "sent_at_ms": sent_ms}
        self._connection.execute(update(device_commands).where(own).values(values))

    def send_again(self, device_ids: Sequence[str], now_ms: int) -> None:
        """Have what these recorders did not answer, and what still holds, published again under the same id."""
        again = and_(
            device_commands.c.device_id.in_(device_ids),
            device_commands.c.answered_at_ms.is_(None),
            device_commands.c.sent_at_ms.is_not(None),
            device_commands.c.until_ms > now_ms,
        )
        self._connection.execute(update(device_commands).where(again).values(sent_at_ms=None))

    def list_recorders(self) -> list[str]:
        """List the vehicles with a recorder in use."""
        return list(
            self._connection.scalars(
                select(devices.c.vehicle_id).where(_IN_USE).distinct().order_by(devices.c.vehicle_id)
            )
        )

    def list_excepted(self, since_ms: int, now_ms: int) -> list[str]:
        """List the vehicles with a trip that was called off since an instant, or one of whose riders was said to be absent, or not."""
        said = or_(exceptions.c.made_at_ms >= since_ms, exceptions.c.withdrawn_at_ms >= since_ms)
        absent = (
            select(trips.c.vehicle_id)
            .join(trip_riders, trip_riders.c.trip_id == trips.c.id)
            .join(
                exceptions,
                and_(
                    exceptions.c.rider_id == trip_riders.c.rider_id,
                    exceptions.c.service_on == trips.c.service_on,
                    exceptions.c.direction == trips.c.direction,
                ),
            )
            .where(said, trips.c.vehicle_id.is_not(None))
        )
        called_off = (
            select(trips.c.vehicle_id)
            .join(inputs, inputs.c.trip_id == trips.c.id)
            .where(
                inputs.c.kind == "cancel", inputs.c.made_at_ms >= since_ms, trips.c.vehicle_id.is_not(None)
            )
        )
        return sorted({*self._connection.scalars(absent), *self._connection.scalars(called_off)})

    def plan_days(self, vehicle_ids: Sequence[str], now_ms: int, until_ms: int) -> int:
        """Put what the buses of these vehicles have to run today among the commands, where it isn't what was told last."""
        found = self.list_day_plans(vehicle_ids, now_ms)
        told = self._told_last([device_id for device_id, _ in found])
        made = 0
        for device_id, plan in found:
            before, body = told.get(device_id), encode_plan(plan)
            idle = not plan.trips and (before is None or _date_of(before) != plan.service_date)
            if body == before or idle:
                continue
            self._connection.execute(
                insert(device_commands).values(
                    id=new_id(),
                    device_id=device_id,
                    kind="plan",
                    args=body,
                    made_at_ms=now_ms,
                    until_ms=until_ms,
                )
            )
            made += 1
        return made

    def _told_last(self, device_ids: Sequence[str]) -> dict[str, bytes]:
        newest = (
            select(func.max(device_commands.c.id))
            .where(device_commands.c.device_id.in_(device_ids), device_commands.c.kind == "plan")
            .group_by(device_commands.c.device_id)
        )
        query = select(device_commands.c.device_id, device_commands.c.args).where(
            device_commands.c.id.in_(newest)
        )
        return {row.device_id: row.args for row in self._connection.execute(query)}

    def list_day_plans(self, vehicle_ids: Sequence[str], now_ms: int) -> list[tuple[str, DayPlan]]:
        """List what the buses of these vehicles have to run today, by their recorder."""
        recorders = self._connection.execute(
            select(devices.c.id, devices.c.vehicle_id, operators.c.timezone)
            .join(vehicles, vehicles.c.id == devices.c.vehicle_id)
            .join(operators, operators.c.id == vehicles.c.operator_id)
            .where(devices.c.vehicle_id.in_(vehicle_ids), _IN_USE)
            .order_by(devices.c.id)
        ).all()
        dates = {one.id: local_date(now_ms, ZoneInfo(one.timezone)).isoformat() for one in recorders}
        self.flush()
        runs = self._runs({(one.vehicle_id, dates[one.id]) for one in recorders})
        return [
            (one.id, DayPlan(dates[one.id], tuple(runs.get((one.vehicle_id, dates[one.id]), ()))))
            for one in recorders
        ]

    def _runs(self, wanted: set[tuple[str, str]]) -> Mapping[tuple[str, str], list[PlannedRun]]:
        """Read the runs of vehicles on dates, each with its stops and whom they concern."""
        query = (
            select(
                trips.c.id, trips.c.code, trips.c.vehicle_id, trips.c.service_on, trips.c.direction, trips.c.plan_id,
                trips.c.planned_start_ms, _driver.c.badge.label("driver"), _attendant.c.badge.label("attendant"),
            )
            .join(_driver, _driver.c.id == trips.c.driver_id, isouter=True)
            .join(_attendant, _attendant.c.id == trips.c.attendant_id, isouter=True)
            .where(
                trips.c.vehicle_id.in_({vehicle_id for vehicle_id, _ in wanted}),
                trips.c.service_on.in_({on for _, on in wanted}),
                trips.c.state != "cancelled",
            )
            .order_by(trips.c.planned_start_ms, trips.c.code)
        )  # fmt: skip
        rows = [row for row in self._connection.execute(query) if (row.vehicle_id, row.service_on) in wanted]
        bodies = select(plans.c.id, plans.c.body).where(plans.c.id.in_({row.plan_id for row in rows}))
        versions = {row.id: _version.decode(row.body) for row in self._connection.execute(bodies)}
        roster = self._roster([row.id for row in rows])
        found: dict[tuple[str, str], list[PlannedRun]] = defaultdict(list)
        for row in rows:
            found[row.vehicle_id, row.service_on].append(
                PlannedRun(
                    row.code, row.service_on, row.driver, row.attendant, row.planned_start_ms, row.direction,
                    _stops(row, versions[row.plan_id].stops, roster),
                )
            )  # fmt: skip
        return found

    def _roster(self, trip_ids: Sequence[str]) -> Mapping[tuple[str, str], list[str | None]]:
        """Read the cards (None: a rider has none) of who is to ride, by trip and stop."""
        query = (
            select(trip_riders.c.trip_id, trip_riders.c.stop_id, riders.c.card)
            .join(riders, riders.c.id == trip_riders.c.rider_id)
            .where(
                trip_riders.c.trip_id.in_(trip_ids),
                trip_riders.c.stranger.is_(False),
                trip_riders.c.state != "absent",
            )
            .order_by(riders.c.card, riders.c.id)
        )
        found: dict[tuple[str, str], list[str | None]] = defaultdict(list)
        for row in self._connection.execute(query):
            found[row.trip_id, row.stop_id].append(row.card)
        return found


def _stops(
    trip: Row[*tuple[Any, ...]],
    stops: Sequence[PlannedStop],
    roster: Mapping[tuple[str, str], Sequence[str | None]],
) -> tuple[StopTold, ...]:
    """Tell the stops of a trip as it is planned on its date; riders once, where a route comes to their stop twice."""
    told: list[StopTold] = []
    named: set[str] = set()
    for stop in stops:
        cards = () if stop.id in named else roster.get((trip.id, stop.id), ())
        named.add(stop.id)
        told.append(
            StopTold(
                stop.code, stop.name, round(stop.lat, 5), round(stop.lon, 5),
                trip.planned_start_ms + 1000 * (stop.arrival_s - stops[0].departure_s), len(cards),
                tuple(card for card in cards if card is not None),
            )
        )  # fmt: skip
    return tuple(told)


def _date_of(body: bytes) -> str:
    try:
        return _day_plan.decode(body).service_date
    except msgspec.DecodeError:
        return ""
