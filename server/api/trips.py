"""Trips, their track and manifest; positions of all buses in scope."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated

import msgspec
from msgspec import Meta

from server.api.endpoint import Ask, Endpoint, Page, Reply, Text
from server.domain.trip import Phase
from server.errors import InvalidError
from server.service import policy, positions, tracks, trips_read
from server.service.instants import at
from server.service.rows import TrackPoint, TripRow
from server.service.shapes import Items, Manifest, PositionItem, Trip, TripDetail
from server.service.tracks import Track

Day = Annotated[str, Meta(pattern=r"^\d{4}-\d{2}-\d{2}$")]
COLUMNS = ("at", "lat", "lon", "spd", "hdg")


class TripQuery(Page, frozen=True):
    """GET /trips."""

    service_date: Day | None = None
    state: Phase | None = None
    school_id: Text | None = None
    route_id: Text | None = None
    vehicle_id: Text | None = None
    code: Text | None = None


class TrackQuery(msgspec.Struct, frozen=True, rename={"from_": "from"}):
    """GET /trips/{id}/track."""

    from_: datetime | None = None
    to: datetime | None = None


def list_trips(ask: Ask) -> Items[Trip]:
    """List the trips of the scope, newest date first and by planned start within it."""
    query: TripQuery = ask.query
    names = ("service_date", "state", "school_id", "route_id", "vehicle_id", "code")
    filters = {name: value for name in names if (value := getattr(query, name)) is not None}
    _refuse_no_date(query.service_date)
    return trips_read.list_trips(ask.work, ask.scope, filters, query.after, query.limit)


def show_trip(ask: Ask) -> TripDetail:
    """Give one trip whole."""
    return trips_read.get_trip(ask.work, ask.scope, ask.subject, ask.now_ms)


def show_track(ask: Ask) -> Reply:
    """Give the bus's positions on the trip, as GeoJSON or (Accept: text/csv) CSV."""
    query: TrackQuery = ask.query
    row, points = tracks.get_track(
        ask.work, ask.scope, ask.subject, to_ms("from", query.from_), to_ms("to", query.to)
    )
    ask.note("read_track", ask.subject)
    if ask.accept_csv:
        return Reply(_csv(row, points), content_type="text/csv; charset=utf-8", filename="track.csv")
    return Reply(tracks.show_track(ask.work, ask.scope, row, points), content_type="application/geo+json")


def show_manifest(ask: Ask) -> Manifest:
    """Give the riders by stop; each one's reading is audited."""
    manifest = trips_read.get_manifest(ask.work, ask.scope, ask.subject)
    for stop in manifest.stops:
        for rider in stop.riders:
            ask.note("read_manifest", rider.id)
    for rider in manifest.strangers:
        ask.note("read_manifest", rider.id)
    return manifest


def list_positions(ask: Ask) -> Items[PositionItem]:
    """Give the last position of every bus in scope."""
    return Items(positions.list_positions(ask.work, ask.scope, ask.now_ms))


def _refuse_no_date(text: str | None) -> None:
    try:
        date.fromisoformat(text or "2026-01-01")
    except ValueError:
        raise InvalidError(
            f"service_date: {text} is no day of the calendar.", fields={"service_date": "malformed"}
        ) from None


def to_ms(name: str, instant: datetime | None) -> int | None:
    """Give an instant of the query in UTC ms; raise InvalidError for one without an offset."""
    if instant is None:
        return None
    if instant.tzinfo is None:
        # Without an offset it would be read as this machine's own time.
        raise InvalidError(
            f"{name}: {instant.isoformat()} has no offset: write for example 2026-09-01T07:00:00+08:00.",
            fields={name: "no offset"},
        )
    return round(instant.timestamp() * 1000)


def _csv(row: TripRow, points: list[TrackPoint]) -> bytes:
    lines = [",".join(COLUMNS)]
    for point in points:
        instant = at(point.at_ms, row.timezone).isoformat()
        hdg = "" if point.hdg is None else f"{point.hdg:g}"
        lines.append(f"{instant},{point.lat!r},{point.lon!r},{point.spd:g},{hdg}")
    return ("\r\n".join(lines) + "\r\n").encode()


ENDPOINTS = (
    Endpoint(
        "GET", "/positions", policy.POSITIONS, list_positions, Items[PositionItem], "Where the buses are"
    ),
    Endpoint("GET", "/trips", policy.TRIPS, list_trips, Items[Trip], "Trips", query=TripQuery),
    Endpoint("GET", "/trips/{trip}", policy.TRIP, show_trip, TripDetail, "One trip, whole"),
    Endpoint("GET", "/trips/{trip}/track", policy.TRACK, show_track, Track, "The track", query=TrackQuery),
    Endpoint("GET", "/trips/{trip}/manifest", policy.MANIFEST, show_manifest, Manifest, "Who is on it"),
)
