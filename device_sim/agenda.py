"""What a crew does before its first door opens and after its last one closed, deed by deed with its instant."""

from __future__ import annotations

from collections.abc import Sized

from device_sim.busstate import Due
from device_sim.deviations import LateBadge, LateCheck, LeftAboard, NoCheck
from device_sim.dice import Dice
from device_sim.doors import open_lead_s
from device_sim.job import Job

SIGN_ON_MS = 300_000


def before_run(job: Job, t_ms: int, dice: Dice) -> list[Due]:
    """Sign on, and open in time for whoever boards at the first stop."""
    sign_on = max(t_ms + 5_000, job.start_ms - SIGN_ON_MS + round(dice.between(-20, 20)) * 1000)
    boarding = sum(rider.boards_at == job.halt(0).call for rider in job.riders)
    opens = max(sign_on + 15_000, job.start_ms - open_lead_s(boarding) * 1000)
    on_time = [Due(sign_on, "driver_on"), Due(sign_on + 8_000, "attendant_on"), Due(opens, "open")]
    late = {f"{one.role}_on" for one in job.script.list(LateBadge)}
    return [due for due in on_time if due.what not in late]


def pulled_away(job: Job, t_ms: int) -> list[Due]:
    """Sign on who was late for it, once the bus has left its first stop."""
    return [Due(t_ms + round(one.after_s * 1000), f"{one.role}_on") for one in job.script.list(LateBadge)]


def after_run(job: Job, aboard: Sized, opened_ms: int, t_ms: int, dice: Dice) -> list[Due]:
    """Everybody should be off: look to the rear, sign off, be free; or find later who stayed aboard.

    `opened_ms` is when the doors were opened at the last stop.
    """
    checked = t_ms + round(dice.between(20, 40)) * 1000
    for late in job.script.list(LateCheck):
        checked = max(checked, opened_ms + round(late.after_s * 1000))
    deeds = [Due(checked + 10_000, "attendant_off"), Due(checked + 15_000, "driver_off")]
    if job.script.find(NoCheck) is None:
        deeds.append(Due(checked, "child_check"))
    left = job.script.find(LeftAboard)
    if left is not None and len(aboard):
        return [*deeds, Due(t_ms + round(left.found_after_s * 1000), "find")]
    return [*deeds, Due(checked + 20_000, "free")]
