"""A driver's record."""

from __future__ import annotations

from datetime import datetime

import msgspec

from server.api.endpoint import Ask, Endpoint
from server.errors import InvalidError
from server.service import policy
from server.service.driver_record import DriverRecord, read_record


class Query(msgspec.Struct, frozen=True, rename={"since": "from"}):
    """GET /drivers/{badge}/record."""

    since: datetime | None = None
    to: datetime | None = None


def show(ask: Ask) -> DriverRecord:
    """Give the record."""
    query: Query = ask.query
    shown = read_record(
        ask.work.drivers, ask.scope, ask.path["badge"], ask.work.scopes.timezone(), from_ms=_ms(query.since, "from"),
        until_ms=_ms(query.to, "to"), now_ms=ask.now_ms,
    )  # fmt: skip
    ask.note("read_driver_record", shown.driver.id)
    return shown


def _ms(instant: datetime | None, field: str) -> int | None:
    if instant is not None and instant.tzinfo is None:
        raise InvalidError(
            f"`{field}` needs an offset: write 2026-09-01T00:00:00+08:00.", fields={field: "no offset"}
        )
    return None if instant is None else round(instant.timestamp() * 1000)


ENDPOINTS = (
    Endpoint(
        "GET", "/drivers/{badge}/record", policy.DRIVER_RECORD, show, DriverRecord, "Driving time, distance, findings, score",
        query=Query,
    ),
)  # fmt: skip
