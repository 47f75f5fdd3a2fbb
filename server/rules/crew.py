"""Who is signed on to the bus, and which plate's tag it carries.

Announces nothing; keeps the last word of each role. A sign-off of somebody else's badge is ignored, since a late sign-off of
the morning's driver must not take the afternoon's away.
"""

from __future__ import annotations

from msgspec.structs import replace

from server.domain.record import Duty
from server.domain.vehicle_day import Context, Entry, VehicleState
from server.rules.substituting import with_crew


def evaluate(state: VehicleState, entry: Entry, context: Context) -> VehicleState:
    """Keep the badge that signed on, drop the one that signed off."""
    duty = entry.record
    assert isinstance(duty, Duty)
    crew = state.crew
    badge: str | None = duty.badge
    if duty.state == "off":
        held = crew.driver if duty.role == "driver" else crew.attendant
        badge = None if held == duty.badge else held
    crew = replace(crew, driver=badge) if duty.role == "driver" else replace(crew, attendant=badge)
    if duty.tag is not None:
        crew = replace(crew, tag=duty.tag)
    return replace(state, crew=crew)


def keep(state: VehicleState, entry: Entry, context: Context) -> VehicleState:
    """Note on the running trip who is signed on to its bus."""
    if state.trip is None:
        return state
    after = with_crew(state.trip, state.crew, entry.key.t)
    return state if after is state.trip else replace(state, trip=after)
