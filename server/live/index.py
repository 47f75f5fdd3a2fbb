"""Finds the rooms that something concerns without looking at all of them: by a bus that they follow, a trip that they show, their child."""

from __future__ import annotations

from collections.abc import Iterable

from server.live.room import Room

Key = tuple[str, str]


class Index:
    """The rooms of this process; a room is put in anew when its view changes."""

    def __init__(self) -> None:
        self.rooms: dict[str, Room] = {}
        self._by: dict[Key, dict[str, Room]] = {}
        self._keys: dict[str, frozenset[Key]] = {}

    def put(self, room: Room) -> None:
        """Take a room in, under what it shows now."""
        self.rooms[room.name] = room
        keys = frozenset(_keys(room))
        before = self._keys.get(room.name, frozenset())
        self._keys[room.name] = keys
        self._leave(room.name, before - keys)
        for key in keys - before:
            self._by.setdefault(key, {})[room.name] = room

    def drop(self, room: Room) -> None:
        """Forget a room."""
        self.rooms.pop(room.name, None)
        self._leave(room.name, self._keys.pop(room.name, frozenset()))

    def following(self, vehicle_id: str) -> list[Room]:
        """List the rooms of a child or a trip that follow this bus."""
        return list(self._by.get(("vehicle", vehicle_id), {}).values())

    def showing(self, trip_ids: Iterable[str]) -> list[Room]:
        """List the rooms that show any of these trips, and those that list more than they show."""
        found = dict(self._by.get(_WIDE, {}))
        for trip_id in trip_ids:
            found.update(self._by.get(("trip", trip_id), {}))
        return list(found.values())

    def of_child(self, rider_id: str) -> list[Room]:
        """List the rooms of a child."""
        return list(self._by.get(("child", rider_id), {}).values())

    def wide(self) -> list[Room]:
        """List the rooms of schools and fleets."""
        return list(self._by.get(_WIDE, {}).values())

    def _leave(self, name: str, keys: Iterable[Key]) -> None:
        for key in keys:
            members = self._by.get(key, {})
            members.pop(name, None)
            if not members:
                self._by.pop(key, None)


_WIDE: Key = ("wide", "")


def _keys(room: Room) -> Iterable[Key]:
    for trip_id in room.trips():
        yield "trip", trip_id
    if not room.narrow:
        yield _WIDE
        return
    if room.target.kind == "child":
        yield "child", room.target.id
    for follow in room.view.follows:
        yield "vehicle", follow.vehicle_id
