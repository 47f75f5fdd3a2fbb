"""Read the files of a pack into one `Pack`, with GTFS's defaults filled in."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from server.service.packs.fault import Remarks
from server.service.packs.pack import FILES, Pack
from server.service.packs.rows import Agency, Route, Stop, User
from server.service.packs.sheet import read_rows, read_sheet
from server.service.packs.workbook import Lines, is_workbook, read_workbook


def read_pack(files: Mapping[str, bytes], remarks: Remarks) -> Pack:
    """Read every file and every sheet of a workbook that is there, noting each bad cell."""
    sheets: dict[str, Lines] = {}
    for name in filter(is_workbook, files):
        sheets = read_workbook(name, files[name], files.keys(), remarks)
    fields: dict[str, Any] = {}
    for kind in FILES:
        if kind.name in files:
            fields[kind.field] = read_sheet(kind, files[kind.name], remarks)
        elif kind.name in sheets:
            fields[kind.field] = read_rows(kind, iter(sheets[kind.name]), remarks)
    return Pack(**fields)


def complete(pack: Pack, current: Pack, remarks: Remarks) -> Pack:
    """Fill in what GTFS lets a feed of one agency leave out; drop the stops where no bus stops."""
    changes: dict[str, Any] = {}
    agencies = pack.agencies
    if agencies is not None:
        changes["agencies"] = agencies = _named(agencies, pack.routes or (), remarks)
    if pack.routes is not None:
        changes["routes"] = _owned(
            pack.routes, agencies if agencies is not None else current.agencies or (), remarks
        )
    if pack.stops is not None:
        changes["stops"] = _boardable(pack.stops, remarks)
    if pack.users is not None:
        changes["users"] = pack.users + _kept_administrators(pack.users, current, remarks)
    return msgspec.structs.replace(pack, **changes)


def _named(agencies: tuple[Agency, ...], routes: tuple[Route, ...], remarks: Remarks) -> tuple[Agency, ...]:
    if len(agencies) == 1 and agencies[0].agency_id is None:
        # Some feeds leave the only agency's id out and name it in their routes all the same.
        said = {route.agency_id for route in routes if route.agency_id is not None}
        code = said.pop() if len(said) == 1 else agencies[0].agency_name[:64]
        return (msgspec.structs.replace(agencies[0], agency_id=code),)
    for agency in agencies:
        if agency.agency_id is None:
            remarks.fault(
                "agency.txt",
                agency.line,
                "agency_id",
                "",
                "with several agencies each needs an id; write one",
            )
    return tuple(agency for agency in agencies if agency.agency_id is not None)


def _owned(routes: tuple[Route, ...], agencies: tuple[Agency, ...], remarks: Remarks) -> tuple[Route, ...]:
    found = []
    for route in routes:
        if route.agency_id is None and len(agencies) == 1:
            route = msgspec.structs.replace(route, agency_id=agencies[0].agency_id)
        elif route.agency_id is None:
            remarks.fault(
                "routes.txt",
                route.line,
                "agency_id",
                "",
                "with several agencies each route names its own; write it",
            )
        found.append(route)
    return tuple(found)


def _boardable(stops: tuple[Stop, ...], remarks: Remarks) -> tuple[Stop, ...]:
    others = [stop for stop in stops if stop.location_type]
    if others:
        remarks.warn(
            "stops.txt",
            others[0].line,
            "location_type",
            others[0].location_type,
            f"{len(others)} places where no bus stops (stations, entrances) are left out",
        )
    return tuple(stop for stop in stops if not stop.location_type)


def _kept_administrators(users: tuple[User, ...], current: Pack, remarks: Remarks) -> tuple[User, ...]:
    """Keep the database's administrators when the file names none: nobody could log in to mend it."""
    if any(user.role == "admin" for user in users):
        return ()
    named = {user.username for user in users}
    kept = tuple(user for user in current.users or () if user.role == "admin" and user.username not in named)
    if kept:
        remarks.warn(
            "users.csv",
            0,
            "role",
            "admin",
            f"no administrator is named: the {len(kept)} of the database stay",
        )
    return kept
