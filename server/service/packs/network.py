"""Judge the network of a pack and lay its timetables on their shapes: the drafts of plan versions."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from itertools import pairwise

import msgspec
from geopy.distance import geodesic

from server.domain.geo import distance_m
from server.service.packs.fault import Remarks
from server.service.packs.pack import Pack
from server.service.packs.rows import ShapePoint, Stop, StopTime, Timetable
from server.service.packs.stop_metres import FittedStop, fit_stops, shape_metres
from server.service.packs.stop_sequence import TimedStop, fill_times, judge_speeds, order_stops, time_shares

BESIDE_M = 100.0  # further from its shape than this, a stop's place or the shape is doubtful
AWAY_M = 1000.0  # further than this, one of them is wrong


class PlanDraft(msgspec.Struct, frozen=True):
    """A timetable on its shape, by the pack's codes; `stops` is (code, arrival_s, departure_s, metre)."""

    code: str
    stops: tuple[tuple[str, int, int, float], ...]
    shape: tuple[tuple[float, float], ...]
    metres: tuple[float, ...]


class _Line(msgspec.Struct, frozen=True):
    points: tuple[tuple[float, float], ...]
    metres: tuple[float, ...]


def lay_out(full: Pack, remarks: Remarks) -> list[PlanDraft]:
    """Give a draft for each timetable, noting what can't be driven; one with a fault has none."""
    stops = {stop.stop_id: stop for stop in full.stops or ()}
    lines = _lines(full.shape_points or (), remarks)
    times: dict[str, list[StopTime]] = defaultdict(list)
    live = {one.trip_id for one in full.timetables or ()}
    gone: set[str] = set()
    for row in full.stop_times or ():
        if row.stop_id not in stops:
            if row.line == 0 and row.trip_id in live and row.stop_id not in gone:
                gone.add(row.stop_id)
                remarks.fault(
                    "stops.txt",
                    0,
                    "stop_id",
                    row.stop_id,
                    f"timetable {row.trip_id} in the database stops there; keep the stop or bring stop_times.txt too",
                )
            remarks.skip_row("stop_times.txt", row.trip_id)
        else:
            times[row.trip_id].append(row)
    drafts = []
    fitter = _Fitter(stops, lines, remarks)
    for timetable in full.timetables or ():
        if remarks.is_unread("stop_times.txt", timetable.trip_id):
            continue
        ordered = order_stops(timetable.trip_id, times[timetable.trip_id], remarks)
        if ordered is not None and (draft := fitter.draft(timetable, ordered)) is not None:
            drafts.append(draft)
    fitter.report_shapeless(len(full.timetables or ()))
    return drafts


def _lines(points: Sequence[ShapePoint], remarks: Remarks) -> dict[str, _Line]:
    by_shape: dict[str, list[ShapePoint]] = defaultdict(list)
    for point in points:
        by_shape[point.shape_id].append(point)
    lines = {}
    for code, found in by_shape.items():
        found.sort(key=lambda point: point.shape_pt_sequence)
        line: list[tuple[float, float]] = []
        for point in found:
            if not line or line[-1] != (point.shape_pt_lat, point.shape_pt_lon):
                line.append((point.shape_pt_lat, point.shape_pt_lon))
        if len(line) < 2:
            remarks.fault(
                "shapes.txt",
                found[0].line,
                "shape_id",
                code,
                "a shape has at least two different points; add them",
            )
            remarks.skip_row("shapes.txt", code)
            continue
        lines[code] = _Line(tuple(line), shape_metres(line))
    return lines


class _Fitter:
    """Lays timetables on shapes, once for each pattern of stops."""

    def __init__(self, stops: Mapping[str, Stop], lines: Mapping[str, _Line], remarks: Remarks) -> None:
        self._stops = stops
        self._lines = lines
        self._remarks = remarks
        self._patterns: dict[tuple[str | None, tuple[str, ...]], list[float] | None] = {}
        self._straight: dict[tuple[str, ...], _Line] = {}
        self._shapeless: list[Timetable] = []

    def draft(self, timetable: Timetable, ordered: list[TimedStop]) -> PlanDraft | None:
        """Lay one timetable out; None when it has a fault."""
        codes = tuple(one.row.stop_id for one in ordered)
        line = self._lines.get(timetable.shape_id) if timetable.shape_id is not None else None
        key = (timetable.shape_id if line is not None else None, codes)
        if self._remarks.is_unread("shapes.txt", timetable.shape_id):
            return None
        if line is None:
            self._shapeless.append(timetable)
            line = self._straight.get(codes) or self._draw(codes)
            self._straight[codes] = line
        if key not in self._patterns:
            # Timetables of one pattern differ in speed, hardly in where along the line their time goes.
            self._patterns[key] = (
                list(line.metres) if key[0] is None and len(line.points) == len(codes)
                else self._fit(timetable, line, codes, ordered)
            )  # fmt: skip
        metres = self._patterns[key]
        if metres is None:
            return None
        times = fill_times(ordered, metres)
        self._judge_speeds(timetable.trip_id, ordered, times, metres)
        stops = tuple((code, *time, metre) for code, time, metre in zip(codes, times, metres, strict=True))
        return PlanDraft(timetable.trip_id, stops, line.points, line.metres)

    def _judge_speeds(
        self, code: str, ordered: list[TimedStop], times: list[tuple[int, int]], metres: list[float]
    ) -> None:
        legs_m = []
        for (before, here), (from_m, to_m) in zip(pairwise(ordered), pairwise(metres), strict=True):
            a, b = self._stops[before.row.stop_id], self._stops[here.row.stop_id]
            legs_m.append((distance_m(a.stop_lat, a.stop_lon, b.stop_lat, b.stop_lon), to_m - from_m))
        judge_speeds(code, ordered, times, legs_m, self._remarks)

    def _draw(self, codes: tuple[str, ...]) -> _Line:
        points = tuple((self._stops[code].stop_lat, self._stops[code].stop_lon) for code in codes)
        return _Line(points, shape_metres(points))

    def _fit(
        self, timetable: Timetable, line: _Line, codes: tuple[str, ...], ordered: list[TimedStop]
    ) -> list[float] | None:
        places = [(self._stops[code].stop_lat, self._stops[code].stop_lon) for code in codes]
        fitted = fit_stops(line.points, line.metres, places, time_shares(ordered), AWAY_M)
        if fitted is None:
            self._remarks.fault(
                "trips.txt",
                timetable.line,
                "shape_id",
                timetable.shape_id,
                f"this shape doesn't pass the stops of {timetable.trip_id} in their order; is it drawn the other way?",
            )
            return None
        metres = []
        for stop, place, one in zip(places, fitted, ordered, strict=True):
            if self._is_near(timetable, stop, place, one):
                metres.append(place.metre if place is not None else 0.0)
        return metres if len(metres) == len(codes) else None

    def _is_near(
        self, timetable: Timetable, stop: tuple[float, float], place: FittedStop | None, one: TimedStop
    ) -> bool:
        if place is None:
            self._remarks.fault(
                "stop_times.txt",
                one.row.line,
                "stop_id",
                one.row.stop_id,
                f"the stop is over {AWAY_M / 1000:.0f} km from shape {timetable.shape_id}; correct either",
            )
            return False
        beside_m = geodesic(stop, (place.lat, place.lon)).meters
        if beside_m > BESIDE_M:
            self._remarks.warn(
                "stop_times.txt",
                one.row.line,
                "stop_id",
                one.row.stop_id,
                f"the stop is {beside_m:.0f} m from shape {timetable.shape_id}; the bus may pass it unseen",
            )
        return True

    def report_shapeless(self, count: int) -> None:
        """Warn once of all timetables that have no shape."""
        if self._shapeless:
            first = self._shapeless[0]
            self._remarks.warn(
                "trips.txt",
                first.line,
                "shape_id",
                first.shape_id,
                f"{len(self._shapeless)} of {count} timetables have no shape, {first.trip_id} first: they get "
                "straight lines, and a bus on the road will seem beside them",
            )
