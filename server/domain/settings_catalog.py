"""Say which settings a county may give for all, for an operator, a route or a permit: the one table of them.

A value of a permit wins over its route's, that over its operator's, that over the system's, that over the default.
"""

from __future__ import annotations

import re
from typing import Final, Literal

import msgspec

from server.domain import limits
from server.domain.bad_weather import read_moment


class KnownSetting(msgspec.Struct, frozen=True):
    """A setting: its unit, what holds where nobody says it, and the range (inclusive) that a value must be in."""

    name: str
    kind: Literal["int", "float", "moment"]
    unit: str
    default: float
    low: float
    high: float
    source: str
    help: str

    def read(self, text: str) -> int | float:
        """Read a value as a pack writes it; raise ValueError with what to write.

        >>> BY_NAME["corridor_m"].read("30"), BY_NAME["stale_intervals"].read("2.50")
        (30, 2.5)
        >>> BY_NAME["bad_weather_from"].read("2026-11-23T14:30")
        2611231430
        """
        if self.kind == "moment":
            moment = read_moment(text)
            if moment is None:
                raise ValueError(
                    f"{self.name} is a day or an instant by the operator's clock, or 0 for none; write it as 2026-11-23 or "
                    "2026-11-23T14:30"
                )
            return moment
        whole = self.kind == "int"
        form = r"[+-]?[0-9]{1,9}" if whole else r"[+-]?[0-9]{1,9}(\.[0-9]{1,9})?"
        if re.fullmatch(form, text) is not None:
            value = int(text) if whole else float(text)
            if self.low <= value <= self.high:
                return value
        number = "a whole number" if whole else "a number"
        unit = f" ({self.unit})" if self.unit else ""
        raise ValueError(f"{self.name} is {number} from {self.low:g} to {self.high:g}{unit}; write one")


def _int(name: str, unit: str, default: float, span: tuple[int, int], source: str, told: str) -> KnownSetting:
    return KnownSetting(name, "int", unit, round(default), *span, source, told)


def _float(
    name: str, unit: str, default: float, span: tuple[float, float], source: str, told: str
) -> KnownSetting:
    return KnownSetting(name, "float", unit, default, *span, source, told)


def _moment(name: str, source: str, told: str) -> KnownSetting:
    return KnownSetting(name, "moment", "YYMMDD[hhmm]", 0, 0, 991231, source, told)


_ROUTE = "PRODUCT, six fixed, 1 route"
_TIME = "PRODUCT, six fixed, 2 time"
_STATE = "State Council decree 617, article 35"
_NUMBERS = "PRODUCT, numbers from the rules"
_DRIVER = "State Council decree 617, article 23"
_RULING = "INTERFACES, ruling 8"
_CALLS = "PRODUCT, complaint 8"
_TRIPS = "architecture.md, how trips are cut"
_COACH = "Safety management of road passenger carriers (MOT, 2018), article 38"

KNOWN: Final = (
    _int("corridor_m", "m", limits.CORRIDOR_M, (5, 1000), _ROUTE, "Further from the shape, plus the fix's accuracy, is off it"),
    _int("off_route_s", "s", 20, (0, 600), _ROUTE, "For so long"),
    _int("off_route_fixes", "", 3, (1, 100), _ROUTE, "And for so many fixes, before it is said"),
    _int("coverage_percent", "%", 95, (0, 100), _ROUTE, "Less of the shape driven at the end fails"),
    _float("accuracy_cap_m", "m", limits.ACCURACY_CAP_M, (0, 500), "own choice", "A worse fix widens the corridor by no more"),
    _int("wrong_direction_m", "m", 100, (20, 2000), "own choice", "Driven back along the shape for so long is the wrong direction"),
    _int("unseen_s", "s", 45, (16, 600), "own choice: three slow intervals", "Nothing heard for longer: the way wasn't seen"),
    _int("early_departure_s", "s", 60, (0, 3600), _TIME, "Leaving a stop earlier than this before its plan fails"),
    _int("first_departure_late_s", "s", 300, (0, 7200), _TIME, "Leaving the first stop later than this fails"),
    _int("arrival_late_s", "s", 360, (0, 7200), _TIME, "Reaching a stop later than this fails"),
    _int("departure_overdue_s", "s", 600, (60, 7200), _TIME, "Not departed so long after plan is said"),
    _int("missed_after_s", "s", limits.MISSED_AFTER_MS / 1000, (60, 14400), _TIME, "Not departed so long after plan is missed"),
    _int("silent_s", "s", limits.SILENT_AFTER_MS / 1000, (30, 7200), "own choice", "A due bus that says nothing for so long is silent"),
    _int("stop_radius_m", "m", limits.STOP_RADIUS_M, (5, 500), _RULING, "Standing within this of a stop is at it, where no door tells"),
    _float("standstill_kmh", "km/h", limits.STANDSTILL_KMH, (0, 20), _RULING, "Slower than this is standing"),
    _float("moving_off_kmh", "km/h", limits.MOVING_OFF_KMH, (0, 30), "own choice", "Faster than this is moving off"),
    _int("unscheduled_stop_m", "m", 80, (10, 500), "own choice: twice a stop's radius", "A halt further from every stop is away from them"),
    _int("unscheduled_stop_s", "s", 5, (0, 120), "own choice", "The door open there for so long is said"),
    _int("crew_absent_s", "s", 30, (0, 600), "own choice", "Driven so long without a driver, or an attendant with riders, is said"),
    _int("second_attendant_above", "riders", 0, (0, 200), _NUMBERS, "More riders want two attendants, as in some cities 20; 0: none do"),
    _int("driver_age_min", "years", 25, (0, 100), _DRIVER, "Who drives is as old"),
    _int("driver_age_max", "years", 60, (0, 150), _DRIVER, "And no older"),
    _int("licence_years_min", "years", 3, (0, 50), _DRIVER, "And has held the licence for so long"),
    _float("alcohol_mg_per_l", "mg/l", 0, (0, 1), "PRODUCT, six fixed, 5 people", "A reading above this fails"),
    _int("speed_expressway_kmh", "km/h", 80, (5, 120), _STATE, "With students aboard, in a zone `expressway` that says no other"),
    _int("speed_elsewhere_kmh", "km/h", 60, (5, 120), _STATE, "With students aboard, outside every zone"),
    _int("speed_hazard_kmh", "km/h", 20, (5, 120), _STATE, "With students aboard, in a zone `hazard` that says no other"),
    _int("overspeed_s", "s", 10, (0, 120), "own choice", "Above the limit and its margin for so long is said"),
    _int("overspeed_margin_percent", "%", 10, (0, 50), "own choice", "Above the limit by no more is let pass"),
    _moment("bad_weather_from", _STATE, "Declared bad weather begins with this day, or at this instant; 0: none. The hazard speed holds"),
    _moment("bad_weather_until", _STATE, "And ends with this day, or at this instant; 0: with the day on which it began"),
    _int("signals_lag_s", "s", 5, (0, 60), "own choice", "Doors open at a stop for so long without lamps or sign is said"),
    _int("door_moving_s", "s", 3, (0, 60), "own choice", "Moving with a door open for so long is said"),
    _float("harsh_g", "g", 0.3, (0, 2), "own choice: the least that recorders report", "A harsh event under this isn't kept"),
    _int("driving_day_s", "s", 14400, (600, 86400), _COACH, "Driven for longer without a rest is said"),
    _int("driving_night_s", "s", 7200, (600, 86400), _COACH, "Of it at night"),
    _int("driving_rest_s", "s", 1200, (60, 7200), _COACH, "Standing for so long is a rest"),
    _int("driving_24h_s", "s", 28800, (600, 86400), _COACH, "Driven for longer within 24 hours is said"),
    _int("night_from_h", "h", 22, (12, 24), _COACH, "Night begins at this hour"),
    _int("night_until_h", "h", 6, (0, 12), _COACH, "And ends at this one of the next day"),
    _int("same_card_s", "s", limits.SAME_CARD_MS / 1000, (0, 600), "PROTOCOL, ride", "The same card again within this is one reading"),
    _int("no_show_s", "s", limits.NO_SHOW_AFTER_MS / 1000, (0, 1800), "own choice", "Not boarded so long after the bus left is said"),
    _int("left_aboard_s", "s", limits.LEFT_ABOARD_AFTER_MS / 1000, (10, 1800), "INTERFACES, ruling 7", "Aboard for so long then is said"),
    _int("rear_check_s", "s", limits.REAR_CHECK_AFTER_MS / 1000, (10, 3600), "own choice", "Not checked so long after arriving is said"),
    _int("call_attendant_s", "s", 60, (10, 3600), _CALLS, "A call that went up to the attendant waits so long for an answer"),
    _int("call_operator_s", "s", 60, (10, 3600), _CALLS, "One that went up to the operator"),
    _int("call_school_s", "s", 60, (10, 3600), _CALLS, "One that went up to the school"),
    _int("call_regulator_s", "s", 60, (10, 3600), _CALLS, "One that went up to a regulator"),
    _int("trip_window_before_s", "s", limits.TRIP_WINDOW_BEFORE_MS / 1000, (0, 14400), _TRIPS, "A bus may begin so long before its plan"),
    _int("trip_window_after_s", "s", limits.TRIP_WINDOW_AFTER_MS / 1000, (0, 28800), _TRIPS, "And be on it so long after its end"),
    _int("approaching_s", "s", limits.APPROACHING_MS / 1000, (60, 3600), "own choice", "Told so long before, unless chosen otherwise"),
    _int("late_s", "s", limits.LATE_AFTER_S, (60, 7200), "PRODUCT, notices", "Guardians are told of a bus that is later than this"),
    _int("history_after_s", "s", limits.HISTORY_AFTER_MS / 1000, (60, 3600), "PROTOCOL, time", "What is older when it comes tells nobody"),
    _int("stale_least_s", "s", limits.STALE_AT_LEAST_MS / 1000, (10, 3600), "PRODUCT, definitions", "No position is stale before this age"),
    _float("stale_intervals", "intervals", limits.STALE_INTERVALS, (1, 20), "PRODUCT, definitions", "Nor before so many of its intervals"),
)  # fmt: skip
BY_NAME: Final = {setting.name: setting for setting in KNOWN}
