"""One second at the wheel: how fast the driver goes now, how far the bus gets, and what happens on the way."""

from __future__ import annotations

import math

from device_sim.busstate import BusState
from device_sim.deviations import Happening, Pace
from device_sim.dice import Dice
from device_sim.drive import cruise_mps, drive_tick
from device_sim.job import Job
from device_sim.path import Path


def drive(s: BusState, job: Job, path: Path, goal_m: float, due_ms: int, dice: Dice) -> tuple[Happening, ...]:
    """Drive towards a metre of the path, to be there at an instant; give what the run's script has happen on this piece."""
    s.mood += (1.0 - s.mood) / 60.0 + 0.08 * math.sqrt(2.0 / 60.0) * dice.normal()
    cruise = cruise_mps(goal_m - s.metre, (due_ms - s.t_ms) / 1000, s.mood)
    scripted = job.script and s.phase == "driving"
    for pace in job.script.list(Pace) if scripted else ():
        if job.itinerary.holds(s.metre, pace.at, pace.for_m):
            cruise = pace.kmh / 3.6
    before = s.metre
    s.metre, s.speed = drive_tick(path, s.metre, s.speed, goal_m, cruise)
    s.odo_m += s.metre - before
    happenings = job.script.list(Happening) if scripted else ()
    return tuple(one for one in happenings if before <= job.itinerary.metre_at(one.at) < s.metre)
