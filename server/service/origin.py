"""Whom the web role answers: which host names are its own, which origins may send changes, where a caller comes from."""

from __future__ import annotations

import ipaddress
from urllib.parse import urlsplit

from server.service.web_settings import WebSettings


def is_secure(settings: WebSettings) -> bool:
    """Say whether people reach this server over TLS."""
    return (settings.public_url or "").startswith("https://")


def cookie_name(settings: WebSettings) -> str:
    """Give the session cookie's name: the `__Host-` prefix binds it to TLS and to this host."""
    return "__Host-sixfixed" if is_secure(settings) else "sixfixed"


def is_own_host(settings: WebSettings, host: str) -> bool:
    """Say whether a Host header names this server; a name that someone else resolves to it does not.

    An address can't be rebound, so a bare one is taken.
    """
    name = urlsplit(f"//{host}").hostname or ""
    own = {"localhost", settings.host, urlsplit(settings.public_url or "").hostname}
    if name in own:
        return True
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True


def is_own_origin(settings: WebSettings, origin: str | None, host: str) -> bool:
    """Say whether a page of this origin may change things or open a socket; None: no page at all (a program)."""
    if origin is None:
        return True
    if settings.public_url is not None:
        public = urlsplit(settings.public_url)
        if origin == f"{public.scheme}://{public.netloc}":
            return True
    parts = urlsplit(origin)
    return parts.scheme in ("http", "https") and parts.netloc == host and is_own_host(settings, host)


def is_local(address: str | None) -> bool:
    """Say whether an address is this machine's own."""
    try:
        return ipaddress.ip_address(address or "").is_loopback
    except ValueError:
        return False
