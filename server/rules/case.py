"""What a check of papers is given: a trip with its bus, crew and road at an instant."""

from __future__ import annotations

from typing import NamedTuple

from server.domain.trip import TripState
from server.domain.vehicle_day import Crew, Lookup, Road


class Case(NamedTuple):
    """A trip, the bus and crew that it has, and the input (its instant and name) that asks."""

    trip: TripState
    vehicle_id: str
    crew: Crew
    road: Road
    context: Lookup
    at_ms: int
    source: str
