"""Whom and what a trip's permit allows at an instant: its own, or what a substitution has approved by then."""

from __future__ import annotations

from server.domain.vehicle_day import Crew, Road


def vehicle(road: Road, t_ms: int) -> str | None:
    """Give the vehicle that is to run the trip at an instant; None: no permit."""
    return road.plan.staffing(t_ms).vehicle_id


def driver(road: Road, t_ms: int) -> str | None:
    """Give the badge that is to drive it; None: no permit."""
    return road.plan.staffing(t_ms).driver_badge


def attendant(road: Road, t_ms: int) -> str | None:
    """Give the badge that is to attend it; None where the permit names nobody, so that anybody may."""
    return road.plan.staffing(t_ms).attendant_badge


def attendants(road: Road, crew: Crew) -> tuple[str, ...]:
    """List the badges of the attendants who are signed on for a trip: the last one, and where two may be wanted, who is beside them.

    Who said another trip, and never signed off from it, is not on this one.
    """
    last = () if crew.attendant is None else (crew.attendant,)
    if not road.thresholds.second_attendant_above:
        return last
    beside = (one.badge for one in crew.attendants if one.trip in (None, road.plan.code))
    return (*(badge for badge in beside if badge != crew.attendant), *last)


def read_tag(crew: Crew) -> str | None:
    """Give the plate's tag if it was read with the crew that is signed on, or since."""
    signed = [at_ms for at_ms in (crew.driver_ms, crew.attendant_ms) if at_ms is not None]
    if crew.tag is None or crew.tag_ms is None or not signed or crew.tag_ms < min(signed):
        return None
    return crew.tag
