"""Turn what went wrong into the one shape of an error: {"error": {"code", "message", "fields"}}."""

from __future__ import annotations

import logging
import re

import msgspec
from flask import Flask, Response, request
from werkzeug.exceptions import HTTPException

from server.errors import (
    ConflictError,
    ForbiddenError,
    InvalidError,
    NotFoundError,
    NotLoggedInError,
    SixFixedError,
    TooManyError,
)
from server.service.errors_shape import error_body

_log = logging.getLogger("web")
_STATUS: tuple[tuple[type[SixFixedError], int], ...] = (
    (NotLoggedInError, 401),
    (ForbiddenError, 403),
    (NotFoundError, 404),
    (ConflictError, 409),
    (InvalidError, 422),
    (TooManyError, 429),
)
_HTTP = {
    400: ("malformed", "The request can't be read: check it against /docs."),
    404: ("not_found", "There is nothing at this address: see /docs."),
    405: ("method_not_allowed", "This address doesn't take this method: see /docs."),
    413: ("too_large", "The request is larger than {most} kB: send less at a time."),
}
_PLACE = re.compile(r"^(?P<why>.*?)(?: - at `(?P<path>[^`]*)`)?$", re.DOTALL)
_MISSING = re.compile(r"required field `(?P<name>[^`]*)`")


class MalformedError(SixFixedError):
    """The request's body is no JSON at all."""

    code = "malformed"


def status_of(error: SixFixedError) -> int:
    """Give the HTTP status of an error that a person may read."""
    if isinstance(error, MalformedError):
        return 400
    return next((status for kind, status in _STATUS if isinstance(error, kind)), 500)


def invalid(error: msgspec.ValidationError) -> InvalidError:
    """Say which field is wrong and why, from msgspec's own words.

    >>> invalid(msgspec.ValidationError("Expected `str`, got `int` - at `$.username`")).fields
    {'username': 'Expected `str`, got `int`'}
    """
    match = _PLACE.match(str(error))
    why, path = (match["why"], match["path"] or "$") if match else (str(error), "$")
    name = path.removeprefix("$").lstrip(".")
    missing = _MISSING.search(why)
    if missing:
        name = f"{name}.{missing['name']}".lstrip(".")
        why = "missing"
    return InvalidError(f"{name or 'The request'}: {why}.", fields={name: why} if name else {})


def answer(status: int, body: object) -> Response:
    """Make a JSON answer."""
    return Response(msgspec.json.encode(body), status, content_type="application/json")


def register(app: Flask) -> None:
    """Answer every error of the app in the one shape (a page outside /api gets one plain line)."""

    @app.errorhandler(SixFixedError)
    def known(error: SixFixedError) -> Response:
        status = status_of(error)
        if status >= 500:
            _log.error("%s %s: %s", request.method, request.path.replace("\n", " "), error.message)
        response = answer(status, error_body(error))
        if isinstance(error, TooManyError):
            response.headers["Retry-After"] = str(error.retry_after_s)
        return response

    @app.errorhandler(HTTPException)
    def plain(error: HTTPException) -> Response:
        status = error.code or 500
        code, message = _HTTP.get(status, ("failed", error.description or "The request failed."))
        if status == 415:
            code = "unsupported_type"
        message = message.replace("{most}", f"{(request.max_content_length or 0) // 1024:,}")
        if request.path.startswith("/api/"):
            response = answer(status, {"error": {"code": code, "message": message, "fields": {}}})
        else:
            response = Response(f"{status}: {message}\n", status, content_type="text/plain; charset=utf-8")
        for name, value in error.get_headers():
            if name in ("Allow", "Retry-After", "Location"):
                response.headers[name] = value
        return response

    @app.errorhandler(Exception)
    def bug(error: Exception) -> Response:
        # The trace goes to the log, never to the caller.
        _log.error("%s %s failed", request.method, request.path.replace("\n", " "), exc_info=error)
        message = (
            "The server made a mistake; it is in its log. Try again, and tell the administrator if it stays."
        )
        return answer(500, {"error": {"code": "internal", "message": message, "fields": {}}})
