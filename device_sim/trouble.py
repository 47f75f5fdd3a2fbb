"""What spoils a receiver's place beyond its usual error: tunnels, jumps, and drifting while the bus stands."""

from __future__ import annotations

import math

from device_sim.deviations import Drift, GpsJump, Tunnel
from device_sim.gps import Gps
from device_sim.job import Job

# A place that has wandered off settles within so many seconds, and comes back so soon when the bus moves.
AWAY_S = 15.0
BACK_S = 5.0
# Each halt's drift goes another way: by the golden angle, in radians.
NEXT_WAY = 2.39996


def disturb(gps: Gps, job: Job, metre: float, speed: float, halt: int, dt_s: float) -> str | None:
    """Let what the run's script says befall a receiver; the event that its recorder notes, if one is due."""
    here = job.itinerary.holds
    gps.north_off_m = gps.east_off_m = 0.0
    gps.at_zero = False
    for jump in job.script.list(GpsJump):
        if here(metre, jump.at, jump.for_m):
            gps.north_off_m, gps.at_zero = jump.by_m, jump.to_zero
    drift = job.script.find(Drift)
    if drift is not None:
        goal, settles_s = (drift.radius_m, AWAY_S) if speed == 0.0 else (0.0, BACK_S)
        gps.drift_m += (goal - gps.drift_m) * (1.0 - math.exp(-dt_s / settles_s))
        gps.north_off_m += gps.drift_m * math.cos(NEXT_WAY * halt)
        gps.east_off_m += gps.drift_m * math.sin(NEXT_WAY * halt)
    blind = any(here(metre, tunnel.at, tunnel.for_m) for tunnel in job.script.list(Tunnel))
    if blind == gps.blind:
        return None
    gps.blind = blind
    return "gnss_lost" if blind else "gnss_back"
