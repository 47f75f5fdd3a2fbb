"""The two-sided sign-off as it is shown: both counts, whether they agree, and what still keeps the trip from closing."""

from __future__ import annotations

from server.domain.trip import Count, SignOff
from server.service import shapes
from server.service.instants import at
from server.service.rows import RosterRow, TripRow
from server.service.web_ports import Work


def show(
    trip: TripRow, sides: SignOff, riders: list[RosterRow], names: dict[str, shapes.Named]
) -> shapes.SignOffItem:
    """Give both sides and what still keeps the trip from closing."""
    aboard = sum(1 for rider in riders if rider.state == "aboard")
    agreed = (
        sides.delivered is not None
        and sides.received is not None
        and sides.delivered.count == sides.received.count
    )
    open_: list[str] = []
    if aboard:
        open_.append("aboard")
    if trip.rear_checked_at_ms is None:
        open_.append("rear_check")
    if trip.school is not None:
        if sides.delivered is None:
            open_.append("delivered")
        if sides.received is None:
            open_.append("received")
        if sides.delivered is not None and sides.received is not None and not agreed:
            open_.append("disagree")
    return shapes.SignOffItem(
        delivered=_count(sides.delivered, trip.timezone, names),
        received=_count(sides.received, trip.timezone, names),
        agreed=agreed,
        aboard=aboard,
        rear_checked_at=at(trip.rear_checked_at_ms, trip.timezone),
        open=open_,
    )


def read(
    work: Work, trip: TripRow, school_id: str | None, sides: SignOff | None = None
) -> shapes.SignOffItem:
    """Give the sign-off of a trip, or as it will stand with `sides`; `school_id` narrows to that school's riders."""
    shown = sides or trip.sign_off
    ids = [count.user_id for count in (shown.delivered, shown.received) if count is not None]
    return show(trip, shown, work.trips.riders(trip.id, school_id), work.crew.names(ids))


def _count(count: Count | None, timezone: str, names: dict[str, shapes.Named]) -> shapes.CountItem | None:
    if count is None:
        return None
    by = names.get(count.user_id) or shapes.Named(count.user_id, "", "")
    return shapes.CountItem(count.count, at(count.at_ms, timezone), by, count.remarks)
