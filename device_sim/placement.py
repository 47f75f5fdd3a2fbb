"""Where a bus is that has no past: at the start of the run that it would be in."""

from __future__ import annotations

from device_sim.bus import READY_MS, Bus
from device_sim.busstate import BusState, Due
from device_sim.dice import Dice, seed_of
from device_sim.job import World
from device_sim.runs import Runs


def start_bus(world: World, device: str, runs: Runs, at_ms: int, before: BusState | None = None) -> Bus:
    """Put a bus where it would be at an instant: at the start of its next run, 7 min before it at the latest.

    A run that is on its way at `at_ms` is begun from its sign-on, so `advance` to `at_ms` gives its history. `before`
    is what is known of the bus from long ago: its odometer, receiver and intervals go on.
    """
    at_ms -= at_ms % 1000
    run = runs.find_next(before.last_key if before else (0, ""), at_ms - 180_000)
    begin = at_ms if run is None else min(at_ms, run.departure_ms(0) - READY_MS - 90_000)
    begin = max(begin, before.t_ms) if before else begin
    if run is not None:
        lat, lon, heading = world.roads.start(run.timetable.id)
    else:
        stop = next(iter(world.pack.stops.values()))
        lat, lon, heading = stop.lat, stop.lon, 0.0
    dice = Dice(before.dice if before else seed_of(world.seed, device, begin))
    state = BusState(
        t_ms=begin,
        dice=0,
        lat=lat,
        lon=lon,
        heading=heading,
        odo_m=before.odo_m if before else float(round(dice.between(20_000_000, 80_000_000))),
        reported_ms=begin - round(dice.between(0, 55)) * 1000,
        agenda=[Due(begin, "plan")],
    )
    if before:
        state.gps, state.moving_s, state.parked_s = before.gps, before.moving_s, before.parked_s
        state.last_key, state.runs_done = before.last_key, before.runs_done
    if run is not None:
        # The run before this one may still be under way at `begin`; the bus stands where this one starts.
        state.last_key = max(state.last_key, (run.key[0] - 1, ""))
    state.dice = dice.state
    return Bus(world, device, runs, state)
