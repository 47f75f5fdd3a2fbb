"""Whole packs over HTTP: what one would change, the import, and the export."""

from __future__ import annotations

import io
from typing import IO, Any

import msgspec
from werkzeug.exceptions import RequestEntityTooLarge
from werkzeug.formparser import MultiPartParser

from server.api.endpoint import Ask, Endpoint, Reply
from server.errors import InvalidError
from server.service import policy
from server.service.packs.exchange import PackAnswer, export_for, import_body, preview_body
from server.service.packs.upload import MOST_BYTES

WAKE = "wake/ingest"
ZIP = "application/zip"
FORM = "multipart/form-data"
TYPES = (
    ZIP,
    "application/x-zip-compressed",
    "application/octet-stream",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    FORM,
)


class Query(msgspec.Struct, frozen=True):
    """POST /packs: `dry_run=1` only says what would change."""

    dry_run: bool = False


def post(ask: Ask) -> Reply:
    """Import a pack, all of it or nothing, or say what would change and every fault."""
    content = _file(ask.body) if ask.content_type == FORM else ask.body
    query: Query = ask.query
    if query.dry_run:
        return Reply(preview_body(content, ask.deps.packs, ask.now_ms))
    found = import_body(content, ask.deps.packs, ask.now_ms)
    if found.faults:
        message = f"The pack has {len(found.faults)} faults and nothing was imported: mend what is listed and send it again."
        error: dict[str, Any] = {"code": "pack_rejected", "message": message, "fields": {}}
        return Reply({"error": error} | msgspec.to_builtins(found), 422)
    counts = " ".join(
        f"{name} +{each.new} ~{each.changed} -{each.ended}" for name, each in found.changes.items()
    )
    ask.note("import_pack", None, counts)
    ask.after.append(lambda: ask.deps.publish(WAKE, b'{"why":"catalog"}'))
    return Reply(found)


def export(ask: Ask) -> Reply:
    """Give what is in the database as a zip of the pack's files, without secrets and passwords: a company its own part."""
    operator = None
    if ask.who.role == "operator":
        with ask.deps.store.read() as work:
            named = work.accounts.scope_named("operator", ask.who.scope_id)
        if named is None:
            raise InvalidError("Your account's company is gone: ask the administrator.")
        operator = named.code
    ask.note("export_pack")
    return Reply(export_for(ask.deps.packs, operator), content_type=ZIP, filename="sixfixed-pack.zip")


def _in_memory(
    total_content_length: int | None,
    content_type: str | None,
    filename: str | None,
    content_length: int | None = None,
) -> IO[bytes]:
    return io.BytesIO()  # the body is in memory already


def _file(body: bytes) -> bytes:
    """Take the first file out of a form; its own name counts for nothing."""
    line, _, _ = body.partition(b"\r\n")
    if not line.startswith(b"--") or len(line) > 80:
        raise InvalidError("This form can't be read: send it as multipart/form-data with one file.")
    try:
        parser = MultiPartParser(stream_factory=_in_memory, max_form_parts=20)
        _, files = parser.parse(io.BytesIO(body), line[2:], len(body))
    except (ValueError, RequestEntityTooLarge):
        raise InvalidError("This form can't be read: send it as multipart/form-data with one file.") from None
    found = next(iter(files.values()), None)
    if found is None:
        raise InvalidError("The form holds no file: add the pack as one.", fields={"pack": "missing"})
    content: bytes = found.stream.read()
    return content


ENDPOINTS = (
    Endpoint(
        "POST", "/packs", policy.PACKS, post, PackAnswer, "Import a pack, or see what it would change",
        query=Query, works="apart", files=TYPES, most_bytes=MOST_BYTES + 64 * 1024,
    ),
    Endpoint("GET", "/packs/export", policy.EXPORT, export, None, "The pack of what is there", works="apart"),
)  # fmt: skip
