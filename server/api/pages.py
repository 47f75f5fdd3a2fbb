"""Serve the built pages: one document, and files whose name holds their digest."""

from __future__ import annotations

from pathlib import Path

from flask import Flask, Response, request, send_from_directory
from werkzeug.exceptions import NotFound

from server.api.endpoint import under
from server.service import policy
from server.service.web_deps import WebDeps

YEAR_S = 31_536_000
NOT_BUILT = (
    "<!doctype html><html lang=en><meta charset=utf-8><title>SixFixed</title><h1>The pages are not built yet</h1>"
    "<p>Run <code>make web</code> in the project's folder and load this page again. "
    "The programs' interface works: see <a href=/docs>/docs</a>.</p></html>"
)


def add(app: Flask, deps: WebDeps) -> None:
    """Serve `/`, `/assets/…` and the few files beside them."""
    dist = deps.settings.dist

    def index() -> Response:
        if not (dist / "index.html").is_file():
            return Response(NOT_BUILT, 503, content_type="text/html; charset=utf-8")
        response = send_from_directory(dist, "index.html")
        response.headers["Cache-Control"] = "no-cache"
        return response

    def asset(name: str) -> Response:
        response = send_smaller(dist / "assets", name)
        response.headers["Cache-Control"] = f"public, max-age={YEAR_S}, immutable"
        return response

    def beside(name: str) -> Response:
        # Vite's own list of what it built is for builders.
        if name.startswith("."):
            raise NotFound
        response = send_smaller(dist, name)
        response.headers["Cache-Control"] = "no-cache"
        return response

    app.add_url_rule("/", "page", under(policy.PUBLIC, index), methods=["GET"])
    app.add_url_rule("/assets/<path:name>", "asset", under(policy.PUBLIC, asset), methods=["GET"])
    app.add_url_rule("/<name>", "beside", under(policy.PUBLIC, beside), methods=["GET"])


def send_smaller(folder: Path, name: str) -> Response:
    """Send a file of the build, as its gzip copy where there is one and the browser takes it; raise NotFound.

    The build makes the copies, so that nothing is compressed on a request.
    """
    copy = f"{name}.gz"
    has_copy = not name.endswith(".gz") and ".." not in Path(name).parts and (folder / copy).is_file()
    if has_copy and request.accept_encodings.quality("gzip") > 0:
        # The double ending tells both the type and Content-Encoding.
        response = send_from_directory(folder, copy)
    else:
        response = send_from_directory(folder, name)
    if has_copy:
        response.vary.add("Accept-Encoding")
    return response
