"""Where a request comes from."""

from __future__ import annotations

from flask import request

from server.service.origin import is_local, is_secure
from server.service.web_settings import WebSettings


def client_address(settings: WebSettings) -> str:
    """Give where the caller is: the last hop that a TLS proxy on this machine names, else the connection's own end."""
    near = request.remote_addr or "unknown"
    forwarded = request.headers.get("X-Forwarded-For")
    if forwarded and is_secure(settings) and is_local(near):
        return forwarded.rsplit(",", 1)[-1].strip()
    return near
