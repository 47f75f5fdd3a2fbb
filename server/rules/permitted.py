"""Whom and what a trip's permit allows at an instant: its own, or what a substitution has approved by then."""

from __future__ import annotations

from server.domain.vehicle_day import Crew, Road


def vehicles(road: Road, t_ms: int) -> tuple[str, ...]:
    """List the vehicles that may run the trip."""
    own = road.plan.vehicle_id
    return () if own is None else (own,)


def drivers(road: Road, t_ms: int) -> tuple[str, ...]:
    """List the badges that may drive it."""
    own = road.plan.driver_badge
    return () if own is None else (own,)


def attendants(road: Road, t_ms: int) -> tuple[str, ...]:
    """List the badges that may attend it; empty where the permit names nobody, so that anybody may."""
    own = road.plan.attendant_badge
    return () if own is None else (own,)


def read_tag(crew: Crew) -> str | None:
    """Give the plate's tag if it was read with the crew that is signed on, or since."""
    signed = [at_ms for at_ms in (crew.driver_ms, crew.attendant_ms) if at_ms is not None]
    if crew.tag is None or crew.tag_ms is None or not signed or crew.tag_ms < min(signed):
        return None
    return crew.tag
