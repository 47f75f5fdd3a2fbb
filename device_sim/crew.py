"""Who signs on for a run, and what the recorder reads with it: as the permit says, or as the script does."""

from __future__ import annotations

from typing import Literal

import msgspec

from device_sim.deviations import Alcohol, NoBadge, WrongBadge, WrongTag
from device_sim.pack import Pack, Permit
from device_sim.script import Script

Role = Literal["driver", "attendant"]
UNKNOWN_BADGE = "NOBODYS"


class Crew(msgspec.Struct, frozen=True):
    """The badges that sign on (empty: nobody does), the timetable they name, the driver's breath in mg/l, and the plate's tag."""

    trip_id: str
    driver: str
    attendant: str
    alcohol: float
    tag: str

    def badge(self, role: Role) -> str:
        """The badge of a role."""
        return self.driver if role == "driver" else self.attendant


def make_crew(pack: Pack, permit: Permit, script: Script) -> Crew:
    """The crew of a run."""
    badges: dict[Role, str] = {"driver": permit.driver_badge, "attendant": permit.attendant_badge}
    for wrong in script.list(WrongBadge):
        badges[wrong.role] = wrong.badge or _another(pack, wrong.role, badges[wrong.role])
    for missing in script.list(NoBadge):
        badges[missing.role] = ""
    breath, tag = script.find(Alcohol), script.find(WrongTag)
    return Crew(
        permit.trip_id,
        badges["driver"],
        badges["attendant"],
        breath.mg_per_l if breath else 0.0,
        tag.tag if tag else permit.tag,
    )


def _another(pack: Pack, role: Role, own: str) -> str:
    """The next badge of the role among all permits."""
    permits = [permit for permits in pack.permits.values() for permit in permits]
    known = sorted(
        {each.driver_badge if role == "driver" else each.attendant_badge for each in permits} - {""}
    )
    later = [badge for badge in known if badge > own]
    return next(iter([*later, *(badge for badge in known if badge < own)]), UNKNOWN_BADGE)
