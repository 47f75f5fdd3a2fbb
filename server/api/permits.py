"""Applications for permits and their documents, permits revoked, their cards, and what lapses soon."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Annotated

import msgspec
from msgspec import Meta

from server.api.endpoint import Ask, Endpoint, Page, Reply, Text
from server.domain.permit_life import STEPS, ApplicationState, ApplicationStep, Condition
from server.service import application_documents, permit_cards, permits, policy
from server.service.documents import MOST_BYTES, TYPES
from server.service.instants import day
from server.service.permits import Wanted
from server.service.permits_shapes import Application, Card, Document, LapseItem
from server.service.shapes import Items

WAKE = "wake/ingest"
Day = Annotated[str, Meta(pattern=r"^\d{4}-\d{2}-\d{2}$")]
Note = Annotated[str, Meta(max_length=500)]


class Applied(msgspec.Struct, frozen=True):
    """POST /permit-applications, and PUT of one; objects by id or by a code that names one."""

    timetable: Text
    vehicle: Text
    driver: Text
    valid_from: Day
    valid_until: Day
    attendant: Text | None = None
    tag: Annotated[str, Meta(max_length=64)] | None = None
    conditions: Mapping[Condition, Note] = {}


class Stepped(msgspec.Struct, frozen=True):
    """POST /permit-applications/{id}/submit|return|approve|withdraw."""

    remarks: Note | None = None
    code: Annotated[str, Meta(min_length=1, max_length=64)] | None = None
    replace: bool = False


class Revoked(msgspec.Struct, frozen=True):
    """POST /permits/{permit}/revoke."""

    reason: Note = ""


class Query(Page, frozen=True):
    """GET /permit-applications."""

    state: ApplicationState | None = None


class Attached(msgspec.Struct, frozen=True):
    """POST …/documents."""

    condition: Condition
    name: Text = ""


class Ahead(msgspec.Struct, frozen=True):
    """GET /lapsing."""

    days: Annotated[int, Meta(ge=0, le=366)] = 30


class Revocation(msgspec.Struct, frozen=True):
    """A permit that was taken away."""

    id: str
    code: str
    state: str


def list_them(ask: Ask) -> Items[Application]:
    """List applications."""
    query: Query = ask.query
    return permits.list_applications(ask.work, ask.scope, query.state, query.after, query.limit)


def show(ask: Ask) -> Application:
    """Give one."""
    return permits.get(ask.work, ask.scope, ask.subject)


def draft(ask: Ask) -> Application:
    """Begin one."""
    made = permits.draft(ask.work, ask.scope, ask.who, _wanted(ask.body), ask.now_ms)
    ask.note("draft_permit", made.id)
    return made


def change(ask: Ask) -> Application:
    """Change one."""
    ask.note("change_application", ask.subject)
    return permits.change(ask.work, ask.scope, ask.subject, _wanted(ask.body), ask.now_ms)


def _stepper(step: ApplicationStep) -> Callable[[Ask], Application]:
    def take(ask: Ask) -> Application:
        body: Stepped = ask.body
        taken = permits.take_step(
            ask.work, ask.scope, ask.who, ask.subject, step,
            remarks=body.remarks, code=body.code, replace=body.replace, now_ms=ask.now_ms,
        )  # fmt: skip
        ask.note(f"{step}_permit", taken.id, body.remarks)
        if step == "approve":
            _tell(ask)
        return taken

    return take


def revoke(ask: Ask) -> Revocation:
    """Take a permit away."""
    body: Revoked = ask.body
    permit = permits.revoke(ask.work, ask.scope, ask.who, ask.path["permit"], body.reason, ask.now_ms)
    ask.note("revoke_permit", permit.id, body.reason)
    _tell(ask)
    return Revocation(permit.id, permit.code, "revoked")


def attach(ask: Ask) -> Document:
    """Keep a file."""
    query: Attached = ask.query
    made = application_documents.attach(
        ask.work,
        ask.scope,
        ask.who,
        ask.deps.files,
        ask.subject,
        query.condition,
        query.name,
        ask.body,
        ask.now_ms,
    )
    ask.note("attach_document", made.id)
    return made


def read_document(ask: Ask) -> Reply:
    """Give a file, always as one to be saved."""
    row, content = application_documents.read(ask.work, ask.deps.files, ask.subject, ask.path["document"])
    ask.note("read_document", row.id)
    return Reply(content, content_type=row.content_type, filename=row.name)


def detach(ask: Ask) -> None:
    """Take a file away."""
    application_documents.detach(ask.work, ask.scope, ask.subject, ask.path["document"], ask.now_ms)
    ask.note("detach_document", ask.path["document"])


def print_card(ask: Ask) -> Reply:
    """Give the card as PDF."""
    code, content = permit_cards.print_card(
        ask.work, ask.scope, ask.path["permit"], ask.deps.settings.base_url, ask.now_ms
    )
    ask.note("print_card", ask.path["permit"])
    return Reply(content, content_type="application/pdf", filename=f"{code}.pdf")


def scan(ask: Ask) -> Card:
    """Tell what a card's permit is."""
    today = day(ask.now_ms, ask.work.scopes.timezone())
    scope = None if ask.caller is None else policy.scope_of(ask.work.scopes, ask.caller, ask.now_ms)
    return permit_cards.scan(ask.work, ask.path["token"], ask.caller, scope, today, ask.now_ms)


def list_lapsing(ask: Ask) -> Items[LapseItem]:
    """List what lapses soon."""
    query: Ahead = ask.query
    return permits.list_lapsing(ask.work, ask.scope, query.days)


def _wanted(body: Applied) -> Wanted:
    return Wanted(**msgspec.structs.asdict(body))


def _tell(ask: Ask) -> None:
    """Trips are bound anew by the worker, which looks at the catalogue's number; who folds may look at once."""
    ask.after.append(lambda: ask.deps.publish(WAKE, b'{"why":"catalog"}'))


ONE = "/permit-applications/{application}"
FILE = f"{ONE}/documents/{{document}}"
_WHOSE = {
    "submit": policy.CHANGE_APPLICATION, "withdraw": policy.CHANGE_APPLICATION,
    "return": policy.JUDGE_APPLICATION, "approve": policy.JUDGE_APPLICATION,
}  # fmt: skip
ENDPOINTS = (
    Endpoint("GET", "/permit-applications", policy.APPLICATIONS, list_them, Items[Application], "Applications for permits", query=Query),
    Endpoint(
        "POST", "/permit-applications", policy.APPLY, draft, Application, "Begin an application", takes=Applied, status=201,
        works="write",
    ),
    Endpoint("GET", ONE, policy.APPLICATION, show, Application, "One application"),
    Endpoint("PUT", ONE, policy.CHANGE_APPLICATION, change, Application, "Change an application", takes=Applied, works="write"),
    *(
        Endpoint(
            "POST", f"{ONE}/{step}", _WHOSE[step], _stepper(step), Application, f"{step.title()} an application",
            takes=Stepped, works="write",
        )
        for step in STEPS
    ),
    Endpoint(
        "POST", f"{ONE}/documents", policy.CHANGE_APPLICATION, attach, Document, "Attach a file", query=Attached, status=201, works="write",
        files=TYPES, most_bytes=MOST_BYTES,
    ),
    Endpoint("GET", FILE, policy.APPLICATION, read_document, None, "An attached file"),
    Endpoint("DELETE", FILE, policy.CHANGE_APPLICATION, detach, None, "Take an attached file away", status=204, works="write"),
    Endpoint(
        "POST", "/permits/{permit}/revoke", policy.REVOKE, revoke, Revocation, "Revoke a permit", takes=Revoked, works="write"
    ),
    Endpoint("POST", "/permits/{permit}/card", policy.APPLICATIONS, print_card, None, "A permit's card as PDF", works="write"),
    Endpoint("GET", "/permit-cards/{token}", policy.PUBLIC, scan, Card, "What a scanned card tells"),
    Endpoint("GET", "/lapsing", policy.APPLICATIONS, list_lapsing, Items[LapseItem], "Papers that lapse soon", query=Ahead),
)  # fmt: skip
