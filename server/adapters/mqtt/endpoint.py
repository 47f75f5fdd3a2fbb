"""Where a broker is and how to log in to it, read from a URL."""

from __future__ import annotations

from typing import Final, Self
from urllib.parse import parse_qs, quote, unquote, urlsplit

import msgspec

_DEFAULT_PORTS: Final = {"mqtt": 1883, "mqtts": 8883}


class Endpoint(msgspec.Struct, frozen=True):
    """A broker's address and the caller's login; `ca_file` is a PEM bundle used instead of the system's."""

    host: str
    port: int
    username: str | None = None
    password: str | None = None
    tls: bool = False
    ca_file: str | None = None

    @classmethod
    def parse(cls, url: str) -> Self:
        """Read `mqtt[s]://user:pass@host:port[?ca=FILE]`; user and password may be percent-encoded.

        Raises ValueError that says what to write instead; it never repeats the password.
        """
        parts = urlsplit(url)
        if parts.scheme not in _DEFAULT_PORTS or not parts.hostname:
            raise ValueError(
                f"broker URL with scheme {parts.scheme!r} and host {parts.hostname!r}: "
                "write mqtt://user:password@host:1883 or mqtts://user:password@host:8883"
            )
        try:
            port = parts.port
        except ValueError as bad_port:
            raise ValueError(
                f"broker URL for host {parts.hostname!r}: {bad_port}; write a port 1..65535"
            ) from None
        return cls(
            host=parts.hostname,
            port=port or _DEFAULT_PORTS[parts.scheme],
            username=unquote(parts.username) if parts.username else None,
            password=unquote(parts.password) if parts.password else None,
            tls=parts.scheme == "mqtts",
            ca_file=next(iter(parse_qs(parts.query).get("ca", [])), None),
        )

    def with_login(self, username: str, password: str) -> Endpoint:
        """Give the same address with another login."""
        return msgspec.structs.replace(self, username=username, password=password)

    def url(self) -> str:
        """Write the URL back, password included: for a child's environment, never for a log."""
        login = (
            f"{quote(self.username, safe='')}:{quote(self.password or '', safe='')}@" if self.username else ""
        )
        host = f"[{self.host}]" if ":" in self.host else self.host
        query = f"?ca={quote(self.ca_file)}" if self.ca_file else ""
        return f"{'mqtts' if self.tls else 'mqtt'}://{login}{host}:{self.port}{query}"

    def __str__(self) -> str:
        """Write the address without the login, for messages."""
        return f"{'mqtts' if self.tls else 'mqtt'}://{self.host}:{self.port}"
