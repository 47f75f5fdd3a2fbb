"""The one shape of an error, over HTTP and over a socket."""

from __future__ import annotations

from typing import Any

from server.errors import ConflictError, InvalidError, SixFixedError


def error_body(error: SixFixedError) -> dict[str, Any]:
    """Give {"error": {"code", "message", "fields"}}."""
    fields = error.fields if isinstance(error, InvalidError | ConflictError) else {}
    return {"error": {"code": error.code, "message": error.message, "fields": fields}}
