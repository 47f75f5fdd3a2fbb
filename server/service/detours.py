"""Another way for a timetable: the plan version that leaves stops out, or follows another line, and who waits where instead.

The times of the stops that are served stay what they are; the first stop and the last are the trip's own and can't be left out.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import msgspec
from msgspec.structs import replace

from server.domain.geo import distance_m
from server.domain.plan import PlannedStop, PlanVersion
from server.errors import InvalidError
from server.service.packs.stop_metres import fit_stops, shape_metres

NEAR_M: Final = 200.0  # own choice: a line that is drawn by hand passes a stop on the other side of a square
POINTS: Final = 2000  # own choice: forty kilometres of bends

Pairs = tuple[tuple[str, str], ...]


class DetourWanted(msgspec.Struct, frozen=True):
    """Stops to be left out, by id or code, and the line to be driven, [(lat, lon), …]; either may be empty."""

    skip_stops: tuple[str, ...] = ()
    shape: tuple[tuple[float, float], ...] = ()


def detoured(version: PlanVersion, wanted: DetourWanted) -> tuple[PlanVersion, tuple[str, ...], Pairs]:
    """Give the version that a detour makes of another, the ids of the stops left out, and for each the stop that is served instead.

    Raise InvalidError with the field at fault.
    """
    skipped = _skipped(version, wanted.skip_stops)
    if not skipped and not wanted.shape:
        raise _invalid("detour", "name stops to be left out, or the line to be driven")
    stops = tuple(
        replace(stop, seq=seq)
        for seq, stop in enumerate(one for one in version.stops if one.id not in skipped)
    )
    shape, metres = version.shape, version.metres
    if wanted.shape:
        shape = _line(wanted.shape)
        metres = tuple(round(metre, 3) for metre in shape_metres(shape))
        stops = _fitted(stops, shape, metres)
    return replace(version, stops=stops, shape=shape, metres=metres), skipped, _instead(version, stops)


def _skipped(version: PlanVersion, refs: Sequence[str]) -> tuple[str, ...]:
    found: dict[str, None] = {}
    ends = {version.stops[0].id, version.stops[-1].id}
    for ref in refs:
        ids = {stop.id for stop in version.stops if ref in (stop.id, stop.code)}
        if not ids:
            raise _invalid("detour.skip_stops", f"{ref} is no stop of this timetable: name one of its own")
        if ids & ends:
            raise _invalid(
                "detour.skip_stops", f"{ref} is where the trip begins or ends: cancel it, or leave out others"
            )
        found |= dict.fromkeys(sorted(ids))
    return tuple(found)


def _line(shape: Sequence[tuple[float, float]]) -> tuple[tuple[float, float], ...]:
    if not 2 <= len(shape) <= POINTS:
        raise _invalid("detour.shape", f"a line has 2 to {POINTS} points, and this has {len(shape)}")
    for number, (lat, lon) in enumerate(shape, start=1):
        if not (-90 <= lat <= 90 and -180 <= lon <= 180):
            raise _invalid("detour.shape", f"point {number} is no [lat, lon] in degrees: {lat}, {lon}")
    return tuple((lat, lon) for lat, lon in shape)


def _fitted(
    stops: Sequence[PlannedStop], shape: Sequence[tuple[float, float]], metres: Sequence[float]
) -> tuple[PlannedStop, ...]:
    begin_s, end_s = stops[0].departure_s, stops[-1].arrival_s
    shares = [(stop.arrival_s - begin_s) / max(1, end_s - begin_s) for stop in stops]
    places = fit_stops(shape, metres, [(stop.lat, stop.lon) for stop in stops], shares, NEAR_M)
    if places is None:
        raise _invalid(
            "detour.shape", "the line doesn't pass the stops in their order; is it drawn the other way?"
        )
    found = []
    for stop, place in zip(stops, places, strict=True):
        if place is None or distance_m(stop.lat, stop.lon, place.lat, place.lon) > NEAR_M:
            raise _invalid(
                "detour.shape",
                f"the line passes {stop.name} further away than {NEAR_M:.0f} m: draw it past the stop, or leave the stop out",
            )
        found.append(replace(stop, metre=round(place.metre, 3)))
    return tuple(found)


def _instead(version: PlanVersion, served: Sequence[PlannedStop]) -> Pairs:
    """Give for each stop that is left out the nearest one that is served, of two as near the earlier.

    Not the school's: nobody waits for a bus to school there, or gets off it there to go home.
    """
    open_ = served[:-1] if version.direction == "to_school" else served[1:]
    known = {stop.id for stop in served}
    nearest = {
        stop.id: min(open_, key=lambda one: round(distance_m(stop.lat, stop.lon, one.lat, one.lon))).id
        for stop in version.stops
        if stop.id not in known
    }
    return tuple(nearest.items())


def _invalid(field: str, why: str) -> InvalidError:
    return InvalidError(f"The detour can't be made: {why}.", fields={field: why})
