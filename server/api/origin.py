"""Whom the web role answers: which host names are its own, which origins may send changes, where a caller comes from."""

from __future__ import annotations

import ipaddress
from urllib.parse import urlsplit

from flask import request

from server.service.web_deps import WebDeps


def is_secure(deps: WebDeps) -> bool:
    """Say whether people reach this server over TLS."""
    return (deps.settings.public_url or "").startswith("https://")


def cookie_name(deps: WebDeps) -> str:
    """Give the session cookie's name: the `__Host-` prefix binds it to TLS and to this host."""
    return "__Host-sixfixed" if is_secure(deps) else "sixfixed"


def is_own_host(deps: WebDeps, host: str) -> bool:
    """Say whether a Host header names this server; a name that someone else resolves to it does not.

    An address can't be rebound, so a bare one is taken.
    """
    name = urlsplit(f"//{host}").hostname or ""
    own = {"localhost", deps.settings.host, urlsplit(deps.settings.public_url or "").hostname}
    if name in own:
        return True
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True


def is_own_origin(deps: WebDeps, origin: str | None, host: str) -> bool:
    """Say whether a page of this origin may change things or open a socket; None: no page at all (a program)."""
    if origin is None:
        return True
    if deps.settings.public_url is not None:
        public = urlsplit(deps.settings.public_url)
        if origin == f"{public.scheme}://{public.netloc}":
            return True
    parts = urlsplit(origin)
    return parts.scheme in ("http", "https") and parts.netloc == host and is_own_host(deps, host)


def client_address(deps: WebDeps) -> str:
    """Give where the caller is: the last hop that a TLS proxy on this machine names, else the connection's own end."""
    near = request.remote_addr or "unknown"
    forwarded = request.headers.get("X-Forwarded-For")
    if forwarded and is_secure(deps) and is_local(near):
        return forwarded.rsplit(",", 1)[-1].strip()
    return near


def is_local(address: str | None) -> bool:
    """Say whether an address is this machine's own."""
    try:
        return ipaddress.ip_address(address or "").is_loopback
    except ValueError:
        return False
