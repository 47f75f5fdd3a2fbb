"""Who is signed on to the bus, and which plate's tag it carries.

Announces nothing; keeps the last word of each role. A sign-off of somebody else's badge is ignored, since a late sign-off of
the morning's driver must not take the afternoon's away.
"""

from __future__ import annotations

from msgspec.structs import replace

from server.domain.record import Duty
from server.domain.vehicle_day import Context, Crew, Entry, SignedOn, VehicleState
from server.rules import permitted
from server.rules.substituting import with_crew

KEEP = 4  # attendants who did not sign off: of one trip, or of earlier ones of the day


def evaluate(state: VehicleState, entry: Entry, context: Context) -> VehicleState:
    """Keep the badge that signed on, drop the one that signed off."""
    duty = entry.record
    assert isinstance(duty, Duty)
    crew = _signed(state.crew, duty, entry)
    if duty.role == "attendant" and crew is not state.crew and crew.attendant is None and crew.attendants:
        crew = _with_second(state, crew, entry, context)
    if duty.tag is not None:
        crew = replace(crew, tag=duty.tag, tag_ms=duty.t)
    return replace(state, crew=crew)


def keep(state: VehicleState, entry: Entry, context: Context) -> VehicleState:
    """Note on the running trip who is signed on to its bus."""
    if state.trip is None:
        return state
    after = with_crew(state.trip, state.crew, entry.key.t)
    return state if after is state.trip else replace(state, trip=after)


def _with_second(state: VehicleState, crew: Crew, entry: Entry, context: Context) -> Crew:
    """Give the crew that the last attendant has left: where two may be wanted, who signed on beside them is still there."""
    road = None if state.trip is None else context.find_road(state.trip.trip_id)
    there = () if road is None else permitted.attendants(road, crew)
    return replace(crew, attendant=there[-1]) if there else crew


def _signed(crew: Crew, duty: Duty, entry: Entry) -> Crew:
    held = crew.driver if duty.role == "driver" else crew.attendant
    if duty.role == "attendant":
        others = tuple(one for one in crew.attendants if one.badge != duty.badge)
        if duty.state == "on":
            others = (*others, SignedOn(duty.badge, duty.trip))[-KEEP:]
        if others != crew.attendants:
            crew = replace(crew, attendants=others)
    if duty.state == "off":
        if held != duty.badge:
            return crew
        if duty.role == "driver":
            return replace(crew, driver=None, driver_ms=duty.t, driver_source=entry.source, alcohol=None)
        return replace(crew, attendant=None, attendant_ms=duty.t, attendant_source=entry.source)
    if duty.role == "attendant":
        return replace(crew, attendant=duty.badge, attendant_ms=duty.t, attendant_source=entry.source)
    # Who signs on again without blowing has the reading that they had.
    breath = crew.alcohol if duty.alcohol is None and held == duty.badge else duty.alcohol
    return replace(crew, driver=duty.badge, driver_ms=duty.t, driver_source=entry.source, alcohol=breath)
