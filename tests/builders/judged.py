"""What the rules say of a drive along the road of `tests.builders.road`: findings, verdicts, and a morning with one thing changed."""

from __future__ import annotations

from collections.abc import Callable

from msgspec.structs import replace

from server.domain.finding import Finding, FindingKind
from server.domain.plan import TripPlan
from server.domain.speed_zones import Zone
from server.domain.thresholds import DEFAULTS, Thresholds
from server.domain.trip import TripState
from server.domain.vehicle_day import Road
from server.domain.verdict import SIX, Verdicts
from server.rules.verdicts import judge
from tests.builders.road import LEG_M, LEGS, START_MS, Plans, Recorder, a_plan, folded

Deed = Callable[[Recorder], None]


def a_road(
    plan: TripPlan | None = None, *, thresholds: Thresholds = DEFAULTS, zones: tuple[Zone, ...] = ()
) -> Road:
    """Make the road of a plan with its own numbers and zones."""
    return Road.of(plan or a_plan(), thresholds=thresholds, zones=zones)


def a_crew(bus: Recorder, *, trip: str = "T1") -> None:
    """Sign driver and attendant on."""
    bus.duty(trip=trip)
    bus.duty("A-1", "attendant", trip=trip, tag=None)


def a_start(wait_s: float = 60) -> Recorder:
    """Begin a morning: the crew is on, the bus about to open its door at the first stop, four riders waiting along the road."""
    bus = Recorder(at_ms=START_MS - 120_000)
    a_crew(bus)
    bus.wait(wait_s)
    return bus


def a_drive(*legs: Deed | None, finish: bool = True, bus: Recorder | None = None) -> Recorder:
    """Drive the morning with every stop served; `legs[n]`, where given, is driven in the place of the leg after stop n."""
    bus = bus or a_start()
    for n in range(LEGS):
        bus.stop_at(LEG_M * n, (f"CARD{n + 1}",))
        deed = legs[n] if n < len(legs) else None
        if deed is None:
            bus.drive(LEG_M * n, LEG_M * (n + 1))
        else:
            deed(bus)
    if finish:
        bus.stop_at(LEG_M * LEGS, tuple(f"CARD{n}" for n in range(1, 5)), dwell_s=30)
        bus.wait(20)
        bus.check()
    return bus


def the_trip(bus: Recorder, plans: Plans | None = None) -> TripState:
    """Fold a drive; give its trip."""
    trip = folded(bus.entries, plans or Plans(a_plan())).trip
    assert trip is not None
    return trip


def found(bus: Recorder, plans: Plans | None = None) -> list[Finding]:
    """Give what is found of a drive, oldest first."""
    return sorted(the_trip(bus, plans).findings, key=lambda one: one.key[1:])


def kinds(bus: Recorder, plans: Plans | None = None) -> list[FindingKind]:
    """Give the kinds of what is found of a drive, oldest first."""
    return [one.kind for one in found(bus, plans)]


def verdicts(bus: Recorder, plans: Plans | None = None) -> Verdicts:
    """Give the six verdicts on a drive."""
    plans = plans or Plans(a_plan())
    road = plans.find_road("trip1")
    assert road is not None
    return judge(the_trip(bus, plans), road, plans)


def values(bus: Recorder, plans: Plans | None = None) -> dict[str, str]:
    """Give the six values by name."""
    said = verdicts(bus, plans)
    return {which: said.of(which).value for which in SIX}


def all_pass_but(**others: str) -> dict[str, str]:
    """Give six values that pass, but for the ones named."""
    return {which: others.get(which, "pass") for which in SIX}


def timed(plan: TripPlan, seq: int, *, early_s: float = 0) -> TripPlan:
    """Give a plan with one stop's planned departure later, so that who leaves as before leaves early."""
    stops = tuple(
        replace(stop, departure_ms=stop.departure_ms + round(early_s * 1000)) if stop.seq == seq else stop
        for stop in plan.stops
    )
    return replace(plan, stops=stops)
