"""What people said on pages, on its way into the log: an input becomes an entry of the vehicle that runs its trip.

Web writes rows of `inputs`; only ingest folds. An input of a trip that no bus is planned for is folded by nobody: a cancellation is then
written onto the trip itself, the rest isn't listed until a bus is named.
"""

from __future__ import annotations

from server.domain.hand import HAND, Cancelled
from server.domain.trip import TripState
from server.domain.vehicle_day import Entry, Key
from server.rules import absences, substituting
from server.rules.cancelling import cancelled
from server.service.folding import Folder
from server.service.ingest_ports import Bus, Catalogue, HandInput, LogWork

AT_ONCE = 200


def take_hand_inputs(
    work: LogWork, catalogue: Catalogue, folder: Folder, now_ms: int, now_s: float
) -> set[str]:
    """Fold what people said since last asked; give the trips that were cancelled without a bus."""
    changed: set[str] = set()
    for said in work.list_hand_inputs(AT_ONCE):
        bus = _bus_of(work, catalogue, said)
        if bus is None:
            work.insert_hand(said, None, now_ms)  # in the log of no vehicle: it has been heard, once
            changed |= _without_bus(work, catalogue, said)
            continue
        head = folder.head(work, bus)
        key = Key(said.record.t, HAND, 0, said.id)
        work.insert_hand(said, bus.vehicle_id, now_ms)
        running = head.state.trip
        if isinstance(said.record, Cancelled) and (running is None or running.trip_id != said.trip_id):
            changed |= _without_bus(work, catalogue, said)
        folder.take(work, head, Entry(key, said.record), hold=False, now_s=now_s)
    return changed


def tell_substitutions(work: LogWork, catalogue: Catalogue, told: dict[str, int], now_ms: int) -> set[str]:
    """Tell of another bus where no bus has begun the trip, so that no fold does; `told` keeps how many changes were told of each."""
    changed = set()
    for trip_id in work.list_awaiting(now_ms):
        road = catalogue.find_road(trip_id)
        due = 0 if road is None else sum(1 for one in road.plan.changes() if one.at_ms <= now_ms)
        if road is None or due <= told.get(trip_id, 0):
            continue
        planned = TripState(trip_id, riders=absences.planned(road.plan))
        trip = substituting.settle(absences.settle(planned, road.plan, now_ms), road.plan, now_ms)
        work.announce(trip, catalogue.tell(trip, trip.announcements))
        told[trip_id] = due
        changed.add(trip_id)
    return changed


def _bus_of(work: LogWork, catalogue: Catalogue, said: HandInput) -> Bus | None:
    """Find the vehicle in whose log an input belongs: the one whose turn it was, and who signs on, the one that is approved."""
    found = work.find_bus_of_trip(said.trip_id, said.record.t)
    if found is None or said.kind != "duty":
        return found
    road = catalogue.find_road(said.trip_id)
    approved = None if road is None else road.plan.staffing(said.record.t).vehicle_id
    return (
        found if road is None or approved is None or not road.plan.buses else Bus(approved, found.operator_id)
    )


def _without_bus(work: LogWork, catalogue: Catalogue, said: HandInput) -> set[str]:
    """Write a cancellation onto a trip that no bus has taken."""
    road = catalogue.find_road(said.trip_id)
    if road is None or not isinstance(said.record, Cancelled):
        return set()
    planned = TripState(said.trip_id, riders=absences.planned(road.plan))
    trip = cancelled(absences.settle(planned, road.plan, said.record.t), said.record)
    work.cancel(trip, catalogue.tell(trip, trip.announcements))
    return {said.trip_id}
