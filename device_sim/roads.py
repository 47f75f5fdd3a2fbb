"""Which paths there are: each timetable's own, and the way from where a bus stands to where it starts next."""

from __future__ import annotations

from device_sim.geo import distance_m
from device_sim.pack import Pack
from device_sim.path import Path

# A trip's road leads from here to there when both its ends are this near.
NEAR_M = 60.0


class Roads:
    """The paths of a pack, made when first asked for."""

    def __init__(self, pack: Pack) -> None:
        self._pack = pack
        self._paths: dict[tuple[str, tuple[str, ...]], Path] = {}

    def trip(self, trip_id: str) -> Path:
        """The path of a timetable with its stops: its shape, or straight lines where it has none."""
        timetable = self._pack.timetables[trip_id]
        # The timetables of a route share its shape and stops, so they share the path.
        key = (timetable.shape_id, tuple(call.stop_id for call in timetable.calls))
        if key not in self._paths:
            self._paths[key] = Path(self._line(trip_id), self._places(trip_id))
        return self._paths[key]

    def start(self, trip_id: str) -> tuple[float, float, float]:
        """(lat, lon, heading) of a timetable's first stop on its path."""
        path = self.trip(trip_id)
        return path.at(path.stop_metres[0])

    def between(self, here: tuple[float, float], trip_id: str, known: list[str]) -> Path:
        """The way to a timetable's first stop: along one of the `known` timetables' roads, else straight."""
        lat, lon, _ = self.start(trip_id)
        there = (lat, lon)
        ways: list[list[tuple[float, float]]] = []
        for other in known:
            line = self._line(other)
            for way in (line, line[::-1]):
                if distance_m(*way[0], *here) <= NEAR_M and distance_m(*way[-1], *there) <= NEAR_M:
                    ways.append(way)
        if not ways or distance_m(*here, *there) <= 2 * NEAR_M:
            return Path([here, there], [])
        path = min((Path([here, *way, there], []) for way in ways), key=lambda path: path.length_m)
        return path

    def _line(self, trip_id: str) -> list[tuple[float, float]]:
        shape = self._pack.shapes.get(self._pack.timetables[trip_id].shape_id, [])
        return shape if len(shape) >= 2 else self._places(trip_id)

    def _places(self, trip_id: str) -> list[tuple[float, float]]:
        calls = self._pack.timetables[trip_id].calls
        return [(self._pack.stops[call.stop_id].lat, self._pack.stops[call.stop_id].lon) for call in calls]
