"""The files of an application for a permit: attached and taken away by its operator, read by the authority too."""

from __future__ import annotations

from server.domain.permit_life import Condition
from server.errors import ConflictError, NotFoundError
from server.ids import new_id
from server.service.documents import Files, examine, shape_of
from server.service.permits import open_row
from server.service.permits_rows import DocumentRow
from server.service.permits_shapes import Document
from server.service.policy import Caller, Scope
from server.service.shapes import Named
from server.service.web_ports import Work

MOST = 20  # own choice: four for each condition
KIND = "permits"


def attach(
    work: Work,
    scope: Scope,
    caller: Caller,
    files: Files,
    application_id: str,
    condition: Condition,
    name: str,
    content: bytes,
    now_ms: int,
) -> Document:
    """Keep a file that shows a condition; raise NotFoundError, ConflictError, InvalidError for a content that isn't taken."""
    open_row(work, scope, application_id)
    if len(work.permits.documents(application_id)) >= MOST:
        raise ConflictError(
            f"The application has {MOST} files, and no more are kept: take one away first.",
            code="too_many_files",
        )
    sound = examine(name, content)
    by = Named(caller.user_id, caller.username, caller.name or caller.username)
    row = DocumentRow(
        new_id(),
        application_id,
        condition,
        sound.name,
        sound.content_type,
        len(sound.content),
        sound.sha256,
        by,
        now_ms,
    )
    # The content first: a row without one would be a broken promise, one without a row is only waste.
    files.put(f"{KIND}/{row.id}", sound.content)
    work.permits.add_document(row, caller.user_id)
    return shape_of(row, work.scopes.timezone())


def read(work: Work, files: Files, application_id: str, document_id: str) -> tuple[DocumentRow, bytes]:
    """Give a file of an application that the caller may see, and what it is; raise NotFoundError."""
    row = _one(work, application_id, document_id)
    content = files.get(f"{KIND}/{row.id}")
    if content is None:
        raise NotFoundError(
            f"The content of {row.name} is not in the data folder: attach it again, or restore a backup."
        )
    return row, content


def detach(work: Work, scope: Scope, application_id: str, document_id: str, now_ms: int) -> None:
    """Take a file away; its content is kept for as long as the application's history is."""
    open_row(work, scope, application_id)
    work.permits.end_document(_one(work, application_id, document_id).id, now_ms)


def _one(work: Work, application_id: str, document_id: str) -> DocumentRow:
    for row in work.permits.documents(application_id):
        if row.id == document_id:
            return row
    raise NotFoundError("There is no such file in this application: check its id.")
