"""What a bus does next, made ready: one run with its way, riders and crew, as planned or as the script says."""

from __future__ import annotations

import msgspec

from device_sim.crew import Crew, make_crew
from device_sim.deviations import Stranger
from device_sim.itinerary import Halt, Itinerary, make_itinerary
from device_sim.pack import Pack, RidePlan
from device_sim.riders import Expected, expected_riders, scripted_riders
from device_sim.roads import Roads
from device_sim.runs import Run
from device_sim.script import Script, Scripts


class World(msgspec.Struct, frozen=True):
    """What all buses share: the pack, its roads, the seed, the share of riders who stay at home, and what is done otherwise."""

    pack: Pack
    roads: Roads
    seed: int
    absent_share: float
    scripts: Scripts


class Job(msgspec.Struct, frozen=True):
    """A run as one bus will do it."""

    run: Run
    script: Script
    itinerary: Itinerary
    riders: list[Expected]
    crew: Crew

    @property
    def start_ms(self) -> int:
        """When it is to leave its first halt."""
        return self.itinerary.halts[0].leave_ms

    def halt(self, index: int) -> Halt:
        """The halt of that number."""
        return self.itinerary.halts[index]

    def is_last(self, index: int) -> bool:
        """Whether it is the last halt."""
        return index == len(self.itinerary.halts) - 1


def make_job(world: World, device: str, run: Run, number: int) -> Job:
    """Make a run ready; `number` counts the bus's runs from 0."""
    script = world.scripts.of(device, number)
    riders = expected_riders(world.pack, run, world.seed, world.absent_share)
    return Job(
        run,
        script,
        make_itinerary(world.roads.trip(run.timetable.id), run, script),
        scripted_riders(riders, run, script, _others(world, run, script)),
        make_crew(world.pack, run.permit, script),
    )


def _others(world: World, run: Run, script: Script) -> dict[str, list[RidePlan]]:
    """The ride plans of the buses that strangers come from: of their first timetable in this run's direction."""
    found: dict[str, list[RidePlan]] = {}
    for stranger in script.list(Stranger):
        vehicle = world.pack.devices[world.scripts.device(stranger.of, stranger)].vehicle_id
        for permit in world.pack.permits.get(vehicle, []):
            if world.pack.timetables[permit.trip_id].from_school == run.timetable.from_school:
                found.setdefault(str(stranger.of), world.pack.riders_on(permit.trip_id, run.weekday))
    return found
