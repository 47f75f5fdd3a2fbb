"""What the use cases of permits are given by the database, and what they ask of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

import msgspec

from server.domain.permit_life import ApplicationState, Condition
from server.rules.permit_conditions import Wish
from server.service.policy import Scope
from server.service.shapes import Named


class Asked(msgspec.Struct, frozen=True):
    """The content of an application, by ids; dates are inclusive ISO text."""

    timetable_id: str
    vehicle_id: str
    driver_id: str
    attendant_id: str | None
    tag: str | None
    valid_from: str
    valid_until: str
    conditions: Mapping[Condition, str]


class ApplicationRow(msgspec.Struct, frozen=True):
    """An application with the names around it."""

    id: str
    state: ApplicationState
    operator: Named
    timetable: Named
    vehicle: Named
    driver: Named
    attendant: Named | None
    permit: Named | None
    asked: Asked
    by: Named
    made_at_ms: int
    changed_at_ms: int


class StepRow(msgspec.Struct, frozen=True):
    """What somebody did."""

    at_ms: int
    by: Named
    step: str
    remarks: str | None


class DocumentRow(msgspec.Struct, frozen=True):
    """A file that belongs to an application."""

    id: str
    application_id: str
    condition: Condition
    name: str
    content_type: str
    size: int
    sha256: str
    by: Named
    made_at_ms: int


class PermitRow(msgspec.Struct, frozen=True):
    """A permit that was given."""

    id: str
    code: str
    operator: Named
    timetable: Named
    route: Named
    vehicle: Named
    driver: Named
    attendant: Named | None
    tag: str | None
    issuer: str
    valid_from: str
    valid_until: str
    ended: bool


class NewPermit(msgspec.Struct, frozen=True):
    """A permit to be given: what was applied for, under a code."""

    id: str
    code: str
    operator_id: str
    issuer: str
    asked: Asked


class Lapse(msgspec.Struct, frozen=True):
    """A paper whose last day comes near; `what`: permit, inspection, insurance or qualification."""

    what: str
    of: Named
    operator: Named
    until: str


class PermitStore(Protocol):
    """Applications, their documents, and permits."""

    def find_in(self, what: str, operator_id: str | None, scope: Scope, ref: str) -> tuple[Named, str] | None:
        """Find a timetable, vehicle, driver or attendant by id or code, among an operator's or the scope's; give it with its operator."""
        ...

    def page(
        self, scope: Scope, state: str | None, after: str | None, limit: int
    ) -> list[ApplicationRow]: ...
    def find(self, scope: Scope, application_id: str) -> ApplicationRow | None: ...
    def add(self, application_id: str, operator_id: str, asked: Asked, user_id: str, now_ms: int) -> None: ...
    def change(self, application_id: str, asked: Asked, now_ms: int) -> None: ...
    def move(
        self, application_id: str, state: ApplicationState, permit_id: str | None, now_ms: int
    ) -> None: ...
    def add_step(
        self,
        application_id: str | None,
        permit_id: str | None,
        step: str,
        remarks: str | None,
        user_id: str,
        at_ms: int,
    ) -> None: ...
    def steps(self, application_id: str) -> list[StepRow]: ...
    def wish(self, asked: Asked) -> Wish:
        """Give what an application is judged by, with the permits that reach into its time."""
        ...

    def documents(self, application_id: str) -> list[DocumentRow]: ...
    def add_document(self, row: DocumentRow, user_id: str) -> None: ...
    def end_document(self, document_id: str, now_ms: int) -> None: ...
    def area_name(self, jurisdiction_id: str | None) -> str | None: ...
    def find_permit(self, scope: Scope, ref: str) -> PermitRow | None: ...
    def permit_code_taken(self, operator_id: str, code: str) -> bool: ...
    def give(self, permit: NewPermit) -> None: ...
    def end_before(self, timetable_id: str, valid_from: str, now_ms: int) -> None:
        """Let the timetable's permits that reach into the time from a date end the day before."""
        ...

    def revoke(self, permit_id: str, now_ms: int) -> None: ...
    def card_of(self, permit_id: str) -> str | None: ...
    def add_card(self, token: str, permit_id: str, now_ms: int) -> None: ...
    def find_by_card(self, token: str) -> PermitRow | None: ...
    def lapsing(self, scope: Scope, from_on: str, until_on: str) -> list[Lapse]: ...
