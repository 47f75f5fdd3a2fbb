"""The shapes of applications for permits, their documents, and of what a card tells (docs/http.md)."""

from __future__ import annotations

from datetime import datetime

import msgspec

from server.domain.permit_life import ApplicationState, ApplicationStep, Condition, PermitState
from server.service.shapes import Named, Words


class Document(msgspec.Struct, frozen=True):
    """A file of an application."""

    id: str
    condition: Condition
    name: str
    content_type: str
    size: int
    by: Named
    made_at: datetime


class ConditionMet(msgspec.Struct, frozen=True):
    """One of the five legal conditions: what the operator says of it (null: not yet), what the records say against it."""

    which: Condition
    note: str | None
    problems: list[Words]
    documents: list[Document]


class ApplicationStepTaken(msgspec.Struct, frozen=True):
    """What somebody did."""

    at: datetime
    by: Named
    step: str
    remarks: str | None


class Application(msgspec.Struct, frozen=True):
    """An application for a permit; `problems` are by field all that stands against it now."""

    id: str
    state: ApplicationState
    operator: Named
    timetable: Named
    vehicle: Named
    driver: Named
    attendant: Named | None
    tag: str | None
    valid_from: str
    valid_until: str
    conditions: list[ConditionMet]
    problems: dict[str, Words]
    permit: Named | None
    by: Named
    made_at: datetime
    changed_at: datetime
    steps: list[ApplicationStepTaken]
    possible: list[ApplicationStep]


class CardTrip(msgspec.Struct, frozen=True):
    """One of today's trips under a permit, with its six verdicts as words."""

    trip: Named
    state: str
    planned_start_at: datetime
    verdicts: dict[str, str]


class Card(msgspec.Struct, frozen=True):
    """What a permit's card tells whoever scans it; `trips` is null unless the operator, its authority or an administrator asks."""

    code: str
    state: PermitState
    plate: str
    operator: str
    route: str
    issuer: str
    valid_from: str
    valid_until: str
    trips: list[CardTrip] | None


class LapseItem(msgspec.Struct, frozen=True):
    """A paper whose last day comes near; `what`: permit, inspection, insurance or qualification."""

    what: str
    of: Named
    operator: Named
    until: str
    days_left: int
