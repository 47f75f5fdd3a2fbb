"""The driver's alarm button and a collision, as the recorder reports them (PROTOCOL, event): found at once, with the place.

A bus that rolled over has collided. The same alarm again within a minute is one: a button that is held sends many. It has no end of
its own; a person closes it. Of the trip that runs, else of the bus.
"""

from __future__ import annotations

from msgspec.structs import replace

from server.domain.finding import Evidence, Finding, FindingKind, stated
from server.domain.record import Event
from server.domain.vehicle_day import Context, Entry, LastFix, VehicleState
from server.rules.rides import KNOWN_PLACE_MS

KINDS: dict[str, FindingKind] = {"sos": "sos", "collision": "collision", "rollover": "collision"}
SAME_ALARM_MS = 60_000  # own choice, as for a card
KEPT_MS = 86_400_000  # a bus's own findings are kept in its state for a day


def evaluate(state: VehicleState, entry: Entry, context: Context) -> VehicleState:
    """State the alarm of this event."""
    event, trip = entry.record, state.trip
    assert isinstance(event, Event)
    kind = KINDS.get(event.kind)
    if kind is None:
        return state
    running = trip if trip is not None and trip.state not in ("closed", "cancelled") else None
    before = running.findings if running is not None else state.findings
    if any(one.kind == kind and event.t - one.began_ms < SAME_ALARM_MS for one in before):
        return state
    lat, lon = _place(event, state.fix)
    g = (event.data or {}).get("g")
    value = float(g) if isinstance(g, int | float) and not isinstance(g, bool) else event.kind
    found = Finding(kind, event.t, evidence=(Evidence("event", event.t, value, lat, lon, entry.source),))
    if running is not None:
        return replace(state, trip=replace(running, findings=stated(before, found)))
    kept = tuple(one for one in before if event.t - one.began_ms < KEPT_MS)
    return replace(state, findings=stated(kept, found))


def _place(event: Event, fix: LastFix | None) -> tuple[float | None, float | None]:
    if event.lat is not None and event.lon is not None:
        return event.lat, event.lon
    if fix is not None and 0 <= event.t - fix.t <= KNOWN_PLACE_MS:
        return fix.lat, fix.lon
    return None, None
