"""The messages of a load, made before the clock starts: a sign-on, then positions along the device's own road."""

from __future__ import annotations

import msgspec

from device_sim.clock import Clock
from device_sim.dice import Dice, seed_of
from device_sim.pack import Device, Pack
from device_sim.rawmqtt import publish_packet
from device_sim.roads import Roads
from device_sim.runs import Run, Runs
from device_sim.wire import Duty, Pos, encode_record, topic

SPEED_MPS = 8.0


class Feed(msgspec.Struct):
    """One device's packets in order, without which none but the network is at work during the load."""

    device: Device
    packets: list[bytes]


def make_feed(
    pack: Pack,
    roads: Roads,
    device: Device,
    count: int,
    begin_ms: int,
    step_ms: float,
    first_seq: int,
    epoch: int,
    seed: int,
) -> Feed:
    """Make `count` messages whose `t` runs from `begin_ms` by `step_ms`; the bus goes to and fro on its timetable's road."""
    runs = Runs(pack, device.vehicle_id)
    run = runs.find_next((0, ""), begin_ms)
    dice = Dice(seed_of(seed, "load", device.id))
    trip_id = run.timetable.id if run else sorted(pack.timetables)[seed_of(device.id) % len(pack.timetables)]
    path = roads.trip(trip_id)
    metre = dice.between(0.0, path.length_m)
    packets: list[bytes] = []
    pos_topic, duty_topic = topic(device.id, "pos"), topic(device.id, "duty")
    for at in range(count):
        t = begin_ms + round(at * step_ms)
        packet_id = at % 65535 + 1
        if at == 0:
            duty = Duty(t=t, role="driver", state="on", alcohol=0.0, **_crew(run, trip_id))
            packets.append(publish_packet(duty_topic, encode_record(duty, epoch, first_seq), packet_id))
            continue
        metre = (metre + SPEED_MPS * step_ms / 1000) % path.length_m
        lat, lon, heading = path.at(metre)
        pos = Pos(
            t=t,
            lat=round(lat + dice.between(-2e-5, 2e-5), 7),
            lon=round(lon + dice.between(-2e-5, 2e-5), 7),
            spd=round(SPEED_MPS * 3.6, 1),
            hdg=round(heading, 1),
            acc=3.5,
            sat=16,
            fix=1,
            odo=round(1e7 + at * SPEED_MPS * step_ms / 1000),
            ign=1,
            door=0,
            lamp=0,
            arm=0,
        )
        packets.append(publish_packet(pos_topic, encode_record(pos, epoch, first_seq + at), packet_id))
    return Feed(device, packets)


def _crew(run: Run | None, trip_id: str) -> dict[str, str]:
    if run is None:
        return {"badge": "load", "trip": trip_id}
    crew = {"badge": run.permit.driver_badge, "trip": trip_id}
    return crew | {"tag": run.permit.tag} if run.permit.tag else crew


def time_line(clock: Clock, count: int, per_second: float, step_ms: float | None) -> tuple[int, float]:
    """(first t, step in ms) of a device's messages, so that none is in the future when it is sent.

    With a rate the positions are as far apart as they are sent, by the clock; without one they end now, `step_ms` apart.
    """
    now = clock.now_ms()
    if per_second > 0 and step_ms is None:
        return now, 1000.0 * clock.speed / per_second
    step = 1000.0 if step_ms is None else step_ms
    return now - round(count * step), step
