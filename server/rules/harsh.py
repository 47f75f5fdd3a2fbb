"""Harsh braking, acceleration and turns, as the recorder felt them: `harsh_driving`, once for each.

The recorder judges; an event that says its own force is kept from 0.3 g on. Outside of a trip it is the driver's own affair.
"""

from __future__ import annotations

from typing import Final

from msgspec.structs import replace

from server.domain.finding import Evidence, Finding
from server.domain.record import Event
from server.domain.vehicle_day import Context, Entry, VehicleState
from server.rules.statements import state as stating

KINDS: Final = ("harsh_brake", "harsh_accel", "harsh_turn")


def evaluate(state: VehicleState, entry: Entry, context: Context) -> VehicleState:
    """Keep a harsh event of a bus on a trip."""
    trip, event = state.trip, entry.record
    assert isinstance(event, Event)
    if event.kind not in KINDS or trip is None or trip.state not in ("en_route", "arrived"):
        return state
    road = context.find_road(trip.trip_id)
    if road is None:
        return state
    felt = (event.data or {}).get("g")
    force = abs(float(felt)) if isinstance(felt, int | float) and not isinstance(felt, bool) else None
    if force is not None and force < road.thresholds.harsh_g:
        return state
    proof = Evidence(event.kind, event.t, force, event.lat, event.lon, entry.source)
    found = Finding(
        "harsh_driving", event.t, event.t, event.kind, badge=state.crew.driver, measured=force,
        limit=road.thresholds.harsh_g, evidence=(proof,),
    )  # fmt: skip
    return replace(state, trip=stating(trip, found))
