"""Read a trip's plan on its date: its version, bound to the day, with riders, people and what was said of them."""

from __future__ import annotations

from datetime import date
from typing import Any, Final
from zoneinfo import ZoneInfo

import msgspec
from sqlalchemy import BindParameter, Connection, Row, bindparam, func, select

from server.adapters.db.papers import PaperReader
from server.adapters.db.preferences import load_choices
from server.adapters.db.speed_zones import ZoneReader
from server.adapters.db.substitutions import detour_of, read_staffing, usual_stops
from server.adapters.db.tables import exceptions, inputs, permits, plans, trip_riders, trips, users
from server.domain.geo import Polyline
from server.domain.plan import Absence, PlanVersion, RosterEntry, TripPlan, TripStop
from server.domain.service_time import instant_ms
from server.domain.substitute import Detour, Substitute
from server.domain.vehicle_day import Road
from server.service.passwords import LOCKED

# Built once: to build a statement takes longer than to run it, and these are run for every trip that is read.
_trip: Final[BindParameter[str]] = bindparam("trip")
_TRIP: Final = (
    select(trips, permits.c.tag.label("permit_tag"))
    .join(permits, permits.c.id == trips.c.permit_id, isouter=True)
    .where(trips.c.id == _trip)
)
_PLAN: Final = select(plans.c.body).where(plans.c.id == bindparam("plan"))
_STAFF: Final = (
    select(users.c.id)
    .where(
        users.c.role == "school",
        users.c.scope_id == bindparam("school"),
        users.c.password_hash != LOCKED,
        users.c.ended_at_ms.is_(None),
    )
    .limit(1)
)
_ABSENCES: Final = (
    select(exceptions.c.rider_id, exceptions.c.made_at_ms, exceptions.c.withdrawn_at_ms)
    .join(trip_riders, trip_riders.c.rider_id == exceptions.c.rider_id)
    .where(
        trip_riders.c.trip_id == _trip,
        exceptions.c.service_on == bindparam("service_on"),
        exceptions.c.direction == bindparam("direction"),
    )
    .order_by(exceptions.c.made_at_ms, exceptions.c.id)
)
_ROSTER: Final = (
    select(trip_riders.c.rider_id, trip_riders.c.stop_id)
    .where(
        trip_riders.c.trip_id == _trip, trip_riders.c.stranger.is_(False), trip_riders.c.stop_id.is_not(None)
    )
    .order_by(trip_riders.c.rider_id)
)

_plan_decoder: Final = msgspec.json.Decoder(PlanVersion)


class RoadReader:
    """Reads roads, and keeps the lines of the plan versions that it has read: they never change."""

    def __init__(self) -> None:
        self._lines: dict[str, Polyline] = {}
        self._papers = PaperReader()
        self._zones = ZoneReader()

    def read(self, connection: Connection, trip_id: str) -> Road | None:
        """Read the plan of a trip; None where there is no such trip."""
        row = connection.execute(_TRIP, {"trip": trip_id}).one_or_none()
        if row is None:
            return None
        version, line = self._load_version(connection, row.plan_id)
        on, zone = date.fromisoformat(row.service_on), ZoneInfo(version.timezone)
        permit, substitutes = read_staffing(connection, row)
        usual_ms = instant_ms(on, version.stops[0].departure_s, zone)
        usual_roster = _usual_roster(connection, row, substitutes)
        detour = detour_of(row.plan_id, substitutes)
        shift_ms = row.planned_start_ms - usual_ms  # what was approved of its time while it was open
        plan = TripPlan(
            trip_id=trip_id,
            code=row.code,
            service_on=row.service_on,
            direction=version.direction,
            operator_id=row.operator_id,
            stops=tuple(
                TripStop(
                    seq=stop.seq,
                    id=stop.id,
                    lat=stop.lat,
                    lon=stop.lon,
                    arrival_ms=instant_ms(on, stop.arrival_s, zone) + shift_ms,
                    departure_ms=instant_ms(on, stop.departure_s, zone) + shift_ms,
                    metre=stop.metre,
                )
                for stop in version.stops
            ),
            shape=(),  # the road has it as a line, at an eighth of the memory
            metres=version.metres[-1:],
            roster=_load_roster(connection, trip_id)
            if usual_roster is None
            else _detoured(usual_roster, detour),
            vehicle_id=permit.vehicle_id,
            driver_badge=permit.driver_badge,
            attendant_badge=permit.attendant_badge,
            substitutes=substitutes,
            day_ms=instant_ms(on, 0, zone),
            shift_s=shift_ms // 1000,
            usual=self._usual(connection, row.plan_id, substitutes, on),
            usual_roster=usual_roster or (),
            tag=row.permit_tag,
            cancelled_at_ms=_cancelled_ms(connection, row),
            signed_off=_signs_off(connection, row.school_id),
            absences=_load_absences(connection, trip_id, row.service_on, version.direction),
            choices=load_choices(connection, trip_id, version.direction),
        )
        return Road.of(
            plan,
            line,
            thresholds=self._papers.thresholds(connection, row),
            permit=self._papers.permit(connection, row),
            zones=self._zones.along(connection, row.plan_id, version, row.service_on),
        )

    def _usual(
        self, connection: Connection, plan_id: str, substitutes: tuple[Substitute, ...], on: date
    ) -> tuple[tuple[str, int], ...]:
        """List when the bus would be at which stop but for approvals of another time or way; nothing where there is none."""
        if all(each.shift_s is None and each.detour is None for each in substitutes):
            return ()
        detours = {
            each.detour.plan_id: each.detour.of_plan for each in substitutes if each.detour is not None
        }
        version, _ = self._load_version(connection, detours.get(plan_id, plan_id))
        zone = ZoneInfo(version.timezone)
        return tuple((stop.id, instant_ms(on, stop.arrival_s, zone)) for stop in version.stops)

    def _load_version(self, connection: Connection, plan_id: str) -> tuple[PlanVersion, Polyline]:
        """Give a plan version and its line. The line alone is kept: what else a trip needs of its plan it has as its own."""
        version = _read_version(connection, plan_id)
        if plan_id not in self._lines:
            self._lines[plan_id] = Polyline.of(version.shape, version.metres)
        return version, self._lines[plan_id]


def _read_version(connection: Connection, plan_id: str) -> PlanVersion:
    body: bytes = connection.execute(_PLAN, {"plan": plan_id}).scalar_one()
    return _plan_decoder.decode(body)


def _signs_off(connection: Connection, school_id: str | None) -> bool:
    """Say whether somebody at the school has an account to sign with, and can log in to it."""
    if school_id is None:
        return False
    return connection.execute(_STAFF, {"school": school_id}).first() is not None


def _cancelled_ms(connection: Connection, trip: Row[Any]) -> int | None:
    """Give when a trip was called off: until then a bus may have begun it, whenever that is folded."""
    if trip.state != "cancelled":
        return None
    said = select(func.min(inputs.c.at_ms)).where(inputs.c.trip_id == trip.id, inputs.c.kind == "cancel")
    at_ms: int | None = connection.scalar(said)
    return at_ms if at_ms is not None else trip.ended_at_ms or 0


def _load_absences(
    connection: Connection, trip_id: str, service_on: str, direction: str
) -> tuple[Absence, ...]:
    asked = {"trip": trip_id, "service_on": service_on, "direction": direction}
    return tuple(Absence(*row) for row in connection.execute(_ABSENCES, asked))


def _load_roster(connection: Connection, trip_id: str) -> tuple[RosterEntry, ...]:
    return tuple(RosterEntry(*row) for row in connection.execute(_ROSTER, {"trip": trip_id}))


def _usual_roster(
    connection: Connection, trip: Row[Any], substitutes: tuple[Substitute, ...]
) -> tuple[RosterEntry, ...] | None:
    """Read where riders are planned to be without a detour, where one was ever approved: the manifest's rows may say the other stop."""
    if all(each.detour is None for each in substitutes):
        return None
    usual = usual_stops(connection, trip)
    return tuple(
        RosterEntry(one.rider_id, usual.get(one.rider_id, one.stop_id))
        for one in _load_roster(connection, trip.id)
    )


def _detoured(roster: tuple[RosterEntry, ...], detour: Detour | None) -> tuple[RosterEntry, ...]:
    if detour is None:
        return roster
    return tuple(RosterEntry(one.rider_id, detour.stop_of(one.stop_id)) for one in roster)
