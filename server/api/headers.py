"""The headers that keep a browser safe, on every answer; and the check that a request is meant for this server."""

from __future__ import annotations

from urllib.parse import urlsplit

from flask import Flask, Response, request

from server.api.errors import MalformedError
from server.errors import ForbiddenError
from server.service.origin import is_own_host, is_own_origin, is_secure
from server.service.web_deps import WebDeps

HSTS = "max-age=31536000"


def content_security_policy(deps: WebDeps) -> str:
    """Write the policy: nothing but this server's own files, its sockets and, if set, the tiles' host.

    No inline code or style and no eval; the map's worker is a file of this server.
    """
    tiles = urlsplit(deps.settings.tiles or "")
    tile_origin = f" {tiles.scheme}://{tiles.netloc}" if tiles.netloc else ""
    sockets = " ".join(f"{scheme}://{request.host}" for scheme in ("ws", "wss"))
    return "; ".join(
        (
            "default-src 'none'",
            "script-src 'self'",
            "style-src 'self'",
            f"img-src 'self' data: blob:{tile_origin}",
            f"connect-src 'self' {sockets}{tile_origin}",
            "font-src 'self'",
            "manifest-src 'self'",
            "worker-src 'self'",
            "base-uri 'none'",
            "form-action 'self'",
            "frame-ancestors 'none'",
        )
    )


def add(app: Flask, deps: WebDeps) -> None:
    """Check each request and mark each answer."""

    @app.before_request
    def refuse_strangers() -> None:
        if not is_own_host(deps.settings, request.host):
            raise MalformedError(
                "This server doesn't answer under that host name: open its own address, or start it with --public-url.",
                code="strange_host",
            )
        changes = request.method not in ("GET", "HEAD", "OPTIONS")
        if changes and not is_own_origin(deps.settings, request.headers.get("Origin"), request.host):
            raise ForbiddenError("A page of another site may not change things here.", code="strange_origin")

    @app.after_request
    def mark(response: Response) -> Response:
        headers = response.headers
        headers["Content-Security-Policy"] = content_security_policy(deps)
        headers["X-Content-Type-Options"] = "nosniff"
        headers["X-Frame-Options"] = "DENY"
        headers["Referrer-Policy"] = "same-origin"
        headers["Cross-Origin-Opener-Policy"] = "same-origin"
        headers["Cross-Origin-Resource-Policy"] = "same-origin"
        headers["Permissions-Policy"] = "camera=(), microphone=(), geolocation=()"
        if is_secure(deps.settings):
            headers["Strict-Transport-Security"] = HSTS
        if request.path.startswith("/api/"):
            headers["Cache-Control"] = "no-store"
        route = request.url_rule.rule if request.url_rule is not None else "none"
        deps.metrics.requests.labels(route, request.method, str(response.status_code)).inc()
        return response
