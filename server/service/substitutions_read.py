"""What is put in the place of a permit's bus, people, time and way, as it is shown: in lists, and on a trip."""

from __future__ import annotations

from server.domain.substitute import Detour
from server.errors import NotFoundError
from server.service import shapes
from server.service.instants import at
from server.service.policy import Scope
from server.service.shapes import Named
from server.service.substitutions_rows import SubstitutionRow, What
from server.service.substitutions_shapes import Substitution, Way
from server.service.web_ports import Work


def list_substitutions(
    work: Work, scope: Scope, trip: str | None, after: str | None, limit: int
) -> shapes.Items[Substitution]:
    """List what is in force, of one trip or of all from today on."""
    if trip is not None:
        trip_id = work.scopes.find_trip_id(scope, trip)
        if trip_id is None:
            raise NotFoundError("There is no such trip among those you may see: check its id.")
        return shapes.Items([show(work, row) for row in work.substitutions.list_of_trip(trip_id)])
    rows = work.substitutions.page(scope, scope.on, after, limit + 1)
    page = rows[:limit]
    return shapes.Items([show(work, row) for row in page], page[-1].id if len(rows) > limit else None)


def show(work: Work, row: SubstitutionRow) -> Substitution:
    """Give a substitution's shape."""
    way = None
    if row.detour is not None:
        line = list(work.substitutions.get_plan(row.detour.plan_id).shape)
        way = Way(_stops_left_out(work, row.detour), line)
    return Substitution(
        id=row.id, timetable=row.timetable, from_on=row.from_on, until_on=row.until_on, vehicle=row.vehicle,
        driver=row.driver, attendant=row.attendant, reason=row.reason, made_at=at(row.made_at_ms, row.timezone), by=row.by,
        shift_s=row.shift_s, detour=way,
    )  # fmt: skip


def of_trip(work: Work, scope: Scope, trip_id: str) -> shapes.TripSubstitution | None:
    """Give what is put in the place of a trip's own; a guardian hears of bus, time and way alone."""
    rows = work.substitutions.list_of_trip(trip_id)
    if scope.kind == "guardian":
        rows = [row for row in rows if (row.vehicle, row.shift_s, row.detour) != (None, None, None)]
    if not rows:
        return None
    newest, family = rows[-1], scope.kind == "guardian"

    def last(what: What) -> Named | None:
        return next((named for row in reversed(rows) if (named := getattr(row, what)) is not None), None)

    detour = next((row.detour for row in reversed(rows) if row.detour is not None), None)
    return shapes.TripSubstitution(
        vehicle=last("vehicle"),
        driver=None if family else last("driver"),
        attendant=None if family else last("attendant"),
        reason=None if family else newest.reason,
        made_at=at(newest.made_at_ms, newest.timezone),
        shift_s=next((row.shift_s for row in reversed(rows) if row.shift_s is not None), None),
        skip_stops=None if detour is None else _stops_left_out(work, detour),
    )


def _stops_left_out(work: Work, detour: Detour) -> list[Named]:
    stops = {stop.id: stop for stop in work.substitutions.get_plan(detour.of_plan).stops}
    return [Named(id_, stops[id_].code, stops[id_].name) for id_ in detour.skip_stops]
