"""How a trip is made whose offence is a given share of a threshold: the deviations, and what of the road's plan is changed for it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise

from msgspec.structs import replace

from device_sim.deviations import (
    Alcohol,
    AlightsAt,
    Aside,
    Crowd,
    DoorAjar,
    ExtraHalt,
    Happening,
    LateBadge,
    LateStart,
    Pace,
    ShortTurn,
    SignalsOff,
    TurnBack,
)
from server.domain.speed_zones import Kind as ZoneKind
from server.domain.speed_zones import SpeedLimits, Zone
from server.domain.vehicle_day import Road
from tests.measured.county import RIDERS_A_STOP, SEATS, place_at
from tests.measured.driving import Moment
from tests.measured.judging import Change
from tests.measured.places import Make, Place, Trial, calibrated, seconds_of

# Route.


def aside(place: Place, share: float) -> Trial:
    """Drive beside the straight leg for 900 m, at a share of the corridor."""
    leg = place.straight
    at = place.chance.uniform(200, place.leg_m(leg) - 1200)
    side = place.chance.choice((-1, 1))
    return Trial((Aside(at=place.on(leg, at), for_m=900, aside_m=side * 50 * share),))


def aside_for_s(place: Place, share: float) -> Trial:
    """Drive beside the straight leg for a share of the time."""
    leg, line = place.straight, place.plan.line
    at = place.on(leg, 400)

    def off_s(truth: Sequence[Moment]) -> float:
        return seconds_of(
            truth, lambda one: line.project(one.lat, one.lon, 0.0, line.length_m, 0.0).offset_m > 54
        )

    return calibrated(
        place,
        lambda size: Trial((Aside(at=at, for_m=size, aside_m=75),)),
        off_s,
        20 * share,
        180 * share,
        least=2.0,
    )


def back(place: Place, share: float) -> Trial:
    """Turn on the straight leg, and drive back for a share of the way."""
    leg = place.straight
    at = place.chance.uniform(500, place.leg_m(leg) - 300)
    return Trial((TurnBack(at=place.on(leg, at), back_m=100 * share),))


def left_out(place: Place, share: float) -> Trial:
    """Leave a share of what may be left out of the shape, 300 m beside it."""
    stops = place.county.ways[place.bus].stops_m
    wanted = 0.05 * share * (stops[-1] - stops[0])
    leg = place.straight
    begin = place.chance.uniform(200, max(201.0, place.leg_m(leg) - wanted - 200))
    # Within 50 m of the shape, and so on it, is a sixth of each ramp of 40 m.
    return Trial((Aside(at=place.on(leg, begin), for_m=max(10.0, wanted - 2 * 40 * 5 / 6), aside_m=300),))


def short(place: Place, share: float) -> Trial:
    """Leave the last leg out, of a plan by which that is a share of what may be left out."""
    stops = place.county.ways[place.bus].stops_m
    left_out = 100 * (stops[-1] - stops[-2]) / (stops[-1] - stops[0])
    return Trial((ShortTurn(stop=-2),), _limits(coverage_percent=100 - left_out / share))


def _limits(**values: float) -> Change:
    def change(road: Road) -> Road:
        return replace(road, thresholds=replace(road.thresholds, **values))

    return change


# Time.


def arrives_late(place: Place, share: float) -> Trial:
    """Stand on the way for so long that a stop is reached late by a share of what may be."""
    stops = place.plan.plan.stops
    metres = [stop.metre for stop in stops]
    at = place.chance.randrange(place.legs - 1) + place.chance.uniform(0.3, 0.6)

    def late_s(truth: Sequence[Moment]) -> float:
        """Give the greatest lateness at which a door is first opened near a stop."""
        opened = [one for was, one in pairwise(truth) if one.door and not was.door]
        worst = 0.0
        for one in opened:
            here = place.plan.line.project(one.lat, one.lon, 0.0, place.plan.line.length_m, 0.0).metre
            stop = min(stops, key=lambda each: abs(each.metre - here))
            if abs(stop.metre - here) < 20 and stop.seq > 0:
                worst = max(worst, (one.t - stop.arrival_ms) / 1000)
        return worst

    assert metres == sorted(metres)
    return calibrated(
        place,
        lambda size: Trial((ExtraHalt(at=at, for_s=size, door=False),)),
        late_s,
        360 * share,
        360 * share,
    )


# Stops.


def halt_away(place: Place, share: float) -> Trial:
    """Halt at a share of the distance from a stop within which a halt is at it."""
    leg = place.chance.randrange(place.legs)
    metre = 80 * share if place.chance.random() < 0.5 else place.leg_m(leg) - 80 * share
    return Trial((ExtraHalt(at=place.on(leg, metre), for_s=20),))


def halt_for_s(place: Place, share: float) -> Trial:
    """Open the door between two stops for a share of the time."""
    leg = place.chance.randrange(2)
    # A bus that is early waits with its door open: this one is late.
    return Trial((LateStart(by_s=200), ExtraHalt(at=leg + place.chance.uniform(0.35, 0.65), for_s=5 * share)))


# Driving.


def fast(kmh: float) -> Make:
    """Make a run at a share of a speed on the straight leg."""

    def make(place: Place, share: float) -> Trial:
        leg = place.straight
        return Trial((Pace(at=place.on(leg, 150), for_m=place.leg_m(leg) - 400, kmh=kmh * share),))

    return make


def fast_for_s(place: Place, share: float) -> Trial:
    """Drive too fast for a share of the time."""
    at = place.on(place.straight, 400)

    def fast_s(truth: Sequence[Moment]) -> float:
        return seconds_of(truth, lambda one: one.kmh > 66)

    return calibrated(
        place,
        lambda size: Trial((Pace(at=at, for_m=size, kmh=85),)),
        fast_s,
        10 * share,
        230 * share,
        least=5.0,
    )


def zone(kind: ZoneKind, limit: float, posted: int | None = None) -> Make:
    """Drive the straight leg at a share of its zone's limit; the zone is laid over its middle."""

    def make(place: Place, share: float) -> Trial:
        leg, way = place.straight, place.county.ways[place.bus]
        from_m, to_m = way.stops_m[leg] + 500, way.stops_m[leg + 1] - 500
        zone = Zone(
            "Z", kind, posted, way=(place_at(way, from_m), place_at(way, to_m)), beside_m=30, spans=((from_m, to_m),)
        )  # fmt: skip

        def change(road: Road) -> Road:
            return replace(road, speeds=SpeedLimits.of((zone,), road.thresholds, road.plan.service_on))

        return Trial((Pace(at=place.on(leg, 250), for_m=place.leg_m(leg) - 600, kmh=limit * share),), change)

    return make


def crowd(place: Place, share: float) -> Trial:
    """Take on so many riders that a share of the seats is taken."""
    riders = RIDERS_A_STOP * place.legs
    return Trial(
        (
            Crowd(
                riders=round(SEATS * share) - riders,
                stop=0 if place.plan.plan.direction == "from_school" else 1,
            ),
        )
    )


def ajar(place: Place, share: float) -> Trial:
    """Leave a stop with the door open for a share of the time, counted from 5 km/h on."""
    stop = place.chance.randrange(place.legs)

    def open_s(truth: Sequence[Moment]) -> float:
        """Give how long a door was open at 5 km/h or more, from when that was reached between two seconds."""
        total = 0.0
        for was, one in pairwise(truth):
            if was.door and one.kmh >= 5:
                total += 1.0 if was.kmh >= 5 else (one.kmh - 5) / max(one.kmh - was.kmh, 0.1)
        return total

    tried = [(abs(open_s(place.truth(trial)) - 3 * share), n, trial) for n, trial in enumerate(
        Trial((DoorAjar(stop=stop, for_s=size),)) for size in range(2, 9)
    )]  # fmt: skip
    return min(tried)[2]


def signals(**which: bool) -> Make:
    """Make a run whose lamps or stop sign stay in at a stop for a share of the time."""

    def make(place: Place, share: float) -> Trial:
        return Trial((SignalsOff(stop=place.chance.randrange(place.legs), for_s=5 * share, **which),))

    return make


def tired(**limits: Callable[[float], float]) -> Make:
    """Have somebody drive their trip, and lay the limit so that it was a share of it."""

    def make(place: Place, share: float) -> Trial:
        moving = [one.t for one in place.truth(Trial(())) if one.kmh >= 5]
        driven_s = (moving[-1] - moving[0]) / 1000
        return Trial((), _limits(**{name: value(driven_s / share) for name, value in limits.items()}))

    return make


# People.


def late_badge(role: str) -> Make:
    """Make a run on which somebody signs on when the bus has driven for a share of the time."""

    def make(place: Place, share: float) -> Trial:
        return Trial((LateBadge(role=role, after_s=30 * share),))  # type: ignore[arg-type]

    return make


def breath(place: Place, share: float) -> Trial:
    """Sign on a driver whose breath shows a share of what is allowed."""
    return Trial((Alcohol(mg_per_l=0.2 * share),), _limits(alcohol_mg_per_l=0.2))


def harsh(place: Place, share: float) -> Trial:
    """Have the recorder feel a share of the force."""
    what = place.chance.choice(("harsh_brake", "harsh_accel", "harsh_turn"))
    at = place.chance.uniform(0.2, place.legs - 0.2)
    return Trial((Happening(what=what, at=at, data={"g": -0.3 * share}),))


def next_stop(place: Place, share: float) -> Trial:
    """Have a child get off at the stop beside the own one: in the afternoon, on the way home."""
    own = place.legs - 1
    return Trial((AlightsAt(stop=own - 1, rider=RIDERS_A_STOP * (own - 1)),))
