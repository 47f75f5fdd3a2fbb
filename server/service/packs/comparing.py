"""Say what an import would change, file by file: the rows that are new, those that differ and those that end."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any

import msgspec

from server.domain.settings_catalog import BY_NAME as SETTINGS
from server.service.packs import rows as p
from server.service.packs.fault import FileChanges
from server.service.packs.network import PlanDraft
from server.service.packs.pack import FILES, FileKind, Pack

Keyed = dict[tuple[Any, ...], Any]


def compare(pack: Pack, current: Pack, drafts: Sequence[PlanDraft] | None) -> dict[str, FileChanges]:
    """Compare each present file with the database; secrets and passwords count for nothing.

    `drafts` fill the times that stop_times.txt leaves blank; without them only rows that say their times are compared.
    """
    full = pack.over(current)
    found = {}
    for kind in FILES:
        if pack.of(kind) is not None:
            wanted, there = _rows(kind, pack, full, drafts), _rows(kind, current, current, None)
            both = wanted.keys() & there.keys()
            found[kind.name] = FileChanges(
                new=len(wanted) - len(both),
                changed=sum(wanted[key] != there[key] for key in both),
                ended=len(there) - len(both),
            )
    return found


def _rows(kind: FileKind, pack: Pack, full: Pack, drafts: Sequence[PlanDraft] | None) -> Keyed:
    """Give a file's rows by what names each, written as the database would have them."""
    if kind.row is p.StopTime:
        return _stop_times(pack, drafts)
    if kind.row is p.ShapePoint:
        return _placed(
            (one.shape_id, one.shape_pt_sequence, (one.shape_pt_lat, one.shape_pt_lon))
            for one in pack.shape_points or ()
        )
    details = {one.id: one for one in full.operators or ()}
    names = [
        name
        for name in kind.row.__struct_fields__
        if name not in ("line", "secret", "password", "location_type")
    ]
    found: Keyed = {}
    for row in pack.of(kind) or ():
        if isinstance(row, p.Agency) and row.agency_id in details:
            # The company's own file says these of it.
            row = msgspec.structs.replace(row, agency_name=details[row.agency_id].name, agency_phone=None)
        elif isinstance(row, p.Timetable):
            row = msgspec.structs.replace(row, direction_id=row.direction_id or 0)
        elif isinstance(row, p.Setting) and row.name in SETTINGS:
            row = msgspec.structs.replace(row, value=str(SETTINGS[row.name].read(row.value)))
        found[tuple(getattr(row, name) for name in kind.key)] = [getattr(row, name) for name in names]
    return found


def _stop_times(pack: Pack, drafts: Sequence[PlanDraft] | None) -> Keyed:
    if drafts is not None:
        said = {one.trip_id for one in pack.stop_times or ()}
        return {
            (draft.code, place): stop[:3]
            for draft in drafts
            if draft.code in said
            for place, stop in enumerate(draft.stops)
        }
    return _placed(
        (one.trip_id, one.stop_sequence, (one.stop_id, one.arrival_time, one.departure_time))
        for one in pack.stop_times or ()
    )


def _placed(found: Iterable[tuple[str, int, tuple[Any, ...]]]) -> Keyed:
    """Number the rows of each whole anew: what a file numbers 5, 10, 15 the database counts from 0."""
    wholes: dict[str, list[tuple[int, tuple[Any, ...]]]] = defaultdict(list)
    for whole, sequence, values in found:
        wholes[whole].append((sequence, values))
    keyed: Keyed = {}
    for whole, parts in wholes.items():
        parts.sort(key=lambda part: part[0])
        for place, (_, values) in enumerate(parts):
            keyed[whole, place] = values
    return keyed
