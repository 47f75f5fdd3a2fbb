"""Say which addresses this server may call for a URL that a stranger gave: public ones, and those the operator lists.

It never calls anything itself. A name is resolved here, once, and the caller connects to the address that was judged: a name
that answers otherwise a moment later (DNS rebinding) leads nowhere.
"""

from __future__ import annotations

import socket
from collections.abc import Callable, Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Final
from urllib.parse import urlsplit

import msgspec

from server.errors import InvalidError, SettingError

LONGEST = 1000  # characters of a URL; the longest of a known push service has about 400
HTTPS_PORT: Final = 443
_NAT64: Final = IPv6Network("64:ff9b::/96")  # RFC 6052: an IPv4 address behind a translator

Resolve = Callable[[str, int], Sequence[str]]


class Target(msgspec.Struct, frozen=True):
    """Where a URL leads, before its name is resolved. `path` brings the query."""

    tls: bool
    host: str
    port: int
    path: str

    @property
    def origin(self) -> str:
        """Give scheme, host and port as RFC 6454 writes them."""
        usual = HTTPS_PORT if self.tls else 80
        return f"http{'s' * self.tls}://{self.host}" + ("" if self.port == usual else f":{self.port}")


class _Entry(msgspec.Struct, frozen=True):
    """One listed thing: a name, or a network (an address is a network of one); `port` None: any."""

    name: str | None
    network: IPv4Network | IPv6Network | None
    port: int | None


class Outgoing:
    """The operator's list, and the rule for everything that isn't on it."""

    def __init__(self, allow: Sequence[str], resolve: Resolve | None = None) -> None:
        """Read the setting `outgoing-allow`; raise SettingError for an entry that is neither name nor address."""
        self._entries = tuple(_parse(word) for word in allow)
        self._resolve = resolve or _resolve

    def target(self, url: str) -> Target:
        """Read a URL; raise InvalidError where no address behind it could ever be called."""
        if len(url) > LONGEST or not url.isascii() or not url.isprintable() or " " in url:
            raise _refused("is no URL that a browser's push service gives")
        try:
            parts = urlsplit(url)
            host, port = (parts.hostname or "").rstrip("."), parts.port
        except ValueError:
            raise _refused("is no URL") from None
        if parts.scheme not in ("https", "http") or not host or "%" in host:
            raise _refused("must begin with https:// and name a host")
        if parts.username is not None or parts.password is not None or parts.fragment:
            raise _refused("must not hold a user name or a fragment")
        tls = parts.scheme == "https"
        path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        found = Target(tls, host, port or (HTTPS_PORT if tls else 80), path)
        if (not tls or found.port != HTTPS_PORT) and not self._could_be_listed(found):
            raise _refused("must be https on port 443 (others must be listed in `outgoing-allow`)")
        literal = _address(host)
        if literal is not None and not self._may_call(found, literal):
            raise _refused("leads to a private address (list it in `outgoing-allow` if it is yours)")
        return found

    def addresses(self, target: Target) -> list[str]:
        """Resolve a target's name to the addresses that may be called, in the resolver's order.

        Raise OSError when the name can't be resolved now, InvalidError when it leads to none that may be called.
        """
        found = [
            text
            for text in self._resolve(target.host, target.port)
            if (address := _address(text)) is not None and self._may_call(target, address)
        ]
        if not found:
            raise _refused("leads to a private address (list it in `outgoing-allow` if it is yours)")
        return found

    def _may_call(self, target: Target, address: IPv4Address | IPv6Address) -> bool:
        if any(_matches(entry, target, address) for entry in self._entries):
            return True
        return target.tls and target.port == HTTPS_PORT and is_public(address)

    def _could_be_listed(self, target: Target) -> bool:
        """Say whether an entry names the host, or a network that it may turn out to be in."""
        literal = _address(target.host)
        return any(
            _matches(entry, target, literal)
            or (literal is None and entry.network is not None and entry.port in (None, target.port))
            for entry in self._entries
        )


def is_public(address: IPv4Address | IPv6Address) -> bool:
    """Say whether an address is anybody's on the internet; one that wraps another is what it wraps.

    >>> [is_public(ip_address(a)) for a in ("8.8.8.8", "10.1.2.3", "::ffff:127.0.0.1", "64:ff9b::a00:1", "2002:7f00:1::")]
    [True, False, False, False, False]
    """
    if isinstance(address, IPv6Address):
        inner = address.ipv4_mapped or address.sixtofour or (address.teredo and address.teredo[1])
        if address in _NAT64:
            inner = IPv4Address(int(address) & 0xFFFFFFFF)
        if inner is not None:
            return is_public(inner)
    return address.is_global and not (address.is_multicast or address.is_reserved or address.is_unspecified)


def _matches(entry: _Entry, target: Target, address: IPv4Address | IPv6Address | None) -> bool:
    if entry.port not in (None, target.port):
        return False
    if entry.name is not None:
        return entry.name == target.host
    return address is not None and entry.network is not None and address in entry.network


def _parse(word: str) -> _Entry:
    host, port = word.lower().strip(), None
    if host.startswith("["):
        host, _, rest = host[1:].partition("]")
        rest = rest.removeprefix(":")
    elif host.count(":") == 1:
        host, _, rest = host.partition(":")
    else:
        rest = ""
    if rest:
        if not rest.isdigit() or not 1 <= int(rest) <= 65535:
            raise _bad(word)
        port = int(rest)
    try:
        return _Entry(None, ip_network(host, strict=False), port)
    except ValueError:
        if not host or any(not (letter.isalnum() or letter in "-._") for letter in host):
            raise _bad(word) from None
        return _Entry(host.rstrip("."), None, port)


def _bad(word: str) -> SettingError:
    return SettingError(
        f"outgoing-allow: {word!r} is no host name, address or network; write for example "
        "push.example.org, 10.0.0.8:8443 or 10.0.0.0/8"
    )


def _address(text: str) -> IPv4Address | IPv6Address | None:
    try:
        return ip_address(text.partition("%")[0])
    except ValueError:
        return None


def _resolve(host: str, port: int) -> list[str]:
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return [str(sockaddr[0]) for _family, _kind, _proto, _name, sockaddr in found]


def _refused(why: str) -> InvalidError:
    return InvalidError(
        f"The endpoint {why}: send what the browser's PushManager gave.",
        fields={"endpoint": why},
        code="bad_endpoint",
    )
