"""Which thresholds are measured: of every kind of finding that has one.

A measure (metres, km/h, seconds of plan, riders) is driven at any fix interval from 1 to 15 s. A duration, or a way that is driven
in one, is driven at intervals that tell it (decision 0177): a recorder that speaks every 15 s doesn't know that a door was open for 3 s.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

import msgspec

from device_sim.deviations import EarlyDeparture, LateCheck, LateStart, LeftAboard
from tests.measured.county import SEATS
from tests.measured.places import Make, Trial
from tests.measured.trials import (
    ajar,
    arrives_late,
    aside,
    aside_for_s,
    back,
    breath,
    crowd,
    fast,
    fast_for_s,
    halt_away,
    halt_for_s,
    harsh,
    late_badge,
    left_out,
    next_stop,
    short,
    signals,
    tired,
    zone,
)

ANY: Final = tuple(range(1, 16))
SECOND: Final = (1,)


class Kind(msgspec.Struct, frozen=True):
    """A threshold: its name in tables, the finding that it is about, what the threshold is, and how a run is made."""

    name: str
    finds: str
    limit: str
    make: Make
    every_s: Sequence[int] = ANY
    twins_m: Callable[[float], float] | None = None
    also: frozenset[str] = frozenset()  # what else a run under the threshold may rightly lead to


KINDS: Final = (
    Kind("off_route", "off_route", "50 m", aside),
    Kind("off_route, for how long", "off_route", "20 s", aside_for_s, (1, 2)),
    Kind("wrong_direction", "wrong_direction", "100 m", back, (1, 2, 3, 4, 5)),
    Kind("route_not_covered, detour", "route_not_covered", "5 % left out", left_out, also=frozenset({"off_route"})),
    Kind("route_not_covered, short turn", "route_not_covered", "the last leg", short, also=frozenset({"wrong_stop", "no_show"})),
    Kind("departed_early", "departed_early", "60 s", lambda p, s: Trial((EarlyDeparture(by_s=60 * s + 2),))),
    Kind("departed_late", "departed_late", "300 s", lambda p, s: Trial((LateStart(by_s=300 * s),))),
    Kind("arrived_late", "arrived_late", "360 s", arrives_late),
    Kind("unscheduled_stop", "unscheduled_stop", "80 m", halt_away),
    Kind("unscheduled_stop, for how long", "unscheduled_stop", "5 s", halt_for_s),
    Kind("overspeed", "overspeed", "60 km/h", fast(60)),
    Kind("overspeed, with its margin", "overspeed", "66 km/h", fast(66)),
    Kind("overspeed, for how long", "overspeed", "10 s", fast_for_s, SECOND),
    Kind("overspeed, expressway", "overspeed", "80 km/h", zone("expressway", 80)),
    Kind("overspeed, posted", "overspeed", "40 km/h", zone("limit", 40, 40)),
    Kind("overspeed, hazard", "overspeed", "20 km/h", zone("hazard", 20)),
    Kind("overload", "overload", f"{SEATS} seats", crowd),
    Kind("door_open_moving", "door_open_moving", "3 s", ajar, SECOND),
    Kind("harsh_driving", "harsh_driving", "0.3 g", harsh),
    Kind("fatigue, day", "fatigue", "the trip", tired(driving_day_s=float)),
    Kind("fatigue, night", "fatigue", "the trip", tired(driving_night_s=float, night_until_h=lambda _: 12.0)),
    Kind("fatigue, in 24 h", "fatigue", "the trip", tired(driving_24h_s=float)),
    Kind("no_driver", "no_driver", "30 s", late_badge("driver"), (1, 2, 3)),
    Kind("no_attendant", "no_attendant", "30 s", late_badge("attendant"), (1, 2, 3)),
    Kind("alcohol", "alcohol", "0.2 mg/l", breath),
    Kind("lamps_off", "lamps_off", "5 s", signals(lamps=True, sign=False), SECOND),
    Kind("stop_sign_in", "stop_sign_in", "5 s", signals(lamps=False, sign=True), SECOND),
    Kind("left_aboard", "left_aboard", "120 s", lambda p, s: Trial((LeftAboard(riders=1, found_after_s=120 * s),))),
    Kind("rear_check_missing", "rear_check_missing", "300 s", lambda p, s: Trial((LateCheck(after_s=300 * s),))),
    Kind("wrong_stop", "wrong_stop", "80 m", next_stop, twins_m=lambda share: 80 * share),
)  # fmt: skip
