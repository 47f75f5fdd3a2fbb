"""Who is on the bus of a trip now, among the people of its operator: the badges that are signed on to it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

import msgspec
from sqlalchemy import Connection, select, tuple_

from server.adapters.db.tables import people
from server.domain.trip import OnDuty

_crew: Final = msgspec.json.Decoder(OnDuty)
NOBODY: Final = OnDuty()


class Person(msgspec.Struct, frozen=True):
    """Somebody whose badge is signed on."""

    id: str
    name: str
    phone: str | None


Badge = tuple[str, str]  # operator's id, badge


def read_crew(body: bytes | None) -> OnDuty:
    """Read the crew of a trip's row."""
    return NOBODY if body is None else _crew.decode(body)


def read_people(connection: Connection, badges: Iterable[Badge]) -> Mapping[Badge, Person]:
    """Read whose badges these are; one that is nobody's, or whose person has ended, is left out."""
    wanted = sorted(set(badges))
    if not wanted:
        return {}
    query = select(people.c.operator_id, people.c.badge, people.c.id, people.c.name, people.c.phone).where(
        tuple_(people.c.operator_id, people.c.badge).in_(wanted), people.c.ended_at_ms.is_(None)
    )
    return {
        (row.operator_id, row.badge): Person(row.id, row.name, row.phone) for row in connection.execute(query)
    }
