"""How a driver drives: pulls away, keeps a pace that suits the timetable, slows for bends, stops at the stop."""

from __future__ import annotations

import math

from device_sim.path import BRAKE_MPS2, Path

PULL_MPS2 = 1.0
HARDEST_BRAKE_MPS2 = 2.0
# 60 km/h with children aboard off the expressway (State Council decree 617, article 35); drivers stay a little under.
LIMIT_KMH = 60.0
CRUISE_MPS = LIMIT_KMH / 3.6 * 0.93
UNHURRIED_MPS = 7.0
# A run between stops loses about this much to pulling away and braking against its steady pace.
STOP_LOSS_S = 12.0
TICK_S = 1.0


def cruise_mps(left_m: float, left_s: float, mood: float) -> float:
    """The steady speed that reaches the stop on time; `mood` is the driver's own, about 1.

    >>> round(cruise_mps(1200, 132, 1.0), 1), round(cruise_mps(1200, 10, 1.0), 1), cruise_mps(100, 900, 1.0)
    (10.0, 15.5, 7.0)
    """
    pace = left_m / max(left_s - STOP_LOSS_S, 1.0)
    return min(max(pace * mood, UNHURRIED_MPS), CRUISE_MPS)


def drive_tick(path: Path, metre: float, speed: float, goal_m: float, cruise: float) -> tuple[float, float]:
    """Drive one second towards `goal_m`: the new (metre, speed in m/s), (goal_m, 0) once there."""
    if goal_m - metre <= 0.5 * speed * TICK_S + 0.3 and speed <= 1.5:
        return goal_m, 0.0
    wanted = min(speed + PULL_MPS2 * TICK_S, max(cruise, speed - PULL_MPS2 * TICK_S))
    for _ in range(3):
        left = goal_m - (metre + (speed + wanted) / 2 * TICK_S)
        allowed = min(path.ceiling_mps(goal_m - left), math.sqrt(2 * BRAKE_MPS2 * max(left, 0.0)))
        if wanted <= allowed:
            break
        wanted = allowed
    wanted = max(wanted, speed - HARDEST_BRAKE_MPS2 * TICK_S, 0.3 if speed < 0.3 else 0.0)
    return min(metre + (speed + wanted) / 2 * TICK_S, goal_m), wanted
