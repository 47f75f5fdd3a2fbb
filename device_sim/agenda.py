"""What a crew does before its first door opens and after its last one closed, deed by deed with its instant."""

from __future__ import annotations

from collections.abc import Sized

from device_sim.busstate import Due
from device_sim.deviations import LeftAboard, NoCheck
from device_sim.dice import Dice
from device_sim.doors import open_lead_s
from device_sim.job import Job

SIGN_ON_MS = 300_000


def before_run(job: Job, t_ms: int, dice: Dice) -> list[Due]:
    """Sign on, and open in time for whoever boards at the first stop."""
    sign_on = max(t_ms + 5_000, job.start_ms - SIGN_ON_MS + round(dice.between(-20, 20)) * 1000)
    boarding = sum(rider.boards_at == job.halt(0).call for rider in job.riders)
    opens = max(sign_on + 15_000, job.start_ms - open_lead_s(boarding) * 1000)
    return [Due(sign_on, "driver_on"), Due(sign_on + 8_000, "attendant_on"), Due(opens, "open")]


def after_run(job: Job, aboard: Sized, t_ms: int, dice: Dice) -> list[Due]:
    """Everybody should be off: look to the rear, sign off, be free; or find later who stayed aboard."""
    checked = t_ms + round(dice.between(20, 40)) * 1000
    deeds = [Due(checked + 10_000, "attendant_off"), Due(checked + 15_000, "driver_off")]
    if job.script.find(NoCheck) is None:
        deeds.append(Due(checked, "child_check"))
    left = job.script.find(LeftAboard)
    if left is not None and len(aboard):
        return [*deeds, Due(t_ms + round(left.found_after_s * 1000), "find")]
    return [*deeds, Due(checked + 20_000, "free")]
