"""Judge students: cards that are one child's alone, ride plans that the timetable can keep."""

from __future__ import annotations

from collections import defaultdict

from server.service.packs.fault import Remarks, other_row
from server.service.packs.pack import Pack


def judge_riders(pack: Pack, full: Pack, remarks: Remarks) -> None:
    """Note cards of two children, stops that a timetable hasn't, and two stops for one ride."""
    cards: dict[str, int] = {}
    for rider in pack.riders or ():
        if rider.card is not None and cards.setdefault(rider.card, rider.line) != rider.line:
            remarks.fault(
                "riders.csv",
                rider.line,
                "card",
                rider.card,
                f"{other_row(cards[rider.card])} has the same card; give another",
            )
    _judge_plans(pack, full, remarks)


def _judge_plans(pack: Pack, full: Pack, remarks: Remarks) -> None:
    if pack.ride_plans is None and pack.stop_times is None:
        return
    live = {timetable.trip_id for timetable in full.timetables or ()}
    served: dict[str, set[str]] = defaultdict(set)
    for row in full.stop_times or ():
        served[row.trip_id].add(row.stop_id)
    days: dict[tuple[str, str], dict[str, int]] = defaultdict(dict)
    for plan in full.ride_plans or ():
        if plan.trip_id not in live:
            continue
        missing = remarks.is_unread("stop_times.txt", plan.trip_id)
        if not missing and plan.trip_id in served and plan.stop_id not in served[plan.trip_id]:
            advice = "name one of its stops" if plan.line else "keep the stop, or bring ride_plans.csv too"
            remarks.fault(
                "ride_plans.csv" if plan.line else "stop_times.txt",
                plan.line,
                "stop_id",
                plan.stop_id,
                f"timetable {plan.trip_id} doesn't stop there, where rider {plan.rider_id} is planned; {advice}",
            )
        taken = days[plan.rider_id, plan.trip_id]
        double = [day for day in plan.weekdays if taken.setdefault(day, plan.line) != plan.line]
        if double:
            remarks.fault(
                "ride_plans.csv",
                plan.line,
                "weekdays",
                plan.weekdays,
                f"{other_row(taken[double[0]])} plans this ride from another stop on the same weekday; keep one of them",
            )
