"""Every number that a rule goes by, resolved for one trip: permit over route over operator over system over default.

The names are those of `settings_catalog`, which has each number's unit, source and range; a trip gets its values once, with its
road, and a rule writes the one it went by into the finding's `limit`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import msgspec

from server.domain.settings_catalog import BY_NAME

SCOPES: Final = ("permit", "route", "operator", "system")  # the first that says something wins


def _default(name: str) -> Any:  # noqa: ANN401 - int or float, as the field says
    return BY_NAME[name].default


class Thresholds(msgspec.Struct, frozen=True, kw_only=True):
    """The rules' numbers. Speeds km/h, lengths m, times s, moments YYMMDD or YYMMDDhhmm (0: none)."""

    corridor_m: float = _default("corridor_m")
    off_route_s: float = _default("off_route_s")
    off_route_fixes: int = _default("off_route_fixes")
    coverage_percent: float = _default("coverage_percent")
    accuracy_cap_m: float = _default("accuracy_cap_m")
    wrong_direction_m: float = _default("wrong_direction_m")
    unseen_s: float = _default("unseen_s")
    early_departure_s: float = _default("early_departure_s")
    first_departure_late_s: float = _default("first_departure_late_s")
    arrival_late_s: float = _default("arrival_late_s")
    departure_overdue_s: float = _default("departure_overdue_s")
    missed_after_s: float = _default("missed_after_s")
    silent_s: float = _default("silent_s")
    stop_radius_m: float = _default("stop_radius_m")
    standstill_kmh: float = _default("standstill_kmh")
    moving_off_kmh: float = _default("moving_off_kmh")
    unscheduled_stop_m: float = _default("unscheduled_stop_m")
    unscheduled_stop_s: float = _default("unscheduled_stop_s")
    crew_absent_s: float = _default("crew_absent_s")
    second_attendant_above: int = _default("second_attendant_above")
    driver_age_min: int = _default("driver_age_min")
    driver_age_max: int = _default("driver_age_max")
    licence_years_min: int = _default("licence_years_min")
    alcohol_mg_per_l: float = _default("alcohol_mg_per_l")
    signals_lag_s: float = _default("signals_lag_s")
    speed_expressway_kmh: float = _default("speed_expressway_kmh")
    speed_elsewhere_kmh: float = _default("speed_elsewhere_kmh")
    speed_hazard_kmh: float = _default("speed_hazard_kmh")
    overspeed_s: float = _default("overspeed_s")
    overspeed_margin_percent: float = _default("overspeed_margin_percent")
    bad_weather_from: int = _default("bad_weather_from")
    bad_weather_until: int = _default("bad_weather_until")
    door_moving_s: float = _default("door_moving_s")
    harsh_g: float = _default("harsh_g")
    driving_day_s: float = _default("driving_day_s")
    driving_night_s: float = _default("driving_night_s")
    driving_rest_s: float = _default("driving_rest_s")
    driving_24h_s: float = _default("driving_24h_s")
    night_from_h: float = _default("night_from_h")
    night_until_h: float = _default("night_until_h")
    same_card_s: float = _default("same_card_s")
    no_show_s: float = _default("no_show_s")
    left_aboard_s: float = _default("left_aboard_s")
    rear_check_s: float = _default("rear_check_s")
    call_attendant_s: float = _default("call_attendant_s")
    call_operator_s: float = _default("call_operator_s")
    call_school_s: float = _default("call_school_s")
    call_regulator_s: float = _default("call_regulator_s")
    approaching_s: float = _default("approaching_s")
    late_s: float = _default("late_s")
    stale_least_s: float = _default("stale_least_s")
    stale_intervals: float = _default("stale_intervals")


DEFAULTS: Final = Thresholds()
NAMES: Final = frozenset(Thresholds.__struct_fields__)


def resolve(said: Mapping[str, Mapping[str, int | float]]) -> Thresholds:
    """Give a trip's numbers from what its scopes say: {scope: {setting: value}}. A setting that no rule knows is left out.

    >>> one = resolve({"system": {"corridor_m": 60, "harsh_g": 0.4}, "route": {"corridor_m": 30}})
    >>> one.corridor_m, one.harsh_g, one.off_route_s
    (30, 0.4, 20)
    """
    values: dict[str, int | float] = {}
    for scope in reversed(SCOPES):
        values.update({name: value for name, value in said.get(scope, {}).items() if name in NAMES})
    return Thresholds(**values) if values else DEFAULTS  # type: ignore[arg-type]
