"""What a badge drove on another bus, read out of that bus's own log: the stretches at its wheel.

The same stints as `driving_time` follows there, from the bus's inputs alone, whatever trip it ran; so two buses that share a driver
can be folded in any order.
"""

from __future__ import annotations

from collections.abc import Iterable

from msgspec.structs import replace

from server.domain.driving import Spell
from server.domain.permit_facts import DAY_MS
from server.domain.record import Duty, Position
from server.domain.thresholds import DEFAULTS
from server.domain.vehicle_day import Entry, LastFix, Shift
from server.rules.driving_time import driven


def spells(entries: Iterable[Entry], badge: str, until_ms: int, rest_s: float) -> tuple[Spell, ...]:
    """List when a badge was at the wheel in the day before until_ms (UTC ms); `entries` of one bus, in the order of its log."""
    at_wheel: str | None = None
    shift, before, last_ms = Shift(badge), None, 0
    for entry in entries:
        said = entry.record
        if entry.key.t >= until_ms:
            break
        if isinstance(said, Duty) and said.role == "driver":
            leaves = at_wheel == badge and (said.badge != badge or said.state == "off")
            if leaves and shift.since_ms is not None and shift.standing_ms is None:
                shift = replace(shift, standing_ms=said.t)
            if said.state == "on":
                at_wheel = said.badge
            elif said.badge == at_wheel:
                at_wheel = None
        elif isinstance(said, Position):
            moving, standing = said.spd >= DEFAULTS.moving_off_kmh, said.spd < DEFAULTS.standstill_kmh
            if at_wheel == badge and (moving or standing):
                shift, last_ms = driven(shift, said, before, moving, 1000 * rest_s), said.t
            before = LastFix(said.t, said.lat, said.lon, said.spd)
    found = shift.before
    if shift.since_ms is not None:
        found = (*found, (shift.since_ms, shift.standing_ms or last_ms))
    return tuple(one for one in found if one[1] > until_ms - DAY_MS)
