"""Judge the stop times of one timetable: in order, complete at both ends, never falling; fill those left blank."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from server.domain.service_time import format_service_time
from server.service.packs.fault import Remarks
from server.service.packs.rows import StopTime

FILE = "stop_times.txt"
FASTEST_KMH = 120.0


class TimedStop(msgspec.Struct, frozen=True):
    """A stop with its two times (None between timepoints) and the row that said so."""

    row: StopTime
    arrival_s: int | None
    departure_s: int | None


def order_stops(code: str, found: Sequence[StopTime], remarks: Remarks) -> list[TimedStop] | None:
    """Put a timetable's rows in driving order; note what is wrong with them and give None."""
    ordered = sorted(found, key=lambda row: row.stop_sequence)
    if len(ordered) < 2:
        line = ordered[0].line if ordered else 0
        remarks.fault(FILE, line, "trip_id", code, "a timetable has at least two stops; add its rows here")
        return None
    timed = []
    sound = True
    for row in ordered:
        arrival_s = row.arrival_time if row.arrival_time is not None else row.departure_time
        departure_s = row.departure_time if row.departure_time is not None else row.arrival_time
        timed.append(TimedStop(row, arrival_s, departure_s))
    for one in (timed[0], timed[-1]):
        if one.arrival_s is None:
            sound = False
            remarks.fault(
                FILE,
                one.row.line,
                "arrival_time",
                "",
                f"the first and last stop of {code} need a time; write it",
            )
    latest = -1
    for one in timed:
        if one.arrival_s is None or one.departure_s is None:
            continue
        for column, at_s in (("arrival_time", one.arrival_s), ("departure_time", one.departure_s)):
            if at_s < latest:
                sound = False
                remarks.fault(
                    FILE,
                    one.row.line,
                    column,
                    format_service_time(at_s),
                    f"{code} would run back in time: the time before this is {format_service_time(latest)}",
                )
            latest = max(latest, at_s)
    return timed if sound else None


def time_shares(stops: Sequence[TimedStop]) -> list[float]:
    """Give the part of the whole time, 0 to 1, at each stop; a stop without a time is spaced evenly."""
    known = [(k, one.arrival_s) for k, one in enumerate(stops) if one.arrival_s is not None]
    begin_s, whole_s = known[0][1], max(1, known[-1][1] - known[0][1])
    shares = []
    for k, one in enumerate(stops):
        if one.arrival_s is not None:
            shares.append((one.arrival_s - begin_s) / whole_s)
            continue
        (i, from_s) = next(pair for pair in reversed(known) if pair[0] < k)
        (j, to_s) = next(pair for pair in known if pair[0] > k)
        shares.append((from_s + (to_s - from_s) * (k - i) / (j - i) - begin_s) / whole_s)
    return shares


def fill_times(stops: Sequence[TimedStop], metres: Sequence[float]) -> list[tuple[int, int]]:
    """Give (arrival_s, departure_s) of each stop, the blank ones by distance between the timepoints around them."""
    known = [k for k, one in enumerate(stops) if one.arrival_s is not None]
    filled = []
    for k, one in enumerate(stops):
        if one.arrival_s is not None and one.departure_s is not None:
            filled.append((one.arrival_s, one.departure_s))
            continue
        i = max(place for place in known if place < k)
        j = min(place for place in known if place > k)
        from_s, to_s = stops[i].departure_s or 0, stops[j].arrival_s or 0
        span_m = metres[j] - metres[i]
        share = (metres[k] - metres[i]) / span_m if span_m > 0 else (k - i) / (j - i)
        at_s = round(from_s + (to_s - from_s) * share)
        filled.append((at_s, at_s))
    return filled


def judge_speeds(
    code: str,
    stops: Sequence[TimedStop],
    times: Sequence[tuple[int, int]],
    legs_m: Sequence[tuple[float, float]],
    remarks: Remarks,
) -> None:
    """Note each leg that no bus could keep; `legs_m` is (straight, along the shape) for each but the first stop.

    Above FASTEST_KMH in a straight line is a fault, along the shape alone a warning: some feeds time two stops on both
    sides of a road as if a bus could cross it.
    """
    for k, (straight_m, along_m) in enumerate(legs_m, start=1):
        begin_s, end_s = times[k - 1][1], times[k][0]
        # Times in whole minutes may hide up to a minute of driving.
        whole_minutes = begin_s % 60 == 0 and end_s % 60 == 0
        fastest_m = FASTEST_KMH / 3.6 * (end_s - begin_s + (60 if whole_minutes else 1))
        if along_m <= fastest_m:
            continue
        note = remarks.fault if straight_m > fastest_m else remarks.warn
        leg_km = (straight_m if straight_m > fastest_m else along_m) / 1000
        note(
            FILE,
            stops[k].row.line,
            "arrival_time",
            format_service_time(end_s),
            f"{code} would drive {leg_km:.1f} km to this stop in {end_s - begin_s} s, over "
            f"{FASTEST_KMH:.0f} km/h; correct the time or the stop's place",
        )
