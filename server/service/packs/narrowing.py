"""Take one company's part out of a pack: its network, fleet and people, and the places these name; no child and no account."""

from __future__ import annotations

from server.service.packs.pack import Pack


def narrow_pack(pack: Pack, operator: str) -> Pack:
    """Give what a company with this code may take along; files that are not its own are absent."""
    routes = tuple(one for one in pack.routes or () if one.agency_id == operator)
    lines = {one.route_id for one in routes}
    timetables = tuple(one for one in pack.timetables or () if one.route_id in lines)
    codes = {one.trip_id for one in timetables}
    stop_times = tuple(one for one in pack.stop_times or () if one.trip_id in codes)
    called = {one.stop_id for one in stop_times}
    schools = tuple(one for one in pack.schools or () if one.stop_id in called)
    services = {one.service_id for one in timetables}
    shapes = {one.shape_id for one in timetables}
    operators = tuple(one for one in pack.operators or () if one.id == operator)
    vehicles = tuple(one for one in pack.vehicles or () if one.operator_id == operator)
    buses = {one.id for one in vehicles}
    permits = tuple(one for one in pack.permits or () if one.operator_id == operator)
    scopes = {
        f"operator:{operator}",
        *(f"route:{one}" for one in lines),
        *(f"permit:{one.id}" for one in permits),
    }
    areas = _above(
        pack, {one.jurisdiction_id for one in operators} | {one.jurisdiction_id for one in schools}
    )
    return Pack(
        jurisdictions=tuple(one for one in pack.jurisdictions or () if one.id in areas),
        agencies=tuple(one for one in pack.agencies or () if one.agency_id == operator),
        operators=operators,
        stops=tuple(one for one in pack.stops or () if one.stop_id in called),
        schools=schools,
        routes=routes,
        shape_points=tuple(one for one in pack.shape_points or () if one.shape_id in shapes),
        weekly=tuple(one for one in pack.weekly or () if one.service_id in services),
        dated=tuple(one for one in pack.dated or () if one.service_id in services),
        timetables=timetables,
        stop_times=stop_times,
        vehicles=vehicles,
        devices=tuple(one for one in pack.devices or () if one.vehicle_id in buses),
        people=tuple(one for one in pack.people or () if one.operator_id == operator),
        permits=permits,
        settings=tuple(one for one in pack.settings or () if one.scope in scopes),
    )


def _above(pack: Pack, areas: set[str]) -> set[str]:
    """Give these jurisdictions and all that they sit in."""
    parents = {one.id: one.parent_id for one in pack.jurisdictions or ()}
    found: set[str] = set()
    waiting = list(areas)
    while waiting:
        area = waiting.pop()
        if area not in found:
            found.add(area)
            parent = parents.get(area)
            if parent is not None:
                waiting.append(parent)
    return found
