"""Store plan versions by their content, and the stop times that they were made from."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import msgspec
from sqlalchemy import Connection, delete, insert, select, update

from server.adapters.db import tables as t
from server.adapters.db.former_plans import supersede
from server.domain.plan import PlannedStop, PlanVersion
from server.ids import new_id
from server.service.packs.network import PlanDraft
from server.service.packs.rows import Stop

Times = list[tuple[int, str, int, int]]
FEW = 200  # timetables that are named one by one in a query; for more all are read


class StoredPlans(NamedTuple):
    """Whether anything changed, and the timetables that have another plan now."""

    changed: bool
    moved: tuple[str, ...]


def store_plans(
    connection: Connection,
    drafts: Sequence[PlanDraft],
    *,
    timetables: Mapping[str, str],
    stops: Mapping[str, tuple[str, Stop]],
    zones: Mapping[str, str],
    now_ms: int,
    holds_from: str | None = None,
) -> StoredPlans:
    """Store each draft's version unless it is there, and point its timetable at it.

    `timetables` and `stops` give ids by code, `zones` the time zone of a timetable's operator, `holds_from` the service
    date from which a new version holds (None: at once).
    """
    drafted = {timetables[draft.code] for draft in drafts}
    versions = select(t.plans.c.timetable_id, t.plans.c.digest, t.plans.c.id)
    tables = select(t.timetables.c.id, t.timetables.c.plan_id, t.timetables.c.direction)
    if len(drafted) <= FEW:
        versions = versions.where(t.plans.c.timetable_id.in_(drafted))
        tables = tables.where(t.timetables.c.id.in_(drafted))
    known = {(row.timetable_id, row.digest): row.id for row in connection.execute(versions)}
    rows = connection.execute(tables)
    current = {row.id: (row.plan_id, row.direction) for row in rows}
    fresh, moved = [], []
    for draft in drafts:
        timetable_id = timetables[draft.code]
        plan_id, direction = current[timetable_id]
        version = PlanVersion(
            timetable_code=draft.code,
            direction=direction,
            timezone=zones[draft.code],
            stops=tuple(
                PlannedStop(
                    seq=seq,
                    id=stops[code][0],
                    code=code,
                    name=stops[code][1].stop_name,
                    lat=stops[code][1].stop_lat,
                    lon=stops[code][1].stop_lon,
                    arrival_s=arrival_s,
                    departure_s=departure_s,
                    metre=round(metre, 3),
                )
                for seq, (code, arrival_s, departure_s, metre) in enumerate(draft.stops)
            ),
            shape=draft.shape,
            metres=tuple(round(metre, 3) for metre in draft.metres),
        )
        body = msgspec.json.encode(version)
        digest = hashlib.sha256(body).hexdigest()
        wanted = known.get((timetable_id, digest))
        if wanted is None:
            wanted = new_id()
            fresh.append(
                {
                    "id": wanted,
                    "timetable_id": timetable_id,
                    "digest": digest,
                    "body": body,
                    "made_at_ms": now_ms,
                }
            )
        if wanted != plan_id:
            moved.append((timetable_id, wanted))
    if fresh:
        connection.execute(insert(t.plans), fresh)
    for timetable_id, wanted in moved:
        supersede(connection, timetable_id, current[timetable_id][0], holds_from)
        connection.execute(
            update(t.timetables).where(t.timetables.c.id == timetable_id).values(plan_id=wanted)
        )
    retimed = _store_times(connection, drafts, timetables, stops)
    return StoredPlans(retimed or bool(moved), tuple(timetable_id for timetable_id, _ in moved))


def _store_times(
    connection: Connection,
    drafts: Sequence[PlanDraft],
    timetables: Mapping[str, str],
    stops: Mapping[str, tuple[str, Stop]],
) -> bool:
    existing: dict[str, Times] = defaultdict(list)
    query = select(t.stop_times).order_by(t.stop_times.c.seq)
    if len(drafts) <= FEW:
        query = query.where(t.stop_times.c.timetable_id.in_([timetables[draft.code] for draft in drafts]))
    for row in connection.execute(query):
        existing[row.timetable_id].append((row.seq, row.stop_id, row.arrival_s, row.departure_s))
    gone: list[str] = []
    fresh = []
    for draft in drafts:
        timetable_id = timetables[draft.code]
        wanted = [
            (seq, stops[code][0], at_s, off_s) for seq, (code, at_s, off_s, _) in enumerate(draft.stops)
        ]
        if existing.get(timetable_id) == wanted:
            continue
        if timetable_id in existing:
            gone.append(timetable_id)
        fresh += [
            {
                "timetable_id": timetable_id,
                "seq": seq,
                "stop_id": stop_id,
                "arrival_s": at_s,
                "departure_s": off_s,
            }
            for seq, stop_id, at_s, off_s in wanted
        ]
    for timetable_id in gone:
        connection.execute(delete(t.stop_times).where(t.stop_times.c.timetable_id == timetable_id))
    if fresh:
        connection.execute(insert(t.stop_times), fresh)
    return bool(fresh)
