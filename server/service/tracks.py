"""The track of a trip with what it is held against: the limit at each position, the corridor, and who signed on.

The limits are those of the place as `rules/overspeed` reads them; which pass of a shape that crosses itself a bus was on is the
fold's to know, so here it is the nearest one (decision 0163). What was found, and by which limit, the findings say.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Literal

import msgspec

from server.domain.limits import TRIP_WINDOW_BEFORE_MS
from server.domain.vehicle_day import Road
from server.errors import NotFoundError
from server.service.findings_read import reads_needs
from server.service.instants import at
from server.service.policy import Scope, window_ms
from server.service.rows import SignOnRow, TrackPoint, TripRow
from server.service.web_ports import Work

PULL = 0.05  # a place 100 m from where the bus was last costs as much as lying 5 m further off the line


class TrackProperties(msgspec.Struct, frozen=True):
    """What was so at a position: spd km/h, acc m, the signals as sent (None: never), and the speed limit there, km/h."""

    at: datetime
    spd: float
    hdg: float | None
    acc: float | None
    fix: int
    door: int | None
    lamp: int | None
    arm: int | None
    limit: float | None


class TrackPlace(msgspec.Struct, frozen=True):
    """A GeoJSON point; coordinates are lon, lat."""

    coordinates: tuple[float, float]
    type: Literal["Point"] = "Point"


class TrackFeature(msgspec.Struct, frozen=True):
    """One position of a track."""

    geometry: TrackPlace
    properties: TrackProperties
    type: Literal["Feature"] = "Feature"


class SignedOn(msgspec.Struct, frozen=True):
    """A badge that was read, with whose it is; alcohol mg per litre of breath."""

    at: datetime
    role: str
    state: str
    badge: str
    name: str | None
    alcohol: float | None
    tag: str | None


class Track(msgspec.Struct, frozen=True):
    """A GeoJSON FeatureCollection with foreign members; `signed_on` None for who reads no findings."""

    features: list[TrackFeature]
    corridor_m: float | None
    overspeed_margin_percent: float | None
    signed_on: list[SignedOn] | None
    type: Literal["FeatureCollection"] = "FeatureCollection"


def get_track(
    work: Work, scope: Scope, trip_id: str, from_ms: int | None, to_ms: int | None
) -> tuple[TripRow, list[TrackPoint]]:
    """Give the positions of the trip's bus in order, within the trip's window and, if said, from..to.

    Raise NotFoundError when no bus ran it.
    """
    row = work.trips.get(trip_id)
    points: list[TrackPoint] = []
    for vehicle_id, device_id, first_ms, last_ms in _parts(row, scope, from_ms, to_ms):
        points += work.tracks.points(vehicle_id, device_id, first_ms, last_ms)
    return row, points


def show_track(work: Work, scope: Scope, row: TripRow, points: Sequence[TrackPoint]) -> Track:
    """Give a track with what it is held against."""
    road = work.tracks.find_road(row.id)
    limits = _limits(road, points)
    features = [
        TrackFeature(
            TrackPlace((point.lon, point.lat)),
            TrackProperties(
                at(point.at_ms, row.timezone), point.spd, point.hdg, point.acc, point.fix, point.door,
                point.lamp, point.arm, limit,
            ),
        )
        for point, limit in zip(points, limits, strict=True)
    ]  # fmt: skip
    return Track(
        features,
        None if road is None else road.thresholds.corridor_m,
        None if road is None else road.thresholds.overspeed_margin_percent,
        [_signed_on(one, row) for one in _sign_ons(work, scope, row)] if reads_needs(scope) else None,
    )


def _parts(
    row: TripRow, scope: Scope, from_ms: int | None, to_ms: int | None
) -> list[tuple[str, str, int, int]]:
    """List (vehicle, device, from, to) of every bus that ran the trip, in order; a hand-over ends one and begins the next."""
    if row.device_id is None or row.runs_id is None:
        raise NotFoundError("No bus has run this trip, so there is no track.")
    first_ms, last_ms = window_ms(row)
    if row.ended_at_ms is not None and scope.kind in ("all", "operators"):
        last_ms = max(last_ms, row.ended_at_ms)
    first_ms, last_ms = max(first_ms, from_ms or first_ms), min(last_ms, to_ms or last_ms)
    parts: list[tuple[str, str, int, int]] = []
    for turn in row.turns:
        if turn.device_id is not None:
            parts.append((turn.vehicle_id, turn.device_id, first_ms, min(last_ms, turn.until_ms - 1)))
        first_ms = max(first_ms, turn.until_ms)
    return [*parts, (row.runs_id, row.device_id, first_ms, last_ms)]


def _sign_ons(work: Work, scope: Scope, row: TripRow) -> list[SignOnRow]:
    # A crew signs on well before the window in which others may see the bus.
    found: list[SignOnRow] = []
    for which, (vehicle_id, device_id, first_ms, last_ms) in enumerate(_parts(row, scope, None, None)):
        from_ms = row.planned_start_ms - TRIP_WINDOW_BEFORE_MS if which == 0 else first_ms
        found += work.tracks.sign_ons(vehicle_id, device_id, row.code, min(from_ms, first_ms), last_ms)
    return found


def _limits(road: Road | None, points: Sequence[TrackPoint]) -> list[float | None]:
    if road is None:
        return [None] * len(points)
    line, metre = road.line, road.line.ms[0]
    limits: list[float | None] = []
    for point in points:
        near = line.project(point.lat, point.lon, line.ms[0], line.ms[-1], metre, PULL)
        if near.offset_m <= road.thresholds.corridor_m + (point.acc or 0.0):
            metre = near.metre
            limits.append(road.speeds.at(metre, point.at_ms).kmh)
        else:
            limits.append(road.speeds.at_place(point.lat, point.lon, point.at_ms).kmh)
    return limits


def _signed_on(one: SignOnRow, row: TripRow) -> SignedOn:
    return SignedOn(
        at(one.at_ms, row.timezone), one.role, one.state, one.badge, one.name, one.alcohol, one.tag
    )
